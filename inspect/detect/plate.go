package detect

import (
	"strings"
	"unicode/utf8"
)

// plate finds Japanese vehicle number plates: the place of registration, a
// class number, one kana and up to four digits, as in 品川 300 あ 12-34.
type plate struct{}

func (plate) ID() string    { return "vehicle-plate" }
func (plate) Types() []Type { return []Type{Plate} }

func (pl plate) Find(b *Block, emit func(Finding)) {
	t := b.Text
	chosen := b.choose(nil, func(s span, _ uint64) uint64 { return s.sized(1, 3) & s.in(behindWide) & s.in(closeBy) })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := b.Runs[i]
		size := r.End - r.Start
		end := int(r.End)
		// A class number is 1 to 3 digits; since 2018 its last two may be
		// letters. Most runs fail on the byte that must follow.
		if size > 3 || r.Start < 6 || end+4 > len(t) || t[r.Start-1] < 0x80 && (t[r.Start-1] != ' ' || t[r.Start-2] < 0x80) {
			continue
		}
		for k := 0; k < 2 && size+int32(k) < 3 && isUpper(t[end]); k++ {
			end++
		}
		end = skipBlank(t, end)
		kana := plateKana(t[end:])
		if kana == 0 {
			continue
		}
		end = skipBlank(t, end+kana)
		if end = plateSerial(t, end); end < 0 {
			continue
		}
		start := platePlace(t[:r.Start])
		if start < 0 {
			continue
		}
		own, near := b.Label(start)
		p := float32(.93)
		if (own|near)&LPlate != 0 {
			p = .99
		}
		emit(Finding{Type: Plate, Detector: pl.ID(), Start: start, End: end, Confidence: p,
			Validated: true, Canon: canonPlate(t[start:end])})
	}
}

func skipBlank(t []byte, i int) int {
	if i < len(t) && (t[i] == ' ' || t[i] == '-') {
		i++
	}
	return i
}

// plateKana returns the length of the kana (or, on plates of foreign forces,
// letter) that t begins with; お, し, へ and ん are not used.
func plateKana(t []byte) int {
	r, n := utf8.DecodeRune(t)
	switch {
	case r == 'お' || r == 'し' || r == 'へ' || r == 'ん':
		return 0
	case r >= 'あ' && r <= 'ん':
		return n
	case r == 'A' || r == 'B' || r == 'E' || r == 'H' || r == 'K' || r == 'M' || r == 'T' || r == 'Y':
		return n
	}
	return 0
}

// plateSerial reads 12-34, 1234, ・・12 or ・123 from offset i and returns its
// end, -1 if there is none.
func plateSerial(t []byte, i int) int {
	dots, digits := 0, 0
	for startsWith(t[i:], "・") || startsWith(t[i:], ".") {
		if t[i] == '.' {
			i++
		} else {
			i += len("・")
		}
		dots++
	}
	for ; i < len(t) && digits < 5; i++ {
		if isDigit(t[i]) {
			digits++
		} else if t[i] != '-' || digits != 2 || dots > 0 || i+1 == len(t) || !isDigit(t[i+1]) {
			break
		}
	}
	if digits == 0 || dots+digits > 4 || dots == 0 && digits < 4 || behind(t, i) != free {
		return -1
	}
	return i
}

// platePlace finds the place of registration at the end of t and returns where
// it begins.
func platePlace(t []byte) int {
	n := len(t)
	if n > 0 && (t[n-1] == ' ' || t[n-1] == '\n') {
		n--
	}
	for start := n; start > 0 && n-start < 15; {
		r, size := utf8.DecodeLastRune(t[:start])
		if r < 0x3040 {
			return -1
		}
		start -= size
		if plates[string(t[start:n])] {
			return start
		}
	}
	return -1
}

func canonPlate(t []byte) string {
	c := make([]byte, 0, len(t))
	for _, x := range t {
		if x != ' ' && x != '-' && x != '\n' {
			c = append(c, x)
		}
	}
	return string(c)
}

// plates are the places that the Ministry of Land, Infrastructure, Transport
// and Tourism puts on plates (2025).
var plates = func() map[string]bool {
	set := map[string]bool{}
	for place := range strings.FieldsSeq("札幌 函館 旭川 室蘭 苫小牧 釧路 知床 帯広 十勝 北見 青森 弘前 八戸 岩手 盛岡 平泉 宮城 仙台 秋田 山形 庄内 " +
		"福島 会津 郡山 白河 いわき 水戸 土浦 つくば 宇都宮 那須 日光 とちぎ 群馬 前橋 高崎 大宮 川口 所沢 川越 熊谷 春日部 越谷 " +
		"千葉 成田 習志野 市川 船橋 袖ヶ浦 袖ケ浦 市原 野田 柏 松戸 品川 世田谷 練馬 杉並 板橋 足立 江東 葛飾 江戸川 八王子 多摩 " +
		"横浜 川崎 湘南 相模 山梨 富士山 新潟 長岡 上越 富山 石川 金沢 福井 長野 松本 諏訪 南信州 安曇野 岐阜 飛騨 静岡 浜松 沼津 伊豆 " +
		"名古屋 豊橋 三河 岡崎 豊田 尾張小牧 一宮 春日井 三重 鈴鹿 四日市 伊勢志摩 滋賀 京都 大阪 なにわ 和泉 堺 神戸 姫路 " +
		"奈良 飛鳥 和歌山 鳥取 島根 出雲 岡山 倉敷 広島 福山 山口 下関 徳島 香川 高松 愛媛 高知 福岡 北九州 久留米 筑豊 " +
		"佐賀 長崎 佐世保 熊本 大分 宮崎 鹿児島 奄美 沖縄 外") {
		set[place] = true
	}
	return set
}()

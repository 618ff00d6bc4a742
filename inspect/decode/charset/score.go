package charset

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"
)

// common lists kanji that make up most of Japanese names, addresses, business
// and news text. They tell the right reading of a few characters from a wrong
// one, which gives rarer ones.
const common = `日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨
会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住無真有口少町料工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛魚兄犬妹姉漢
政議民連対部合市内相定回選米実関決全表戦経最現調化当約首法性的要制治務成期取都和機平加受続進数記初指権支産点報済活原共得解交資予向際勝面告反判認参利組信在件側任引求所次昨論官増係感情投示変打直両式確果容必演歳争談能位置流格疑過局放常状球職与供役構割身費付由説難優夫収断石違消神番規術備宅害配警育席訪乗残想声助労例然限追商葉伝働形景落好退頭負渡失差末守若種美命福望非観察段横深申様財港識呼達良候程満敗値突光路科積他処太客否師登易速存飛殺号単座破除完降責捕危給苦迎園具辞因馬愛富彼未舞亡冷適婦寄込顔類余王返妻背熱宿薬険頼覚船途許抜便留罪努精散静婚喜浮絶幸押倒等老曲払庭徒勤遅居雑招困欠更刻賛抱犯恐息遠戻願絵越欲痛笑互束似列探逃遊迷夢君閉緒折草暮酒悲晴掛到寝暗盗吸陽御歯忘雪吹娘誤洗慣礼窓昔貧怒泳祖杯疲皆鳴腹煙眠怖耳頂箱晩寒髪忙才靴恥偶偉猫幾
県区村丁郡府岡崎藤沢浜松井佐伊鈴斎橋渡辺阿岩坂林森池清原谷島柴宮倉杉村石河竹鈴郎美恵祐裕介翔太陸蓮結菜咲凛陽葵健哲也司弘明博彦雅隆史浩章和之誠智弥奈緒香織里沙佳由紀菊桜梅梨栃群埼玉茨城奈良滋賀兵庫媛徳阪鳥取沖縄鹿児熊佐賀潟岐阜愛静梨
氏顧客様株式番号郵携帯誌担当住所生年月日性別備考契約請求登録電話社員給与口座支店銀行`

// weights holds what each character of the basic plane speaks for a reading, in
// quarters, by code point.
var weights = sync.OnceValue(func() *[0x10000]int8 {
	w := new([0x10000]int8)
	set := func(lo, hi rune, v int8) {
		for r := lo; r <= hi; r++ {
			w[r] = v
		}
	}
	set(0, 0xffff, -4)
	set(0x80, 0x9f, -6)
	set(0xa0, 0x17f, -2)    // Latin; see neighbours
	set(0x370, 0x45f, -2)   // Greek, Cyrillic
	set(0x2010, 0x22ff, 1)  // punctuation, arrows, mathematics
	set(0x2460, 0x24ff, 2)  // circled digits
	set(0x2500, 0x257f, -1) // boxes
	set(0x25a0, 0x266f, 2)  // ■●★
	set(0x3000, 0x303f, 3)  // 、。「」
	set(0x3041, 0x3094, 4)  // hiragana
	set(0x30a1, 0x30fe, 4)  // katakana
	set(0x3220, 0x33ff, 1)  // ㈱㍻
	set(0x3400, 0x4dbf, -3) // rare kanji
	set(0x4e00, 0x9fff, -2) // kanji, unless below
	set(0xac00, 0xd7a3, 1)  // hangul
	set(0xe000, 0xf8ff, -6) // private use
	set(0xf900, 0xfaff, 0)  // compatibility ideographs
	set(0xff01, 0xff5e, 3)  // full-width ASCII
	set(0xff61, 0xff65, -3) // half-width punctuation
	set(0xff66, 0xff9f, 1)  // half-width kana; see neighbours
	set(0xfffe, 0xffff, -8)
	for lead := 0x88; lead <= 0x98; lead++ { // JIS X 0208, level 1
		for trail := 0x40; trail <= 0xfc; trail++ {
			v := shiftJIS.plane()[lead-0x80][trail]
			if v.size() != 3 || lead == 0x88 && trail < 0x9f || lead == 0x98 && trail > 0x72 {
				continue
			}
			r, _ := utf8.DecodeRune([]byte{byte(v), byte(v >> 8), byte(v >> 16)})
			w[r] = 2
		}
	}
	for _, r := range common {
		w[r] = 4
	}
	return w
})

// The half-width kana that a voiced and a semi-voiced mark may follow.
const (
	voicedKana     = "ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ"
	semivoicedKana = "ﾊﾋﾌﾍﾎ"
)

// reading is what came of trying one encoding on a sample.
type reading struct {
	score    float64 // mean weight of what is not ASCII, -8..4
	foreign  int     // bytes that are not ASCII characters, invalid ones too
	invalid  int     // invalid sequences
	controls int     // control characters
	ascii    int     // characters of ASCII
}

// trial holds the storage for trying encodings.
type trial struct {
	text  []byte
	known [4]verdict // the last ones
	next  int        // of known to be replaced
}

// verdict is what came of a sample: the readers of a part ask several times.
type verdict struct {
	sample       []byte
	whole, start bool
	hint         string
	Guess
}

// recall returns the verdict on a sample, nil if it is not known.
func (t *trial) recall(sample []byte, whole, start bool, hint string) *verdict {
	for i := range t.known {
		v := &t.known[i]
		if v.whole == whole && v.start == start && v.hint == hint && bytes.Equal(v.sample, sample) {
			return v
		}
	}
	return nil
}

func (t *trial) remember(sample []byte, whole, start bool, hint string, g Guess) {
	v := &t.known[t.next]
	t.next = (t.next + 1) % len(t.known)
	v.sample = append(v.sample[:0], sample...)
	v.whole, v.start, v.hint, v.Guess = whole, start, hint, g
}

// read reads the sample in one encoding.
func (t *trial) read(c Charset, sample []byte, whole bool) reading {
	var r reading
	d := Decoder{Charset: c}
	sum := 0
	for at := 0; at < len(sample); {
		out, n, ok := d.Decode(t.text[:0], sample[at:], 0, whole, nil)
		t.text = out
		sum += r.weigh(out)
		at += n
		if ok {
			break
		}
		skip := 1
		if c == UTF16LE || c == UTF16BE {
			skip = 2
		}
		at += skip
		r.invalid++
		r.foreign += skip
		sum -= 24
		if r.invalid > 16 && r.invalid*16 > at {
			break // hopeless
		}
	}
	if r.foreign > 0 {
		r.score = float64(sum) / float64(r.foreign)
	}
	return r
}

// weigh sums the weights of the characters in text that are not ASCII, each
// counted by the bytes it takes in a two-byte encoding, and counts characters.
// text is valid UTF-8.
func (r *reading) weigh(text []byte) (sum int) {
	w := weights()
	var last rune = ' '
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c < ' ' && (c < '\t' || c > '\r') && c != 0x1b {
				r.controls++
			}
			r.ascii++
			last = rune(c)
			i++
			continue
		}
		var char rune
		switch {
		case c < 0xe0:
			char = rune(c&0x1f)<<6 | rune(text[i+1]&0x3f)
			i += 2
		case c < 0xf0:
			char = rune(c&0x0f)<<12 | rune(text[i+1]&0x3f)<<6 | rune(text[i+2]&0x3f)
			i += 3
		default:
			char = rune(c&0x07)<<18 | rune(text[i+1]&0x3f)<<12 | rune(text[i+2]&0x3f)<<6 | rune(text[i+3]&0x3f)
			i += 4
		}
		v, size := 0, 2
		switch {
		case char > 0xffff:
			v = 0
			if char >= 0x1f300 && char < 0x1faff || char >= 0x20000 && char < 0x30000 {
				v = 2
			}
			if char >= 0xe0000 {
				v = -4
			}
		case char < 0x180:
			v, size = int(w[char]), 1
			if char >= 0xc0 && isLetter(last) || char >= 0xc0 && i < len(text) && isLetter(rune(text[i])) {
				v = 3 // é amid ASCII letters
			}
		case char >= 0xff61 && char <= 0xff9f:
			v, size = halfwidth(w, char, last), 1
		default:
			v = int(w[char])
			// Japanese does not mix letters into words.
			if isLetter(last) && v > 0 && i < len(text) && isLetter(rune(text[i])) {
				v = -1
			}
		}
		sum += v * size
		r.foreign += size
		last = char
	}
	return sum
}

func halfwidth(w *[0x10000]int8, r, last rune) int {
	switch {
	case r == 'ﾞ' && strings.ContainsRune(voicedKana, last), r == 'ﾟ' && strings.ContainsRune(semivoicedKana, last):
		return 4
	case r == 'ﾞ' || r == 'ﾟ':
		return -6
	case r >= 'ｧ' && r <= 'ｰ' && (last < 'ｦ' || last > 'ﾟ'):
		return -4 // a small kana or a long-vowel mark begins no word
	}
	return int(w[r])
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

package detect

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// placeVariants lists the spellings of a municipality with ヶ, ケ and が, and
// with old forms.
func placeVariants(name string) []string {
	out := []string{name}
	for _, r := range placeSpellings {
		if v := r.Replace(name); v != name {
			out = append(out, v)
		}
	}
	return out
}

// placeSpellings are made once: a replacer's first use costs more than a thousand
// names.
var placeSpellings = [...]*strings.Replacer{
	strings.NewReplacer("ケ", "ヶ"), strings.NewReplacer("ヶ", "ケ"), strings.NewReplacer("ケ", "が", "ヶ", "が"),
	strings.NewReplacer("竜", "龍"), strings.NewReplacer("龍", "竜"), strings.NewReplacer("崎", "﨑"), strings.NewReplacer("市", "巿"),
}

// addressParts is what was read of a Japanese address.
type addressParts struct {
	start, end int
	prefecture int  // index, -1 if not written
	city       bool // a listed municipality
	likeCity   bool // something that ends like a municipality
	town       bool // a listed town of it
	likeTown   bool
	number     bool // a block number
	units      bool // with 丁目, 番地, 番 or 号
	building   bool
	conflict   bool // the municipality is not in the prefecture
	wardOnly   bool
}

// japanese reads the address that begins with the prefecture or municipality
// at start.
func (s *addressSearch) japanese(start int) {
	t := s.text
	a := addressParts{start: start, prefecture: -1}
	at := start
	for i, p := range dict.Prefectures {
		if bytes.HasPrefix(t[at:], []byte(p)) {
			a.prefecture = i
			at += len(p)
			break
		}
	}
	a.end = at
	at = skipGap(t, at)
	cities, n := dict.CityAt(t[at:])
	// 京都市 下京区, 札幌市 中央区: a space within the name.
	if n > 0 {
		if next := skipGap(t, at+n); next > at+n {
			if wards, m := dict.CityAt(t[next:]); m > 0 && bytes.HasSuffix(t[at:at+n], []byte("市")) && bytes.HasSuffix(t[next:next+m], []byte("区")) {
				if both := commonCities(cities, wards); len(both) > 0 {
					cities, n = both, next+m-at
				}
			}
		}
		a.city = true
		if a.prefecture >= 0 {
			cities = inPrefecture(cities, a.prefecture)
			a.conflict = len(cities) == 0
		}
		a.wardOnly = a.prefecture < 0 && bytes.HasSuffix(t[at:at+n], []byte("区")) && !bytes.Contains(t[at:at+n], []byte("市"))
		at += n
		a.end = at
	} else if a.prefecture >= 0 {
		if n := likeCity(t[at:]); n > 0 {
			a.likeCity = true
			at += n
			a.end = at
		}
	}
	if !a.city && !a.likeCity && a.prefecture < 0 {
		return
	}
	s.below(&a, at, cities)
	s.judge(&a)
}

// skipGap skips spaces, and one line break in an address that goes on.
func skipGap(t []byte, i int) int {
	for n := 0; i < len(t) && t[i] == ' ' && n < 3; n++ {
		i++
	}
	return i
}

func commonCities(a, b []uint16) []uint16 {
	var out []uint16
	for _, x := range a {
		for _, y := range b {
			if x == y {
				out = append(out, x)
			}
		}
	}
	return out
}

// inPrefecture filters cities in place of a copy; it copies only if some are
// left out.
func inPrefecture(cities []uint16, prefecture int) []uint16 {
	all := dict.Cities()
	for i, c := range cities {
		if all[c].Prefecture != prefecture {
			out := append([]uint16(nil), cities[:i]...)
			for _, c := range cities[i+1:] {
				if all[c].Prefecture == prefecture {
					out = append(out, c)
				}
			}
			return out
		}
	}
	return cities
}

// likeCity returns the length of what looks like a municipality that is not
// listed: up to seven kanji or kana that end in 市, 区, 町, 村 or 郡 (then once
// more).
func likeCity(t []byte) int {
	at, best := 0, 0
	for n := 0; n < 8 && at < len(t); n++ {
		r, size := utf8.DecodeRune(t[at:])
		if k := scriptOf(r); k != scriptKanji && k != scriptHira && k != scriptKata {
			break
		}
		at += size
		switch r {
		case '市', '区', '町', '村':
			if n > 0 {
				best = at
			}
		case '内', 'の', 'は', 'で', 'に', 'を':
			return best
		}
	}
	return best
}

// below reads what follows the municipality: town, block number, building.
func (s *addressSearch) below(a *addressParts, at int, cities []uint16) {
	t := s.text
	at = skipGap(t, at)
	for _, p := range [...]string{"大字", "字"} {
		if bytes.HasPrefix(t[at:], []byte(p)) {
			at += len(p)
		}
	}
	n := 0
	for _, c := range cities {
		n = max(n, dict.Town(int(c), t[at:]))
	}
	if n > 0 {
		a.town = true
		at += n
		a.end = at
	}
	if k := kyotoStreet(t[at:]); k > 0 {
		a.likeTown, a.end = true, at+k
		at += k
		n = 0
		for _, c := range cities {
			n = max(n, dict.Town(int(c), t[at:]))
		}
		if n > 0 {
			a.town = true
			at += n
			a.end = at
		}
	}
	// What is not listed, up to the number: 字 and 小字.
	if num := s.numberAhead(at); num >= at && !placeNotTown(t[at:num]) {
		end, units := readNumber(t, num)
		if end > num && (units || !counted(t[end:]) && !(num > 0 && t[num-1] == ' ' && end-num <= 3 && thousands(t[end:]))) {
			a.likeTown = a.likeTown || num > at
			a.number, a.units = true, units
			a.end = end
		}
	}
	if a.number || a.town {
		a.end = s.building(a)
	}
}

// placeNotTown reports whether what stands between the municipality and a
// number shows that the number is no block: 第2区, 県道205号, 市長が今年1月.
func placeNotTown(t []byte) bool {
	for _, w := range [...]string{"第", "道", "国道", "県道", "道路", "線"} {
		if bytes.HasSuffix(t, []byte(w)) {
			return true
		}
	}
	for _, w := range [...]string{"長が", "立", "内の", "在住", "選挙", "役所", "随", "今年", "昨年", "同", "約", "計", "在の"} {
		if bytes.Contains(t, []byte(w)) {
			return true
		}
	}
	return false
}

// thousands reports whether t goes on with a thousands separator and three
// digits, as numbers in statistics do: 福島市 39,120.
func thousands(t []byte) bool {
	if len(t) < 4 || t[0] != ',' {
		return false
	}
	n := 1
	for n < len(t) && t[n] >= '0' && t[n] <= '9' {
		n++
	}
	return n == 4 && (n == len(t) || t[n] != '-')
}

// counted reports whether what follows a number makes it a count or a date.
func counted(t []byte) bool {
	r, _ := utf8.DecodeRune(t)
	switch r {
	case '年', '月', '日', '人', '件', '個', '円', '回', '歳', '時', '分', '%', '位', '期', '度', '点', '本', '台', '名', '社', '世', '代', '章', '節', '項', '話', '巻', '作', '戦', '勝', '敗', 'ヶ', 'か', 'カ', '万', '億', '倍', '種', '校', '市', '町', '村', '県', '国', '泊', '割', '票', '議', '軒', '戸', '店', '箇', '駅', '路', 'つ', '曲', '枚', '冊', '機', '隻', '頭', '匹', 'k', 'm', 'c', 't', '.':
		return true
	}
	return false
}

// kyotoStreet returns the length of a street of Kyoto with its direction:
// 烏丸通四条下る.
func kyotoStreet(t []byte) int {
	best := 0
	for i, n := 0, 0; i < len(t) && n < 24; n++ {
		for _, w := range [...]string{"上る", "下る", "上ル", "下ル", "上がる", "下がる", "西入る", "東入る", "西入ル", "東入ル", "西入", "東入"} {
			if bytes.HasPrefix(t[i:], []byte(w)) {
				best = i + len(w)
			}
		}
		r, size := utf8.DecodeRune(t[i:])
		if k := scriptOf(r); k != scriptKanji && k != scriptHira && k != scriptKata {
			break
		}
		i += size
	}
	return best
}

var buildingWords = [...]string{"ビル", "マンション", "ハイツ", "コーポ", "アパート", "タワー", "荘", "館", "号室", "階", "ハウス", "メゾン",
	"レジデンス", "パレス", "プラザ", "コート", "ヒルズ", "ハイム", "ガーデン", "棟", "団地", "パーク", "センター", "会館", "寮", "方", "スクエア", "テラス", "ビレッジ", "シャトー", "グラン", "ライオンズ", "ヴィラ", "サンライズ", "レオパレス", "F", "室"}

// building returns the end of the building's name and room behind the number,
// a.end if there is none.
func (s *addressSearch) building(a *addressParts) int {
	t := s.text
	at := a.end
	limit := at
	digitsOnly := true
	gaps := 0
	for n := 0; n < 40 && limit < len(t); n++ {
		r, size := utf8.DecodeRune(t[limit:])
		k := scriptOf(r)
		if r == '\n' || r == '\r' || r == '\t' || r == ',' || r == '"' || r == '、' || r == '。' || r == '(' || r == '（' || r == '」' || r == '<' || r == '|' || r == ';' || r == ')' || r == '/' || r == '{' || r == '}' || r == ':' {
			break
		}
		if k == scriptHira {
			// A particle ends it in prose; names of houses have hiragana
			// inside.
			switch r {
			case 'に', 'で', 'を', 'は', 'が', 'へ', 'と', 'か', 'ま':
				goto judge
			}
		}
		if r == ' ' {
			gaps++
			if gaps > 3 {
				break
			}
		}
		if k != scriptDigit && r != '-' && r != ' ' {
			digitsOnly = false
		}
		limit += size
	}
judge:
	for limit > at && t[limit-1] == ' ' {
		limit--
	}
	if limit == at {
		return at
	}
	rest := t[at:limit]
	_, k, _ := nameAfter(t, limit)
	closed := k <= scriptBreak
	// A telephone number is none.
	if digitsOnly && len(rest) > 6 {
		return at
	}
	if first, fk, _ := nameAfter(t, at); first == ' ' && !closed || fk == scriptHira {
		if !hasBuilding(rest) {
			return at
		}
	}
	if hasBuilding(rest) || closed && len(rest) < 60 && s.addressLabel(a.start) {
		a.building = true
		return limit
	}
	// Up to the first space at least the word that sticks to the number.
	return at
}

func hasBuilding(t []byte) bool {
	for _, w := range buildingWords {
		if bytes.Contains(t, []byte(w)) {
			return true
		}
	}
	return false
}

const placeLabels = LAddress | LPrefecture | LCity | LStreet

func (s *addressSearch) addressLabel(i int) bool {
	own, _ := s.b.Label(i)
	return own&placeLabels != 0
}

// judge weighs what was read.
func (s *addressSearch) judge(a *addressParts) {
	var c float32
	switch {
	case a.number && a.city && !a.conflict && (a.town || a.units):
		c = 0.97
		if a.wardOnly {
			c = 0.9
		}
	case a.number && a.city && a.prefecture >= 0:
		c = 0.93
	case a.number && a.city && a.likeTown:
		c = 0.8
	case a.number && a.city:
		c = 0.35
	case a.number && a.likeCity && (a.units || a.likeTown):
		c = 0.9
	case a.number && a.likeCity:
		c = 0.7
	case a.number && a.units && a.prefecture >= 0:
		c = 0.85
	case a.town && a.prefecture >= 0:
		c = 0.4
	case a.town && a.city:
		c = 0.3
	case a.city && a.prefecture >= 0:
		c = 0.2
	default:
		c = 0.1
	}
	if a.conflict {
		c -= 0.3
	}
	own, near := s.b.Label(a.start)
	ns := nameSearch{b: s.b, text: s.text}
	left, right := ns.cellBorder(a.start, a.end)
	switch {
	case own&(LAddress|LStreet) != 0, own&placeLabels != 0 && (a.number || a.town):
		c = max(c, 0.95)
	case own&placeLabels != 0 && s.b.ofPersons(a.start, a.end):
		c = max(c, 0.95)
	case own&placeLabels != 0:
		c = 0.45 // a prefecture or town under its own label, as in statistics
	case own&(LOrder|LAmount|LCompany) != 0:
		c -= 0.3
	case left && right && c >= 0.2 && c < 0.95:
		c = max(c, 0.6)
		switch {
		case a.number && !a.town && !a.likeTown && noBlock(s.text[a.start:a.end]):
			c = 0.3
		case a.number, a.town && a.prefecture >= 0:
			c = max(c, 0.9)
		case a.town:
			c = max(c, 0.7)
		}
	case near&LAddress != 0 && c >= 0.4:
		c = max(c, 0.85)
	}
	_, k, _ := nameBefore(s.text, a.start)
	if k == scriptKanji && a.prefecture < 0 && !left {
		c -= 0.2
	}
	s.report(a.start, a.end, c, a.city && !a.conflict)
}

// noBlock reports whether a part of a number behind a hyphen begins with 0 or has more
// than three digits, as in 松本市 333-0189-13: the number of something else.
func noBlock(t []byte) bool {
	for {
		i := bytes.IndexByte(t, '-')
		if i < 0 {
			return false
		}
		t = t[i+1:]
		n := 0
		for n < len(t) && isDigit(t[n]) {
			n++
		}
		if n > 3 || n > 0 && t[0] == '0' {
			return true
		}
	}
}

// blockOnly reads an address that begins with its town: 北1条東8丁目1番地, where
// the block word at hit stands inside.
func (s *addressSearch) blockOnly(hit int) {
	t := s.text
	start := hit
	for n := 0; n < 16 && start > s.taken; n++ {
		r, k, size := nameBefore(t, start)
		if k != scriptDigit && k != scriptKanji && k != scriptKata && !(k == scriptHira && (r == 'が' || r == 'の')) {
			break
		}
		start -= size
	}
	if start == hit {
		return
	}
	// The number that the word belongs to.
	num := hit
	for num > start {
		r, k, size := nameBefore(t, num)
		if k != scriptDigit && !isKanjiDigit(r) {
			break
		}
		num -= size
	}
	if num == hit {
		return
	}
	a := addressParts{start: start, prefecture: -1, likeTown: num > start}
	first := num
	for i := start; i < num; { // an earlier number belongs to it
		r, n := utf8.DecodeRune(t[i:])
		if r >= '0' && r <= '9' {
			first = i
			break
		}
		i += n
	}
	a.end, a.units = readNumber(t, first)
	if a.end <= hit {
		a.end, a.units = readNumber(t, num)
	}
	a.number = true
	a.end = s.building(&a)
	own, near := s.b.Label(start)
	ns := nameSearch{b: s.b, text: t}
	left, _ := ns.cellBorder(start, a.end)
	var c float32 = 0.35
	switch {
	case own&placeLabels != 0:
		c = 0.96
	case near&placeLabels != 0:
		c = 0.8
	case left && a.likeTown:
		c = 0.7
	case a.likeTown:
		c = 0.45
	}
	if bytes.HasPrefix(t[a.end:], []byte("駅")) || bytes.HasPrefix(t[a.end:], []byte("から")) {
		c -= 0.3
	}
	s.report(start, a.end, c, false)
}

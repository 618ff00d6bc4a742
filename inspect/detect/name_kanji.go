package detect

import (
	"bytes"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// nameCandidate is a possible name. given is 0 for a surname alone, surname 0 for
// a given name alone.
type nameCandidate struct {
	start, middle, end int // middle is the end of the surname
	surname, given     dict.Info
	spaced             bool
	odds               float32
}

// surname looks at the surnames that start where hit i does and returns how
// many further hits it used up.
func (s *nameSearch) surname(i int) (more int) {
	hits := s.b.Hits
	start := hits[i].Start
	if placeEnds(s.text[:start]) {
		return 0 // a part of an address, the commonest place of surnames in records
	}
	best := nameCandidate{odds: -9}
	for ; i+more < len(hits) && hits[i+more].Start == start; more++ {
		h := &hits[i+more]
		if Class(h.Payload>>24) != ClassSurname {
			continue
		}
		middle, kind := int(h.End), nameKind(h.Payload>>8&0xFF)
		if kind != nameKanji {
			middle--
			s.spread(int(start), middle, dict.Info(h.Payload), &best)
		}
		if kind != nameSpread {
			s.pairs(int(start), middle, dict.Info(h.Payload), &best)
		}
	}
	// The class may change among hits of one start: leave those to the caller.
	more--
	for more > 0 && Class(hits[i+more].Payload>>24) != ClassSurname {
		more--
	}
	s.settle(&best)
	return more
}

// placeEnds reports whether t ends with 県, 市, 区, 町 and the like.
func placeEnds(t []byte) bool {
	if len(t) < 6 || t[len(t)-6] < 0xE3 {
		return false
	}
	switch string(t[len(t)-3:]) {
	case "都", "道", "府", "県", "市", "区", "町", "村", "郡":
		return true
	}
	return false
}

// placeBegins reports whether t begins with one of these that begins no given
// name, as 道 does in 道子.
func placeBegins(t []byte) bool {
	return len(t) >= 3 && (string(t[:3]) == "県" || string(t[:3]) == "区" || string(t[:3]) == "郡" || string(t[:3]) == "府")
}

// given looks for a surname before the given name at [start,end).
func (s *nameSearch) given(start, end int) {
	if placeEnds(s.text[:start]) || placeBegins(s.text[start:]) {
		return
	}
	best := nameCandidate{odds: -9}
	at := start
	for at > 0 && s.text[at-1] == ' ' && start-at < 2 {
		at--
	}
	from := at
	for n := 0; n < 4; n++ {
		_, k, size := nameBefore(s.text, from)
		if k < scriptHira || k == scriptMiddle || from-size < s.taken {
			break
		}
		from -= size
		if info := nameSurname(s.text[from:at]); info != 0 {
			s.pairs(from, at, info, &best)
		}
	}
	info := dict.LookupJapanese(s.text[start:end]).Given
	alone := nameCandidate{start: start, middle: start, end: end, given: info}
	s.judge(&alone)
	if alone.odds > best.odds {
		best = alone
	}
	s.settle(&best)
}

// nameSurname looks a surname up, with variants of its characters.
func nameSurname(word []byte) dict.Info {
	if info := dict.LookupJapanese(word).Surname; info != 0 {
		return info
	}
	var buf [20]byte
	out := buf[:0]
	changed := false
	for i := 0; i < len(word); {
		r, n := utf8.DecodeRune(word[i:])
		f := dict.Fold(r)
		changed = changed || f != r && scriptOf(r) == scriptKanji
		if len(out)+utf8.RuneLen(f) > len(buf) {
			return 0
		}
		if scriptOf(r) != scriptKanji {
			f = r
		}
		out = utf8.AppendRune(out, f)
		i += n
	}
	if !changed {
		return 0
	}
	return dict.LookupJapanese(out).Surname
}

// pairs tries the surname [start,middle) alone and with each given name that
// may follow, and keeps the best in best.
func (s *nameSearch) pairs(start, middle int, info dict.Info, best *nameCandidate) {
	if placeBegins(s.text[middle:]) {
		return
	}
	c := nameCandidate{start: start, middle: middle, end: middle, surname: info}
	s.judge(&c)
	if c.odds > best.odds {
		*best = c
	}
	at := middle
	for at < len(s.text) && s.text[at] == ' ' && at-middle < 2 {
		at++
	}
	c.spaced = at > middle
	if at+6 <= len(s.text) && katakanaAt(s.text[at:]) {
		if c.end, c.given = s.kataGiven(at); c.given != 0 {
			s.judge(&c)
			if c.odds > best.odds {
				*best = c
			}
		}
		return
	}
	end := at
	for n := 1; n <= 4 && end < len(s.text); n++ {
		r, size := utf8.DecodeRune(s.text[end:])
		if k := scriptOf(r); k != scriptKanji && k != scriptHira && k != scriptKata {
			break
		}
		end += size
		if n == 1 && scriptOf(r) == scriptHira {
			// A given name in hiragana needs two characters and more; a
			// particle would do otherwise.
			continue
		}
		c.end, c.given = end, dict.LookupJapanese(s.text[at:end]).Given
		if c.given == 0 && !c.spaced && !(n == 2 && info.Weight() > 4 && info.Doubt() < 2 && s.likeGiven(at, end)) {
			continue
		}
		s.judge(&c)
		if c.odds > best.odds {
			*best = c
		}
	}
}

// spread tries the surname [start,middle) with a given name whose characters
// have spaces between them: 山 田 太 郎.
func (s *nameSearch) spread(start, middle int, info dict.Info, best *nameCandidate) {
	var given [12]byte
	n, at := 0, middle
	for n+4 <= len(given) && at+4 <= len(s.text) && s.text[at] == ' ' {
		_, k, size := nameAfter(s.text, at+1)
		if _, next, _ := nameAfter(s.text, at+1+size); k < scriptHira || k == scriptMiddle || next >= scriptHira && next != scriptMiddle {
			break
		}
		if w, _ := nameAfterWords.begins(s.text[at+1:]); n > 0 && w >= 3 {
			break
		}
		n += copy(given[n:], s.text[at+1:at+1+size])
		at += 1 + size
	}
	if n == 0 || n < 6 && middle-start < 7 {
		return // 林 明 and longer words are pairs like others
	}
	is := dict.LookupJapanese(given[:n])
	c := nameCandidate{start: start, middle: middle, end: at, surname: info, spaced: true, given: is.Given}
	if c.given == 0 {
		c.given = is.GivenKana
	}
	s.judge(&c)
	if c.odds++; c.odds > best.odds {
		*best = c
	}
}

// What a word may be besides a name, by dict.Info.Doubt, in log odds: for a
// surname or given name alone, and for one of a pair.
var (
	surnameDoubt = [4]float32{0, 0.6, 2.2, 4}
	givenDoubt   = [4]float32{0, 1, 3, 5}
	pairDoubt    = [4]float32{0, 0.2, 0.6, 1.2}
	pairDoubtG   = [4]float32{0, 0.4, 1.3, 2.2}
)

// kataGiven reads a given name in katakana at i: 佐藤 ハナ.
func (s *nameSearch) kataGiven(i int) (end int, info dict.Info) {
	end, _ = kanaRun(s.text, i)
	info = dict.LookupJapanese(s.text[i:end]).GivenKana
	if info.Weight() < 9 || end-i < 6 {
		return end, 0
	}
	return end, info
}

// judge sums the evidence for c.
func (s *nameSearch) judge(c *nameCandidate) {
	var odds float32
	sw, gw := float32(c.surname.Weight()), float32(c.given.Weight())
	full := c.end > c.middle && c.middle > c.start
	switch {
	case full && c.given != 0:
		odds = -2 + 0.2*sw + 0.22*gw - pairDoubt[c.surname.Doubt()] - pairDoubtG[c.given.Doubt()]
	case full && c.spaced: // given name not listed
		odds = -3 + 0.15*sw - pairDoubt[c.surname.Doubt()]
	case full: // likewise, but it looks like one
		odds = -2 + 0.15*sw - pairDoubt[c.surname.Doubt()]
	case c.given != 0: // given name alone
		odds = -0.8 + 0.35*(min(gw, 13)-6) - givenDoubt[c.given.Doubt()]
	default:
		odds = 0.2 + 0.15*(sw-5) - surnameDoubt[c.surname.Doubt()]
	}
	if numerals(s.text[c.start:c.end]) {
		odds -= 4
	}
	title := nameTitle(s.text[c.end:])
	if title >= 3 && !full {
		odds += 0.5 * surnameDoubt[c.surname.Doubt()] // people from Fukuoka exist: 福岡さん
	}
	if full && !c.spaced && utf8.RuneCount(s.text[c.start:c.middle]) == 1 {
		odds -= 1
	}
	if n := c.end - c.middle; c.given != 0 && n <= 3 && !c.spaced {
		odds -= 1.4
	}
	if _, n := nameNeverWords.begins(s.text[c.middle:c.end]); full && n > 3 && n == c.end-c.middle {
		odds -= 3 // 和田大学
	}
	odds += s.around(c, full, title)
	left, right := s.cellBorder(c.start, c.end)
	switch {
	case !c.spaced:
		if left && right && full {
			odds += 1
		}
	case left && right:
		odds += 2.5
	case left || right || title > 0:
		odds += 1
	case c.given != 0:
		odds += 0.3
	default:
		odds -= 1.5
	}
	if full && c.spaced && c.given != 0 && s.knows(s.text[c.start:c.middle]) {
		odds += knownOdds // another of the family, rather than the surname alone
	}
	if !full && title == 0 {
		switch {
		case c.middle > c.start && s.knows(s.text[c.start:c.end]):
			odds += knownOdds
		case (left && right || tabulated(s.text[c.end:])) && townCalled(s.text[c.start:c.end], c.surname):
			odds = min(odds, -0.3) // a column of towns or stations
		case left && right: // a column of anything
			odds = min(odds, 0.8)
		default:
			odds = min(odds, 1.8)
		}
	}
	c.odds = odds
}

// knownOdds are what a surname gains that was met before.
const knownOdds = 2.5

// tabulated reports whether a number follows in t after a gap, as times do in
// tables of stations.
func tabulated(t []byte) bool {
	rest := bytes.TrimLeft(t, " \t|")
	return len(rest) < len(t) && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' || bytes.HasPrefix(rest, []byte("レ"))
}

// townCalled reports whether a surname is as likely the name of a town.
func townCalled(word []byte, info dict.Info) bool {
	if info.Rival() == dict.Place && info.Doubt() > 1 {
		return true
	}
	var buf [24]byte
	for _, kind := range [...]string{"市", "区"} {
		name := append(append(buf[:0], word...), kind...)
		if _, n := dict.CityAt(name); n == len(name) {
			return true
		}
	}
	return false
}

// numerals reports whether all of t are numbers: 九三, 二三.
func numerals(t []byte) bool {
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRune(t[i:])
		if !numeralRunes.has(r) {
			return false
		}
		i += n
	}
	return true
}

var numeralRunes = runeSet("〇一二三四五六七八九十百千年月日 ")

// around weighs the characters before and after c.
func (s *nameSearch) around(c *nameCandidate, full bool, title float32) (odds float32) {
	t := s.text
	prev, before, _ := nameBefore(t, c.start)
	switch before {
	case scriptKanji:
		switch {
		case full && !c.spaced && c.end-c.start == 6:
			odds -= 2.5 // 作成済み
		case nameBeforeWord(t[max(0, c.start-21):c.start]):
			odds += 0.6
		case full && c.given != 0 && roleEnds.has(prev):
			odds -= 0.8 // 女流歌人, 現工場長
		default:
			odds -= 2.5
		}
	case scriptKata:
		if nameBeforeWord(t[max(0, c.start-21):c.start]) {
			odds += 0.6
		} else {
			odds--
		}
	case scriptHira:
		switch prev {
		case 'の':
			if nameBeforeWord(t[max(0, c.start-24) : c.start-3]) {
				odds += 0.8 // 画家の
			}
		case 'は', 'が', 'に', 'を', 'と', 'た', 'る', 'や', 'で', 'も', 'い':
		default:
			odds -= 0.4
		}
	case scriptNone, scriptBreak:
		odds += 0.2
	case scriptDigit:
		odds -= 0.8
		if first, _ := utf8.DecodeRune(t[c.start:]); counterRunes.has(first) {
			odds -= 3 // 2日目, 2010年春
		}
	case scriptLatin:
		odds -= 0.8
	case scriptMark:
		odds += 0.2
	}
	if s.listed(c.start) {
		odds += 1.2
	}
	next, after, _ := nameAfter(t, c.end)
	switch {
	case title > 0:
		odds += title
		if !full {
			odds -= 0.5
		}
	case after == scriptKanji:
		odds -= 2
		if !full || !c.spaced && c.end-c.middle <= 3 {
			odds-- // 松本家具, 岡本工作機械
		}
		if nameNeverBefore(t[c.end:]) {
			odds -= 3
		}
	case after == scriptKata && full:
		odds -= 1.5
	case after == scriptKata:
		odds -= 3 // 山口フィナンシャル
	case after == scriptHira:
		last, _, _ := nameBefore(t, c.end)
		switch p := nameParticle(t[c.end:]); {
		case p > 0 || p < -1:
			odds += p
		case mayFollowName.has(next):
		case full && scriptOf(last) == scriptHira:
			odds -= 2 // 愛知みか|ん
		case !full:
			odds -= 2.5 // 青木あすなろ建設, 花子おにぎり
		}
	case after == scriptDigit, after == scriptLatin:
		odds -= 0.7
	case after == scriptMark, after <= scriptBreak:
		odds += 0.3
	}
	if prev == '『' || prev == '「' && next == '」' || prev == '《' || prev == '“' {
		odds -= 0.7
		if next == '』' {
			odds--
		}
	}
	if nameCompanyBefore(t[:c.start]) || nameNeverBefore(t[c.end:]) && after != scriptKanji {
		odds -= 3
	}
	return odds
}

// listed reports whether the last finding stands right before i, joined by a
// mark of enumeration.
func (s *nameSearch) listed(i int) bool {
	if s.taken == 0 || i <= s.taken || i-s.taken > 3 {
		return false
	}
	switch string(s.text[s.taken:i]) {
	case "、", "・", "と", "や", ",", ", ", "/", "及び":
		return true
	}
	return false
}

// mayFollowName are the first characters of the particles, copulas and suffixes
// that follow a name: で, から, より, ら, だ, など, って, まで, こと.
var mayFollowName = runeSet("でかよらだなっまこねさしす")

// nameParticle weighs the hiragana that follows a name.
func nameParticle(t []byte) float32 {
	r, n := utf8.DecodeRune(t)
	switch r {
	case 'は', 'が', 'の', 'を', 'に', 'と', 'も', 'や', 'へ':
		return 0.4
	case 'し', 'さ', 'す':
		if bytes.HasPrefix(t[n:], []byte("た")) || bytes.HasPrefix(t[n:], []byte("る")) || bytes.HasPrefix(t[n:], []byte("れ")) || bytes.HasPrefix(t[n:], []byte("て")) {
			return -2
		}
	}
	return 0
}

// counterRunes follow numbers.
var counterRunes = runeSet("日年月時分秒人名回番号度個台件点歳才代世巻章節条区丁町目数機本枚円")

// roleEnds are the last characters of what people are.
var roleEnds = runeSet("人者家手師士員長官医優督授相王侯爵将婦夫妻女男娘弟兄姉妹父母親孫友役主卿臣僧尼生徒客棋")

// givenEnds are the commonest last characters of given names.
var givenEnds = runeSet("子美恵代江枝香奈花華菜希葵音絵衣依乃佳加穂歩帆保織里理莉梨璃沙紗佐咲紀季貴樹輝希生郎朗太介助輔佑祐夫雄男哉也矢弥人仁斗翔真馬磨吾悟志史司士基規隆孝武広浩博宏明章彰昭晃光幸行雪征進治次二三蔵造一市平兵衛門丸吉成義政信俊敏利久和正昌典憲則徳範秀英栄永友知智朋良亮涼遼陽洋要誠勝克健賢謙堅剛豪毅大学孟清潔純淳順潤駿舜瞬慎晋伸新親心臣鎮定貞禎偵重茂繁滋蕃苗愛藍逢宇羽蘭嵐凛鈴麗礼怜玲令嶺七菜々緒央旺王桜")

// likeGiven reports whether [start,end) looks like a given name that is not
// listed: it ends as they do, is no word, and is the end of its run of kanji.
func (s *nameSearch) likeGiven(start, end int) bool {
	last, _, _ := nameBefore(s.text, end)
	if !givenEnds.has(last) {
		return false
	}
	if _, k, _ := nameAfter(s.text, end); k == scriptKanji {
		if w, _ := nameAfterWords.begins(s.text[end:]); w < 2 {
			return false
		}
	}
	is := dict.LookupJapanese(s.text[start:end])
	return is.Word == 0 && is.Surname == 0
}

// settle reports the best candidate of a place after the costly checks.
func (s *nameSearch) settle(c *nameCandidate) {
	if c.odds < -4 {
		if c.odds > -9 {
			s.weigh(c.start, c.end, c.odds, false, false)
		}
		return
	}
	label, whole := s.labelled(c.start, c.end)
	full := c.end > c.middle && c.middle > c.start
	if whole && !full {
		label++
	}
	c.odds += label
	if c.odds < leastHint {
		s.weigh(c.start, c.end, c.odds, false, label != 0)
		return
	}
	left, right := s.cellBorder(c.start, c.end)
	if whole {
	} else if !left || !right {
		c.odds += s.covered(c.start, c.end, full)
	} else if full && dict.LookupJapanese(s.text[c.start:c.end]).Word != 0 {
		c.odds -= 4
	}
	if s.weigh(c.start, c.end, c.odds, c.surname != 0 && c.given != 0, label != 0 || left && right) {
		if full && c.odds > 1.5 {
			s.remember(c.start, c.middle)
		}
		s.reading(c.end)
	}
}

// reading takes the kana reading that may follow a name: in parentheses, after
// a space or on the next line.
func (s *nameSearch) reading(at int) {
	t := s.text
	for n := 0; n < 3 && at < len(t); n++ {
		r, size := utf8.DecodeRune(t[at:])
		if r != '(' && r != '（' && r != ' ' && r != '\n' && r != '/' && r != ',' && r != '、' && r != '"' && r != '\r' && r != '\t' {
			break
		}
		at += size
	}
	if c, ok := s.kanaPair(at); ok {
		s.weigh(c.start, c.end, c.odds+1.5, true, true)
	}
}

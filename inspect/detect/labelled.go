package detect

import (
	"bytes"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// LabelID is the detector ID of names found by the label right before them.
const LabelID = "label"

// labelled finds names by the label right before them, in JSON, forms and
// "label: value" lines, whether or not a dictionary knows them.
type labelled struct{}

// labelledWords are the ends of label words for names. English ones hold what
// follows them, so that prose about names gives no hits.
var labelledWords = []string{"氏名", "氏 名", "氏  名", "名前", "お 名 前", "よみ", "ヨミ", "読み", "ローマ字", "苗字", "名字", "受取人", "差出人", "申込者", "契約者", "宛先", "姓名", "フリガナ", "ふりがな", "名義人", "名義", "宛名", "セイ", "メイ", "カナ", "かな", "姓", "担当者", "世帯主", "者名", "様名", "客名", "員名",
	`name":`, `name" :`, `name:`, `name=`, `name**:`, "name\t", "name\n", "name\"\n", "name |", "name>", "kana>", "氏:", "name - ", `last=`, `first=`, `"value":`, `"value" :`, `"answer":`, `"text":`, `kana":`, `kana:`, `kana=`, `"sei":`, `"mei":`, `first":`, `last":`, `given":`, `family":`, `"名":`, "名:", "名=", `holder":`, `recipient":`}

// ID implements Detector.
func (labelled) ID() string { return LabelID }

// Types implements Detector.
func (labelled) Types() []Type { return []Type{Name} }

// Patterns implements Vocabulary.
func (labelled) Patterns() []match.Pattern {
	var p []match.Pattern
	for _, w := range labelledWords {
		p = append(p, match.Pattern{Literal: normal.String(w), Fold: true, Payload: Payload(ClassLabel, 0)})
	}
	return p
}

// Find implements Detector.
func (labelled) Find(b *Block, emit func(Finding)) {
	v, ok := b.context.(*view)
	if !ok || v.mode == rows {
		return // columns do it
	}
	mailboxes(b, emit)
	if v != nil && v.mode == single {
		if l := v.single; l&nameLabels != 0 && l&(LCompany|LOrder|weak) == 0 {
			if lo, hi, ok := plausibleName(b.Text, l); ok {
				emit(Finding{Type: Name, Detector: LabelID, Start: lo, End: hi, Confidence: 0.93, Canon: nameCanon(b.Text[lo:hi])})
			}
		}
		return
	}
	done := 0
	for _, h := range b.Hits {
		if c, _ := Unpack(h.Payload); c != ClassLabel || int(h.Start) < done {
			continue
		}
		start := valueAfter(b.Text, int(h.End))
		if start < 0 || b.Text[h.End-1] == '\n' {
			done = max(done, listed(b.Text, int(h.End), emit))
			continue
		}
		inJSON := v != nil && v.mode == object
		end := valueEnd(b.Text, start, inJSON || start > 0 && b.Text[start-1] == '"')
		own := b.ownWeak(start)
		if own&nameLabels == 0 || own&(LCompany|LOrder) != 0 {
			continue
		}
		conf := float32(0.93)
		if own&weak != 0 {
			// Only where the object or paragraph speaks of a person.
			if !personal(b.Text, start, end, persons&^LCard) {
				continue
			}
			conf = 0.85
		}
		lo, hi, ok := plausibleName(b.Text[start:end], own)
		if !ok || namelessThing(b.Text[start+lo:start+hi]) || sampled(b.Text, start+lo, start+hi) ||
			conf < 0.93 && own&(LSurname|LGiven) == 0 && !likelyName(b.Text[start+lo:start+hi]) {
			continue
		}
		done = start + hi
		emit(Finding{Type: Name, Detector: LabelID, Start: start + lo, End: start + hi, Confidence: conf, Canon: nameCanon(b.Text[start+lo : start+hi])})
	}
}

// listed emits the names of a list of nothing else, one a line below its header, the
// line that ends at i. It returns where the list ends, 0 if there is none: at least
// three lines that may be names, half of them with a listed surname or given name.
func listed(t []byte, i int, emit func(Finding)) (end int) {
	if i > 0 && i <= len(t) && t[i-1] == '\n' {
		i--
	}
	for i < len(t) && (t[i] == '"' || t[i] == '\r' || t[i] == ' ') {
		i++
	}
	from := lastNewline(t[:min(i, len(t))]) + 1
	if i >= len(t) || t[i] != '\n' || i-from > longestLabel || bytes.ContainsAny(t[from:i], "./=;({[") || bytes.Count(t[from:i], oneSpace) > 3 {
		return 0
	}
	own := classify(t[from:i])
	if own&nameLabels == 0 || own&(LCompany|LOrder) != 0 {
		return 0
	}
	type line struct{ lo, hi int }
	var first [3]line // until it is known for one
	n, known, at := 0, 0, i+1
	tell := func(x line) {
		emit(Finding{Type: Name, Detector: LabelID, Start: x.lo, End: x.hi, Confidence: 0.85, Canon: nameCanon(t[x.lo:x.hi])})
	}
	for at < len(t) {
		stop := len(t)
		if k := bytes.IndexByte(t[at:], '\n'); k >= 0 {
			stop = at + k
		}
		lo, hi, ok := plausibleName(t[at:stop], own)
		if rest := bytes.TrimRight(t[at:stop], " \r\""); !ok || classify(rest) != 0 || namelessThing(t[at+lo:at+hi]) {
			break
		}
		x := line{at + lo, at + hi}
		if inDictionary(t[x.lo:x.hi]) {
			known++
		}
		if n++; 2*known < n {
			break
		}
		switch {
		case n < len(first):
			first[n-1] = x
		case n == len(first):
			for _, y := range first[:n-1] {
				tell(y)
			}
			tell(x)
		default:
			tell(x)
		}
		at = min(stop+1, len(t))
		end = at
	}
	if n < len(first) {
		return 0
	}
	return end
}

// inDictionary reports whether a name begins with a listed surname, or has a listed
// word in Latin letters or kana.
func inDictionary(name []byte) bool {
	if name[0] < utf8.RuneSelf {
		var buf [48]byte
		n := wordAt(name, 0)
		is := dict.LookupLatin(dict.AppendFoldLatin(buf[:0], name[:n]))
		return is.Given != 0 || is.Surname != 0 || is.RomajiGiven != 0 || is.RomajiSurname != 0
	}
	if kanaOnly(name) {
		return true
	}
	for i := 0; i < len(name) && i < 12; {
		_, size := utf8.DecodeRune(name[i:])
		if i += size; nameSurname(name[:i]) != 0 {
			return true
		}
	}
	return false
}

// mailboxes emits the names in kanji or kana that stand as display names before the
// address of a mailbox: 山田 太郎 <taro@example.jp>.
func mailboxes(b *Block, emit func(Finding)) {
	t := b.Text
	for _, at := range b.Ats {
		open := lastByte(t[max(0, int(at)-66):at], '<') + max(0, int(at)-66)
		if open <= 0 || t[open] != '<' {
			continue
		}
		end := open
		for end > 0 && (t[end-1] == ' ' || t[end-1] == '"') {
			end--
		}
		if end == 0 || t[end-1] < utf8.RuneSelf || !mailboxBegins(t[open:]) {
			continue // no kanji, no kana
		}
		start := end
		for start > 0 && end-start < 60 {
			r, n := utf8.DecodeLastRune(t[:start])
			if k := scriptOf(r); k < scriptHira && r != ' ' {
				break
			}
			start -= n
		}
		for start < end && t[start] == ' ' {
			start++
		}
		lo, hi, ok := plausibleName(t[start:end], LName)
		if !ok || t[start+lo] < utf8.RuneSelf || namelessThing(t[start+lo:start+hi]) || officeOf(t[start+lo:start+hi]) || !displayed(t[start+lo:start+hi]) {
			continue
		}
		emit(Finding{Type: Name, Detector: LabelID, Start: start + lo, End: start + hi, Confidence: 0.85, Canon: nameCanon(t[start+lo : start+hi])})
	}
}

// displayed reports whether a display name is of two words, neither of them a mix of
// kanji and kana as clauses are, or begins with a listed surname.
func displayed(name []byte) bool {
	k := bytes.IndexByte(name, ' ')
	if k < 0 {
		return likelyName(name)
	}
	for _, w := range [...][]byte{name[:k], name[k+1:]} {
		first, _ := utf8.DecodeRune(w)
		last, _ := utf8.DecodeLastRune(w)
		if n := utf8.RuneCount(w); n > 6 || n > 2 && scriptOf(first) == scriptKanji && scriptOf(last) == scriptHira {
			return false
		}
	}
	return true
}

// officeOf reports whether a display name is a department or a service rather than
// a person.
func officeOf(name []byte) bool {
	_, n := officeEnds.ends(name)
	return n > 0
}

var officeEnds = newWordEnds(`部 課 係 室 局 班 団 会 社 店 館 園 庁 省 窓口 係宛 担当 事務局 サポート デスク 通信 便り だより ニュース メール 編集部 一同 各位 チーム 運営 公式 配信 ショップ ストア サービス アカウント お知らせ 通知 受付 総務 人事 経理 営業 広報 採用 情報 システム`)

// unsupported reports whether what makes [start,end) a name is a word as weak as
// "name", with nothing beside it that speaks of a person: the names of places,
// languages, goods.
func (b *Block) unsupported(start, end int) bool {
	v, _ := b.context.(*view)
	if r, ok := b.context.(*rest); ok {
		v = r.view
	}
	if v == nil || b.ownWeak(start)&weak == 0 {
		return false
	}
	if v.mode == rows {
		return !v.table.strong && !v.table.people
	}
	return !personal(b.Text, start, end, persons&^LCard|LPerson)
}

// ofPersons reports whether the table or object around [start,end) has names or
// whole addresses.
func (b *Block) ofPersons(start, end int) bool {
	v, _ := b.context.(*view)
	if r, ok := b.context.(*rest); ok {
		v = r.view
	}
	if v != nil && v.mode == rows {
		return v.table.people
	}
	return keyed(b.Text[max(0, start-300):min(len(b.Text), end+300)], persons|nameLabels)
}

// keyed reports whether t has a key in quotes with one of labels.
func keyed(t []byte, labels Label) bool {
	for i := 0; ; i++ {
		k := bytes.Index(t[i:], []byte("\":"))
		if k < 0 {
			return false
		}
		i += k
		if q := bytes.LastIndexByte(t[:i], '"'); q >= 0 && i-q < 40 {
			if l := classify(t[q+1 : i]); l&weak == 0 && l&labels != 0 {
				return true
			}
		}
	}
}

// ownWeak is the own label at offset i with the bit weak kept.
func (b *Block) ownWeak(i int) Label {
	v, ok := b.context.(*view)
	if r, claimed := b.context.(*rest); claimed {
		v, ok, i = r.view, true, r.origin(i)
	}
	if !ok || i >= len(v.text) {
		return 0
	}
	var own Label
	switch v.mode {
	case rows:
		own, _, _, _ = v.table.labelAt(v.text, i)
	case object:
		own = v.ownKeyLabel(i)
	case fields:
		own, _ = v.fieldLabel(i)
	case single:
		own, _ = v.proseLabel(i)
	default:
		if i > 0 && b.Text[i-1] == '"' {
			// JSON or source text within other text.
			own = v.ownKeyLabel(i)
		} else {
			own, _ = v.proseLabel(i)
		}
	}
	return own
}

// valueAfter returns where the value begins whose label ends at i, -1 if what
// follows is no separator.
func valueAfter(b []byte, i int) int {
	seen := i > 1 && (b[i-1] == ':' || b[i-1] == '>' || b[i-1] == '=' || b[i-1] == '\t' || b[i-1] == '|' || b[i-1] == '"' && b[i-2] == '=' || b[i-1] == ' ' && b[i-2] == '-')
	for n := 0; i < len(b) && n < 24; n++ {
		switch c := b[i]; {
		case c == ':' || c == '=':
			seen = true
		case c == '\t', c == '|' && i+1 < len(b) && b[i+1] == ' ':
			seen = true
		case c == ' ' || c == '"' || c == '\'' || c == ']' || c == '*' || c == ')':
		case c == '(':
			// 氏名(漢字): …
			k := bytes.IndexByte(b[i:min(len(b), i+40)], ')')
			if k < 0 {
				return -1
			}
			i += k
		case c == '\r' || c == '\n':
			return -1
		case c < utf8.RuneSelf:
			if seen && (isLetter(c) || c == '<') {
				return i
			}
			return -1
		default:
			r, size := utf8.DecodeRune(b[i:])
			switch r {
			case '\u3000', '】', '」', '〕', '…', '：', '＝', '→', '⇒', '▶', '»':
				seen = seen || r != '」'
				i += size
				continue
			}
			if seen {
				return i
			}
			return -1
		}
		i++
	}
	return -1
}

// valueEnd returns where the value at i ends: at the closing quote, or at what
// ends a value in a line.
func valueEnd(b []byte, i int, quoted bool) int {
	limit := min(len(b), i+120)
	for j := i; j < limit; {
		c := b[j]
		switch {
		case c == '\n' || c == '\r' || c == '\t':
			return j
		case quoted:
			if c == '"' {
				return j
			}
		case c == ',' || c == ';' || c == '|' || c == '<' || c == '"' || c == '&' || c == '/':
			return j
		case c == ' ' && j+1 < limit && (b[j+1] == ' ' && !goesOnApart(b[i:j], b[j:limit]) || isDigit(b[j+1])):
			return j
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(b[j:])
			if r == '、' || r == '。' || r == '】' || r == '」' || r == '※' {
				return j
			}
			j += size
			continue
		}
		j++
	}
	return limit
}

// goesOnApart reports whether all characters of a value stand apart, and those of what
// follows it.
func goesOnApart(value, rest []byte) bool {
	rest = bytes.TrimLeft(rest, " ")
	_, n := utf8.DecodeRune(rest)
	return len(value) > n && apart(value) && (n+1 >= len(rest) || rest[n] == ' ' || rest[n] == '\n' || rest[n] == '\r' || rest[n] == '"')
}

// personal reports whether words with one of labels stand around b[start:end].
func personal(b []byte, start, end int, labels Label) bool {
	lo, hi := max(0, start-300), min(len(b), end+300)
	if k := bytes.LastIndexAny(b[lo:start], "{}"); k >= 0 {
		lo += k
	}
	if k := bytes.IndexAny(b[end:hi], "{}"); k >= 0 {
		hi = end + k
	}
	for i := lo; i < hi; i += 200 {
		own, near := scanLabels(b[i:min(hi, i+220)])
		if near&^own&labels != 0 { // own is the last word, perhaps a value: "County"
			return true
		}
	}
	return false
}

// likelyName is for values behind a word as weak as "name", beside a person's other
// data.
func likelyName(b []byte) bool {
	if b[0] < utf8.RuneSelf || bytes.IndexByte(b, ' ') >= 0 {
		return looksLikeName(b) && !allWords(b)
	}
	// A listed surname and one to three characters more.
	for n, i := 0, 0; n < 3 && i < len(b); n++ {
		_, size := utf8.DecodeRune(b[i:])
		if i += size; nameSurname(b[:i]) != 0 && i < len(b) && utf8.RuneCount(b[i:]) <= 3 {
			return true
		}
	}
	return false
}

// allWords reports whether b is nothing but ordinary English words of which none
// is a usual given name: Test Order.
func allWords(b []byte) bool {
	for len(b) > 0 {
		n := wordAt(b, 0)
		if n == 0 {
			return false
		}
		var buf [48]byte
		if is := dict.LookupLatin(dict.AppendFoldLatin(buf[:0], b[:n])); !is.Word || is.Given.Weight() >= 7 {
			return false
		}
		b = bytes.TrimLeft(b[n:], " ")
	}
	return true
}

// looksLikeName is for values behind a word as weak as "name": two or more
// capitalised Latin words, or kanji with a gap, or kana with a gap.
func looksLikeName(b []byte) bool {
	words, start := 0, true
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == ' ' || r == '\u3000' || r == '・' {
			start = true
		} else if start {
			if r >= 'a' && r <= 'z' {
				return false
			}
			words++
			start = false
		}
		i += size
	}
	return words >= 2 && words <= 4
}

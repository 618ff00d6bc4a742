package detect

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// lexicon is labelWords compiled. Japanese words are looked up at any place in
// a text, the longest first; English ones word by word, up to four joined. A
// filter on the first bytes keeps most places from a look-up.
type lexicon struct {
	japaneseStarts filter
	englishStarts  filter
	englishParts   filter              // all that English words begin with, whole ones too
	japanese       [1 << 11]prefix     // by hash of the first six bytes
	english        [1 << 12]lexiconRow // by hash of the whole
	words          []lexiconRow        // Japanese, those of a prefix side by side, the longest first
	endings        endings
}

// lexiconRow is a word and its label.
type lexiconRow struct {
	word  string
	label Label
}

// prefix is where the words with the same first six bytes stand.
type prefix struct {
	key      uint64 // 0 is free
	first, n int32
}

// filter is a set of 15-bit hashes.
type filter [1 << 9]uint64

func (f *filter) add(h uint64)      { f[h>>49>>6] |= 1 << (h >> 49 & 63) }
func (f *filter) has(h uint64) bool { return f[h>>49>>6]&(1<<(h>>49&63)) != 0 }

var theLexicon = sync.OnceValue(func() *lexicon {
	l := &lexicon{}
	seen := map[string]bool{}
	often := map[string]bool{}
	for _, s := range strings.Fields(frequentWords) {
		often[s] = true
	}
	for _, w := range labelWords {
		for _, s := range strings.Fields(w.words) {
			s = strings.ToLower(normal.String(s))
			if seen[s] {
				continue
			}
			seen[s] = true
			l.endings.add(s)
			row := lexiconRow{s, w.label}
			if often[s] {
				row.label |= frequent
			}
			if isJapanese(s) && len(s) >= 6 {
				l.words = append(l.words, row)
				continue
			}
			h := uint64(golden)
			for k := range len(s) {
				h = mixIn(h, s[k])
				l.englishParts.add(h)
			}
			i := spread(h) >> 52
			for l.english[i].word != "" {
				i = (i + 1) % uint64(len(l.english))
			}
			l.english[i] = row
			if len(s) > 2 && !isJapanese(s) {
				l.englishStarts.add(mix3(s))
			}
		}
	}
	for _, c := range lonely + betweens {
		l.endings.add(string(c))
	}
	slices.SortFunc(l.words, func(a, b lexiconRow) int {
		if c := strings.Compare(a.word[:6], b.word[:6]); c != 0 {
			return c
		}
		return len(b.word) - len(a.word)
	})
	for i, w := range l.words {
		key := six(w.word)
		l.japaneseStarts.add(key * golden)
		p := l.find(key)
		if p.key == 0 {
			*p = prefix{key: key, first: int32(i)}
		}
		p.n++
	}
	return l
})

const golden = 0x9E3779B97F4A7C15

// six packs the first six bytes of s.
func six[S string | []byte](s S) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40
}

// mix3 hashes the first three bytes of s.
func mix3[S string | []byte](s S) uint64 {
	return (uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16) * golden
}

// spread makes the hash of a word that of its row.
func spread(h uint64) uint64 { return h ^ h>>29<<35 }

// mixIn makes the hash of a word, golden at first, that of the word with c.
func mixIn(h uint64, c byte) uint64 { return (h ^ uint64(c)) * 0x9FB21C651E98DF25 }

// find returns the slot of a prefix, or the free one where it belongs.
func (l *lexicon) find(key uint64) *prefix {
	for i := key * golden >> 53; ; i = (i + 1) % uint64(len(l.japanese)) {
		if p := &l.japanese[i]; p.key == key || p.key == 0 {
			return p
		}
	}
}

// lookup returns the label of a whole word: English, or of one Japanese
// character; 0 if there is none.
func (l *lexicon) lookup(b []byte) Label {
	h := uint64(golden)
	for _, c := range b {
		h = mixIn(h, c)
	}
	if !l.englishParts.has(h) {
		return 0
	}
	return l.lookupHash(b, spread(h))
}

// lookupHash is lookup for a word whose hash is known.
func (l *lexicon) lookupHash(b []byte, h uint64) Label {
	for i := h >> 52; ; i = (i + 1) % uint64(len(l.english)) {
		r := &l.english[i]
		if r.word == string(b) {
			return r.label
		}
		if r.word == "" {
			return 0
		}
	}
}

func isJapanese(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// japaneseAt returns the longest Japanese label word at offset i of lower-case
// folded text, its end, or 0. Words of one character are not looked for.
func (l *lexicon) japaneseAt(b []byte, i int) (int, Label) {
	if len(b)-i < 6 {
		return 0, 0
	}
	key := six(b[i:])
	if !l.japaneseStarts.has(key * golden) {
		return 0, 0
	}
	p := l.find(key)
	for _, r := range l.words[p.first : p.first+p.n] {
		if n := len(r.word); n <= len(b)-i && string(b[i:i+n]) == r.word {
			return i + n, r.label
		}
	}
	return 0, 0
}

// noEnglish reports whether the word at offset i of t, of three letters or more, begins
// unlike all English label words.
func (l *lexicon) noEnglish(t *lettering, i int) bool {
	x := binary.LittleEndian.Uint32(t.buf[i&(maxLettering-1):]) & 0xffffff // zero behind the text
	return isLetter(byte(x>>8)) && isLetter(byte(x>>16)) && !l.englishStarts.has(uint64(x)*golden)
}

// englishAt returns the longest English label phrase of at most four words at
// offset i of t, where a word starts, and its end.
func (l *lexicon) englishAt(t *lettering, i int) (int, Label) {
	b := t.buf[:t.n]
	if l.noEnglish(t, i) {
		return 0, 0
	}
	var joined [32]byte
	n, h := 0, uint64(golden)
	end, label := 0, Label(0)
	for j, words := i, 0; words < 4 && j < len(b) && isLetter(b[j]); words++ {
		start := j
		if j = min(t.stops.next(j+1), len(b)); n+j-start >= len(joined) {
			break
		}
		for _, c := range b[start:j] {
			joined[n] = c
			n++
			h = mixIn(h, c)
		}
		if n < 2 && words == 0 && j < len(b) && b[j] != '-' && b[j] != '_' || !l.englishParts.has(h) {
			break
		}
		if w := l.lookupHash(joined[:n], spread(h)); w != 0 {
			end, label = j, w
		}
		sep := j
		for j < len(b) && j-sep < 2 && (b[j] == ' ' || b[j] == '_' || b[j] == '-' || b[j] == '.' || b[j] == '\'') {
			j++
		}
	}
	return end, label
}

// camelBorder reports whether a word begins at j inside a run of letters: an
// upper-case letter after a lower-case one, or before one.
func camelBorder(upper *marks, b []byte, j int) bool {
	if upper == nil || !upper.has(j) {
		return false
	}
	return !upper.has(j-1) || j+1 < len(b) && isLetter(b[j+1]) && !upper.has(j+1)
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// classify says what a key, header cell or field name stands for; 0 if that is
// not known. key is folded.
func classify(key []byte) Label {
	if key = trimKey(key); len(key) == 0 {
		return 0 // a number
	}
	return theLexicon().classify(key) &^ frequent
}

func (l *lexicon) classify(key []byte) Label {
	var buf [128]byte
	var upper marks
	b := squeeze(lower(buf[:], key, &upper))
	if allASCII(b) {
		if w := l.lookup(b); w != 0 || upper == (marks{}) && allLetters(b) {
			return w
		}
		return l.classifyEnglish(b, &upper)
	}
	if w := l.whole(b); w != 0 {
		return w
	}
	if w := l.classifyJapanese(b); w != 0 {
		return w
	}
	return l.classifyEnglish(b, &upper)
}

// allLetters reports whether b is nothing but small letters.
func allLetters(b []byte) bool {
	for _, c := range b {
		if c-'a' >= 26 {
			return false
		}
	}
	return true
}

// squeeze takes out of a Japanese key the spaces that only set its characters
// apart: 氏　名, 生 年 月 日.
func squeeze(b []byte) []byte {
	if len(b) == 0 || b[0] < utf8.RuneSelf || bytes.IndexByte(b, ' ') < 0 {
		return b
	}
	n := 0
	for i, c := range b {
		if c == ' ' && i+1 < len(b) && (b[i+1] >= utf8.RuneSelf || b[i+1] == ' ') {
			continue
		}
		b[n] = c
		n++
	}
	return b[:n]
}

// lonely are the labels that loneLabel knows.
const lonely = "姓氏名"

// loneLabel returns the label of the surname or given name that b, the text before a
// value, ends with if it is one character alone on its line: 姓：, 名：.
func loneLabel(b []byte) Label {
	n := len(b)
	if n < 4 || b[n-1] != ':' && b[n-1] != '=' && b[n-1] != '\t' && b[n-1] != ' ' {
		return 0
	}
	for n > 0 && (b[n-1] == ':' || b[n-1] == '=' || b[n-1] == '\t' || b[n-1] == ' ') {
		n--
	}
	if n < 3 || n > 3 && b[n-4] != '\n' && b[n-4] != '\t' && b[n-4] != ' ' && b[n-4] != '|' {
		return 0
	}
	switch string(b[n-3 : n]) {
	case "姓", "氏":
		return LSurname
	case "名":
		return LGiven
	}
	return 0
}

// whole returns the label of b if all of it is one label word.
func (l *lexicon) whole(b []byte) Label {
	if end, w := l.japaneseAt(b, 0); end == len(b) {
		return w
	}
	if len(b) >= 6 && b[0] >= utf8.RuneSelf {
		return 0 // a Japanese word stands among those that japaneseAt knows
	}
	return l.lookup(b)
}

// trimKey takes off what surrounds the words of a key: quotes, marks for
// required fields, numbering.
func trimKey(b []byte) []byte {
	for len(b) > 0 && !isLetter(b[0]) && b[0] < utf8.RuneSelf {
		b = b[1:]
	}
	for len(b) > 0 {
		if c := b[len(b)-1]; c >= utf8.RuneSelf || isLetter(c) {
			return b
		}
		if i := len(b) - 1; b[i] == ')' {
			return b
		}
		b = b[:len(b)-1]
	}
	return b
}

// classifyJapanese takes the last label word in b, the head of a Japanese
// compound, and what earlier ones add to it.
func (l *lexicon) classifyJapanese(b []byte) Label {
	var head, rest Label
	for i := 0; i < len(b); {
		if end, w := l.japaneseAt(b, i); end > 0 {
			rest |= head
			head = w
			i = end
			continue
		}
		_, n := utf8.DecodeRune(b[i:])
		i += n
	}
	if head == LPerson && rest&^LPerson != 0 {
		head, rest = rest, 0 // 電話番号(本人)
	}
	if head == 0 {
		return 0
	}
	return head | rest&(LPerson|LKana|LCompany)
}

// plain are kinds of value that an unknown English word before them does not
// change: venue_phone is a phone, event_date a date.
const plain = LPhone | LEmail | LPostal | LBirth | LSSN | LIBAN | LCVV | LDate | LAmount | LCard | LPassport | LKana

func (l *lexicon) classifyEnglish(b []byte, upper *marks) Label {
	// Cut into words.
	var starts, ends [12]int
	n := 0
	for i := 0; i < len(b) && n < len(starts); {
		if !isLetter(b[i]) {
			i++
			continue
		}
		j := i + 1
		for j < len(b) && isLetter(b[j]) && !camelBorder(upper, b, j) {
			j++
		}
		starts[n], ends[n] = i, j
		n++
		i = j
	}
	var buf [128]byte
	join := func(from, to int) []byte {
		k := 0
		for w := from; w < to; w++ {
			k += copy(buf[k:], b[starts[w]:ends[w]])
		}
		return buf[:k]
	}
	known := true // all words before from are neutral
	who := Label(0)
	for from := 0; from < n; from++ {
		if from > 0 {
			word := b[starts[from-1]:ends[from-1]]
			known = known && neutral[string(word)]
			who |= l.lookup(word) & LPerson
		}
		for to := n; to > from; to-- {
			if to < n && !neutral[string(b[starts[to]:ends[to]])] {
				break
			}
			label := l.lookup(join(from, to))
			switch {
			case label == 0:
			case known:
				if who != 0 {
					label = label&^weak | LPerson
				}
				return label
			case label&plain != 0 && label&weak == 0:
				return label
			}
		}
	}
	if n > 1 {
		switch string(b[starts[n-1]:ends[n-1]]) {
		case "id":
			return LCustomer
		case "no", "number", "code", "num", "nr":
			return LOrder
		}
	}
	return 0
}

package detect

import (
	"math/bits"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// lexicon is labelWords compiled. Japanese words are looked up at any place in
// a text, the longest first; English ones word by word, up to four joined.
type lexicon struct {
	words   map[string]Label // English lower case and joined, Japanese folded
	lengths [1 << 10]uint64  // by hash of the first six bytes: lengths of Japanese words
	starts  [1 << 9]uint64   // bits by hash of the first three letters of English ones
}

var lexiconOnce = sync.OnceValue(func() *lexicon {
	l := &lexicon{words: map[string]Label{}}
	for _, w := range labelWords {
		for _, s := range strings.Fields(w.words) {
			s = strings.ToLower(normal.String(s))
			if _, ok := l.words[s]; !ok {
				l.words[s] = w.label
			}
			if japanese(s) {
				if len(s) >= 6 {
					l.lengths[hash6(s)] |= 1 << min(len(s), 63)
				}
			} else if len(s) >= 2 {
				h := hash3(s)
				l.starts[h>>6] |= 1 << (h & 63)
			}
		}
	}
	return l
})

func japanese(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

func hash6[S string | []byte](s S) uint32 {
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40
	return uint32(x * 0x9E3779B97F4A7C15 >> 54)
}

// hash3 hashes the first three letters; a word of two counts as if a space
// followed.
func hash3[S string | []byte](s S) uint32 {
	c := byte(' ')
	if len(s) > 2 {
		c = s[2]
	}
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(c)<<16
	return uint32(x * 0x9E3779B97F4A7C15 >> 49)
}

// japaneseAt returns the longest Japanese label word at offset i of lower-case
// folded text, its end, or 0. Words of one character are not looked for.
func (l *lexicon) japaneseAt(b []byte, i int) (int, Label) {
	if len(b)-i < 6 {
		return 0, 0
	}
	m := l.lengths[hash6(b[i:])]
	for m != 0 {
		n := bits.Len64(m) - 1
		m &^= 1 << n
		if n <= len(b)-i {
			if w, ok := l.words[string(b[i:i+n])]; ok {
				return i + n, w
			}
		}
	}
	return 0, 0
}

// englishAt returns the longest English label phrase of at most four words at
// offset i, where a word starts, and its end. b is lower case; marks has a bit
// for every offset at which an upper-case letter stood.
func (l *lexicon) englishAt(b []byte, i int, upper *marks) (int, Label) {
	var joined [32]byte
	n, words := 0, 0
	end, label := 0, Label(0)
	for j := i; words < 4; words++ {
		start := j
		for j < len(b) && isLetter(b[j]) && n < len(joined) && (j == start || !camelBorder(upper, b, j)) {
			joined[n] = b[j]
			n++
			j++
		}
		if j == start || n == len(joined) {
			break
		}
		if words == 0 {
			if n < 2 {
				break
			}
			if n > 2 {
				h := hash3(joined[:3])
				if l.starts[h>>6]&(1<<(h&63)) == 0 {
					break
				}
			}
		}
		if w, ok := l.words[string(joined[:n])]; ok {
			end, label = j, w
		}
		sep := j
		for j < len(b) && j-sep < 2 && (b[j] == ' ' || b[j] == '_' || b[j] == '-' || b[j] == '.' || b[j] == '\'') {
			j++
		}
	}
	return end, label
}

// marks is a set of offsets below 256.
type marks [4]uint64

func (m *marks) set(i int)      { m[i>>6] |= 1 << (i & 63) }
func (m *marks) has(i int) bool { return m[i>>6]&(1<<(i&63)) != 0 }

// camelBorder reports whether a word begins at j inside a run of letters: an
// upper-case letter after a lower-case one, or before one.
func camelBorder(upper *marks, b []byte, j int) bool {
	if upper == nil || !upper.has(j) {
		return false
	}
	return !upper.has(j-1) || j+1 < len(b) && isLetter(b[j+1]) && !upper.has(j+1)
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// lower copies s to dst in lower case, at most len(dst) bytes of it, and marks
// where upper-case letters stood.
func lower(dst, s []byte, upper *marks) []byte {
	n := min(len(dst), len(s))
	for i, c := range s[:n] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
			upper.set(i)
		}
		dst[i] = c
	}
	return dst[:n]
}

// classify says what a key, header cell or field name stands for; 0 if that is
// not known. key is folded.
func classify(key []byte) Label {
	l := lexiconOnce()
	var buf [128]byte
	var upper marks
	b := lower(buf[:], trimKey(key), &upper)
	if len(b) == 0 {
		return 0
	}
	if w, ok := l.words[string(b)]; ok {
		return w
	}
	if w := l.classifyJapanese(b); w != 0 {
		return w
	}
	return l.classifyEnglish(b, &upper)
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
	for from := 0; from < n; from++ {
		known := true // all words before from are neutral
		who := Label(0)
		for w := 0; w < from; w++ {
			word := b[starts[w]:ends[w]]
			known = known && neutral[string(word)]
			who |= l.words[string(word)] & LPerson
		}
		for to := n; to > from; to-- {
			if to < n && !neutral[string(b[starts[to]:ends[to]])] {
				break
			}
			label := l.words[string(join(from, to))]
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

package decode

import (
	"bytes"
	"math/bits"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Where a string stands matters only for the few that are documents of their own.
// So the structure is followed when it is asked for, or the text goes, and from
// bracket to bracket: nothing else changes it but commas in an array.

// jsonPath is the way to a place in JSON. Levels count from 1; 0 is what stands
// around them.
type jsonPath struct {
	depth  int                // of nesting
	levels [deepest + 3]level // those behind deepest are written to, and mean nothing
	keys   []byte             // of levels whose text is gone
	ahead  []byte             // the key that the text before the window ends with
	before byte               // the last character of that text, but for white space
}

// level is an open object or array.
type level struct {
	at    int // where it opens in the text, -1 if what follows is known
	index int // of the element of an array
	array bool
	to    int // end of the key before it in keys, which begins with that of the level around
}

// deepest is how many levels of the path are kept.
const deepest = 32

// forget makes p that of a text's start.
func (p *jsonPath) forget() {
	p.depth, p.keys, p.ahead, p.before = 0, p.keys[:0], p.ahead[:0], 0
}

// follow follows the structure of the text marked by m between two offsets that
// are between strings.
func (p *jsonPath) follow(m []normal.Structure, i, to int) {
	from, within, escaped := ^uint64(0)<<(i&63), uint64(0), false
	for k := i >> 6; k<<6 < to; k++ {
		s := &m[k]
		if rest := to - k<<6; rest < 64 {
			from &= 1<<rest - 1
		}
		quotes := s.Quotes & from
		if escaped || s.Backslashes&from != 0 {
			quotes, escaped = unescaped(s, from, within, escaped)
		}
		in := normal.Within(quotes, within)
		p.brackets(k<<6, (s.Opens|s.Closes)&from&^in, s.Opens, s.Commas&from&^in)
		from, within = ^uint64(0), normal.Open(in)
	}
}

// brackets follows those of 64 bytes at offset at, and the commas beside them.
// Whether a bracket opens or closes is as good as random: it makes no branch.
func (p *jsonPath) brackets(at int, brackets, opens, commas uint64) {
	const room = deepest + 1
	depth := p.depth
	for ; brackets != 0; brackets &= brackets - 1 {
		n := bits.TrailingZeros64(brackets)
		passed := commas & (1<<n - 1)
		commas ^= passed
		top := min(depth, room)
		p.levels[top].index += bits.OnesCount64(passed)
		above := &p.levels[top+1] // in use only if the bracket opens
		above.at, above.index = at+n, 0
		depth = max(0, depth-1+2*int(opens>>n&1))
	}
	p.levels[min(depth, room)].index += bits.OnesCount64(commas)
	p.depth = depth
}

// slide says that the text goes up to offset to, which is followed up to there.
func (p *jsonPath) slide(text []byte, to int) {
	p.name(text)
	if key, ok := keyBefore(text[:to]); ok {
		p.ahead = append(p.ahead[:0], key...)
	}
	if rest := bytes.TrimRight(text[:to], " \t\r\n"); len(rest) > 0 {
		p.before = rest[len(rest)-1]
	}
}

// name keeps what the text says of the levels. It returns those there are, of the
// first deepest.
func (p *jsonPath) name(text []byte) []level {
	levels := p.levels[:1+min(p.depth, deepest)]
	for i := 1; i < len(levels); i++ {
		l, around := &levels[i], &levels[i-1]
		if l.at < 0 {
			continue
		}
		p.keys = p.keys[:around.to]
		if i > 1 && !around.array {
			p.keys = append(p.keys, p.key(text[:l.at])...)
		}
		l.array, l.to, l.at = text[l.at] == '[', len(p.keys), -1
	}
	return levels
}

// key returns the key that text ends with, behind what is gone.
func (p *jsonPath) key(text []byte) []byte {
	if key, ok := keyBefore(text); ok || len(bytes.Trim(text, ": \t\r\n")) > 0 {
		return key
	}
	return p.ahead
}

// keyBefore returns the key that text ends with, cut where it is long, the colon
// behind it being there or not. It reports false if the key is none of this text.
func keyBefore(text []byte) ([]byte, bool) {
	text = bytes.TrimRight(text, " \t\r\n")
	text = bytes.TrimRight(bytes.TrimSuffix(text, []byte(":")), " \t\r\n")
	if len(text) == 0 || text[len(text)-1] != '"' {
		return nil, false
	}
	text = text[:len(text)-1]
	for i := len(text); ; {
		if i = bytes.LastIndexByte(text[:i], '"'); i < 0 {
			return nil, false
		}
		if rest := text[:i]; (len(rest)-len(bytes.TrimRight(rest, `\`)))%2 == 0 {
			key := text[i+1:]
			return key[:charStart(key, 64)], true
		}
	}
}

// isKey reports whether the string at offset at of text, which is followed up to
// there, is a key.
func (p *jsonPath) isKey(text []byte, at int) bool {
	before := p.before
	if rest := bytes.TrimRight(text[:at], " \t\r\n"); len(rest) > 0 {
		before = rest[len(rest)-1]
	}
	if before != ',' || p.depth == 0 {
		return before == '{'
	}
	levels := p.name(text)
	return p.depth < len(levels) && !levels[p.depth].array
}

// path returns where the string at offset at of text is, as in
// "$.files[2].content". The text is followed up to there.
func (p *jsonPath) path(text []byte, at int) string {
	levels := p.name(text)
	b := []byte{'$'}
	for i := 1; i < len(levels); i++ {
		l := &levels[i]
		if key := p.keys[levels[i-1].to:l.to]; len(key) > 0 {
			b = append(append(b, '.'), key...)
		}
		if l.array {
			b = append(strconv.AppendInt(append(b, '['), int64(l.index), 10), ']')
		}
	}
	if p.depth >= len(levels) {
		return string(append(b, "…"...))
	}
	if p.depth > 0 && !levels[p.depth].array {
		if key := p.key(text[:at]); len(key) > 0 {
			b = append(append(b, '.'), key...)
		}
	}
	return string(b)
}

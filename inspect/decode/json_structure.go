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

// maxLevels is how many levels of the path are kept.
const maxLevels = 32

// jsonPath is the way to a place in JSON.
type jsonPath struct {
	levels []level
	depth  int    // of nesting, beyond levels too
	keys   []byte // of levels whose text is gone
	ahead  []byte // the key that the text before the window ends with
	before byte   // the last character of that text, but for white space
}

// level is an open object or array.
type level struct {
	array    bool
	index    int // of the element of an array
	at       int // where it opens in the text, -1 if the key before it stands in keys
	from, to int // of that key
}

// forget makes p that of a text's start.
func (p *jsonPath) forget() {
	*p = jsonPath{levels: p.levels[:0], keys: p.keys[:0], ahead: p.ahead[:0]}
}

// follow follows the structure of text, marked by m, between two offsets that
// are between strings.
func (p *jsonPath) follow(text []byte, m marks, i, to int) {
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
		p.brackets(text, k<<6, (s.Opens|s.Closes)&from&^in, s.Opens, s.Commas&from&^in)
		from, within = ^uint64(0), normal.Open(in)
	}
}

// brackets follows those of 64 bytes at offset at, and the commas beside them.
func (p *jsonPath) brackets(text []byte, at int, brackets, opens, commas uint64) {
	for ; brackets != 0; brackets &= brackets - 1 {
		bit := brackets & -brackets
		p.pass(commas & (bit - 1))
		commas &^= bit - 1
		if opens&bit != 0 {
			p.enter(text, at+bits.TrailingZeros64(bit))
		} else {
			p.leave()
		}
	}
	p.pass(commas)
}

// pass counts the elements of an array that end with commas.
func (p *jsonPath) pass(commas uint64) {
	if l := p.level(); l != nil {
		l.index += bits.OnesCount64(commas)
	}
}

func (p *jsonPath) enter(text []byte, at int) {
	p.depth++
	if len(p.levels) < maxLevels && len(p.levels) == p.depth-1 {
		p.levels = append(p.levels, level{array: text[at] == '[', at: at})
	}
}

func (p *jsonPath) leave() {
	if p.depth == 0 {
		return
	}
	if len(p.levels) == p.depth {
		p.depth--
		if l := &p.levels[p.depth]; l.at < 0 {
			p.keys = p.keys[:l.from]
		}
		p.levels = p.levels[:p.depth]
		return
	}
	p.depth--
}

// level returns the innermost level, nil if there is none or it is too deep to be
// kept.
func (p *jsonPath) level() *level {
	if p.depth == 0 || p.depth != len(p.levels) {
		return nil
	}
	return &p.levels[p.depth-1]
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

// name keeps the keys of the levels.
func (p *jsonPath) name(text []byte) {
	for i := range p.levels {
		l := &p.levels[i]
		if l.at < 0 {
			continue
		}
		l.from = len(p.keys)
		if i > 0 && !p.levels[i-1].array {
			p.keys = append(p.keys, p.key(text[:l.at])...)
		}
		l.to, l.at = len(p.keys), -1
	}
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
	l := p.level()
	return before == '{' || before == ',' && l != nil && !l.array
}

// path returns where the string at offset at of text is, as in
// "$.files[2].content". The text is followed up to there.
func (p *jsonPath) path(text []byte, at int) string {
	p.name(text)
	b := []byte{'$'}
	for i, l := range p.levels {
		key := p.keys[l.from:l.to]
		if i > 0 && len(key) > 0 {
			b = append(append(b, '.'), key...)
		}
		if l.array {
			b = append(strconv.AppendInt(append(b, '['), int64(l.index), 10), ']')
		}
	}
	if l := p.level(); l != nil && !l.array {
		if key := p.key(text[:at]); len(key) > 0 {
			b = append(append(b, '.'), key...)
		}
	}
	if p.depth > len(p.levels) {
		b = append(b, "…"...)
	}
	return string(b)
}

package detect

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// capitals walks the capitalised words of a text. Names in Latin letters are
// many and short, so that the matcher would hit inside other words all the
// time; capitals at the start of a word are few, and told 64 bytes at a time.
type capitals struct {
	block    *Block
	text     []byte // up to the end of the window
	at       int
	from, to int // what of text marks tells
	marks    [64]uint64
}

// next returns the offset of the next word that begins with A to Z, -1 if
// there is none.
func (c *capitals) next() int {
	for {
		if at := c.step(); at >= 0 {
			return at
		}
		w, ok := c.block.nextWindow(len(c.text))
		if !ok {
			return -1
		}
		c.text, c.at, c.to = c.block.Text[:w.end], w.start, 0
	}
}

// step is next within the window.
func (c *capitals) step() int {
	t := c.text
	for i := c.at; i < len(t); {
		if i < c.from || i >= c.to {
			c.mark(i)
		}
		k := uint(i - c.from)
		m := c.marks[k/64%64] >> (k % 64)
		if m == 0 {
			i += 64 - int(k%64)
			continue
		}
		if i += bits.TrailingZeros64(m); latinBorder(t, i) {
			c.at = i + 1
			return i
		}
		i++
	}
	c.at = len(t)
	return -1
}

// mark fills the marks from i on.
func (c *capitals) mark(i int) {
	t := c.text[i:]
	blocks := min(len(t)/64, len(c.marks))
	c.from, c.to = i, i+64*max(1, blocks)
	switch {
	case blocks == 0:
		var last [64]byte
		copy(last[:], t)
		markCapitals(last[:], c.marks[:1])
	case nameVectors:
		capitalBlocks(&t[0], blocks, &c.marks[0])
	default:
		markCapitals(t, c.marks[:blocks])
	}
}

// markCapitals sets a bit in a word of marks for each of the capitals in 64 bytes of t
// that do not stand behind a letter or digit, where it looks at these bytes: in base64
// nearly all do.
func markCapitals(t []byte, marks []uint64) {
	behind := uint64(0)
	for k := range marks {
		var capital, alnum uint64
		for i := 0; i < 64; i += 8 {
			x := binary.LittleEndian.Uint64(t[64*k+i:])
			u := between8(x, 'A', 'Z')
			capital |= gather8(u) << i
			alnum |= gather8(u|between8(x, 'a', 'z')|between8(x, '0', '9')) << i
		}
		marks[k] = capital &^ (alnum<<1 | behind)
		behind = alnum >> 63
	}
}

// latinBorder reports whether a word may begin at i.
func latinBorder(t []byte, i int) bool {
	if i == 0 || !mayJoinLatin[t[i-1]] {
		return true
	}
	switch c := t[i-1]; {
	case c == '#':
		return i < 2 || t[i-2] <= ' '
	case c == '\'', c == ':':
		return i < 2 || !isLatinLetter(t, i-2) // don't, Foo::Bar
	case c >= utf8.RuneSelf:
		r, _ := utf8.DecodeLastRune(t[:i])
		return scriptOf(r) != scriptLatin
	}
	return false
}

// mayJoinLatin are the bytes behind which a letter may go on with a word or an
// expression.
var mayJoinLatin = func() (t [256]bool) {
	for c := range t {
		t[c] = isAlnum(byte(c)) || c >= utf8.RuneSelf
	}
	for _, c := range []byte("@_/$\\.-%&+=#':") {
		t[c] = true
	}
	return t
}()

// isLatinLetter reports whether the character at i is a letter, a digit or _.
func isLatinLetter(t []byte, i int) bool {
	c := t[i]
	if c < utf8.RuneSelf {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	r, _ := utf8.DecodeRune(t[i:])
	return scriptOf(r) == scriptLatin
}

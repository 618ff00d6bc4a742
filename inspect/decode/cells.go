package decode

import (
	"unicode"
	"unicode/utf8"
)

// Cells of base64: their least and greatest length, and how many make a list.
const (
	minCell  = 8
	maxCell  = 400
	minCells = 8
)

// uncelled returns b with its short words of base64 decoded, if many of them
// stand for text; else nil. Each cell of a table may be encoded for itself.
func uncelled(b []byte) []byte {
	var out, cell []byte
	n, done := 0, 0
	for i := 0; i < len(b); i++ {
		size := base64Prefix(b[i:min(i+maxCell+4, len(b))])
		if size == 0 {
			continue
		}
		if word := b[i : i+size]; size >= minCell && size <= maxCell && size%4 == 0 {
			if cell = unbase64(cell, word); isWords(cell) {
				out = append(out, b[done:i]...)
				for _, c := range cell {
					if c == '"' || c == '\\' || c < ' ' {
						c = ' '
					}
					out = append(out, c)
				}
				done = i + size
				n++
			}
		}
		i += size
	}
	if n < minCells {
		return nil
	}
	return append(out, b[done:]...)
}

// cellCount counts the words of a text that end as base64 does, and those of them
// that are text: where attributes of markup end so, nothing needs decoding.
type cellCount struct{ all, words int }

// enough reports whether there are some of both.
func (n *cellCount) enough() bool { return n.all >= minPadded && n.words >= minWords }

const (
	minPadded = 4
	minWords  = 2
)

// mark counts the word that ends with "=" at i, unless another follows.
func (n *cellCount) mark(b []byte, i int) {
	switch {
	case i+1 < len(b) && sextet[b[i+1]] != outside || i < minCell || n.enough():
		return
	case i+1 < len(b) && b[i+1] == '=' && b[i-1] != '=': // of more than two the second counts
		return
	}
	if n.all >= minPadded && tooShort(b, i+1) {
		return
	}
	for k := i - minCell + 3; k < i-1; k++ {
		if sextet[b[k]] == outside {
			return
		}
	}
	n.all++
	if n.words < minWords && cellOfWords(b, i+1) {
		n.words++
	}
}

// inCell reports whether a cell may hold c.
func inCell(c byte) bool { return ofCell[c] != 0 }

var ofCell = func() (t [256]uint8) {
	for c := range t {
		if sextet[c] != outside || c == '=' {
			t[c] = 1
		}
	}
	return t
}()

// tooShort reports whether the word that ends at i is shorter than a cell, as the
// names of most attributes are.
func tooShort(b []byte, i int) bool { return ofCell[b[i-minCell+1]]&ofCell[b[i-minCell]] == 0 }

// cellOfWords reports whether a cell of base64 that ends at i, padded, is text.
func cellOfWords(b []byte, i int) bool {
	if tooShort(b, i) {
		return false
	}
	start := i
	for start > 0 && i-start <= maxCell && inCell(b[start-1]) {
		start--
	}
	if size := i - start; size < minCell || size > maxCell || size%4 != 0 {
		return false
	}
	var cell [maxCell]byte
	return isWords(unbase64(cell[:0], b[start:i]))
}

// isWords reports whether b is text of letters, digits and signs throughout.
func isWords(b []byte) bool {
	if len(b) < 4 || !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !ofWords(r) {
			return false
		}
	}
	return true
}

// ofWords reports whether r may stand in text of words and signs.
func ofWords(r rune) bool {
	return unicode.IsPrint(r) && (r < 0x80 || r >= 0x3000 || unicode.IsLetter(r))
}

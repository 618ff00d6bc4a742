package detect

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// build parses text from offset from on into the grid, at most limit rows (0:
// all).
func (t *table) build(text []byte, from, limit int) {
	t.cells, t.rows = t.cells[:0], t.rows[:0]
	t.to, t.ended, t.stale, t.quotes, t.last = len(text), false, false, false, 0
	if t.delim != fixed {
		t.buildParted(text, from, limit)
		return
	}
	bare := 0
	for i := from; i < len(text) && (limit == 0 || len(t.rows) < limit); {
		t.rows = append(t.rows, row{int32(i), int32(len(t.cells))})
		next := t.parseRow(text, i)
		if len(t.stops) > 1 && i != t.head {
			t.align(text, i)
		}
		if limit == 0 && t.ends(&bare) {
			return
		}
		i = next
	}
}

// partings are how many stretches buildParted has parted at a time.
const partings = 32

// buildParted is build for cells that are parted by one character. Where they are is
// told by masks of 64 bytes; a row with a cell that begins with a quotation mark is
// looked at again.
func (t *table) buildParted(text []byte, from, limit int) {
	var m [partings]normal.Parting
	start, at, quote, bare := from, from, -1, 0 // of the row, of the cell, the last cell that begins so
	first := 0                                  // cell of the row
	after := uint64(1)                          // a cell begins with the stretch
	for base := from; base < len(text); base += partings * normal.Stretch {
		n := normal.Partings(m[:], text[base:min(len(text), base+partings*normal.Stretch)], t.delim)
		for s := range m[:n] {
			p, off := &m[s], base+s*normal.Stretch
			if cap(t.cells)-len(t.cells) < normal.Stretch {
				t.cells = slices.Grow(t.cells, 1<<10+len(t.cells))
			}
			quotes := p.Quotes & (p.Cells<<1 | after)
			after = p.Cells >> 63
			for x := p.Cells; x != 0; x &= x - 1 {
				bit := bits.TrailingZeros64(x)
				k := off + bit
				if k < at {
					continue // in a row with quotation marks
				}
				c := cell{int32(at), int32(k)}
				if at < k && (text[at] <= ' ' || text[k-1] <= ' ') {
					c = trimmed(text, at, k)
				}
				t.cells = append(t.cells, c)
				at = k + 1
				if p.Lines>>bit&1 == 0 {
					continue
				}
				if q := quotes & (1<<bit - 1); q != 0 {
					quote = off + 63 - bits.LeadingZeros64(q)
				}
				t.rows = append(t.rows, row{int32(start), int32(first)})
				if quote >= start && !t.wide {
					t.quotes, t.cells = true, t.cells[:first]
					at = t.parseRow(text, start)
				}
				if limit == 0 && t.ends(&bare) || len(t.rows) == limit {
					return
				}
				start, first = at, len(t.cells)
			}
			if quotes != 0 {
				t.quotes, quote = true, off+63-bits.LeadingZeros64(quotes)
			}
		}
	}
	if start < len(text) {
		t.rows = append(t.rows, row{int32(start), int32(first)})
		t.cells = t.cells[:first]
		t.parseRow(text, start)
		if limit == 0 {
			t.ends(&bare)
		}
	}
}

// ends reports whether the table ends before the last row that was added, and the row
// before it: two lines without a delimiter end one. bare counts them.
func (t *table) ends(bare *int) bool {
	switch {
	case t.wide:
	case t.width(len(t.rows)-1) > 1 || len(t.cols) == 1:
		*bare = 0
	default:
		if *bare++; *bare >= 2 {
			k := len(t.rows) - 2
			t.to, t.ended = int(t.rows[k].start), true
			t.cells = t.cells[:t.rows[k].cell]
			t.rows = t.rows[:k]
			return true
		}
	}
	return false
}

// parseRow appends the cells of the row at i and returns the next row's start.
func (t *table) parseRow(text []byte, i int) int {
	if t.delim != fixed {
		if next, ok := t.parsePlain(text, i); ok {
			return next
		}
	}
	for {
		if !t.wide && t.delim != fixed && i < len(text) && text[i] == '"' {
			if end, ok := quoteEnd(text, i); ok {
				t.add(text, i+1, end)
				i = end + 1
				for i < len(text) && (text[i] == ' ' || text[i] == '\r') {
					i++
				}
				if i >= len(text) {
					return i
				}
				if text[i] == '\n' {
					return i + 1
				}
				if text[i] == t.delim {
					i++
					continue
				}
			}
		}
		start := i
		for i < len(text) && text[i] != '\n' && (text[i] != t.delim || t.delim == fixed && i+1 < len(text) && text[i+1] != ' ') {
			i++
		}
		t.add(text, start, i)
		for t.delim == fixed && i+1 < len(text) && text[i] == ' ' && text[i+1] == ' ' {
			i++
		}
		if i >= len(text) {
			return i
		}
		i++
		if text[i-1] == '\n' {
			return i
		}
	}
}

// parsePlain is parseRow for a row without quotes. It does nothing if there are
// some.
func (t *table) parsePlain(text []byte, i int) (next int, ok bool) {
	end := len(text)
	if k := bytes.IndexByte(text[i:], '\n'); k >= 0 {
		end = i + k
	}
	if t.quotes && !t.wide && bytes.IndexByte(text[i:end], '"') >= 0 {
		return 0, false
	}
	at, line := 0, text[i:end] // eight bytes at a time: most cells are short
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(line)-at >= 8; at += 8 {
		x := binary.LittleEndian.Uint64(line[at:]) ^ ones*uint64(t.delim)
		for z := ^((x&^tops + ^uint64(tops)) | x) & tops; z != 0; z &= z - 1 {
			k := end - len(line) + at + bits.TrailingZeros64(z)>>3
			t.add(text, i, k)
			i = k + 1
		}
	}
	for ; at < len(line); at++ {
		if line[at] == t.delim {
			k := end - len(line) + at
			t.add(text, i, k)
			i = k + 1
		}
	}
	t.add(text, i, end)
	return min(end+1, len(text)), true
}

// quoteEnd returns the offset of the quote that closes the one at i. A quoted
// cell ends before a delimiter or a line end, within 64 KiB.
func quoteEnd(text []byte, i int) (int, bool) {
	limit := min(len(text), i+64<<10)
	for j := i + 1; j < limit; {
		k := bytes.IndexByte(text[j:limit], '"')
		if k < 0 {
			return 0, false
		}
		j += k
		if j+1 < len(text) && text[j+1] == '"' {
			j += 2
			continue
		}
		return j, true
	}
	return 0, false
}

func (t *table) add(text []byte, start, end int) {
	t.cells = append(t.cells, trimmed(text, start, end))
}

// trimmed returns the extent of text[start:end] without white space at its ends.
func trimmed(text []byte, start, end int) cell {
	for start < end && space(text[start]) {
		start++
	}
	for end > start && space(text[end-1]) {
		end--
	}
	return cell{int32(start), int32(end)}
}

package detect

import (
	"slices"
	"unicode/utf8"
)

// stop is where a column of fixed width begins and where its header ends, in
// columns of the screen, where a character of East Asia takes two.
type stop struct{ start, end int }

// setStops remembers where the cells of row r, the header, stand.
func (t *table) setStops(text []byte, r int) {
	t.stops = t.stops[:0]
	if t.delim != fixed {
		return
	}
	at, screen := int(t.rows[r].start), 0
	for _, c := range t.row(r) {
		screen += screenWidth(text[at:c.start])
		s := stop{start: screen}
		screen += screenWidth(text[c.start:c.end])
		s.end = screen
		at = int(c.end)
		t.stops = append(t.stops, s)
	}
}

// align puts empty cells into the last row, which starts at offset i, where it has
// nothing under a header, so that its other cells are counted as theirs. A row
// that does not stand under the headers stays as it is.
func (t *table) align(text []byte, i int) {
	first := int(t.rows[len(t.rows)-1].cell)
	if len(t.cells)-first < len(t.stops) {
		t.part(text, i, first)
	}
	row := t.cells[first:]
	if len(row) >= len(t.stops) || len(row) < 2 {
		return
	}
	var place [64]int
	at, screen, k := i, 0, -1
	for n, c := range row {
		if c.start == c.end || len(t.stops) > len(place) {
			return
		}
		screen += screenWidth(text[at:c.start])
		start := screen
		screen += screenWidth(text[c.start:c.end])
		at = int(c.end)
		for k++; k < len(t.stops); k++ {
			if s := t.stops[k]; near(start, s.start) || near(screen, s.end) {
				break
			}
		}
		if k == len(t.stops) {
			return
		}
		place[n] = k
	}
	n := len(row)
	for range len(t.stops) - n {
		t.cells = append(t.cells, cell{})
	}
	row = t.cells[first:]
	for k := len(row) - 1; k >= 0; k-- {
		if n > 0 && place[n-1] == k {
			n--
			row[k] = row[n]
			continue
		}
		at := int32(i)
		if n > 0 {
			at = row[n-1].end
		}
		row[k] = cell{at, at}
	}
}

// part parts the cells from first on, of the row that starts at offset i, where a
// header begins behind one space within them: "11261 Ann Lee" under ID and NAME.
func (t *table) part(text []byte, i, first int) {
	at, screen := i, 0
	for n := first; n < len(t.cells) && len(t.cells)-first < len(t.stops); n++ {
		c := t.cells[n]
		screen += screenWidth(text[at:c.start])
		at = int(c.start)
		for at < int(c.end) {
			_, size := utf8.DecodeRune(text[at:])
			screen += screenWidth(text[at : at+size])
			at += size
			if text[at-1] == ' ' && t.beginsAt(screen) {
				t.cells = slices.Insert(t.cells, n+1, cell{int32(at), c.end})
				t.cells[n].end = int32(at - 1)
				break
			}
		}
	}
}

// beginsAt reports whether a header begins in that column of the screen.
func (t *table) beginsAt(screen int) bool {
	for _, s := range t.stops {
		if s.start == screen {
			return true
		}
	}
	return false
}

func near(a, b int) bool { return a-b <= 1 && b-a <= 1 }

// screenWidth returns how many columns of the screen t takes.
func screenWidth(t []byte) int {
	n := 0
	for i := 0; i < len(t); {
		r, size := utf8.DecodeRune(t[i:])
		if n++; r >= 0x1100 {
			n++
		}
		i += size
	}
	return n
}

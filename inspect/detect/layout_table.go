package detect

import (
	"bytes"
	"sort"
)

// column is what is known of one column.
type column struct {
	label                       Label
	inferred                    bool   // from the values
	reader                      reader // how its cells are claimed in this block
	left                        int    // cells of the block that it left
	spelling                    *spelling
	cells, names, kanas, places int // counted while nothing is known
	phones, codes, births       int // likewise
	surnames, givens, latin     int // likewise, words in Latin letters among them
	eldest, youngest            int // years of births
	worded                      int // cells of the block that may be a surname or given name
}

// cell is the extent of a cell's content, quotes left out.
type cell struct{ start, end int32 }

// row is where a row starts and its first cell in grid.cells.
type row struct{ start, cell int32 }

// fixed is the delimiter of columns set apart by two spaces or more.
const fixed = ' '

// table is a delimited text: its header lives across blocks, its grid is that
// of the current block and built when first asked for.
type table struct {
	known  bool // open was called
	wide   bool // written by an extractor: no quotes, no end, headers anywhere
	form   bool // no rows of one kind, but labels with their values beside them
	delim  byte
	from   int // where it starts in the block
	head   int // where its header stands in the block, -1 if it is gone by
	body   int // where the rows below the header start
	to     int // where it ends, by the grid
	ended  bool
	cols   []column
	stops  []stop  // of the header, with columns of fixed width
	header bool    // some column has a label
	strong bool    // columns besides the name speak of persons
	people bool    // a column has names, or addresses down to the block
	judged int     // rows looked at to infer columns
	chosen []int32 // columns that complete goes through in this block

	stale  bool
	quotes bool // there are quotation marks in the text
	cells  []cell
	rows   []row
	last   int // the row that was asked for last
}

func (t *table) reset() {
	*t = table{head: -1, cols: t.cols[:0], stops: t.stops[:0], cells: t.cells[:0], rows: t.rows[:0], chosen: t.chosen[:0], stale: true}
}

// open starts a table.
func (t *table) open(delim byte, wide bool) {
	t.known, t.delim, t.wide, t.stale, t.head = true, delim, wide, true, -1
}

// fit judges whether head is delimited by t's delimiter: 0 if not, else more
// for the better. It sets where the table starts and its header.
func (t *table) fit(head []byte) int {
	var bestRun, bestAt, bestN int
	if t.delim == fixed || bytes.IndexByte(head, '"') >= 0 {
		t.build(head, 0, sniffRows)
		bestRun, bestAt, bestN = alike(len(t.rows), t.width)
	} else {
		var widths [sniffRows]int32
		n := t.measure(head, &widths)
		bestRun, bestAt, bestN = alike(n, func(i int) int { return int(widths[i]) })
		if bestRun > 0 {
			t.buildSome(head, n, bestAt-1, bestAt+bestRun)
		}
	}
	if bestRun == 0 {
		return 0
	}
	at := bestAt
	if t.form = t.sideBySide(head, at, bestRun); t.form {
		t.from = int(t.rows[at].start)
		t.stale = true
		return bestRun * bestN
	}
	labels := t.labels(head, at)
	if labels == 0 && at > 0 && t.width(at-1) >= 2 {
		if l := t.labels(head, at-1); l >= 2 {
			at, labels = at-1, l
		}
	}
	switch {
	case t.delim == fixed && labels < 2:
		return 0
	case labels >= 2 && labels*3 >= t.width(at) && bestRun >= 1 && len(t.rows) > at+1:
	case labels >= 1 && bestRun >= 3 && bestN <= 4:
	case bestRun >= 3 && bestN >= 3 && t.filled(bestAt, bestRun) >= 2.5:
	case bestRun >= 4 && t.delim == '\t' && t.filled(bestAt, bestRun) >= 1.5:
	default:
		return 0
	}
	// Prose with commas has long cells.
	if t.delim != '\t' && labels < 2 {
		size := int(t.rowLimit(bestAt+bestRun-1, head)) - int(t.rows[bestAt].start)
		if size/(bestRun*bestN) > 60 {
			return 0
		}
	}
	t.from = int(t.rows[at].start)
	if labels >= 2 || labels*2 >= t.width(at) {
		t.setHeader(head, at)
	}
	t.stale = true
	return bestRun*bestN + labels*10
}

// alike returns the rows one after another that have as many cells each, at least
// two, and together the most: how many, the first, and the cells of each; 0 if
// there are none.
func alike(rows int, width func(int) int) (run, at, cells int) {
	for i := 0; i < rows; {
		n := width(i)
		j := i + 1
		for j < rows && width(j) == n {
			j++
		}
		if n >= 2 && (j-i)*n > run*cells {
			run, at, cells = j-i, i, n
		}
		i = j
	}
	return run, at, cells
}

// measure counts the cells of the first rows of a text without quotes, and returns
// how many rows these are: most texts are prose, and their cells need not be known.
func (t *table) measure(text []byte, widths *[sniffRows]int32) (rows int) {
	delim := []byte{t.delim}
	for i := 0; i < len(text) && rows < sniffRows; rows++ {
		end := len(text)
		if k := bytes.IndexByte(text[i:], '\n'); k >= 0 {
			end = i + k
		}
		widths[rows] = int32(bytes.Count(text[i:end], delim)) + 1
		i = end + 1
	}
	return rows
}

// buildSome is build for the first rows of a text without quotes; those before row
// lo and from row hi on get no cells.
func (t *table) buildSome(text []byte, rows, lo, hi int) {
	t.cells, t.rows = t.cells[:0], t.rows[:0]
	t.to, t.ended, t.stale, t.quotes, t.last = len(text), false, false, false, 0
	for i := 0; len(t.rows) < rows; {
		k := len(t.rows)
		t.rows = append(t.rows, row{int32(i), int32(len(t.cells))})
		if k >= lo && k < hi {
			i, _ = t.parsePlain(text, i)
		} else if end := bytes.IndexByte(text[i:], '\n'); end >= 0 {
			i += end + 1
		}
	}
}

// longestLabel is the length of the longest label of a form, in bytes.
const longestLabel = 48

// sideBySide reports whether n rows from row r on are a form: each a label and
// its value, another label each.
func (t *table) sideBySide(text []byte, r, n int) bool {
	if len(t.inner(r)) != 2 || n < 2 {
		return false
	}
	labels, most := 0, n // most: how many there can still be
	var seen Label
	for k := r; k < r+n; k++ {
		if most < 2 || most*2 < n {
			return false // prose, of which most texts are made, ends here soon
		}
		pair := t.inner(k)
		if len(pair) != 2 {
			return false
		}
		key, value := pair[0], pair[1]
		var l Label
		if key.end-key.start <= longestLabel {
			l = classify(text[key.start:key.end])
		}
		if l == 0 || l == seen {
			most--
			continue
		}
		if v := text[value.start:value.end]; len(v) > 0 && theLexicon().whole([]byte(lowerString(v)))&^weak != 0 {
			return false // two words over their columns; 三井住友銀行 is a value
		}
		labels, seen = labels+1, l
	}
	return labels >= 2 && labels*2 >= n
}

// inner returns the cells of row r without the empty ones at its ends, where bars
// are drawn around it.
func (t *table) inner(r int) []cell {
	row := t.row(r)
	if t.delim != '|' {
		return row
	}
	if len(row) > 0 && row[0].start == row[0].end {
		row = row[1:]
	}
	if n := len(row); n > 0 && row[n-1].start == row[n-1].end {
		row = row[:n-1]
	}
	return row
}

// filled returns how many cells of n rows from row r on hold something, by the
// row. Source text has lines that end in a delimiter.
func (t *table) filled(r, n int) float32 {
	k := 0
	for _, c := range t.cells[t.rows[r].cell:][:n*t.width(r)] {
		if c.end > c.start {
			k++
		}
	}
	return float32(k) / float32(n)
}

// width returns the number of cells in row r.
func (t *table) width(r int) int {
	if r+1 < len(t.rows) {
		return int(t.rows[r+1].cell - t.rows[r].cell)
	}
	return len(t.cells) - int(t.rows[r].cell)
}

func (t *table) rowLimit(r int, text []byte) int32 {
	if r+1 < len(t.rows) {
		return t.rows[r+1].start
	}
	return int32(len(text))
}

// labels counts the cells of row r that are labels; 0 if a cell looks like a
// value.
func (t *table) labels(text []byte, r int) int {
	row := t.row(r)
	for _, c := range row {
		b := text[c.start:c.end]
		if len(b) > 80 || bytes.IndexByte(b, '@') >= 0 || digits(b) >= 5 || bytes.Count(b, oneSpace) > 4 {
			return 0
		}
	}
	n := 0
	for _, c := range row {
		if c.start < c.end && classify(text[c.start:c.end]) != 0 {
			n++
		}
	}
	return n
}

func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if isDigit(c) {
			n++
		}
	}
	return n
}

var oneSpace = []byte(" ")

// persons are the labels that make a table one of persons.
const persons = LPhone | LEmail | LAddress | LStreet | LPostal | LBirth | LKana | LMyNumber | LSSN | LCard |
	LSurname | LGiven | LDriver | LPassport | LResidence | LPension | LInsurance

// setHeader takes row r as the header.
func (t *table) setHeader(text []byte, r int) {
	t.cols = t.cols[:0]
	t.header, t.strong, t.people = false, false, false
	t.head, t.body = int(t.rows[r].start), int(t.rowLimit(r, text))
	t.setStops(text, r)
	for _, c := range t.cells[t.rows[r].cell:][:t.width(r)] {
		l := classify(text[c.start:c.end])
		t.cols = append(t.cols, column{label: l})
		t.header = t.header || l != 0
		t.strong = t.strong || l&persons != 0 && l&(LCompany|weak) == 0
		t.people = t.people || l&LCompany == 0 && (l&nameLabels != 0 && l&weak == 0 || l&(LAddress|LStreet|LPerson) != 0)
	}
}

// ready builds the grid of the block if that was not done yet.
func (t *table) ready(text []byte) {
	if !t.stale {
		return
	}
	t.build(text, t.from, 0)
	if t.wide && !t.header {
		for r := 0; r < min(len(t.rows), 20); r++ {
			if t.headed(text, r) {
				break
			}
		}
	}
	for r := range t.rows {
		if n := t.width(r); n > len(t.cols) && n < 1<<10 {
			t.cols = append(t.cols, make([]column, n-len(t.cols))...)
		}
	}
}

// headed takes row r as the header if it is one.
func (t *table) headed(text []byte, r int) bool {
	filled := 0
	for _, c := range t.cells[t.rows[r].cell:][:t.width(r)] {
		if c.end > c.start {
			filled++
		}
	}
	n := t.labels(text, r)
	if n < 2 || n*3 < filled || r+1 >= len(t.rows) {
		return false
	}
	// A form has a label and its value side by side: no header.
	if r+1 < len(t.rows) && t.labels(text, r+1) > 0 && n*2 <= filled {
		return false
	}
	t.setHeader(text, r)
	return true
}

// inHeader reports whether offset i stands in the header.
func (t *table) inHeader(i int) bool { return t.head >= 0 && i >= t.head && i < t.body }

// at returns the row and the cell that offset i is in.
func (t *table) at(text []byte, i int) (r, c int, ok bool) {
	t.ready(text)
	if i < t.from || i >= t.to || len(t.rows) == 0 {
		return 0, 0, false
	}
	r = t.last // questions mostly go forward, row by row
	if r >= len(t.rows) || int(t.rows[r].start) > i || r+2 < len(t.rows) && int(t.rows[r+2].start) <= i {
		r = sort.Search(len(t.rows), func(k int) bool { return int(t.rows[k].start) > i }) - 1
	} else if r+1 < len(t.rows) && int(t.rows[r+1].start) <= i {
		r++
	}
	if r < 0 {
		return 0, 0, false
	}
	t.last = r
	c = int(t.rows[r].cell)
	for end := c + t.width(r); c+1 < end && int(t.cells[c+1].start) <= i; {
		c++
	}
	return r, c, true
}

// labelAt returns the label of the cell that i is in and the cell's extent.
func (t *table) labelAt(text []byte, i int) (l Label, lo, hi int, ok bool) {
	r, c, ok := t.at(text, i)
	if !ok {
		return 0, 0, 0, false
	}
	k := c - int(t.rows[r].cell)
	lo, hi = int(t.cells[c].start), int(t.cells[c].end)
	if k < len(t.cols) {
		l = t.cols[k].label
	}
	if l == 0 && k > 0 && !t.header {
		// Forms in a table: the label stands in the cell before.
		if p := t.cells[c-1]; p.end > p.start && p.end-p.start < 60 {
			l = classify(text[p.start:p.end])
		}
	}
	return l, lo, max(hi, i+1), true
}

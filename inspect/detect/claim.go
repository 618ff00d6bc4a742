package detect

import (
	"bytes"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// A table whose header says what its columns hold is read column by column: a
// cell that is as a whole what its column promises (a name, a telephone number)
// is claimed, which costs a fraction of what it takes to look for everything
// everywhere. The detectors then get the rest, which is all that was not
// claimed: cells of other columns, and those that are not what they should be.

// claims are the cells of one block that were taken by their columns.
type claims struct {
	taken []claimed // ascending
	canon []byte    // canonical forms
	first int       // the row whose claims are the first
	ends  []int32   // of each row from first on, how many claims there are up to its end
	whole bool      // no row is cut off at the end of what is claimed
	rest  rest
	found []Finding // scratch of findings

	shaped       bool // the row that is read has shapes
	shapes       [shapedRow]cellShape
	names, signs []int32 // columns whose cells have shapes
	variants     *[1 << 10]uint64
	column       int32   // of the cell that is read
	from         int32   // where its canonical form begins in canon
	named        []named // names that the dictionaries were not asked for yet
	hits         []match.Hit
	offsets      []uint32 // scratch
	number       numeral  // scratch
	domains      domains
}

// reader says how the cells of a column are read.
type reader uint8

const (
	noReader reader = iota
	readName
	readAddress
	readPostal
	readPhone
	readEmail
	readBirth
	readCard
	readMyNumber
)

// readerOf returns how the cells of column c are read, by its label.
func (t *table) readerOf(c *column) reader {
	switch l := c.label; {
	case t.believes(c, nameLabels):
		return readName
	case t.believes(c, addressLabels):
		return readAddress
	case l&LPhone != 0:
		return readPhone
	case l&LEmail != 0:
		return readEmail
	case l&LBirth != 0:
		return readBirth
	case l&LPostal != 0:
		return readPostal
	case l&LCard != 0:
		return readCard
	case l&LMyNumber != 0:
		return readMyNumber
	}
	return noReader
}

// believes reports whether column c has one of the labels and is to be believed.
// Prefectures and towns with neither names nor blocks beside them are statistics.
func (t *table) believes(c *column, labels Label) bool {
	if c.label&addressLabels&^(LPrefecture|LCity) == 0 && c.label&addressLabels != 0 && !t.people {
		return false
	}
	return c.label&labels != 0 && c.label&LCompany == 0 &&
		(t.strong || c.label&weak == 0 && c.label&addressLabels == 0)
}

// claim goes through the rows of the block's own part and claims what cells it
// can. It reports whether the text is a table with columns that are known.
func (v *view) claim(k *claims) bool {
	if v.mode != rows {
		return false
	}
	t := &v.table
	t.ready(v.text)
	any := false
	for i := range t.cols {
		c := &t.cols[i]
		c.reader, c.left = t.readerOf(c), 0
		any = any || c.reader != noReader
	}
	if !any {
		return false
	}
	k.taken, k.canon, k.ends = k.taken[:0], k.canon[:0], k.ends[:0]
	from, until := v.own, v.cut
	if from > 0 && v.text[from-1] != '\n' {
		from = 0
	}
	if until > 0 && v.text[until-1] != '\n' {
		until = len(v.text)
	}
	k.rest.begin(v, from)
	k.whole = until == v.cut
	k.shapers(t.cols)
	r, end := t.span(v.own, v.cut)
	for k.first = r; r < end; r++ {
		if t.inHeader(int(t.rows[r].start)) {
			k.ends = append(k.ends, int32(len(k.taken)))
			continue
		}
		row := t.row(r)
		k.shape(v.text, row)
		for i := range row[:min(len(row), len(t.cols))] {
			col, c := &t.cols[i], row[i]
			switch {
			case c.start == c.end || int(c.end) > until:
				continue
			case col.reader == noReader:
			case k.read(v.text, c, col, int32(i)):
				k.rest.skip(int(c.start), int(c.end))
				continue
			default:
				col.left++
				k.rest.left = append(k.rest.left, leftCell{c, int32(i)})
			}
			k.rest.note(c, col.label)
			if col.label&nameless != 0 {
				k.rest.quiet = append(k.rest.quiet, c)
			}
		}
		k.ends = append(k.ends, int32(len(k.taken)))
	}
	k.rest.finish(until)
	return true
}

// row returns the cells of row r.
func (t *table) row(r int) []cell {
	at := int(t.rows[r].cell)
	return t.cells[at : at+t.width(r)]
}

// rest is the text of a block without the cells that were claimed; their
// delimiters stay, so that rows are still rows. Detectors look at it as at a
// block of its own.
type rest struct {
	view  *view
	text  []byte
	seams []seam
	quiet []cell // of the view's text: in these no names are looked for
	left  []leftCell
	from  int // what is not yet taken begins here in the view's text
	last  int // the seam that was asked for last

	numbers []cell // see note; of the rest's text
}

// leftCell is a cell of the view's text that is not what its column promises.
type leftCell struct {
	cell
	column int32
}

// nameless are the labels of columns whose cells hold no names, though places
// are named like people.
const nameless = addressLabels | LPostal | LPhone | LEmail | LBirth | LCard | LAmount | LDate

// seam says that from offset at of the rest on, its bytes are those of the
// text from offset origin on.
type seam struct{ at, origin int }

func (r *rest) begin(v *view, from int) {
	r.numbers = r.numbers[:0]
	r.view, r.text, r.seams, r.quiet, r.left, r.from, r.last = v, r.text[:0], r.seams[:0], r.quiet[:0], r.left[:0], from, 0
}

// skip leaves out text[start:end].
func (r *rest) skip(start, end int) {
	t := r.view.text
	if start-r.from == 1 && t[r.from] == t[start-1] && len(r.text) > 0 && r.text[len(r.text)-1] == t[r.from] {
		r.from = end // one more delimiter says nothing
		return
	}
	r.take(start)
	r.from = end
}

// note remembers where cell c stands in the rest if it may be a run of six to nine
// digits, in a column whose label is not that of telephones.
func (r *rest) note(c cell, label Label) {
	size := c.end - c.start
	if size < 6 || size > 9 || label == 0 || label&LPhone != 0 || !isDigit(r.view.text[c.start]) {
		return
	}
	at := int32(len(r.text) + int(c.start) - r.from)
	r.numbers = append(r.numbers, cell{at, at + size})
}

// mark puts the runs that are such cells into the set elsewise of b, the rest's block.
// All that a label of telephones might say of them is answered with that: of a list of
// customers each row has one.
func (r *rest) mark(b *Block) {
	if r.view.table.delim == fixed {
		return // a number may go on in the next cell
	}
	words, runs := b.runWords(), b.Runs
	k := 0
	for _, c := range r.numbers {
		for k < len(runs) && runs[k].Start < c.start {
			k++
		}
		if k < len(runs) && runs[k].Start == c.start && runs[k].End == c.end {
			words[k>>6][elsewise] |= 1 << (k & 63)
		}
	}
}

// take adds the text up to offset to.
func (r *rest) take(to int) {
	if to <= r.from {
		return
	}
	r.seams = append(r.seams, seam{len(r.text), r.from})
	r.text = append(r.text, r.view.text[r.from:to]...)
}

func (r *rest) finish(to int) { r.take(to) }

// origin returns where offset i of the rest stands in the view's text. It goes
// on from the last answer.
func (r *rest) origin(i int) int {
	if len(r.seams) == 0 {
		return i
	}
	k := r.last
	if r.seams[k].at > i {
		lo, hi := 0, k
		for lo+1 < hi {
			if m := (lo + hi) / 2; r.seams[m].at <= i {
				lo = m
			} else {
				hi = m
			}
		}
		k = lo
	}
	for k+1 < len(r.seams) && r.seams[k+1].at <= i {
		k++
	}
	r.last = k
	return r.seams[k].origin + i - r.seams[k].at
}

// move brings a finding in the rest back to the text. It reports whether the
// finding is in one piece there.
func (r *rest) move(f *Finding) bool {
	start, end := r.origin(f.Start), r.origin(f.End-1)+1
	if end-start != f.End-f.Start {
		return false
	}
	f.Start, f.End = start, end
	return true
}

// quieten drops hits in quiet cells.
func (r *rest) quieten(hits []match.Hit) []match.Hit {
	quiet := r.quiet
	if len(quiet) == 0 {
		return hits
	}
	out := hits[:0]
	for _, h := range hits {
		at := int32(r.origin(int(h.Start)))
		for len(quiet) > 0 && quiet[0].end <= at {
			quiet = quiet[1:]
		}
		if len(quiet) == 0 || quiet[0].start > at {
			out = append(out, h)
		}
	}
	return out
}

// label implements contextual.
func (r *rest) label(i int) (own, near Label) {
	if i < 0 || i >= len(r.text) {
		return 0, 0
	}
	return r.view.label(r.origin(i))
}

// columns implements overall.
func (r *rest) columns() (labels Label, table bool) { return r.view.columns() }

// besideMail implements mailing: an address that was claimed lends its context
// too.
func (r *rest) besideMail(start, end int) bool {
	t := r.view.text
	start, end = r.origin(start), r.origin(end-1)+1
	lo, hi := max(0, start-mailReach), min(len(t), end+mailReach)
	if k := lastNewline(t[lo:start]); k >= 0 {
		lo += k + 1
	}
	if k := bytes.IndexByte(t[end:hi], '\n'); k >= 0 {
		hi = end + k
	}
	for at := lo; at < hi; at++ {
		k := bytes.IndexByte(t[at:hi], '@')
		if k < 0 {
			return false
		}
		if at += k; isMailSign(t, at) {
			return true
		}
	}
	return false
}

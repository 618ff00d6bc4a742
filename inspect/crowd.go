package inspect

import (
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// minCrowd is the number of names, each with a value of its own to go with it,
// from which a record is taken to be of several persons. Fewer stand together in
// a signature or on a company's page.
const minCrowd = 5

// crowds counts for each of the questions the other persons of a record that holds
// many: a form with a field for each cell, a list whose line ends were taken out,
// an object with names as its keys. There are as many as there are distinct names,
// and values of one type for each further element of With. They are known by their
// names.
func (b *bank) crowds(t *tally, r *detect.Record, questions uint64) {
	for x := questions; x != 0; x &= x - 1 {
		b.crowd(t, r, &b.questions[bits.TrailingZeros64(x)], x&-x)
	}
}

func (b *bank) crowd(t *tally, r *detect.Record, q *question, bit uint64) {
	n := len(r.Found)
	for _, types := range q.With {
		most := 0
		for _, typ := range types {
			most = max(most, distinct(q, r, typ))
		}
		if n = min(n, most); n < minCrowd {
			return
		}
	}
	if len(q.With) < 2 {
		return
	}
	for i := range r.Found {
		f := &r.Found[i]
		if n > 1 && f.Type == detect.Name && !f.Piece && f.Canon != t.who.Name && q.counts(f, t.kind[i], 0) && first(r, i) {
			n--
			b.further(t.sum(r, i), bit)
		}
	}
}

// others counts the further persons of a table's row that has several columns of
// names: who orders and who gets it, the head of a family and its members. They are
// known by their names.
func (b *bank) others(t *tally, r *detect.Record, g *group) {
	main := -1
	for i := range r.Found {
		f := &r.Found[i]
		if !g.isMain(f) {
			continue
		}
		switch {
		case main < 0:
			main = i
		case f.Canon == t.who.Name || f.Script() != r.Found[main].Script() || !first(r, i):
		default:
			b.further(t.sum(r, i), g.questions)
		}
	}
}

// isMain reports whether f is the name of a person in a column of its own.
func (g *group) isMain(f *detect.Found) bool {
	return f.Type == detect.Name && f.Detector == detect.ColumnID && !f.Piece && f.Own&detect.LName != 0 && f.Own&detect.LKana == 0 &&
		f.Confidence >= g.confidence
}

// mainNames counts them.
func mainNames(r *detect.Record, g *group) int {
	n := 0
	for i := range r.Found {
		if g.isMain(&r.Found[i]) {
			n++
		}
	}
	return n
}

// mayCrowd reports whether the record that t counts may be a crowd: it has as many
// findings of one kind.
func mayCrowd(t *tally) bool {
	if len(t.kind) < 2*minCrowd {
		return false
	}
	var n [manyKind + 1]int
	for _, k := range t.kind {
		if n[k]++; n[k] >= minCrowd {
			return true
		}
	}
	return false
}

// distinct counts the values of a type in a record that are sure enough.
func distinct(q *question, r *detect.Record, typ Type) int {
	n := 0
	for i := range r.Found {
		if f := &r.Found[i]; f.Type == typ && !f.Piece && f.Confidence >= q.Confidence && first(r, i) {
			n++
		}
	}
	return n
}

// first reports whether the record's finding i is the first of its value.
func first(r *detect.Record, i int) bool {
	f := &r.Found[i]
	for k := range i {
		if e := &r.Found[k]; e.Type == f.Type && e.Canon == f.Canon {
			return false
		}
	}
	return true
}

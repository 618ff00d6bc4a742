package inspect

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// minCrowd is the number of names, each with a value of its own to go with it,
// from which a record is taken to be of several persons. Fewer stand together in
// a signature or on a company's page.
const minCrowd = 5

// crowd counts the other persons of a record that holds many: a form with a
// field for each cell, a list whose line ends were taken out, an object with
// names as its keys. There are as many as there are distinct names, and values
// of one type for each further element of With. They are known by their names.
func (t *tally) crowd(q *question, r *detect.Record) {
	n := len(r.Found)
	for _, types := range q.With {
		most := 0
		for _, typ := range types {
			most = max(most, t.distinct(q, r, typ))
		}
		if n = min(n, most); n < minCrowd {
			return
		}
	}
	if len(q.With) < 2 {
		return
	}
	w, b := q.bit>>6, uint64(1)<<(q.bit&63)
	for i := range r.Found {
		f := &r.Found[i]
		if n > 1 && f.Type == "NAME" && !f.Piece && f.Canon != t.who.Name && q.counts(f, q.With[0]) && t.first(r, i) {
			n--
			if !t.half(t.sums[i], true, w, b, false) {
				t.hit(q)
			}
		}
	}
}

// others counts the further persons of a table's row that has several columns of
// names: who orders and who gets it, the head of a family and its members. They are
// known by their names. It reports whether there are any.
func (t *tally) others(q *question, r *detect.Record) bool {
	main, any := -1, false
	w, b := q.bit>>6, uint64(1)<<(q.bit&63)
	for i := range r.Found {
		f := &r.Found[i]
		if f.Detector != detect.ColumnID || f.Type != detect.Name || f.Piece || f.Own&detect.LName == 0 || f.Own&detect.LKana != 0 ||
			f.Confidence < q.Confidence {
			continue
		}
		switch {
		case main < 0:
			main = i
		case f.Canon == t.who.Name || f.Script() != r.Found[main].Script() || !t.first(r, i):
		default:
			any = true
			if !t.half(t.sums[i], true, w, b, false) {
				t.hit(q)
			}
		}
	}
	return any
}

// distinct counts the values of a type in a record.
func (t *tally) distinct(q *question, r *detect.Record, typ Type) int {
	n := 0
	for i := range r.Found {
		if f := &r.Found[i]; f.Type == typ && !f.Piece && f.Confidence >= q.Confidence && t.first(r, i) {
			n++
		}
	}
	return n
}

// first reports whether the record's finding i is the first of its value.
func (t *tally) first(r *detect.Record, i int) bool {
	return !slices.Contains(t.sums[:i], t.sums[i])
}

package inspect

import (
	"cmp"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// columns finds lists that belong side by side and stand one after the other:
// a table written column by column, all the names first and the numbers behind,
// one column a field or a file. No record holds both the name and the number
// then. A list is values of one type in a row; two of nearly the same length
// are taken for columns of one table.
type columns struct {
	alone []lone
	lists []column // scratch
}

// lone is a value in a record without a name, or a name without anything else.
// Its digest is 0 for a record that has both.
type lone struct {
	typ    detect.Type
	tag    int
	from   int64
	digest uint64
}

// column is a list of values of one type.
type column struct {
	typ    detect.Type
	values []lone
}

// Bounds of columns: the least number of values in one that counts, and how many
// values are kept. Fewer than ten names and as many numbers stand apart on many
// a page.
const (
	minColumn = 10
	maxLone   = 1 << 14
)

// columnTypes are the types whose values make columns: those by which people are
// known and reached.
var columnTypes = []detect.Type{detect.Name, detect.Phone, detect.Address, detect.Email, detect.Birthdate}

func inColumn(t detect.Type) bool { return slices.Contains(columnTypes, t) }

func (c *columns) reset() { c.alone = c.alone[:0] }

// add takes the next record. sums are the digests of its findings.
func (c *columns) add(r *detect.Record, sums []uint64) {
	names, others, most := 0, 0, 0
	for i, n := 0, 0; i < len(r.Found); i++ {
		f := &r.Found[i]
		if f.Piece || f.Confidence < recordConfidence || !inColumn(f.Type) {
			continue
		}
		if f.Type == detect.Name {
			names++
		} else {
			others++
		}
		if n++; i == 0 || f.Type != r.Found[i-1].Type {
			n = 1
		}
		most = max(most, n)
	}
	// A record of one person, unless it runs on over the next columns.
	whole := names > 0 && others > 0 && most < minColumn
	for i := range r.Found {
		f := &r.Found[i]
		if len(c.alone) == maxLone || f.Piece || f.Confidence < recordConfidence || !inColumn(f.Type) {
			continue
		}
		if whole {
			if n := len(c.alone); n > 0 && c.alone[n-1].digest > 0 {
				c.alone = append(c.alone, lone{tag: f.Tag, from: f.From})
			}
			return
		}
		c.alone = append(c.alone, lone{f.Type, f.Tag, f.From, sums[i]})
	}
}

// all returns the lists there are.
func (c *columns) all() []column {
	if len(c.alone) < 2*minColumn {
		return nil
	}
	slices.SortStableFunc(c.alone, func(a, b lone) int { return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.from, b.from)) })
	c.lists = c.lists[:0]
	for from, i := 0, 0; i <= len(c.alone); i++ {
		if i < len(c.alone) && (c.alone[i].typ == detect.Name) == (c.alone[from].typ == detect.Name) && c.alone[i].digest > 0 == (c.alone[from].digest > 0) {
			continue
		}
		c.list(c.alone[from:i])
		from = i
	}
	return c.lists
}

// list adds the lists that values in a row make: of names, or of each of the
// other types, which may stand side by side.
func (c *columns) list(row []lone) {
	for _, typ := range columnTypes {
		var values []lone
		for _, l := range row {
			if n := len(values); l.typ == typ && l.digest > 0 && (n == 0 || values[n-1].digest != l.digest) {
				values = append(values, l)
			}
		}
		if len(values) >= minColumn {
			c.lists = append(c.lists, column{typ, values})
		}
	}
}

// join counts the persons whose names stand in one column and what belongs to
// them in another.
func (t *tally) join() {
	all := t.columns.all()
	for i := range t.questions {
		q := &t.questions[i]
		if !q.People || len(q.With) != 2 || !slices.Contains(q.With[0], detect.Name) || len(all) < 2 {
			continue
		}
		w, b := q.bit>>6, uint64(1)<<(q.bit&63)
		for _, l := range beside(all, q.With[1]) {
			if !t.half(l.digest, true, w, b, false) {
				t.hit(q)
			}
		}
	}
}

// beside returns the longest list of names for which there is one of another of
// the types, of nearly the same length, nil if there is none.
func beside(all []column, types []detect.Type) []lone {
	var best []lone
	for _, names := range all {
		if names.typ != detect.Name || len(names.values) <= len(best) {
			continue
		}
		for _, l := range all {
			short, long := min(len(l.values), len(names.values)), max(len(l.values), len(names.values))
			if l.typ != detect.Name && short*8 >= long*7 && slices.Contains(types, l.typ) {
				best = names.values[:short]
				break
			}
		}
	}
	return best
}

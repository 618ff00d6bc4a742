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
	columnGap = 2 << 10  // bytes between two values of a column, but for names, at most
	columnAny = 64 << 10 // up to this offset of a part they may stand any way apart
)

// columnTypes are the types whose values make columns: those by which people are
// known and reached.
var columnTypes = []detect.Type{detect.Name, detect.Phone, detect.Address, detect.Email, detect.Birthdate}

func (c *columns) reset() { c.alone = c.alone[:0] }

// What columns.person says of records that are none of one person.
const (
	severalPersons = -1
	nobody         = -2
)

// person returns the first finding that may be in a list, if the record that t counts
// is one of one person, else severalPersons or nobody. It hangs on the record's shape
// alone.
func (c *columns) person(r *detect.Record, t *tally) int {
	if t.all&t.listed == 0 {
		return nobody
	}
	first, names, others, most, n := nobody, 0, 0, 0, 0
	for i, k := range t.kind {
		if t.listed>>k&1 == 0 || !lists(&r.Found[i]) {
			continue
		}
		if first < 0 {
			first = i
		}
		if r.Found[i].Type == detect.Name {
			names++
		} else {
			others++
		}
		if n++; i == 0 || t.kind[i-1] != k {
			n = 1
		}
		most = max(most, n)
	}
	// A record of one person, unless it runs on over the next columns.
	if first >= 0 && (names == 0 || others == 0 || most >= minColumn) {
		return severalPersons
	}
	return first
}

// add takes the record that t counts. person is what c.person said of its shape.
func (c *columns) add(person int, r *detect.Record, t *tally) {
	if person >= 0 {
		if n := len(c.alone); n > 0 && n < maxLone && c.alone[n-1].digest > 0 {
			c.alone = append(c.alone, lone{tag: r.Found[person].Tag, from: r.Found[person].From})
		}
	}
	if person != severalPersons {
		return
	}
	for i, k := range t.kind {
		f := &r.Found[i]
		if len(c.alone) == maxLone || t.listed>>k&1 == 0 || !lists(f) {
			continue
		}
		c.alone = append(c.alone, lone{f.Type, f.Tag, f.From, t.sum(r, i)})
	}
}

// lists reports whether a finding of one of columnTypes is sure enough to be in a
// list.
func lists(f *detect.Found) bool { return !f.Piece && f.Confidence >= recordConfidence }

// all returns the lists there are.
func (c *columns) all() []column {
	if len(c.alone) < minColumn {
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
		end := func() {
			if len(values) >= minColumn {
				c.lists = append(c.lists, column{typ, values})
			}
			values = nil
		}
		for _, l := range row {
			if l.typ != typ || l.digest == 0 {
				continue
			}
			n := len(values)
			if n > 0 && values[n-1].digest == l.digest {
				values[n-1].from = l.from
				continue
			}
			if n > 0 && typ != detect.Name && l.tag == values[n-1].tag && l.from > columnAny && l.from-values[n-1].from > columnGap {
				end()
			}
			values = append(values, l)
		}
		end()
	}
}

// joins reports whether columns may answer q: it asks for names with one thing
// more.
func (q *question) joins() bool {
	return q.People && len(q.With) == 2 && slices.Contains(q.With[0], detect.Name)
}

// mayJoin reports whether names that were left out could make a column beside
// what was found, so that one more person answers a question: one that is open,
// or any if they are all to be answered exactly.
func (t *tally) mayJoin(exactly bool) bool {
	t.flush()
	var all []column
	for i := range t.questions {
		q := &t.questions[i]
		if !q.joins() || !q.open && !exactly {
			continue
		}
		if all == nil {
			if all = t.columns.all(); len(all) == 0 {
				return false
			}
		}
		if slices.ContainsFunc(all, func(l column) bool { return slices.Contains(q.With[1], l.typ) }) {
			return true
		}
	}
	return false
}

// join counts the persons whose names stand in one column and what belongs to
// them in another.
func (t *tally) join() {
	all := t.columns.all()
	for i := range t.questions {
		q := &t.questions[i]
		if !q.joins() || len(all) < 2 {
			continue
		}
		for _, l := range beside(all, q.With[1]) {
			t.banks[i/bankSize].further(l.digest, 1<<(i%bankSize))
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

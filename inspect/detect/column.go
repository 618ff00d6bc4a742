package detect

import (
	"sort"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// ColumnID is the detector ID of findings made by their column alone: cells
// that a header, or the other cells below it, makes names or addresses.
const ColumnID = "column"

// nameLabels and addressLabels are the labels whose values are believed.
const (
	nameLabels    = LName | LSurname | LGiven | LKana
	addressLabels = LAddress | LPrefecture | LCity | LStreet
)

// complete emits what columns say that were not claimed: of those that found,
// the sorted findings of the detectors, show to hold names, and addresses that
// begin with a postal code.
func (v *view) complete(found []Finding, emit func(Finding)) {
	if v.mode != rows {
		return
	}
	t := &v.table
	t.ready(v.text)
	if t.form {
		v.answered(emit)
		return
	}
	if t.judged < 200 && t.unclear() {
		t.infer(v.text, v.own, v.cut, found)
		v.forget()
	}
	v.vouch(found)
	if !t.choose() {
		return
	}
	for r, until := t.span(v.own, v.cut); r < until; r++ {
		row := t.row(r)
		for _, i := range t.chosen {
			if int(i) >= len(row) {
				break
			}
			col, c := &t.cols[i], row[i]
			value := v.text[c.start:c.end]
			switch {
			case col.label&nameLabels != 0:
				if lo, hi, ok := plausibleName(value, col.label); ok {
					start, end := int(c.start)+lo, int(c.start)+hi
					emit(Finding{Type: Name, Detector: ColumnID, Start: start, End: end,
						Confidence: col.confidence(), Canon: nameCanon(v.text[start:end])})
				}
			case col.reader == readAddress && !leftAddress(value):
			case plausibleAddress(value, col.label):
				emit(Finding{Type: Address, Detector: ColumnID, Start: int(c.start), End: int(c.end),
					Confidence: col.confidence() - 0.05, Canon: string(value)})
			}
		}
	}
}

// answered emits the names that stand beside their labels in a form.
func (v *view) answered(emit func(Finding)) {
	t := &v.table
	for r, until := t.span(v.own, v.cut); r < until; r++ {
		row := t.inner(r)
		if len(row) != 2 {
			continue
		}
		key, value := v.text[row[0].start:row[0].end], v.text[row[1].start:row[1].end]
		l := classify(key)
		if l&nameLabels == 0 || l&(LCompany|LOrder|weak) != 0 || len(value) == 0 {
			continue
		}
		if lo, hi, ok := plausibleName(value, l); ok && !namelessThing(value[lo:hi]) {
			start, end := int(row[1].start)+lo, int(row[1].start)+hi
			emit(Finding{Type: Name, Detector: ColumnID, Start: start, End: end, Confidence: 0.93, Canon: nameCanon(v.text[start:end])})
		}
	}
}

// choose marks the columns that complete goes through and reports whether there
// are any.
func (t *table) choose() bool {
	t.chosen = t.chosen[:0]
	for i := range t.cols {
		c := &t.cols[i]
		if c.reader == noReader && t.believes(c, nameLabels|addressLabels) || c.reader == readAddress && c.left > 0 {
			t.chosen = append(t.chosen, int32(i))
		}
	}
	return len(t.chosen) > 0
}

// span returns the rows that start in [from, to).
func (t *table) span(from, to int) (r, until int) {
	at := func(i int) int {
		return sort.Search(len(t.rows), func(k int) bool { return int(t.rows[k].start) >= i })
	}
	return at(from), at(to)
}

func (c *column) confidence() float32 {
	switch {
	case c.inferred:
		return 0.8
	case c.label&weak != 0:
		return 0.85
	}
	return 0.95
}

// forget drops the answers of the block, which were given before columns were
// known.
func (v *view) forget() {
	v.block++
	v.lo, v.hi = 0, 0
}

// unclear reports whether columns are to be told by their values: no header says
// what they hold, or no more than that it has to do with persons (顧客, 担当).
func (t *table) unclear() bool {
	if !t.header {
		return true
	}
	for i := range t.cols {
		if l := t.cols[i].label; l == 0 || l == LPerson {
			return true
		}
	}
	return false
}

// holdsNames reports whether the values of a column show that it holds names. Where
// a header stands over it that is not known, more of them have to.
func (c *column) holdsNames(t *table) bool {
	switch {
	case c.names < 3:
		return false
	case c.label == LPerson, c.label == 0 && !t.header:
		return c.names*10 >= c.cells*4
	}
	return c.label == 0 && t.strong && c.names*10 >= c.cells*7
}

// mostNames returns the column without a label that holds the greatest share of
// names, -1 if there is none: towns are called like people, but not as many.
func (t *table) mostNames() int {
	best := -1
	for i := range t.cols {
		c := &t.cols[i]
		if c.label == 0 && c.holdsNames(t) && (best < 0 || c.names*t.cols[best].cells > t.cols[best].names*c.cells) {
			best = i
		}
	}
	return best
}

// infer learns from the findings which columns hold names and kana, where no
// header says so. Rows are looked at until a column is clear.
func (t *table) infer(text []byte, own, cut int, found []Finding) {
	k, before := 0, t.judged
	for i := range t.cols {
		t.cols[i].worded = 0
	}
	for r := range t.rows {
		start := int(t.rows[r].start)
		if start < own || start >= cut {
			continue
		}
		if t.judged++; t.judged > 200 {
			break
		}
		for i, c := range t.cells[t.rows[r].cell:][:t.width(r)] {
			if i >= len(t.cols) || c.end == c.start {
				continue
			}
			col := &t.cols[i]
			col.cells++
			value := text[c.start:c.end]
			if value[0] >= utf8.RuneSelf && kanaOnly(value) {
				col.kanas++
			}
			if mayBePiece(value) {
				col.worded++
			}
			for k < len(found) && found[k].End <= int(c.start) {
				k++
			}
			if k < len(found) && found[k].Start < int(c.end) && 10*(found[k].End-found[k].Start) >= 8*int(c.end-c.start) {
				switch f := &found[k]; f.Type {
				case Name:
					col.names++
				case Address:
					col.places++
				case Phone:
					if f.Validated {
						col.phones++
					}
					t.strong = true
				case Postal:
					col.codes++
					t.strong = true
				case Birthdate:
					col.born(f.Canon)
					t.strong = true
				default:
					t.strong = true
				}
			}
		}
	}
	// The dictionaries are asked where it may matter, in this block or a later one.
	if before > 0 || cut < len(text) || t.worded() {
		t.pieces(text, own, cut, before)
	}
	named, best := -1, t.mostNames()
	for i := range t.cols {
		c := &t.cols[i]
		if c.holdsNames(t) && (c.label != 0 || i == best) {
			c.label, c.inferred = c.label|LName, true
		}
		if i > 0 {
			pairNames(&t.cols[i-1], c)
		}
		if c.label&(LName|LSurname) != 0 {
			named = i
		}
		if c.places >= 3 && c.places*2 >= c.cells && c.label == 0 {
			c.label, c.inferred, t.strong = LAddress, true, true
		}
	}
	if named < 0 && !t.strong {
		return
	}
	t.inferKinds(named >= 0)
	for i := range t.cols {
		c := &t.cols[i]
		if c.label == 0 && c.kanas >= 3 && c.kanas*10 >= c.cells*9 && (named < 0 || i-named <= 2 && named-i <= 2) {
			c.label, c.inferred = LKana, true
		}
	}
}

// pairNames labels two columns side by side of which one shows to hold surnames and
// the other given names, these first where they are written in Latin letters.
func pairNames(a, b *column) {
	most := (*column).mostly
	switch {
	case (a.label|b.label)&^LName != 0 || a.label != 0 && !a.inferred || b.label != 0 && !b.inferred:
	case a.latin > 0 && most(a, a.givens) && most(b, b.surnames):
		a.label, b.label, a.inferred, b.inferred = LGiven, LSurname, true, true
	case most(a, a.surnames) && most(b, b.givens):
		a.label, b.label, a.inferred, b.inferred = LSurname, LGiven, true, true
	}
}

// mostly reports whether n cells are so many that they tell what the column holds.
func (c *column) mostly(n int) bool { return n >= 4 && n*10 >= c.cells*6 }

// worded reports whether two columns side by side may hold surnames and given names.
func (t *table) worded() bool {
	for i := 1; i < len(t.cols); i++ {
		if a, b := &t.cols[i-1], &t.cols[i]; a.mostly(a.worded) && b.mostly(b.worded) {
			return true
		}
	}
	return false
}

// pieces counts the listed surnames and given names in the rows that infer looks at.
// judged is how many of them there were before.
func (t *table) pieces(text []byte, own, cut, judged int) {
	for r, until := t.span(own, cut); r < until; r++ {
		if judged++; judged > 200 {
			return
		}
		row := t.row(r)
		for i, c := range row[:min(len(row), len(t.cols))] {
			if value := text[c.start:c.end]; mayBePiece(value) {
				t.cols[i].piece(value)
			}
		}
	}
}

// mayBePiece is a cheap test for a surname or given name.
func mayBePiece(value []byte) bool {
	return len(value) > 0 && len(value) <= 18 && (isLetter(value[0]) || value[0] >= utf8.RuneSelf)
}

// piece counts a cell that is a listed surname or given name.
func (c *column) piece(value []byte) {
	if value[0] < utf8.RuneSelf {
		if wordAt(value, 0) != len(value) {
			return
		}
		var buf [48]byte
		is := dict.LookupLatin(dict.AppendFoldLatin(buf[:0], value))
		if is.Surname != 0 || is.RomajiSurname != 0 {
			c.surnames++
		}
		if is.Given != 0 || is.RomajiGiven != 0 {
			c.givens++
		}
		c.latin++
		return
	}
	is := dict.LookupJapanese(value)
	if is.Surname != 0 {
		c.surnames++
	}
	if is.Given != 0 || is.GivenKana != 0 {
		c.givens++
	}
}

// born counts a birth date by its canonical form, which begins with the year.
func (c *column) born(canon string) {
	if len(canon) < 4 {
		return
	}
	year := number([]byte(canon[:4]))
	if c.births == 0 || year < c.eldest {
		c.eldest = year
	}
	c.youngest = max(c.youngest, year)
	c.births++
}

// inferKinds learns which columns hold nothing but telephone numbers, postal codes
// or birth dates, if the table is one of persons. One of digits alone says
// little, a column of them much. named tells that a column holds names.
func (t *table) inferKinds(named bool) {
	mail := false
	dates := 0
	for i := range t.cols {
		mail = mail || t.cols[i].label&LEmail != 0
		if c := &t.cols[i]; c.births >= 3 && c.births*10 >= c.cells*9 {
			dates++
		}
	}
	if !named && !mail {
		return
	}
	for i := range t.cols {
		c := &t.cols[i]
		if c.label != 0 || c.cells < 3 {
			continue
		}
		switch most := c.cells * 9; {
		case c.phones*10 >= most:
			c.label, c.inferred = LPhone, true
		case c.codes*10 >= most:
			c.label, c.inferred = LPostal, true
		case c.births*10 >= most && dates == 1 && c.youngest-c.eldest >= 10:
			c.label, c.inferred = LBirth, true
		}
	}
}

// vouch raises the findings that fill a cell of a column inferred to hold their
// kind.
func (v *view) vouch(found []Finding) {
	t := &v.table
	if !t.vouches() {
		return
	}
	for i := range found {
		f := &found[i]
		if f.Confidence >= 0.9 || f.Type != Phone && f.Type != Postal && f.Type != Birthdate {
			continue
		}
		r, c, ok := t.at(v.text, f.Start)
		if !ok || f.Start != int(t.cells[c].start) || f.End != int(t.cells[c].end) {
			continue
		}
		if k := c - int(t.rows[r].cell); k < len(t.cols) && t.cols[k].inferred {
			switch l := t.cols[k].label; {
			case f.Type == Phone && l&LPhone != 0, f.Type == Postal && l&LPostal != 0:
				f.Confidence = 0.9
			case f.Type == Birthdate && l&LBirth != 0:
				f.Confidence = max(f.Confidence, 0.8)
			}
		}
	}
}

// vouches reports whether there is such a column.
func (t *table) vouches() bool {
	for i := range t.cols {
		if t.cols[i].inferred && t.cols[i].label&(LPhone|LPostal|LBirth) != 0 {
			return true
		}
	}
	return false
}

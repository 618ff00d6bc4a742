package detect

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"
)

// claimed is a cell that its column took, or the value in it. Most rows of a table are
// nothing but such cells and become records right away; see grouper.claimedRows.
type claimed struct {
	start, end int32 // in the view's text
	from       int32 // where the canonical form begins in claims.canon
	column     int32
	confidence float32
	size       uint16 // of the canonical form; 0 if the value is its own
	kind       claimKind
	validated  bool
}

// claimKind is what a cell was claimed as.
type claimKind uint8

const (
	claimName claimKind = iota
	claimAddress
	claimPostal
	claimPhone
	claimService
	claimEmail
	claimBirth
	claimCard
	claimTestCard
	claimMyNumber
)

// claimKinds has the type of each kind, and the detector in whose name it is claimed.
var claimKinds = [16]struct {
	typ      Type
	detector string
}{
	claimName:     {Name, ColumnID},
	claimAddress:  {Address, ColumnID},
	claimPostal:   {Postal, postals{}.ID()},
	claimPhone:    {Phone, phone{}.ID()},
	claimService:  {Service, phone{}.ID()},
	claimEmail:    {Email, email{}.ID()},
	claimBirth:    {Birthdate, birthdate{}.ID()},
	claimCard:     {Card, card{}.ID()},
	claimTestCard: {TestCard, card{}.ID()},
	claimMyNumber: {MyNumber, myNumber{}.ID()},
}

// add takes text[start:end] of the cell that is read. What was appended to k.canon
// since is its canonical form.
func (k *claims) add(kind claimKind, start, end int, confidence float32, validated bool) bool {
	n := len(k.taken)
	if n == cap(k.taken) {
		k.taken = slices.Grow(k.taken, max(n, 64))
	}
	k.taken = k.taken[:n+1]
	c := &k.taken[n]
	c.start, c.end, c.from, c.column = int32(start), int32(end), k.from, k.column
	c.confidence, c.size, c.kind, c.validated = confidence, uint16(len(k.canon)-int(k.from)), kind, validated
	return true
}

// canonOf returns the canonical form of c, a claim in text. It is lent: the record of
// a row is given away before the next block overwrites it.
func (k *claims) canonOf(c *claimed, text []byte) string {
	if c.size == 0 {
		return lent(text[c.start:c.end])
	}
	return lent(k.canon[c.from:][:c.size])
}

// lent returns b as a string that is good as long as b.
func lent(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// findings returns taken as findings in text. With keep they may outlive the block.
func (k *claims) findings(taken []claimed, text []byte, keep bool) []Finding {
	k.found = slices.Grow(k.found[:0], len(taken))[:len(taken)]
	for i := range taken {
		c := &taken[i]
		canon := k.canonOf(c, text)
		if keep {
			canon = strings.Clone(canon)
		}
		kind := &claimKinds[c.kind&15]
		k.found[i] = Finding{Type: kind.typ, Detector: kind.detector, Start: int(c.start), End: int(c.end),
			Confidence: c.confidence, Validated: c.validated, Canon: canon}
	}
	return k.found
}

// with returns the claims of a row together with other findings in it, which overlap
// none of them.
func (k *claims) with(taken []claimed, found []Finding, text []byte) []Finding {
	both := append(k.findings(taken, text, false), found...)
	k.found = both
	slices.SortStableFunc(both, func(a, b Finding) int { return a.Start - b.Start })
	return both
}

// alone reports whether the claims of a block need not be resolved with what else was
// found there: other findings are outside of the cells that were claimed.
func (k *claims) alone(t *table, asked bool) bool {
	return !asked && k.whole && !t.byLines()
}

// settled reports whether complete needs no findings: no column is to be learnt about,
// and none speaks for findings of others.
func (v *view) settled() bool {
	t := &v.table
	return (t.judged >= 200 || !t.unclear()) && !t.vouches()
}

// claimedRows makes a record of each row with claims or other findings.
func (g *grouper) claimedRows() {
	b := &g.blk
	k, t, found := b.claims, &b.view.table, b.found
	pieces := t.pieced()
	last, from := -1, 0 // the row whose line was counted last; its claims' end
	for i, end := range k.ends {
		r := k.first + i
		taken := k.taken[from:end]
		from = int(end)
		if len(found) > 0 {
			if n := startingBefore(found, int(t.rows[r].start)); n > 0 {
				g.rowsOf(found[:n], n < len(found) || from-len(taken) < len(k.taken))
				found = found[n:]
			}
		}
		limit := t.to
		if r+1 < len(t.rows) {
			limit = min(limit, int(t.rows[r+1].start))
		}
		n := startingBefore(found, limit)
		if n == 0 && len(taken) == 0 {
			continue
		}
		if n > 0 || len(taken) > MaxRecord || g.placed < maxPlaced {
			b.found = k.with(taken, found[:n], b.text)
			g.row(r, 0)
			found = found[n:]
			continue
		}
		start := max(g.lineAt, int(t.rows[r].start))
		if last >= 0 && !t.quotes && g.lineAt == int(t.rows[last].start) {
			g.lineNo += r - last
		} else {
			g.lineNo += bytes.Count(b.text[g.lineAt:start], newline)
		}
		g.lineAt, last = start, r
		g.claimedRow(taken, pieces)
	}
	g.rowsOf(found, false)
}

// startingBefore returns how many of found, which ascend, start before offset i.
func startingBefore(found []Finding, i int) (n int) {
	for n < len(found) && found[n].Start < i {
		n++
	}
	return n
}

// claimedRow makes a record of a row that holds nothing but claims.
func (g *grouper) claimedRow(taken []claimed, pieces bool) {
	b := &g.blk
	k, t := b.claims, &b.view.table
	g.cells = slices.Grow(g.cells[:0], len(taken))[:len(taken)]
	for i := range taken {
		c, e := &taken[i], &g.cells[i]
		if t.quotes { // there may be line ends in cells
			g.lineNo += bytes.Count(b.text[g.lineAt:c.start], newline)
			g.lineAt = int(c.start)
		}
		// Rows are alike: most of what is said of a cell was said of the one above.
		if key := c.column<<4 | int32(c.kind); i >= len(g.drawn) || g.drawn[i] != key {
			kind := &claimKinds[c.kind&15]
			*e = Found{Type: kind.typ, Detector: kind.detector, Tag: b.tag, Own: t.cols[c.column].label &^ weak}
			g.drawn = append(g.drawn[:min(i, len(g.drawn))], key)
		}
		e.Confidence, e.Validated, e.Canon, e.Line = c.confidence, c.validated, k.canonOf(c, b.text), g.lineNo
		e.From, e.To = g.cursor.Span(int(c.start), int(c.end))
		e.Text = b.text[c.start:c.end]
		if pieces {
			e.Piece = continues(g.cells[:i], e)
		}
	}
	g.emitCells()
}

// pieced reports whether the cells of a row may be pieces of one name or address.
func (t *table) pieced() bool {
	names, addresses := 0, 0
	for i := range t.cols {
		switch c := &t.cols[i]; {
		case c.reader == readName && c.label&(LSurname|LGiven) != 0:
			names++
		case c.reader == readAddress:
			addresses++
		}
	}
	return names > 1 || addresses > 1
}

package detect

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Sizes of the blocks a session works on, in bytes of folded text.
const (
	blockSize  = 128 << 10 // most that is looked at in one go
	lookAhead  = 1 << 10   // a finding sees at least this much after its start
	lookBehind = 512       // and this much before it
	cutWindow  = 32 << 10  // how far back a line end is looked for
)

// Sink takes what a session finds, on the goroutine that feeds it.
type Sink interface {
	// Record takes a closed record. r is valid only during the call.
	Record(r *Record)
	// Demand is asked before each block.
	Demand() Demand
}

// Session finds what is in one text, pushed in pieces. The outcome does not
// depend on how the text is cut into pieces. It belongs to one goroutine.
type Session struct {
	// Tag stands in all that is found in what is written from now on.
	Tag int

	engine *Engine
	sink   Sink
	size   int // of a block; differs from blockSize in tests

	layout part.Layout // as the reader told
	label  Label       // with Single
	open   bool        // something was written since the last flush

	raw    []byte     // bytes that may fold together with what follows
	rawMap normal.Map //
	emit   func(Finding)

	text    []byte     // folded, not yet done with
	textMap normal.Map //
	own     int        // start of the part of text that is not reported yet
	line    int        // line number at own

	block    Block
	ahead    []Detector // those that go first, for the demand aheadFor
	aheadFor Demand
	asked    signs // of what is in demand, if known
	known    bool
	wait     int // how many blocks go by before signs are looked for again
	patience int // how many went by the last time
	figured  figured
	heralds  []match.Hit // met by the stage of places, for that of names
	near     []spot      // scratch
	windows  []window    // scratch
	glimpse  match.Evidence
	ats      []int32 // scratch
	found    []Finding
	resolver resolver
	view     view
	claims   claims
	group    grouper
	pace     int  // how much of a list is looked at next, if less may be in demand then
	skipped  bool // the block before was not shown to group
}

func newSession(e *Engine) *Session {
	s := &Session{engine: e, size: blockSize}
	s.block.context = &s.view
	s.emit = func(f Finding) { s.found = append(s.found, f) }
	return s
}

func (s *Session) reset(sink Sink) {
	s.sink, s.Tag = sink, 0
	s.open = false
	s.raw, s.text = s.raw[:0], s.text[:0]
	s.rawMap.Reset(0)
	s.textMap.Reset(0)
	s.own, s.line = 0, 1
	s.skipped, s.pace = false, firstPace
	s.view.reset()
	s.block.latin.forget()
	s.block.canons.forget()
	s.group.reset(sink)
}

// Write takes the next piece of the text. A change of layout or label begins a
// new text; with part.Single every piece is a text of its own.
func (s *Session) Write(t part.Text) {
	if len(t.Bytes) == 0 {
		return
	}
	label := Label(0)
	if t.Layout == part.Single {
		label = classify([]byte(normal.String(t.Label)))
	}
	if s.open && t.Layout != s.layout {
		s.flush()
	}
	if t.Layout == part.Single {
		defer s.flush()
	}
	if !s.open {
		s.open, s.layout, s.label = true, t.Layout, label
		s.view.begin(t.Layout, label)
	}
	m := t.Map
	if m == nil {
		m = &normal.Map{}
	}
	b, at := t.Bytes, 0
	if len(s.raw) > 0 {
		// Join what was held back with the start of this piece, up to a
		// place where folding does not look across.
		at = foldBorder(b)
		join(&s.rawMap, len(s.raw), m, 0, at)
		s.raw = append(s.raw, b[:at]...)
		if at == len(b) {
			s.drain()
			return
		}
		s.take(s.raw, &s.rawMap, 0)
		s.raw = s.raw[:0]
		s.rawMap.Reset(0)
	}
	for at < len(b) {
		n := lastFoldBorder(b[at:min(len(b), at+blockSize)])
		if n == 0 {
			break
		}
		s.take(b[at:at+n], m, at)
		at += n
	}
	if at < len(b) {
		s.raw = append(s.raw, b[at:]...)
		join(&s.rawMap, 0, m, at, len(b)-at)
	}
}

// drain takes what was held back, as far as it can be folded by now.
func (s *Session) drain() {
	n := lastFoldBorder(s.raw)
	if n == 0 {
		return
	}
	s.take(s.raw[:n], &s.rawMap, 0)
	s.rawMap.Drop(n)
	s.raw = s.raw[:copy(s.raw, s.raw[n:])]
}

// join makes m go on at offset at as o does from offset from, for n bytes.
func join(m *normal.Map, at int, o *normal.Map, from, n int) {
	if at == 0 {
		m.Reset(o.Origin(from))
	}
	m.Copy(at, o, from, n)
}

// foldsApart reports whether b[:i] and b[i:] fold to what b folds to, whatever
// follows b: after a line end, between two printable ASCII bytes, between two
// kanji. (normal.Border may answer with the end of b, where it depends on what
// follows.)
func foldsApart(b []byte, i int) bool {
	p, c := b[i-1], b[i]
	if p == '\n' {
		return true
	}
	if c < utf8.RuneSelf {
		return p < utf8.RuneSelf && p >= ' ' && c >= ' '
	}
	return i >= 3 && kanjiLead(c) && kanjiLead(b[i-3]) && !utf8.RuneStart(p)
}

// kanjiLead reports whether c leads a character of U+4000 to U+9FFF.
func kanjiLead(c byte) bool { return c >= 0xE4 && c <= 0xE9 }

// foldBorder returns the first offset above 0 at which b folds apart, or its
// length.
func foldBorder(b []byte) int {
	for i := 1; i < len(b); i++ {
		if foldsApart(b, i) {
			return i
		}
	}
	return len(b)
}

// lastFoldBorder returns the last such offset, 0 if there is none. In a long
// stretch without one it settles for a character's start.
func lastFoldBorder(b []byte) int {
	const far = 4 << 10
	for i := len(b) - 1; i > max(0, len(b)-far); i-- {
		if foldsApart(b, i) {
			return i
		}
	}
	if len(b) > far {
		return charBorder(b, len(b)-far/2)
	}
	return 0
}

// charBorder returns the start of the character that i is in.
func charBorder(b []byte, i int) int {
	for n := 0; n < utf8.UTFMax && i > 0 && i < len(b) && !utf8.RuneStart(b[i]); n++ {
		i--
	}
	return i
}

// take folds b, which m leads back from its offset from on, and works off whole
// blocks.
func (s *Session) take(b []byte, m *normal.Map, from int) {
	s.text = normal.Fold(s.text, b, m, from, &s.textMap)
	for len(s.text) >= s.size {
		s.work(s.text[:charBorder(s.text, s.size)], false)
	}
}

// flush ends the text: what is left is one last block.
func (s *Session) flush() {
	if len(s.raw) > 0 {
		raw := s.raw
		s.raw = s.raw[len(raw):]
		s.take(raw, &s.rawMap, 0)
		s.raw = raw[:0]
		s.rawMap.Reset(0)
	}
	for !s.work(s.text, true) {
	}
	s.group.end(s.layout == part.Single)
	s.text, s.own, s.line, s.open = s.text[:0], 0, 1, false
	s.textMap.Reset(0)
	s.skipped, s.pace = false, firstPace
	s.view.reset()
}

// Close ends the text and gives the session back to its engine.
func (s *Session) Close() {
	if s.open {
		s.flush()
	}
	s.group.finish()
	s.sink = nil
	s.engine.pool.Put(s)
}

// work looks at one block, reports what starts in [own, cut) and moves on. It reports
// whether the text, of which this is the last, ends there. The cut depends on the text
// and the demand, so that the outcome does not depend on how the text came.
func (s *Session) work(text []byte, last bool) (done bool) {
	demand := s.sink.Demand()
	s.view.set(text, s.own)
	if n := s.paced(text, demand); n < len(text) {
		text, last = text[:n], false
		s.view.text = text
	}
	cut := len(text)
	if !last {
		cut = s.cut(text, demand)
		if end := cut + max(lookAhead, s.engine.reach); end < len(text)/2 {
			text = text[:charBorder(text, end)] // a short table: the rest is looked at without it
			s.view.text = text
		}
	}
	s.group.lineAt, s.group.lineNo = s.own, s.line
	if demand == nil || len(demand) > 0 {
		s.look(demand, text, cut, last)
	} else {
		s.skipped = true
	}
	s.line = s.group.lineNo + bytes.Count(text[s.group.lineAt:cut], newline)
	if last {
		return true
	}
	// Keep some of what lies behind as context, from a line's start if there
	// is one near.
	keep := max(0, cut-max(lookBehind, s.engine.reach))
	if s.view.mode == rows && !s.view.table.ended && text[cut-1] == '\n' {
		keep = cut // rows stand for themselves
	} else if i := bytes.IndexByte(text[keep:cut], '\n'); i >= 0 {
		keep += i + 1
	} else {
		keep = charBorder(text, keep)
	}
	s.textMap.Drop(keep)
	s.text = s.text[:copy(s.text, s.text[keep:])]
	s.own = cut - keep
	s.view.advance(keep)
	s.group.advance(keep)
	return false
}

var newline = []byte{'\n'}

// first returns the detectors that go first, because what they find is in
// demand, or that everything is.
func (s *Session) first(demand Demand) (first []Detector, all bool) {
	if demand == nil || slices.ContainsFunc(demand, isCostly) {
		return nil, true
	}
	if s.ahead == nil || !slices.Equal(demand, s.aheadFor) {
		s.ahead, s.aheadFor = s.ahead[:0], append(s.aheadFor[:0], demand...)
		for _, d := range s.engine.numbers.detectors {
			if slices.ContainsFunc(d.Types(), func(t Type) bool { return slices.Contains(demand, t) }) {
				s.ahead = append(s.ahead, d)
			}
		}
		s.asked, s.known = signsOf(s.ahead, demand)
		s.wait, s.patience = 0, 0
	}
	return s.ahead, false
}

// cut chooses where the reported part of a full block ends: at a table's, row's or
// line's end, else where no word is cut.
func (s *Session) cut(text []byte, demand Demand) int {
	hi := len(text) - max(lookAhead, s.engine.reach)
	if demand == nil { // else hardly a table is read at all
		if c := s.view.tableEnd(s.own, hi); c > 0 {
			return c
		}
	}
	if c := s.view.rowCut(text, s.own, hi); c > 0 {
		return c
	}
	lo := max(s.own+1, hi-cutWindow)
	if i := lastNewline(text[lo:hi]); i >= 0 {
		return lo + i + 1
	}
	lo = max(s.own+1, hi-1<<10)
	if i := bytes.LastIndexAny(text[lo:hi], " ,;}>"); i >= 0 {
		return lo + i + 1
	}
	return charBorder(text, hi)
}

// look runs the detectors over text and groups what they find. last says that
// the text ends here.
func (s *Session) look(demand Demand, text []byte, cut int, last bool) {
	e, b := s.engine, &s.block
	b.Text = text
	s.view.cut = cut
	s.found = s.found[:0]
	first, all := s.first(demand)
	if !all {
		if s.signless() {
			s.skipped = true
			return
		}
		s.scan(&e.numbers)
		b.demand = demand
		find(first, nil, b, s.emit)
		if b.demand = nil; len(s.found) == 0 {
			s.skipped = true
			return
		}
	}
	claimed, alone := s.view.claim(&s.claims), false
	switch {
	case claimed:
		asked := s.lookAtRest(all)
		alone = s.claims.alone(&s.view.table, asked) && (!all || s.view.settled())
		if !alone || s.heeds(Name) {
			s.claims.list(text, e.names.set)
		}
		if !alone || s.heeds(Postal) {
			s.claims.post()
		}
	case all:
		if !s.search(demand, cut, last) {
			s.found = s.found[:0]
		}
	default:
		find(e.numbers.detectors, first, b, s.emit)
	}
	found := s.resolver.resolve(s.found)
	if claimed && !alone {
		k := &s.claims
		found = s.resolver.merge(k.findings(k.taken, text, s.view.table.byLines()), found)
	}
	if all {
		n := len(s.found)
		if s.view.complete(found, s.emit); len(s.found) > n {
			found = s.resolver.resolve(append(found, s.found[n:]...))
		}
	}
	found = startingIn(found, s.own, cut)
	if s.view.mode == rows && s.view.table.head >= 0 {
		found = slices.DeleteFunc(found, func(f Finding) bool { return s.view.drops(f.Start) })
	}
	b.Text = nil
	if len(found) == 0 && (!alone || len(s.claims.taken) == 0) && !s.group.pending() && !s.group.json.quiet.known {
		s.skipped = true
		return
	}
	blk := groupBlock{
		text: text, own: s.own, cut: cut,
		origin: &s.textMap, found: found, view: &s.view,
		gap: s.skipped, tag: s.Tag,
	}
	if alone {
		blk.claims = &s.claims
	}
	s.group.block(blk)
	s.skipped = false
}

// search runs all detectors, but those of names and mail addresses only where these
// may change an answer. It reports whether anything may.
func (s *Session) search(demand Demand, cut int, last bool) bool {
	e, b := s.engine, &s.block
	c := s.company(demand, last)
	var mails []Detector
	if c != nil && c.idle(Email) {
		mails = e.mails
	}
	s.run(&e.numbers, mails)
	s.run(&e.places, nil)
	if c == nil {
		s.run(&e.names, nil)
		return true
	}
	s.openWindows(c, cut, last, mails != nil)
	if len(s.windows) == 0 {
		s.left()
		return !c.Only || slices.ContainsFunc(s.found, func(f Finding) bool { return !c.idle(f.Type) })
	}
	if len(mails) > 0 {
		s.findMails(mails)
	}
	if s.view.mode != fields && s.windows[0] != (window{0, len(b.Text)}) {
		s.left()
		b.windows = s.windows
	}
	s.run(&e.names, nil)
	b.windows = nil
	return true
}

// left tells the sink that names were left out.
func (s *Session) left() { s.sink.(discerning).LeftOut() }

// company is what has to stand beside a name in this block; nil if names matter by
// themselves.
func (s *Session) company(demand Demand, last bool) *Company {
	d, ok := s.sink.(discerning)
	if !ok || demand != nil || s.view.mode != prose && s.view.mode != object && !s.closed(last) {
		return nil
	}
	return d.Company()
}

// closed reports whether no record can go on from before the block, nor beyond
// it without a finding behind the cut: a text that is whole.
func (s *Session) closed(last bool) bool {
	if s.group.pending() {
		return false
	}
	switch s.view.mode {
	case object, fields:
		return last && s.own == 0
	}
	return false
}

// lookAtRest looks at what the claims left, and with the detectors of authors at
// the whole text. Without all it looks for numbers only. It reports whether authors'
// detectors found anything.
func (s *Session) lookAtRest(all bool) (asked bool) {
	s.found = s.found[:0]
	e, b, r := s.engine, &s.block, &s.claims.rest
	if len(e.authors.detectors) > 0 {
		s.run(&e.authors, nil)
	}
	whole, n := b.Text, len(s.found)
	b.Text, b.context = r.text, r
	s.scan(&e.numbers)
	r.mark(b)
	find(e.numbers.detectors, e.authors.detectors, b, s.emit)
	if all {
		s.run(&e.places, nil)
		s.scan(&e.names)
		b.Hits = r.quieten(b.Hits)
		find(e.names.detectors, nil, b, s.emit)
	}
	moved := s.found[:n]
	for i := n; i < len(s.found); i++ {
		if f := &s.found[i]; r.move(f) {
			moved = append(moved, *f)
		}
	}
	s.found = moved
	b.Text, b.context = whole, &s.view
	return n > 0
}

// run looks at the block with a stage's detectors but for those in done.
func (s *Session) run(st *stage, done []Detector) {
	s.scan(st)
	find(st.detectors, done, &s.block, s.emit)
}

// scan fills the block's evidence with what a stage's detectors need. The
// shapes in a text stay as they were found for its numbers.
func (s *Session) scan(st *stage) {
	runs, ats := s.block.Runs, s.block.Ats
	if s.block.windows != nil {
		s.scanWindows(st)
	} else {
		st.set.Scan(s.block.Text, &s.block.Evidence)
	}
	switch st {
	case &s.engine.places:
		s.heralds = s.heralds[:0]
		for _, h := range s.block.Hits {
			if Class(h.Payload>>24) == ClassHonorific {
				s.heralds = append(s.heralds, h)
			}
		}
	case &s.engine.names:
		if len(s.heralds) > 0 {
			s.block.Hits = append(s.block.Hits, s.heralds...)
			slices.SortStableFunc(s.block.Hits, func(a, b match.Hit) int {
				return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
			})
		}
	}
	if st.words {
		s.block.Runs, s.block.Ats = runs, ats
	} else {
		s.block.dropEncoded()
	}
	s.block.hinted = 0
}

// find runs the detectors but for those in done.
func find(detectors, done []Detector, b *Block, emit func(Finding)) {
	for _, d := range detectors {
		if !slices.Contains(done, d) {
			d.Find(b, emit)
		}
	}
}

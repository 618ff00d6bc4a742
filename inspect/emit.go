package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// scan is the state of one Scan. It is used again for others.
type scan struct {
	scanner  *Scanner
	ctx      context.Context
	opt      ScanOptions
	report   *Report
	budget   *part.Budget
	tally    tally
	records  int // numbers given to records
	company  detect.Company
	left     bool       // names may have been left out, for want of company
	root     int        // the root being read, into Report.Parts
	emitters []*emitter // by depth
}

var scans = sync.Pool{New: func() any { return new(scan) }}

// emitter returns the emitter for a part at the given depth: a part's is free
// again when the next one at its depth comes.
func (c *scan) emitter(depth int) *emitter {
	for len(c.emitters) <= depth {
		c.emitters = append(c.emitters, new(emitter))
	}
	e := c.emitters[depth]
	*e = emitter{scan: c, depth: depth, index: len(c.report.Parts), ahead: e.ahead}
	return e
}

// release forgets what belongs to the scan that is over.
func (c *scan) release() {
	for _, e := range c.emitters {
		*e = emitter{ahead: e.ahead}
	}
	c.scanner, c.ctx, c.opt, c.report, c.budget = nil, nil, ScanOptions{}, nil, nil
	scans.Put(c)
}

// part inspects one part and, through its reader, those in it. The returned
// error says that the scan is to end.
func (c *scan) part(p *part.Part, depth int, parent *emitter) error {
	e := c.emitter(depth)
	e.part = *p
	e.part.Depth = depth
	if p.Role == part.Field {
		e.form = parent
	}
	if depth == 0 {
		c.root = e.index
	}
	c.report.Parts = append(c.report.Parts, PartReport{Path: p.Path, State: Inspected, name: p.Name, root: c.root})
	if err := c.budget.Enter(depth); err != nil {
		reason, detail := part.ReasonOf(err)
		e.Skip(reason, false, detail)
		e.close()
		if reason == part.TooMany {
			return err // and so would all that follows
		}
		return nil // the siblings fail on their own
	}
	err := e.read()
	e.close()
	return err
}

// emitter takes what the reader of one part finds in it.
type emitter struct {
	scan    *scan
	part    part.Part
	depth   int
	index   int    // into Report.Parts
	ahead   []byte // storage for what is read before the reader is known
	body    body
	session *detect.Session
	form    *emitter        // the form whose field this is, nil if it is none
	fields  *detect.Session // takes the fields of this form, so that they make one record
	failed  error           // the scan is to end
}

// errEngine is returned to a reader whose text a detector failed on.
var errEngine = errors.New("inspection failed")

func (e *emitter) report() *PartReport { return &e.scan.report.Parts[e.index] }

// read finds the part's reader and lets it read.
func (e *emitter) read() (err error) {
	defer func() {
		if r := recover(); r != nil {
			e.session, e.fields = nil, nil
			e.Skip(part.EngineError, e.any(), fmt.Sprintf("%s reader: internal error", e.report().Format))
			err = nil
		}
	}()
	p := &e.part
	e.peek()
	head := e.body.ahead
	if len(head) == 0 {
		if err := e.body.err; err != nil && err != io.EOF {
			reason, detail := part.ReasonOf(err)
			e.Skip(reason, false, detail)
			return nil
		}
		e.Format("empty", "")
		return nil
	}
	head = head[:min(len(head), part.HeadSize)]
	p.Body = e.body.reader()
	for _, r := range e.scan.scanner.readers.ask(head[0]) {
		if !r.Match(p, head) {
			continue
		}
		e.Format(r.Name(), "")
		if l := e.scan.opt.Live; l != nil && isApart(r) {
			l.Ended = true
			e.failed = errApart
			return errApart
		}
		err := r.Read(e.scan.ctx, p, e, e.scan.budget)
		switch {
		case err == nil:
			return nil
		case e.failed != nil:
			return e.failed
		}
		reason, detail := part.ReasonOf(err)
		e.Skip(reason, e.any(), detail)
		if errors.Is(err, part.ErrBudget) || e.scan.ctx.Err() != nil {
			return err
		}
		return nil
	}
	e.Skip(part.UnknownFormat, false, "")
	return nil
}

// any reports whether something of the part has been inspected.
func (e *emitter) any() bool {
	return e.session != nil || e.form != nil && e.form.fields != nil || e.index+1 < len(e.scan.report.Parts)
}

// Text implements part.Emitter.
func (e *emitter) Text(t part.Text) error {
	if e.failed != nil {
		return e.failed
	}
	if err := e.scan.ctx.Err(); err != nil {
		return err
	}
	if e.scan.opt.OnText != nil {
		e.scan.opt.OnText(e.report(), t.Bytes)
	}
	at, holder := &e.session, e
	if e.form != nil && t.Layout == part.Single {
		at, holder = &e.form.fields, e.form
	}
	if *at == nil {
		*at = e.scan.scanner.engine.Session(holder)
	}
	err := e.guard(at, func(s *detect.Session) {
		s.Tag = e.index
		s.Write(t)
	})
	if e.scan.opt.Live != nil {
		e.scan.soFar()
	}
	return err
}

// guard runs a step of a session. If a detector panics, the part counts as
// failed, its reader is stopped and the session, which may hold anything now, is
// let go.
func (e *emitter) guard(at **detect.Session, step func(*detect.Session)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			*at = nil
			e.Skip(part.EngineError, true, "detector: internal error")
			err = errEngine
		}
	}()
	step(*at)
	return nil
}

// Child implements part.Emitter.
func (e *emitter) Child(p part.Part) error {
	if e.failed != nil {
		return e.failed
	}
	if p.Path == "" {
		p.Path = p.Name
	}
	if e.part.Path != "" {
		p.Path = e.part.Path + part.Separator + p.Path
	}
	if p.Passwords == nil {
		p.Passwords = e.part.Passwords
	}
	err := e.scan.part(&p, e.depth+1, e)
	e.failed = err
	return err
}

// Format implements part.Emitter.
func (e *emitter) Format(name, charset string) {
	r := e.report()
	r.Format = name
	if charset != "" {
		r.Charset = charset
	}
}

// Skip implements part.Emitter. The first reason stays.
func (e *emitter) Skip(why part.Reason, partly bool, detail string) {
	r := e.report()
	if r.Reason != "" {
		return
	}
	r.State, r.Reason, r.Detail = Not, why, detail
	if partly {
		r.State = Partly
	}
}

// close ends the part's text and hands its report on.
func (e *emitter) close() {
	for _, at := range []**detect.Session{&e.session, &e.fields} {
		if *at != nil {
			_ = e.guard(at, (*detect.Session).Close)
			*at = nil
		}
	}
	r := e.report()
	r.Bytes = e.body.n
	if e.scan.opt.OnPart != nil {
		e.scan.opt.OnPart(r)
	}
}

// Demand implements detect.Sink.
func (e *emitter) Demand() detect.Demand {
	if e.scan.opt.UntilDecided {
		return e.scan.tally.demand()
	}
	return nil
}

// Hasty tells that less may be in demand once some of a text is known.
func (e *emitter) Hasty() bool { return e.scan.opt.UntilDecided }

// recordConfidence is the least confidence of a finding that makes a record
// count as one of a person.
const recordConfidence = 0.5

// Record implements detect.Sink.
func (e *emitter) Record(r *detect.Record) {
	c := e.scan
	c.tally.add(r)
	if len(c.report.Findings) >= MaxFindings && c.opt.OnFinding == nil && c.tally.all>>otherKind == 0 {
		return // all that is left is counted
	}
	number := -1
	for i := range r.Found {
		if f := &r.Found[i]; f.Confidence >= recordConfidence && detect.Personal(f.Type) {
			number = c.records
			c.records++
			break
		}
	}
	for i := range r.Found {
		f := &r.Found[i]
		if !f.Piece && !c.tally.numbered(i) {
			c.report.total(f.Type, 1)
		}
		keep := len(c.report.Findings) < MaxFindings
		if !keep && c.opt.OnFinding == nil {
			continue
		}
		n := Finding{
			Type: f.Type, Detector: f.Detector, Confidence: f.Confidence, Validated: f.Validated,
			Part: f.Tag, Start: f.From, End: f.To, Line: f.Line, At: at(f, c.report.Parts[f.Tag].Format), Record: number,
			Masked: mask(f.Type, f.Text), Digest: c.tally.digest(r, i),
		}
		if c.opt.Reveal {
			n.Value = string(f.Text)
		}
		if c.opt.OnFinding != nil {
			c.opt.OnFinding(&c.report.Parts[n.Part], &n)
		}
		if keep {
			c.report.Findings = append(c.report.Findings, n)
		}
	}
}

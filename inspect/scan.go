package inspect

import (
	"context"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/extract"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Options choose what a Scanner is made of. The zero value takes everything
// that is built in.
type Options struct {
	Readers   []part.Reader     // in order of trial; nil: all built in
	Detectors []detect.Detector // nil: all built in
}

// ScanOptions are the choices of one scan. The zero value is what a gate wants.
type ScanOptions struct {
	// Key keys the digests, so that they tell nothing to who has no key.
	Key [16]byte
	// Limits replaces the Spec's limits where its fields are not zero.
	Limits part.Limits
	// Reveal fills Finding.Value with the clear value.
	Reveal bool
	// UntilDecided lets the expensive stages stop once no answer can still
	// reach its AtLeast. Which answers reach it does not change, unless the
	// report says Again; their counts, Total, Records and Findings may be lower
	// than what is there.
	UntilDecided bool
	// InCompany leaves out names that stand alone in running text or in an object
	// of JSON, where no query asks for them: they answer nothing, and are most of the work. All
	// Answers are exact unless the report says Again; Total, Records and
	// Findings then tell of names beside something else, and of those in
	// tables and fields. UntilDecided implies it.
	InCompany bool
	// OnFinding is called for every finding, also beyond MaxFindings, in
	// the order of the records they belong to. f and p are valid only
	// during the call.
	OnFinding func(p *PartReport, f *Finding)
	// OnPerson is called with a digest of the person of each record that has
	// one: by name with something more, or by a number or address that belongs
	// to one person, each at a confidence of at least 0.8. The same person may
	// come more than once. The digest depends on PersonKey.
	OnPerson  func(digest uint64)
	PersonKey [16]byte
	// OnText is called with the text read from each part, piece by piece,
	// before folding. text is valid only during the call.
	OnText func(p *PartReport, text []byte)
	// OnPart is called when a part has been read, children before parents.
	OnPart func(p *PartReport)
	// Live is for an upload that is still coming in; nil for one that is whole.
	Live *Live
}

// Scanner inspects uploads for one Spec. It is immutable and safe for
// concurrent scans.
type Scanner struct {
	spec    Spec
	readers desk
	engine  *detect.Engine
	survey  survey // spec.Queries, made ready
}

// New compiles a Scanner. Errors name the custom detector at fault; all faults
// are joined.
func New(spec Spec, o Options) (*Scanner, error) {
	if o.Readers == nil {
		o.Readers = append(extract.Readers(), decode.Readers()...)
	}
	if o.Detectors == nil {
		o.Detectors = detect.Builtin()
	}
	e, err := detect.NewEngine(o.Detectors, spec.Customs)
	if err != nil {
		return nil, err
	}
	return newScanner(spec, o.Readers, e), nil
}

func newScanner(spec Spec, readers []part.Reader, e *detect.Engine) *Scanner {
	return &Scanner{spec: spec, readers: newDesk(readers), engine: e, survey: newSurvey(spec.Queries)}
}

// Scan inspects the roots of one upload together: persons and values are told
// apart across all of them. It never fails: what could not be inspected is in
// the report's Coverage, with the reason.
func (s *Scanner) Scan(ctx context.Context, roots []part.Part, o ScanOptions) *Report {
	start := time.Now()
	limits := merge(o.Limits, s.spec.Limits)
	var size int64
	for i := range roots {
		size += max(roots[i].Size, 0)
	}
	r := &Report{Parts: make([]PartReport, 0, max(len(roots), 4))}
	c := scans.Get().(*scan)
	defer c.release()
	c.scanner, c.ctx, c.opt, c.report, c.records, c.left = s, ctx, o, r, 0, false
	c.budget = part.NewBudget(limits, size)
	c.tally.reset(&s.survey, newDigester(o.Key))
	c.tally.onPerson, c.tally.patient = o.OnPerson, !o.UntilDecided && o.Live == nil
	if o.OnPerson != nil {
		c.tally.persons = newDigester(o.PersonKey)
	}
	for i := range roots {
		c.part(&roots[i], 0, nil)
	}
	r.Again = c.left && c.tally.mayJoin(!o.UntilDecided)
	r.Answers, r.Records = c.tally.answers()
	for k, typ := range s.survey.kinds.types {
		if n := c.tally.totals[k]; n > 0 {
			r.total(typ, n)
		}
	}
	r.Coverage = cover(r.Parts)
	r.Elapsed = time.Since(start)
	return r
}

// merge fills the zero fields of a from b.
func merge(a, b part.Limits) part.Limits {
	if a.Bytes == 0 {
		a.Bytes = b.Bytes
	}
	if a.Ratio == 0 {
		a.Ratio = b.Ratio
	}
	if a.Depth == 0 {
		a.Depth = b.Depth
	}
	if a.Entries == 0 {
		a.Entries = b.Entries
	}
	if a.Time == 0 {
		a.Time = b.Time
	}
	return a
}

// cover sums the parts.
func cover(parts []PartReport) Coverage {
	var c Coverage
	for i := range parts {
		p := &parts[i]
		c.Bytes += p.Bytes
		switch p.State {
		case Inspected:
			c.Inspected++
		case Partly:
			c.Partly++
		default:
			c.Not++
		}
		if p.Reason != "" {
			if c.Reasons == nil {
				c.Reasons, c.Missed = map[part.Reason]int{}, map[part.Reason]int64{}
			}
			c.Reasons[p.Reason]++
			c.Missed[p.Reason] += p.Bytes
		}
	}
	return c
}

package detect

import (
	"slices"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Engine is a set of detectors compiled for use, in stages that have a match.Set
// each with their vocabularies: words in both cases, which announce numbers, and
// those of the dictionaries filter badly together. It is immutable and safe for concurrent sessions.
type Engine struct {
	numbers stage      // all detectors that need no dictionary
	places  stage      // those of addresses and postal codes
	names   stage      // those of names
	authors stage      // those of rule authors, which are in numbers too
	glimpse *match.Set // words that signs are told by
	mails   []Detector // those of numbers that look for mail addresses only
	reach   int        // how far authors' detectors look around a value, in bytes
	pool    sync.Pool
}

// stage is a choice of detectors with the literals they need.
type stage struct {
	set       *match.Set
	detectors []Detector
	heralds   []match.Pattern // of the stage that comes next
	words     bool            // set looks for literals only: the shapes are known by then
}

func (s *stage) add(d Detector) { s.detectors = append(s.detectors, d) }

func (s *stage) compile(o match.Options) (err error) {
	var words []match.Pattern
	for _, d := range s.detectors {
		if v, ok := d.(Vocabulary); ok {
			words = append(words, v.Patterns()...)
		}
	}
	words = append(words, s.heralds...)
	s.words = o.NoRuns
	s.set, err = match.Compile(words, o)
	return err
}

// herald is implemented by detectors of names that need words in Latin letters.
// They are looked for together with those of addresses, so that the set of names,
// which is all kanji and kana, passes over ASCII at full speed.
type herald interface {
	Heralds() []match.Pattern
}

// Demand is what a session still has to find: the types whose values may yet
// change an answer. nil stands for everything, an empty Demand for nothing.
//
// With some types only, blocks in which their detectors see nothing are passed
// by; in the others all detectors of numbers and identifiers judge together,
// so that what is found of those types does not depend on the demand.
type Demand []Type

// Company is what must stand beside a name, in the same record, for the name to
// change an answer: a finding of one of the types, at least so sure.
type Company struct {
	Types      []Type
	Confidence float32
	// Alone are the types whose values change an answer by themselves, if Only
	// says that no others do: what is far from these and from company need then
	// not be known.
	Alone []Type
	Only  bool
}

// admits reports whether a finding may stand beside a name that matters.
func (c *Company) admits(f *Finding) bool {
	return f.Confidence >= c.Confidence && slices.Contains(c.Types, f.Type)
}

// idle reports whether values of a type change no answer by themselves, nor by
// standing beside a name.
func (c *Company) idle(t Type) bool {
	return c.Only && !slices.Contains(c.Types, t) && !slices.Contains(c.Alone, t)
}

// discerning is implemented by a Sink to which names matter in company only.
// Where there is none, a session then need not look for names.
type discerning interface {
	// Company is asked before each block, if everything is in demand. nil
	// says that names matter by themselves. The answer is valid for that block.
	Company() *Company
	// LeftOut is told that names were not looked for in part of a text.
	LeftOut()
}

// costly are the types that are looked for by dictionary. Where one of them is in
// demand, everything is.
var costly = []Type{Name, Address, Postal}

func isCostly(t Type) bool { return slices.Contains(costly, t) }

// NewEngine compiles detectors and the customs of rule authors. All faults are
// joined into the error.
func NewEngine(detectors []Detector, customs []Custom) (*Engine, error) {
	own := append(slices.Clone(detectors), labelled{})
	written, err := newCustoms(customs)
	if err != nil {
		return nil, err
	}
	if len(customs) > 0 {
		own = append(own, written)
	}
	e := &Engine{}
	e.reach = written.reach()
	for _, d := range own {
		switch types := d.Types(); {
		case d == Detector(written):
			e.authors.add(d)
			e.numbers.add(d)
		case slices.Contains(types, Name):
			e.names.add(d)
		case slices.ContainsFunc(types, isCostly):
			e.places.add(d)
		default:
			e.numbers.add(d)
			if len(types) == 1 && types[0] == Email {
				e.mails = append(e.mails, d)
			}
		}
	}
	for _, d := range e.names.detectors {
		if h, ok := d.(herald); ok {
			e.places.heralds = append(e.places.heralds, h.Heralds()...)
		}
	}
	// Side by side: two of them unpack large dictionaries.
	exprs := match.Options{Exprs: written.exprs()}
	var errs [5]error
	var wg sync.WaitGroup
	words := match.Options{NoRuns: true, NoAts: true}
	wg.Go(func() { errs[0] = e.names.compile(words) })
	wg.Go(func() { errs[1] = e.places.compile(words) })
	errs[2] = e.numbers.compile(exprs)
	errs[3] = e.authors.compile(exprs)
	e.glimpse, errs[4] = match.Compile(glimpseWords(e.numbers.detectors), words)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	e.pool.New = func() any { return newSession(e) }
	return e, nil
}

// Session returns a session that hands what it finds to sink. Close gives it
// back.
func (e *Engine) Session(sink Sink) *Session {
	s := e.pool.Get().(*Session)
	s.reset(sink)
	return s
}

package detect

import (
	"slices"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Engine is a set of detectors compiled for use: their vocabularies stand in
// one match.Set. It is immutable and safe for concurrent sessions.
type Engine struct {
	full    stage // every detector
	cheap   stage // without the vocabulary of names and places
	authors stage // only those of rule authors
	reach   int   // how far authors' detectors look around a value, in bytes
	pool    sync.Pool
}

// stage is a choice of detectors with the literals they need.
type stage struct {
	set       *match.Set
	detectors []Detector
	columns   bool // names and addresses are found by column and label
}

// Demand is what a session still has to find: the types whose values may yet
// change an answer. nil stands for everything, an empty Demand for nothing.
//
// With some types only, blocks in which their detectors see nothing are passed
// by; in the others all detectors of numbers and identifiers judge together,
// so that what is found of those types does not depend on the demand.
type Demand []Type

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
	var cheap []Detector
	var words, few []match.Pattern
	for _, d := range own {
		var p []match.Pattern
		if v, ok := d.(Vocabulary); ok {
			p = v.Patterns()
		}
		words = append(words, p...)
		if d == Detector(written) || !slices.ContainsFunc(d.Types(), isCostly) {
			cheap = append(cheap, d)
			few = append(few, p...)
		}
	}
	o := match.Options{Exprs: written.exprs()}
	e.reach = written.reach()
	if e.full.set, err = match.Compile(words, o); err != nil {
		return nil, err
	}
	if e.cheap.set, err = match.Compile(few, o); err != nil {
		return nil, err
	}
	if len(customs) > 0 {
		e.authors.detectors = []Detector{written}
		if e.authors.set, err = match.Compile(written.Patterns(), o); err != nil {
			return nil, err
		}
	}
	e.full.detectors, e.full.columns = own, true
	e.cheap.detectors = cheap
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

package detect

import (
	"slices"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Engine is a set of detectors compiled for use: their vocabularies stand in
// one match.Set. It is immutable and safe for concurrent sessions.
type Engine struct {
	full  stage // every detector
	cheap stage // without the vocabulary of names and places
	pool  sync.Pool
}

// stage is a choice of detectors with the literals they need.
type stage struct {
	set       *match.Set
	detectors []Detector
	columns   bool // names and addresses are found by column and label
}

// Demand says how much a session looks for from now on.
type Demand uint8

// The demands, in descending order of cost.
const (
	All     Demand = iota // every type
	Numbers               // no names, addresses or postal codes
	Nothing               // text is taken and dropped
)

// costly are the types that Numbers leaves out. They stand together because
// they decide among themselves who owns a stretch of text.
var costly = []Type{Name, Address, Postal}

// Costly reports whether t is one of the types that the demand Numbers leaves
// out.
func Costly(t Type) bool { return slices.Contains(costly, t) }

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
		if d == Detector(written) || !slices.ContainsFunc(d.Types(), Costly) {
			cheap = append(cheap, d)
			few = append(few, p...)
		}
	}
	if e.full.set, err = match.Compile(words, match.Options{}); err != nil {
		return nil, err
	}
	if e.cheap.set, err = match.Compile(few, match.Options{}); err != nil {
		return nil, err
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

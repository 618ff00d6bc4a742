package match

import (
	"errors"
	"fmt"
	"math"
)

// Engine names a way to search. All give the same evidence; they differ in
// speed and in what they need of the machine.
type Engine uint8

// The engines.
const (
	// Auto is the fastest engine that this build and machine have.
	Auto Engine = iota
	// Portable is pure Go and the specification of Vector.
	Portable
	// Vector filters with assembly: AVX-512, AVX2 or NEON. Compile refuses it
	// where the build or the machine has none of them.
	Vector
	// Cloudflare is the baseline for benchmarks: cloudflare/ahocorasick says
	// which literals occur at all, then each of them is searched for. Its
	// automaton takes about 4 KB a byte of literal.
	Cloudflare
	// Naive tries every literal at every offset. It is the judge in tests.
	Naive
)

// String returns the engine's name as benchmarks print it.
func (e Engine) String() string {
	names := [...]string{"auto", "portable", "vector", "cloudflare", "naive"}
	if int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("engine(%d)", uint8(e))
}

// ErrUnavailable is returned, wrapped, when an engine cannot run here.
var ErrUnavailable = errors.New("engine not available in this build or on this machine")

// Options say how to search and what for. The zero value looks for everything
// with the fastest engine.
type Options struct {
	Engine Engine
	Exprs  []Expr
	NoRuns bool // leave Evidence.Runs empty
	NoAts  bool // leave Evidence.Ats empty
}

// MaxLiteral is the greatest length of a literal, in bytes.
const MaxLiteral = 1 << 15

// MaxText is the greatest length of a text to scan, in bytes. Callers scan in
// blocks far below it; Scan panics above it.
const MaxText = math.MaxInt32 - 1<<16

// Set is a compiled set of literals. It is immutable and safe for concurrent
// use.
type Set struct {
	table  *table
	search searcher
	exprs  *exprs // nil if there are none
}

// searcher is one engine at work on one set. scan appends to the slices of ev,
// which are empty.
type searcher interface {
	scan(text []byte, ev *Evidence)
}

// Compile prepares a set of literals. The order of patterns with the same
// literal is kept in the hits. An empty set is allowed and finds only the
// shapes.
func Compile(p []Pattern, o Options) (*Set, error) {
	if len(p) > MaxLiterals {
		return nil, fmt.Errorf("compile literals: %d patterns, the limit is %d", len(p), MaxLiterals)
	}
	for i := range p {
		switch n := len(p[i].Literal); {
		case n == 0:
			return nil, fmt.Errorf("compile literals: pattern %d is empty", i)
		case n > MaxLiteral:
			return nil, fmt.Errorf("compile literals: pattern %d has %d bytes, the limit is %d", i, n, MaxLiteral)
		}
	}
	s := &Set{table: newTable(p)}
	switch o.Engine {
	case Auto, Portable, Vector:
		var k kernels = portable{}
		switch {
		case o.Engine != Portable && len(vectors) > 0:
			k = vectors[0]
		case o.Engine == Vector:
			return nil, fmt.Errorf("compile literals: %s: %w", o.Engine, ErrUnavailable)
		}
		f := newFilter(s.table)
		if k, ok := k.(preparer); ok {
			k.prepare(f, s.table)
		} else {
			f.deal(s.table)
		}
		s.search = &sieve{table: s.table, filter: f, kernels: k, opts: o}
	case Cloudflare:
		s.search = newCloudflare(p, o)
	case Naive:
		s.search = &naive{patterns: p, opts: o}
	default:
		return nil, fmt.Errorf("compile literals: %s: %w", o.Engine, ErrUnavailable)
	}
	if len(o.Exprs) > 0 {
		var err error
		if s.exprs, err = newExprs(o.Exprs); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Scan finds all occurrences of all literals in text, and its shapes, and
// leaves them in ev, whose slices it reuses. It allocates only to grow them.
func (s *Set) Scan(text []byte, ev *Evidence) {
	if len(text) > MaxText {
		panic("match: text longer than MaxText")
	}
	ev.Hits, ev.Runs, ev.Ats, ev.Matches = ev.Hits[:0], ev.Runs[:0], ev.Ats[:0], ev.Matches[:0]
	if s.exprs == nil || len(text) == 0 {
		s.search.scan(text, ev)
		return
	}
	if v, ok := s.search.(*sieve); ok {
		x := s.exprs.begin(text, ev.Matches)
		v.scanWith(text, ev, x)
		ev.Matches = x.end(v.kernels)
		return
	}
	s.search.scan(text, ev)
	ev.Matches = s.exprs.scanWhole(ev.Matches, text)
}

// At appends to dst the literals that start exactly at offset i of text, the
// shortest first.
func (s *Set) At(dst []Hit, text []byte, i int) []Hit {
	if i < 0 || i >= len(text) {
		return dst
	}
	return s.table.at(dst, text, i)
}

// Longest returns the length of the longest literal in bytes: who scans a long
// text in blocks carries one byte less than this over to the next.
func (s *Set) Longest() int { return s.table.longest }

// Size returns about how many bytes the set's tables take, without those of
// the engines that serve comparison.
func (s *Set) Size() int {
	n := s.table.size()
	if v, ok := s.search.(*sieve); ok {
		n += v.filter.size()
	}
	if s.exprs != nil {
		n += s.exprs.size()
	}
	return n
}

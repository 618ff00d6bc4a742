package speed

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"time"

	"github.com/cloudflare/ahocorasick"
	"github.com/wasilibs/go-re2"
	"github.com/wasilibs/go-re2/experimental"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// engine is a pattern set compiled for one way to search.
type engine interface {
	// scan searches the text so many times and tells what it counted in one
	// of them and what all of them took.
	scan(text []byte, times int) (sample, error)
}

// sample is what one measurement gave.
type sample struct {
	count     int
	cpu, wall time.Duration
}

// timed measures work on this goroutine, which counts something.
func timed(times int, work func() int) sample {
	n := 0
	wall, cpu := time.Now(), cpuTime()
	for range times {
		n = work()
	}
	return sample{n, cpuTime() - cpu, time.Since(wall)}
}

// compiled is an engine and what it cost to make.
type compiled struct {
	engine
	took  time.Duration
	bytes int64 // of its tables; 0 if unknown
}

// inProcess makes the engines that run in this process.
var inProcess = map[string]func(s set) (engine, error){
	"sekimori vector":        func(s set) (engine, error) { return newOurs(s, match.Vector) },
	"sekimori portable":      func(s set) (engine, error) { return newOurs(s, match.Portable) },
	"cloudflare/ahocorasick": newCloudflare,
	"Go regexp":              newGoRegexp,
	"go-re2 find":            newRE2,
	"go-re2 set":             newRE2Set,
}

// compile makes an engine and measures what it takes. The heap it keeps stands
// for its tables where it does not tell their size.
func compile(make func(set) (engine, error), s set) (*compiled, error) {
	before := heap()
	start := cpuTime()
	e, err := make(s)
	if err != nil {
		return nil, err
	}
	c := &compiled{engine: e, took: cpuTime() - start}
	if t, ok := e.(interface{ size() int }); ok {
		c.bytes = int64(t.size())
	} else {
		c.bytes = max(heap()-before, 0)
	}
	return c, nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// ours is match.Set as a detector uses it: piece by piece, offsets of all that
// was found in a slice.
type ours struct {
	set   *match.Set
	ev    match.Evidence
	whole bool // an expression may match across a line end
}

func newOurs(s set, e match.Engine) (engine, error) {
	o := match.Options{Engine: e, NoRuns: true, NoAts: true}
	p := make([]match.Pattern, len(s.literals))
	for i, l := range s.literals {
		p[i] = match.Pattern{Literal: l, Payload: uint32(i)}
	}
	for i, x := range s.expressions {
		o.Exprs = append(o.Exprs, match.Expr{Pattern: x, Payload: uint32(len(p) + i)})
	}
	set, err := match.Compile(p, o)
	if err != nil {
		return nil, err
	}
	return &ours{set: set, whole: s.crosses}, nil
}

func (o *ours) size() int { return o.set.Size() }

// pieceSize is about how much of a text is searched at a time. A piece ends
// after a line end, so that nothing is cut.
const pieceSize = 64 << 10

func (o *ours) scan(text []byte, times int) (sample, error) {
	return timed(times, func() int {
		n := 0
		for rest := text; len(rest) > 0; {
			end := len(rest)
			if !o.whole {
				end = pieceEnd(rest)
			}
			o.set.Scan(rest[:end], &o.ev)
			n += len(o.ev.Hits) + len(o.ev.Matches)
			rest = rest[end:]
		}
		return n
	}), nil
}

// pieceEnd returns where the first piece of text ends. What has no line end for two pieces
// is scanned whole, without looking for one further on: that would cost a pass over it.
func pieceEnd(text []byte) int {
	if len(text) <= pieceSize {
		return len(text)
	}
	if i := bytes.LastIndexByte(text[:pieceSize], '\n'); i >= 0 {
		return i + 1
	}
	if i := bytes.IndexByte(text[pieceSize:min(len(text), 2*pieceSize)], '\n'); i >= 0 {
		return pieceSize + i + 1
	}
	return len(text)
}

// cloudflare tells which literals occur.
type cloudflare struct{ matcher *ahocorasick.Matcher }

func newCloudflare(s set) (engine, error) {
	if len(s.expressions) > 0 {
		return nil, fmt.Errorf("set %s has expressions", s.name)
	}
	return cloudflare{ahocorasick.NewStringMatcher(s.literals)}, nil
}

func (c cloudflare) scan(text []byte, times int) (sample, error) {
	return timed(times, func() int { return len(c.matcher.Match(text)) }), nil
}

// goRegexp runs one expression after the other.
type goRegexp []*regexp.Regexp

func newGoRegexp(s set) (engine, error) {
	var g goRegexp
	for _, x := range s.expressions {
		re, err := regexp.Compile(x)
		if err != nil {
			return nil, err
		}
		g = append(g, re)
	}
	return g, nil
}

func (g goRegexp) scan(text []byte, times int) (sample, error) {
	return timed(times, func() int {
		n := 0
		for _, re := range g {
			n += len(re.FindAllIndex(text, -1))
		}
		return n
	}), nil
}

// re2Find runs one expression after the other. As bytes, since go-re2 stops at
// invalid UTF-8 otherwise.
type re2Find []*re2.Regexp

func newRE2(s set) (engine, error) {
	var f re2Find
	for _, x := range s.expressions {
		re, err := experimental.CompileLatin1(x)
		if err != nil {
			return nil, err
		}
		f = append(f, re)
	}
	return f, nil
}

func (f re2Find) scan(text []byte, times int) (sample, error) {
	return timed(times, func() int {
		n := 0
		for _, re := range f {
			n += len(re.FindAllIndex(text, -1))
		}
		return n
	}), nil
}

// re2Set tells which expressions match, in one pass.
type re2Set struct {
	set *experimental.Set
	n   int
}

func newRE2Set(s set) (engine, error) {
	c, err := experimental.CompileSetWithOptions(s.expressions, experimental.CompileOptions{Latin1: true})
	if err != nil {
		return nil, err
	}
	return re2Set{c, len(s.expressions)}, nil
}

func (r re2Set) scan(text []byte, times int) (sample, error) {
	var err error
	s := timed(times, func() int {
		var found []int
		found, err = r.set.FindAllWithError(text, r.n)
		return len(found)
	})
	return s, err
}

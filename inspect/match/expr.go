package match

import (
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// Expr is an expression in RE2 syntax, as of package regexp, to look for.
type Expr struct {
	Pattern string
	Payload uint32 // handed back with each match
}

// MaxExprs is the greatest number of expressions in a set.
const MaxExprs = 1 << 12

// exprs looks for expressions. A pivot is a place in an expression whose
// surroundings are rare in text: at first its start, but of
// "[a-z0-9.]+@[a-z0-9]+" the "@". Marks find the pivots of all expressions in
// one pass; at a pivot an expression's dfa decides.
type exprs struct {
	all   []*expr
	marks marks
	fine  fine
	ahead []*machine // of the expressions that start at their pivots
	back  []*expr    // the others
}

// expr is one compiled expression.
type expr struct {
	index   int
	payload uint32
	re      *regexp.Regexp
	machine *machine // nil if re itself must look, once a pivot is seen
	dfa     *dfa     // what the machine is made of; nil afterwards
	shapes  []shape
	before  []byteSet // for each shape, the bytes that may stand before it
	fine    []fineShape
	first   byteSet // the bytes at pivots
	lead    leadKind
	reach   int     // with leadWindow: the greatest distance from start to pivot, in bytes
	run     byteSet // with leadRun: the bytes of the run before the pivot
	single  bool    // with leadRun: if the run's first start fails, all do
}

// leadKind says how to get from a pivot to where a match may start.
type leadKind uint8

const (
	leadNone   leadKind = iota // the pivot is the start
	leadWindow                 // one of the reach bytes before it
	leadRun                    // the run of bytes in a class before it
	leadAny                    // anywhere: the whole text is searched with re
)

// maxReach is the widest window before a pivot that is tried start by start.
const maxReach = 48

func newExprs(list []Expr) (*exprs, error) {
	if len(list) > MaxExprs {
		return nil, fmt.Errorf("compile expressions: %d of them, the limit is %d", len(list), MaxExprs)
	}
	x := &exprs{}
	var groups []*bucket
	var fine []fineShape
	for i, e := range list {
		c, err := newExpr(e)
		if err != nil {
			return nil, fmt.Errorf("compile expressions: expression %d: %w", i, err)
		}
		c.index = i
		x.all = append(x.all, c)
		fine = append(fine, c.fine...)
		for k := range c.shapes {
			groups = append(groups, c.bucket(k))
		}
	}
	x.dealShapes(groups)
	x.fine.deal(fine)
	x.plan()
	return x, nil
}

// plan makes the machines: one for as many expressions as it can hold, and one
// for each expression whose pivot is not its start.
func (x *exprs) plan() {
	for _, e := range x.all {
		if e.dfa != nil {
			e.machine = machineOf(e)
			e.dfa = nil
		}
		if e.lead != leadNone {
			x.back = append(x.back, e)
			continue
		}
		if n := len(x.ahead); n > 0 {
			if both := product(x.ahead[n-1], e.machine); both != nil {
				x.ahead[n-1] = both
				continue
			}
		}
		x.ahead = append(x.ahead, e.machine)
	}
	for _, m := range x.ahead {
		m.finish()
	}
	for _, e := range x.back {
		if e.machine != nil {
			e.machine.finish()
		}
	}
}

func newExpr(e Expr) (*expr, error) {
	re, err := regexp.Compile(e.Pattern)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(e.Pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if mayBeEmpty(tree) {
		return nil, fmt.Errorf("%q can match without a character; ask for at least one", e.Pattern)
	}
	c := &expr{payload: e.Payload, re: re}
	c.choosePivot(tree)
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if c.dfa, err = newDFA(prog); err != nil {
		c.lead = leadAny
	}
	for k := range c.shapes {
		c.first.join(&c.shapes[k].bytes[0])
	}
	return c, nil
}

// mayBeEmpty reports whether re can match no characters at all.
func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpNoMatch, syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpCapture, syntax.OpConcat, syntax.OpPlus:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !mayBeEmpty(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, mayBeEmpty)
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	}
	return true // assertions, "*", "?"
}

// rareEnough is the share (see bucket) at which looking for a better pivot than the
// start of an expression is not worth the way back.
const rareEnough = 4e-3

// choosePivot takes the place in the expression's sequence that lets the least
// text through. A pivot inside must be clearly better than the start.
func (c *expr) choosePivot(tree *syntax.Regexp) {
	seq := []*syntax.Regexp{tree}
	for len(seq) == 1 && (seq[0].Op == syntax.OpCapture || seq[0].Op == syntax.OpConcat) {
		seq = seq[0].Sub
	}
	w := weightsAt(&shapeOffsets)
	best, at := math.Inf(1), 0
	for k := range seq {
		try := expr{shapes: markReach.shapesOf(seq[k:])}
		if k > 0 {
			try.setLead(seq[:k])
		}
		try.setBefore(seq, k)
		share := 0.0
		for i := range try.shapes {
			share += try.bucket(i).share(w)
		}
		handicap := 8.0
		switch {
		case k == 0:
			handicap = 1
		case try.lead == leadAny:
			handicap = 50
		}
		if share*handicap < best {
			best, at = share*handicap, k
			c.shapes, c.before, c.lead, c.reach, c.run, c.single = try.shapes, try.before, try.lead, try.reach, try.run, try.single
		}
		if k == 0 && share < rareEnough {
			break
		}
	}
	for _, f := range fineReach.shapesOf(seq[at:]) {
		g := fineShape{borderOf(seq, at, &f.bytes[0])}
		copy(g[1:], f.bytes[:])
		c.fine = append(c.fine, g)
	}
}

// setLead says how to get back over head from a pivot behind it.
func (c *expr) setLead(head []*syntax.Regexp) {
	if n := maxBytes(head); n >= 0 && n <= maxReach {
		c.lead, c.reach = leadWindow, n
		return
	}
	c.lead = leadAny
	last := len(head) - 1
	if slices.ContainsFunc(head[:last], func(re *syntax.Regexp) bool { return !assertion(re) }) {
		return
	}
	re := head[last]
	if re.Op == syntax.OpPlus || re.Op == syntax.OpStar || re.Op == syntax.OpRepeat && re.Max < 0 {
		if set, ok := asciiSet(re.Sub[0]); ok {
			c.lead, c.run, c.single = leadRun, set, last == 0
		}
	}
}

func assertion(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return true
	}
	return false
}

// asciiSet returns the bytes of a class that has only ASCII characters.
func asciiSet(class *syntax.Regexp) (set byteSet, ok bool) {
	if class.Op != syntax.OpCharClass {
		return set, false
	}
	for k := 0; k+1 < len(class.Rune); k += 2 {
		if class.Rune[k+1] >= utf8.RuneSelf {
			return set, false
		}
		set.addRange(byte(class.Rune[k]), byte(class.Rune[k+1]))
	}
	return set, true
}

// maxBytes returns how many bytes a sequence can match at most, or -1 if that
// has no bound (or is beyond caring).
func maxBytes(seq []*syntax.Regexp) int {
	total := 0
	for _, re := range seq {
		n := 0
		switch re.Op {
		case syntax.OpLiteral:
			n = len(re.Rune) * utf8.UTFMax // folding may change sizes
			if re.Flags&syntax.FoldCase == 0 {
				n = len(string(re.Rune))
			}
		case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			n = utf8.UTFMax
			if _, ok := asciiSet(re); ok {
				n = 1
			}
		case syntax.OpCapture, syntax.OpConcat, syntax.OpQuest:
			n = maxBytes(re.Sub)
		case syntax.OpAlternate:
			for _, sub := range re.Sub {
				m := maxBytes([]*syntax.Regexp{sub})
				if m < 0 {
					return -1
				}
				n = max(n, m)
			}
		case syntax.OpStar, syntax.OpPlus:
			return -1
		case syntax.OpRepeat:
			m := maxBytes(re.Sub)
			if re.Max < 0 || m < 0 || m*re.Max > 1<<16 {
				return -1
			}
			n = m * re.Max
		}
		if n < 0 || total+n > 1<<16 {
			return -1
		}
		total += n
	}
	return total
}

var (
	wordBytes = func() (s byteSet) {
		s.addRange('0', '9')
		s.addRange('A', 'Z')
		s.addRange('a', 'z')
		s.add('_')
		return s
	}()
	otherBytes = anyByte.minus(&wordBytes)
)

// setBefore finds what may stand before each shape at pivot k of seq.
func (c *expr) setBefore(seq []*syntax.Regexp, k int) {
	c.before = make([]byteSet, len(c.shapes))
	for i := range c.shapes {
		c.before[i] = borderOf(seq, k, &c.shapes[i].bytes[0])
	}
}

// borderOf returns what may stand before pivot k of seq, whose byte is of first: what
// the part before it ends with, or what an assertion at the start asks for. The
// start of the text stands as a zero byte.
func borderOf(seq []*syntax.Regexp, k int, first *byteSet) byteSet {
	switch {
	case k > 0:
		return lastBytes(seq[k-1])
	case seq[0].Op == syntax.OpBeginText:
		return byteSet{1}
	case seq[0].Op == syntax.OpBeginLine:
		return byteSet{1 | 1<<'\n'}
	case seq[0].Op == syntax.OpWordBoundary && first.within(&wordBytes):
		return otherBytes
	case seq[0].Op == syntax.OpWordBoundary && first.within(&otherBytes):
		return wordBytes
	}
	return anyByte
}

// lastBytes returns what re can end with, if that is easily told.
func lastBytes(re *syntax.Regexp) (set byteSet) {
	switch {
	case re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase == 0:
		lit := string(re.Rune)
		set.add(lit[len(lit)-1])
		return set
	case re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Min > 0:
		return lastBytes(re.Sub[0])
	}
	if set, ok := asciiSet(re); ok {
		return set
	}
	return anyByte
}

// bucket is shape k as marks take it.
func (c *expr) bucket(k int) *bucket {
	b := &bucket{}
	b.bytes[0] = c.before[k]
	copy(b.bytes[1:], c.shapes[k].bytes[:])
	return b
}

// size returns about how many bytes the tables take.
func (x *exprs) size() int {
	n := int(unsafe.Sizeof(*x))
	for _, m := range x.ahead {
		n += m.size()
	}
	for _, e := range x.back {
		if e.machine != nil {
			n += e.machine.size()
		}
	}
	return n
}

package match

import (
	"encoding/binary"
	"errors"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A dfa tells where the match of an expression ends that starts at a given
// offset, in one step a character (see machine), with the same choice among matches
// (leftmost-first) and the same view of invalid UTF-8 (one U+FFFD a byte) as
// package regexp.
//
// A state is an ordered list of instructions, most preferred first, not yet
// followed through the assertions and alternatives that need no character:
// those are followed with the next character known, so that "\b" and "$" can
// be decided. A match is thus seen one character later.
type dfa struct {
	ascii   [utf8.RuneSelf]uint8 // class of a character
	starts  []rune               // beyond ASCII: first characters of ranges, ascending
	classes []uint8              // and their classes
	width   int                  // classes, the end of text included as the last
	next    []uint32             // by state*width+class: state<<1, +1 if the expression matched before this character
	start   [priors]uint32       // by what stands before the match
}

// prior says what stands before an offset, as far as assertions can tell.
const (
	priorNone = iota
	priorLine // a newline
	priorWord
	priorElse
	priors
)

var priorRunes = [priors]rune{-1, '\n', 'a', ' '}

func priorOf(r rune) int {
	switch {
	case r == '\n':
		return priorLine
	case syntax.IsWordChar(r):
		return priorWord
	}
	return priorElse
}

// maxStates and maxTable bound what one expression's dfa may take; beyond
// them the expression is left to package regexp.
const (
	maxStates = 4096
	maxTable  = 1 << 18 // entries of next
	maxWork   = 1 << 23 // instructions visited, some tens of milliseconds
)

var errTooManyStates = errors.New("expression needs too many states")

// dfaBuilder turns a program into a dfa.
type dfaBuilder struct {
	*dfa
	prog    *syntax.Prog
	asserts bool   // the program has assertions: what stood before matters
	sample  []rune // a character of each class
	ids     map[string]uint32
	lists   [][]uint32 // by state: the instructions
	priors  []int      // by state: what stands before
	seen    []uint32   // by instruction: the last step that visited it
	listed  []uint32   // by instruction: the last step that put it on its list
	visit   uint32
	work    int // instructions visited in all
}

func newDFA(prog *syntax.Prog) (*dfa, error) {
	b := &dfaBuilder{dfa: &dfa{}, prog: prog, ids: map[string]uint32{}, seen: make([]uint32, len(prog.Inst)), listed: make([]uint32, len(prog.Inst))}
	for i := range prog.Inst {
		b.asserts = b.asserts || prog.Inst[i].Op == syntax.InstEmptyWidth
	}
	if err := b.classify(); err != nil {
		return nil, err
	}
	b.state(nil, priorElse) // state 0 is dead
	for p := range b.start {
		b.start[p] = b.state([]uint32{uint32(prog.Start)}, p)
	}
	for s := 0; s < len(b.lists); s++ {
		if len(b.lists) > maxStates || len(b.lists)*b.width > maxTable || b.work > maxWork {
			return nil, errTooManyStates
		}
		for c := range b.width {
			b.next = append(b.next, b.step(s, c))
		}
	}
	return b.dfa, nil
}

// classify divides the characters into classes that no instruction tells apart.
func (b *dfaBuilder) classify() error {
	borders := []rune{0, utf8.RuneSelf}
	add := func(lo, hi rune) { borders = append(borders, lo, hi+1) }
	for i := range b.prog.Inst {
		switch in := &b.prog.Inst[i]; in.Op {
		case syntax.InstRune, syntax.InstRune1:
			if len(in.Rune) == 1 {
				add(in.Rune[0], in.Rune[0])
				if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
					for r := unicode.SimpleFold(in.Rune[0]); r != in.Rune[0]; r = unicode.SimpleFold(r) {
						add(r, r)
					}
				}
				continue
			}
			for k := 0; k+1 < len(in.Rune); k += 2 {
				add(in.Rune[k], in.Rune[k+1])
			}
		case syntax.InstRuneAnyNotNL:
			add('\n', '\n')
		}
	}
	if b.asserts {
		add('\n', '\n')
		add('0', '9')
		add('A', 'Z')
		add('_', '_')
		add('a', 'z')
	}
	slices.Sort(borders)
	borders = slices.Compact(borders)

	ids := map[string]uint8{}
	sign := make([]byte, len(b.prog.Inst)+1)
	for i, lo := range borders {
		if lo > unicode.MaxRune {
			break
		}
		for k := range b.prog.Inst {
			sign[k] = 0
			if b.consumes(uint32(k), lo) {
				sign[k] = 1
			}
		}
		if b.asserts {
			sign[len(sign)-1] = byte(priorOf(lo))
		}
		id, ok := ids[string(sign)]
		if !ok {
			if len(ids) == 254 {
				return errTooManyStates
			}
			id = uint8(len(ids))
			ids[string(sign)] = id
			b.sample = append(b.sample, lo)
		}
		if lo >= utf8.RuneSelf {
			b.starts, b.classes = append(b.starts, lo), append(b.classes, id)
			continue
		}
		for r := lo; r < borders[i+1]; r++ { // RuneSelf is a border
			b.ascii[r] = id
		}
	}
	b.sample = append(b.sample, -1) // the end of text
	b.width = len(b.sample)
	return nil
}

// consumes reports whether instruction pc goes on with character r.
func (b *dfaBuilder) consumes(pc uint32, r rune) bool {
	switch in := &b.prog.Inst[pc]; in.Op {
	case syntax.InstRune, syntax.InstRune1:
		return in.MatchRune(r)
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return false
}

// state returns the number of a state, a new one if need be.
func (b *dfaBuilder) state(list []uint32, prior int) uint32 {
	if !b.asserts || len(list) == 0 {
		prior = priorElse
	}
	key := make([]byte, 1, 1+4*len(list))
	key[0] = byte(prior)
	for _, pc := range list {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	id, ok := b.ids[string(key)]
	if !ok {
		id = uint32(len(b.lists))
		b.ids[string(key)] = id
		b.lists, b.priors = append(b.lists, list), append(b.priors, prior)
	}
	return id
}

// step computes the entry of state s for class c.
func (b *dfaBuilder) step(s, c int) uint32 {
	r := b.sample[c]
	flags := syntax.EmptyOpContext(priorRunes[b.priors[s]], r)
	var list []uint32
	matched := false
	b.visit++
	var follow func(pc uint32)
	follow = func(pc uint32) {
		if matched || b.seen[pc] == b.visit {
			return
		}
		b.seen[pc] = b.visit
		b.work++
		switch in := &b.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			follow(in.Out)
			follow(in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			follow(in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^flags == 0 {
				follow(in.Out)
			}
		case syntax.InstMatch:
			matched = true // whatever is less preferred is dropped
		default:
			if r >= 0 && b.consumes(pc, r) && b.listed[in.Out] != b.visit {
				b.listed[in.Out] = b.visit
				list = append(list, in.Out)
			}
		}
	}
	for _, pc := range b.lists[s] {
		follow(pc)
	}
	next := b.state(list, priorOf(r)) << 1
	if matched {
		next |= 1
	}
	return next
}

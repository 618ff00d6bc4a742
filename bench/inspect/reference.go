package speed

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// The functions of this file count what is to be found, slowly and without any
// code of the engines that are measured. They made counts.toml, and they are
// the judge where it has no entry.

// count counts everything there is to count.
func count(text []byte, literals, expressions []string) found {
	return countLiterals(text, literals).plus(countExpressions(text, expressions))
}

// countLiterals counts the occurrences of the literals, overlapping ones too,
// and how many of the literals occur.
func countLiterals(text []byte, literals []string) (f found) {
	lengths := map[int]bool{}
	index := make(map[string]bool, len(literals)) // whether it has been met
	var heads [1 << 16][]int                      // lengths of the literals that begin with two bytes
	for _, l := range literals {
		index[l] = false
		lengths[len(l)] = true
	}
	seen := map[[3]int]bool{}
	for _, l := range literals {
		if len(l) < 2 {
			continue
		}
		if k := [3]int{int(l[0]), int(l[1]), len(l)}; !seen[k] {
			seen[k] = true
			h := int(l[0])<<8 | int(l[1])
			heads[h] = append(heads[h], len(l))
		}
	}
	look := func(b []byte) {
		if met, ok := index[string(b)]; ok {
			f.Occurrences++
			f.Ends++
			if !met {
				f.Patterns++
				index[string(b)] = true
			}
		}
	}
	for i := range text {
		if lengths[1] {
			look(text[i : i+1])
		}
		if i+1 < len(text) {
			for _, n := range heads[int(text[i])<<8|int(text[i+1])] {
				if i+n <= len(text) {
					look(text[i : i+n])
				}
			}
		}
	}
	return f
}

// countExpressions counts, for each expression on its own, the leftmost matches
// that do not overlap, the ends of all its matches, and how many of the
// expressions match at all.
func countExpressions(text []byte, expressions []string) (f found) {
	for _, e := range expressions {
		n := len(regexp.MustCompile(e).FindAllIndex(text, -1))
		f = f.plus(found{n, countEnds(text, e), min(n, 1)})
	}
	return f
}

// countEnds counts the offsets at which some match of the expression ends: a
// simulation of the automaton with a thread for each state, started anew at
// every byte.
func countEnds(text []byte, expression string) int {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		panic(err) // it was compiled before
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		panic(err)
	}
	var now, next []uint32
	mark := make([]int, len(prog.Inst)) // the step in which a state was reached last
	step, ends := 0, 0
	var reach func(list []uint32, pc uint32, at syntax.EmptyOp) []uint32
	reach = func(list []uint32, pc uint32, at syntax.EmptyOp) []uint32 {
		if mark[pc] == step {
			return list
		}
		mark[pc] = step
		switch in := &prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			return reach(reach(list, in.Out, at), in.Arg, at)
		case syntax.InstCapture, syntax.InstNop:
			return reach(list, in.Out, at)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^at == 0 {
				return reach(list, in.Out, at)
			}
			return list
		case syntax.InstFail:
			return list
		}
		return append(list, pc)
	}
	before := rune(-1)
	for i := 0; ; {
		r, size := rune(-1), 0
		if i < len(text) {
			r, size = utf8.DecodeRune(text[i:])
		}
		at := syntax.EmptyOpContext(before, r)
		// The threads wait in now as they were after the last character:
		// what follows them without a character depends on this one.
		step++
		next = next[:0]
		for _, pc := range now {
			next = reach(next, pc, at)
		}
		next = reach(next, uint32(prog.Start), at)
		now = now[:0]
		matched := false
		for _, pc := range next {
			in := &prog.Inst[pc]
			switch {
			case in.Op == syntax.InstMatch:
				matched = true
			case size > 0 && in.MatchRune(r):
				now = append(now, in.Out)
			}
		}
		if matched {
			ends++
		}
		if size == 0 {
			return ends
		}
		before, i = r, i+size
	}
}

// crossesLines reports whether a match may hold a line end.
func crossesLines(re *regexp.Regexp) bool {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return true
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return true
	}
	for i := range prog.Inst {
		switch in := &prog.Inst[i]; in.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny:
			if in.MatchRune('\n') {
				return true
			}
		case syntax.InstEmptyWidth:
			// A text cut at its line ends has more beginnings and ends.
			if syntax.EmptyOp(in.Arg)&(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
				return true
			}
		}
	}
	return false
}

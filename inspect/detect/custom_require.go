package detect

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// requirement is what every match of a pattern must contain, so that the
// pattern is tried only where that was found.
type requirement struct {
	literals []string // at least one of these, ASCII case aside; none if unknown
	digits   int      // or a run of at least this many digits
	longest  int      // longest match in bytes, -1 if unbounded
	anchored bool     // it looks at line or word borders
}

// Bounds of what is pulled out of a pattern.
const (
	maxLiterals = 64
	minLiteral  = 2
)

// requires works out the requirement of a valid RE2 pattern.
func requires(pattern string) requirement {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return requirement{longest: -1}
	}
	re = re.Simplify()
	r := requirement{digits: digitRun(re), longest: longest(re), anchored: anchored(re)}
	if l := required(re); shortest(l) >= minLiteral {
		r.literals = l
	}
	return r
}

// exact returns all the texts that re matches, if they are few.
func exact(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			for _, r := range re.Rune {
				if r >= utf8.RuneSelf {
					return nil // only ASCII is folded by the matcher
				}
			}
		}
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			if int(re.Rune[i+1]-re.Rune[i]) > 8 || len(out) > 8 {
				return nil
			}
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				out = append(out, string(r))
			}
		}
		return out
	case syntax.OpCapture:
		return exact(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, s := range re.Sub {
			e := exact(s)
			if e == nil || len(out)+len(e) > maxLiterals {
				return nil
			}
			out = append(out, e...)
		}
		return out
	case syntax.OpConcat:
		out := []string{""}
		for _, s := range re.Sub {
			if out = cross(out, exact(s)); out == nil {
				return nil
			}
		}
		return out
	}
	return nil
}

// cross joins each of a with each of b; nil if that is none or too many.
func cross(a, b []string) []string {
	if len(a)*len(b) == 0 || len(a)*len(b) > maxLiterals {
		return nil
	}
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return out
}

// required returns texts of which every match of re contains at least one.
func required(re *syntax.Regexp) []string {
	if e := exact(re); e != nil {
		return e
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min >= 1 {
			return required(re.Sub[0])
		}
	case syntax.OpAlternate:
		var out []string
		for _, s := range re.Sub {
			r := required(s)
			if r == nil || len(out)+len(r) > maxLiterals {
				return nil
			}
			out = append(out, r...)
		}
		return out
	case syntax.OpConcat:
		var best, run []string
		keep := func(l []string) {
			if shortest(l) > shortest(best) {
				best = l
			}
		}
		for _, s := range re.Sub {
			e := exact(s)
			if e == nil {
				keep(run)
				run = nil
				keep(required(s))
				continue
			}
			if run == nil {
				run = e
			} else if next := cross(run, e); next != nil {
				run = next
			} else {
				keep(run)
				run = e
			}
		}
		keep(run)
		return best
	}
	return nil
}

// shortest returns the length of the shortest of l, 0 if there is none. Digits
// alone count half: they are everywhere.
func shortest(l []string) int {
	n := 0
	for i, s := range l {
		k := len(s)
		if digits([]byte(s)) == k {
			k /= 2
		}
		if i == 0 || k < n {
			n = k
		}
	}
	return n
}

// digitRun returns how many digits in a row every match has at least.
func digitRun(re *syntax.Regexp) int {
	if n, ok := allDigits(re); ok {
		return n
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return digitRun(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min >= 1 {
			return digitRun(re.Sub[0])
		}
	case syntax.OpAlternate:
		n := -1
		for _, s := range re.Sub {
			if k := digitRun(s); n < 0 || k < n {
				n = k
			}
		}
		return max(n, 0)
	case syntax.OpConcat:
		best, run := 0, 0
		for _, s := range re.Sub {
			if k, ok := allDigits(s); ok {
				run += k
				best = max(best, run)
				continue
			}
			run = 0
			best = max(best, digitRun(s))
		}
		return best
	}
	return 0
}

// allDigits reports whether re matches nothing but ASCII digits, and how many
// at least.
func allDigits(re *syntax.Regexp) (int, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r < '0' || r > '9' {
				return 0, false
			}
		}
		return len(re.Rune), true
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] < '0' || re.Rune[i+1] > '9' {
				return 0, false
			}
		}
		return 1, true
	case syntax.OpCapture:
		return allDigits(re.Sub[0])
	case syntax.OpPlus:
		return allDigits(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		_, ok := allDigits(re.Sub[0])
		return 0, ok
	case syntax.OpRepeat:
		n, ok := allDigits(re.Sub[0])
		return n * re.Min, ok
	case syntax.OpConcat:
		n := 0
		for _, s := range re.Sub {
			k, ok := allDigits(s)
			if !ok {
				return 0, false
			}
			n += k
		}
		return n, true
	case syntax.OpAlternate:
		n := -1
		for _, s := range re.Sub {
			k, ok := allDigits(s)
			if !ok {
				return 0, false
			}
			if n < 0 || k < n {
				n = k
			}
		}
		return max(n, 0), true
	case syntax.OpEmptyMatch:
		return 0, true
	}
	return 0, false
}

// longest returns the greatest length of a match in bytes, -1 if unbounded.
func longest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		n := 0
		for _, r := range re.Rune {
			n += utf8.RuneLen(unicode.ToUpper(r)) + 1 // folded forms may be longer
		}
		return n
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return utf8.UTFMax
	case syntax.OpCapture, syntax.OpQuest:
		return longest(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		return -1
	case syntax.OpRepeat:
		n := longest(re.Sub[0])
		if n < 0 || re.Max < 0 {
			return -1
		}
		return n * re.Max
	case syntax.OpConcat:
		n := 0
		for _, s := range re.Sub {
			k := longest(s)
			if k < 0 {
				return -1
			}
			n += k
		}
		return n
	case syntax.OpAlternate:
		n := 0
		for _, s := range re.Sub {
			k := longest(s)
			if k < 0 {
				return -1
			}
			n = max(n, k)
		}
		return n
	}
	return 0
}

// anchored reports whether re looks at borders of lines, words or the text.
func anchored(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, s := range re.Sub {
		if anchored(s) {
			return true
		}
	}
	return false
}

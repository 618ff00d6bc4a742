package tomlfile

import (
	"fmt"
	"sort"
	"strings"
)

// Pos is a place in a file. Line and Col count from 1; Col counts characters.
type Pos struct {
	File      string
	Line, Col int
}

// String gives file:line:col, as editors understand it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Before orders positions of one file; files keep the order of their names.
func (p Pos) Before(q Pos) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Col < q.Col
}

// Fault is one thing that is wrong, and where.
type Fault struct {
	Pos
	Message string
}

// Error gives "file:line:col: message".
func (f Fault) Error() string {
	if f.Pos == (Pos{}) {
		return f.Message
	}
	return f.Pos.String() + ": " + f.Message
}

// Report takes a fault; the arguments are those of fmt.Sprintf.
type Report func(at Pos, format string, args ...any)

// In returns a Report that puts who, such as `rule "x"`, before each message.
func (r Report) In(who string) Report {
	return func(at Pos, format string, args ...any) {
		r(at, "%s: %s", who, fmt.Sprintf(format, args...))
	}
}

// Errors are all the faults found, one a line when printed.
type Errors []Fault

// Report appends a fault to e.
func (e *Errors) Report(at Pos, format string, args ...any) {
	*e = append(*e, Fault{at, fmt.Sprintf(format, args...)})
}

// Merge appends err: the faults of an Errors one by one, anything else whole.
func (e *Errors) Merge(err error) {
	switch err := err.(type) {
	case nil:
	case Errors:
		*e = append(*e, err...)
	case Fault:
		*e = append(*e, err)
	default:
		*e = append(*e, Fault{Message: err.Error()})
	}
}

// Err returns e in the order of positions, or nil if there is no fault.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	e = append(Errors(nil), e...)
	sort.SliceStable(e, func(i, k int) bool { return e[i].Before(e[k].Pos) })
	return e
}

// Error lists the faults, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Instead says what to write in place of word: `did you mean "x"?` where a
// known word is near, else the known words. It begins with "; ", and is empty
// where nothing is known.
func Instead(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	switch {
	case len(known) == 0:
		return ""
	case len(known) > 30:
		return fmt.Sprintf("; known are %s and %d more", strings.Join(known[:30], ", "), len(known)-30)
	}
	return "; known are " + strings.Join(known, ", ")
}

// Nearest returns the known word that is closest to word by insertions,
// deletions, substitutions and swaps of neighbours, or "" if none is close
// enough to be what was meant. Case does not count.
func Nearest(word string, known []string) string {
	w := []rune(strings.ToLower(word))
	if len(w) > 64 {
		return ""
	}
	best, least := "", max(1, len(w)/3)+1
	if len(w) > 3 {
		least = max(3, least)
	}
	for _, k := range known {
		r := []rune(strings.ToLower(k))
		if len(r) > 64 {
			continue
		}
		if d := distance(w, r); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for k := range rows[0] {
		rows[0][k] = k
	}
	for i := 1; i <= len(a); i++ {
		for k := 1; k <= len(b); k++ {
			cost := 1
			if a[i-1] == b[k-1] {
				cost = 0
			}
			rows[i][k] = min(rows[i-1][k]+1, rows[i][k-1]+1, rows[i-1][k-1]+cost)
			if i > 1 && k > 1 && a[i-1] == b[k-2] && a[i-2] == b[k-1] {
				rows[i][k] = min(rows[i][k], rows[i-2][k-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

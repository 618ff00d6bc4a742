package change

import "strings"

// Line is a line of a difference.
type Line struct {
	Mark string // "+", "-" or " "
	Text string
}

// Class names a line for the style sheet.
func (l Line) Class() string {
	return map[string]string{"+": "add", "-": "del", "…": "skip-lines"}[l.Mark]
}

// Bounds of a difference: lines of context, and the size up to which it is
// sought line by line; larger ones are shown whole.
const (
	context   = 3
	maxSquare = 4_000_000
)

// Diff tells how before becomes after, line by line, with three lines of
// context, by the longest common subsequence.
func Diff(before, after string) []Line {
	a, b := split(before), split(after)
	// What both begin and end with needs no search.
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var all []Line
	for _, l := range a[:head] {
		all = append(all, Line{" ", l})
	}
	all = append(all, middle(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, l := range a[len(a)-tail:] {
		all = append(all, Line{" ", l})
	}
	return trim(all)
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

func middle(a, b []string) (all []Line) {
	n, m := len(a), len(b)
	if n*m > maxSquare {
		for _, l := range a {
			all = append(all, Line{"-", l})
		}
		for _, l := range b {
			all = append(all, Line{"+", l})
		}
		return all
	}
	common := make([]int32, (n+1)*(m+1)) // of a[i:] and b[k:]
	at := func(i, k int) int { return i*(m+1) + k }
	for i := n - 1; i >= 0; i-- {
		for k := m - 1; k >= 0; k-- {
			if a[i] == b[k] {
				common[at(i, k)] = common[at(i+1, k+1)] + 1
			} else {
				common[at(i, k)] = max(common[at(i+1, k)], common[at(i, k+1)])
			}
		}
	}
	i, k := 0, 0
	for i < n || k < m {
		switch {
		case i < n && k < m && a[i] == b[k]:
			all = append(all, Line{" ", a[i]})
			i++
			k++
		case k == m || i < n && common[at(i+1, k)] >= common[at(i, k+1)]:
			all = append(all, Line{"-", a[i]})
			i++
		default:
			all = append(all, Line{"+", b[k]})
			k++
		}
	}
	return all
}

// trim leaves out what is far from any change.
func trim(all []Line) (out []Line) {
	near := make([]bool, len(all))
	for i, l := range all {
		if l.Mark != " " {
			for k := max(0, i-context); k <= min(len(all)-1, i+context); k++ {
				near[k] = true
			}
		}
	}
	for i, l := range all {
		switch {
		case near[i]:
			out = append(out, l)
		case i == 0 || near[i-1]:
			out = append(out, Line{"…", ""})
		}
	}
	return out
}

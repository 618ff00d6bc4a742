package rules

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// condition is one key of a clause, compiled. It never looks beyond the
// transaction and, under over, its History, so that a verdict depends on nothing
// else.
type condition struct {
	key   string // as the author wrote it: "people", "not_hosts"
	need  string // what is asked for, in words
	holds func(t *Transaction) bool
	have  func(t *Transaction) string // what there is, in words: counts, never a value

	// For finding rules that can never decide.
	count  *count   // of a count
	any    []string // of a list: one of these
	except bool     // of a list: none of these
}

// count is a condition of so many.
type count struct {
	of         string // what is counted, canonically
	least      int
	most       int // 0: no limit
	confidence float32
}

// clause is conditions joined by "and".
type clause []condition

// group is the clauses of one heading (what, where, who, when, over) joined by "or".
// No clause at all always holds.
type group struct {
	name string
	any  []clause
}

// holds reports whether the group applies, and by which of its clauses.
func (g *group) holds(t *Transaction) (by int, ok bool) {
	if len(g.any) == 0 {
		return 0, true
	}
	for i, c := range g.any {
		if c.holds(t) {
			return i, true
		}
	}
	return 0, false
}

func (c clause) holds(t *Transaction) bool {
	for i := range c {
		if !c[i].holds(t) {
			return false
		}
	}
	return true
}

// words gives the clause with what was found.
func (c clause) words(t *Transaction) []string {
	var w []string
	for i := range c {
		w = append(w, c[i].words(t))
	}
	return w
}

// words gives "people: 12 (needs at least 10 …)".
func (c *condition) words(t *Transaction) string {
	return fmt.Sprintf("%s: %s (needs %s)", c.key, c.have(t), brief(c.need))
}

// brief cuts a long list of words, which would bury the rest of a clause.
func brief(need string) string {
	words := strings.Split(need, "|")
	if len(words) <= 8 {
		return need
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:6], "|"), len(words)-6)
}

// list makes the condition that one of the wanted words applies, or with
// except that none does. match says whether a word applies; have tells what
// there is.
func list(key string, want []string, except bool, match func(t *Transaction, word int) bool, have func(t *Transaction) string) condition {
	need := strings.Join(want, "|")
	if except {
		need = "not " + need
	}
	return condition{
		key: key, need: need, have: have, any: want, except: except,
		holds: func(t *Transaction) bool {
			for i := range want {
				if match(t, i) {
					return !except
				}
			}
			return except
		},
	}
}

// or gives what there is, or a word for nothing.
func or(s, nothing string) string {
	if s == "" {
		return nothing
	}
	return s
}

// element is element i of the list under key, or of at itself where the short
// form was written.
func element(at tomlfile.Node, key string, i int) tomlfile.Node {
	if k := at.Key(key); k.Found() {
		return k.Elem(i)
	}
	return at.Elem(i)
}

// apart reports words that stand both in a list and in its opposite, so that
// they can never apply.
func apart(at tomlfile.Node, key string, want, not []string, report tomlfile.Report) {
	for i, n := range not {
		for _, w := range want {
			if strings.EqualFold(n, w) {
				report(at.Key("not_"+key).Elem(i).Pos(), "%q is both in %s and in not_%s, so it can never apply; leave it out of one", n, key, key)
			}
		}
	}
}

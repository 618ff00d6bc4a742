package rules

import (
	"fmt"
	"strings"
)

// Explanation tells how a verdict came about, rule by rule. It holds counts
// and places, never a value.
type Explanation struct {
	Action Action      `json:"action"`
	Rule   string      `json:"rule,omitempty"` // the one that decided
	Clause string      `json:"clause"`
	Rules  []Explained `json:"rules"`
}

// Explained tells of one rule why it applied, or what kept it from applying.
type Explained struct {
	Rule     string  `json:"rule"`
	Action   Action  `json:"action"`
	Shadow   bool    `json:"shadow,omitempty"`
	Applies  bool    `json:"applies"`
	Decides  bool    `json:"decides,omitempty"`
	LiftedBy string  `json:"lifted_by,omitempty"`
	Checks   []Check `json:"checks"`
	// Change says what would have made the difference: what is missing, or,
	// for a rule that applies, what would have kept it from applying.
	Change string `json:"change"`
}

// Check is one condition of a rule.
type Check struct {
	In   string `json:"in"`  // "what", or "what 2" where there are several
	Key  string `json:"key"` // "people"
	Need string `json:"need"`
	Have string `json:"have"`
	OK   bool   `json:"ok"`
}

// Explain gives the verdict on t with the reasons.
func (s *Set) Explain(t Transaction) Explanation {
	v := s.Decide(t)
	e := Explanation{Action: v.Action, Rule: v.Rule, Clause: v.Clause}
	if s.unfit(&t) != "" {
		return e
	}
	as := s.applied(&t)
	best := decider(as)
	for i := range s.rules {
		r := &s.rules[i]
		x := Explained{Rule: r.id, Action: r.action, Shadow: r.shadow, Checks: r.checks(&t)}
		for k := range as {
			if as[k].rule == r {
				x.Applies, x.Decides, x.LiftedBy = true, k == best, as[k].liftedBy
			}
		}
		if x.Applies {
			x.Change = r.keep(&t)
		} else {
			x.Change = r.missing(&t, [groupCount]bool{})
		}
		e.Rules = append(e.Rules, x)
	}
	return e
}

func (r *rule) checks(t *Transaction) []Check {
	var cs []Check
	for _, g := range r.groups {
		for i, c := range g.any {
			in := g.name
			if len(g.any) > 1 {
				in = fmt.Sprint(g.name, " ", i+1)
			}
			for k := range c {
				cs = append(cs, Check{In: in, Key: c[k].key, Need: c[k].need, Have: c[k].have(t), OK: c[k].holds(t)})
			}
		}
	}
	return cs
}

// missing says what would have made r apply: in each group that does not hold,
// what its nearest clause lacks.
func (r *rule) missing(t *Transaction, skip [groupCount]bool) string {
	var w []string
	for i, g := range r.groups {
		if _, ok := g.holds(t); ok || skip[i] {
			continue
		}
		var least []string
		for _, c := range g.any {
			var lacks []string
			for k := range c {
				if !c[k].holds(t) {
					lacks = append(lacks, c[k].words(t))
				}
			}
			if least == nil || len(lacks) < len(least) {
				least = lacks
			}
		}
		w = append(w, least...)
	}
	return "it would apply but for " + strings.Join(w, " and ")
}

// keep says what would have kept r from applying: any one of the conditions
// that hold, unless another clause of the group holds too.
func (r *rule) keep(t *Transaction) string {
	var w []string
	for _, g := range r.groups {
		var held []clause
		for _, c := range g.any {
			if c.holds(t) {
				held = append(held, c)
			}
		}
		if len(held) == 1 {
			w = append(w, held[0].words(t)...)
		}
	}
	if len(w) == 0 {
		return "no single condition keeps it from applying"
	}
	return "it would not apply without " + strings.Join(w, " or without ")
}

// String gives the explanation for reading: the verdict, then the rules that
// apply, then what kept the others from it.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "verdict: %s", e.Action)
	if e.Rule != "" {
		fmt.Fprintf(&b, " by rule %s", e.Rule)
	}
	fmt.Fprintf(&b, "\n  because %s\n", e.Clause)
	for _, applies := range []bool{true, false} {
		for _, r := range e.Rules {
			if r.Applies == applies {
				r.write(&b)
			}
		}
	}
	return b.String()
}

func (r *Explained) write(b *strings.Builder) {
	state := "does not apply"
	switch {
	case r.Decides:
		state = "decides"
	case r.LiftedBy != "":
		state = "applies, lifted by " + r.LiftedBy
	case r.Applies:
		state = "applies"
	}
	if r.Shadow {
		state += " (shadow: only recorded)"
	}
	fmt.Fprintf(b, "\n%s (%s): %s\n", r.Rule, r.Action, state)
	for _, c := range r.Checks {
		mark := "no "
		if c.OK {
			mark = "yes"
		}
		fmt.Fprintf(b, "  %s  %s.%s: %s (needs %s)\n", mark, strings.ReplaceAll(c.In, " ", "#"), c.Key, c.Have, c.Need)
	}
	fmt.Fprintf(b, "  → %s\n", r.Change)
}

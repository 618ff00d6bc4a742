package rules

import "slices"

// unreachable notes rules that can never decide, because a stricter one applies
// whenever they do. It finds what shows from the conditions' shape: the same
// counts with other thresholds, and lists within lists.
func (b *builder) unreachable(rules []rule) {
	for i := range rules {
		r := &rules[i]
		if r.shadow || r.action == Allow {
			continue
		}
		for k := range rules {
			s := &rules[k]
			if i != k && !s.shadow && s.action > r.action && r.within(s) && !lifted(s, rules) {
				b.note(r.at, "rule %q never decides: whenever it applies, rule %q applies too and is stricter", r.id, s.id)
				break
			}
		}
	}
}

// lifted reports whether an allow rule may take s away, so that a milder rule
// decides after all.
func lifted(s *rule, rules []rule) bool {
	return slices.ContainsFunc(rules, func(a rule) bool {
		return a.action == Allow && !a.shadow && a.names(s.id)
	})
}

// names reports whether the allow rule a lifts the rule id.
func (a *rule) names(id string) bool {
	return slices.Contains(a.lifts, "*") || slices.Contains(a.lifts, id)
}

// within reports whether s applies to all that r applies to.
func (r *rule) within(s *rule) bool {
	for g := range r.groups {
		rg, sg := &r.groups[g], &s.groups[g]
		if len(sg.any) == 0 {
			continue
		}
		if len(rg.any) == 0 {
			return false
		}
		for _, rc := range rg.any {
			if !slices.ContainsFunc(sg.any, func(sc clause) bool { return rc.implies(sc) }) {
				return false
			}
		}
	}
	return true
}

// implies reports whether d holds whenever c does.
func (c clause) implies(d clause) bool {
	for i := range d {
		if !slices.ContainsFunc(c, func(x condition) bool { return x.implies(&d[i]) }) {
			return false
		}
	}
	return true
}

func (c *condition) implies(d *condition) bool {
	switch {
	case c.key != d.key || c.except != d.except || (c.count == nil) != (d.count == nil):
		return false
	case c.count != nil:
		return c.count.of == d.count.of && c.count.least >= d.count.least && c.count.confidence >= d.count.confidence &&
			(d.count.most == 0 || c.count.most != 0 && c.count.most <= d.count.most && c.count.confidence == d.count.confidence)
	case c.except:
		return subset(d.any, c.any)
	}
	return subset(c.any, d.any)
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool { return !slices.Contains(b, x) })
}

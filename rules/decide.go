package rules

import "strings"

// applied is a rule that applies, and by which clause of each group.
type applied struct {
	rule     *rule
	by       [groupCount]int
	action   Action // what it comes to: the rule's own, or Log for a warning confirmed or a hold released
	liftedBy string
}

// trialOrder is the order in which the groups are tried: where an upload goes
// rules most rules out, and the past is asked last.
var trialOrder = [groupCount]int{1, 2, 3, 0, 4}

// applies reports whether r applies to t. Groups left out by skip are taken to
// hold.
func (r *rule) applies(t *Transaction, skip [groupCount]bool) (applied, bool) {
	if !r.holds(t, skip) {
		return applied{}, false
	}
	a := applied{rule: r, action: r.action}
	for g := range r.groups {
		if !skip[g] {
			a.by[g], _ = r.groups[g].holds(t)
		}
	}
	return a, true
}

func (r *rule) holds(t *Transaction, skip [groupCount]bool) bool {
	for _, g := range trialOrder {
		if len(r.groups[g].any) == 0 || skip[g] {
			continue
		}
		if _, ok := r.groups[g].holds(t); !ok {
			return false
		}
	}
	return true
}

// Decide gives the verdict on t. Of the live rules that apply and are not
// lifted by an allow rule, the strictest decides; of equally strict ones the
// one of the highest severity, then the one that was read first. A warning that
// the sender has confirmed counts as Log, and so does a hold for which a release
// was given. If no rule applies, the upload is
// allowed. A transaction whose content was not inspected by this set's scanner
// is blocked; one without content may have an empty report.
//
// It does no I/O and gives the same verdict for the same transaction. The maps
// in the verdict belong to the set: do not change them.
func (s *Set) Decide(t Transaction) Verdict {
	if why := s.unfit(&t); why != "" {
		return Verdict{Action: Block, Severity: "critical", Clause: why, Title: unfitTitle, Say: unfitSay}
	}
	return s.verdict(&t, s.applied(&t))
}

// unfit says why no rule can judge t, "" if they can.
func (s *Set) unfit(t *Transaction) string {
	r := t.Report
	switch {
	case r == nil:
		return "the upload was not inspected"
	case len(r.Answers) == len(s.spec.Queries):
		return ""
	case len(r.Answers) > 0 || r.Coverage.Inspected+r.Coverage.Partly > 0:
		return "the upload was inspected for another rule set"
	case t.Bytes > 0 && r.Coverage.Not == 0:
		return "the upload was not inspected"
	}
	return "" // nothing to inspect, or none of it could be, as the coverage says
}

var (
	unfitTitle = map[string]string{"ja": "検査できませんでした", "en": "The upload could not be inspected"}
	unfitSay   = map[string]string{
		"ja": "内部の問題により内容を検査できなかったため、送信しませんでした。時間をおいて再度お試しのうえ、続く場合は情報システム担当にご連絡ください。",
		"en": "An internal problem kept the content from being inspected, so it was not sent. Try again later; if it goes on, tell your IT department.",
	}
)

// applied lists the rules that apply, with what lifts them.
func (s *Set) applied(t *Transaction) []applied {
	var as []applied
	for i := range s.rules {
		r := &s.rules[i]
		if !r.holds(t, [groupCount]bool{}) {
			continue // most rules
		}
		if a, ok := r.applies(t, [groupCount]bool{}); ok {
			as = append(as, a)
		}
	}
	for i := range as {
		a := &as[i]
		if a.rule.action == Allow {
			continue
		}
		for k := range as {
			if l := as[k].rule; l.action == Allow && !l.shadow && l.names(a.rule.id) {
				a.liftedBy = l.id
				break
			}
		}
		if a.action == Warn && !a.rule.shadow && t.Confirmed != nil && t.Confirmed(a.rule.id) {
			a.action = Log
		}
		if a.action == Hold && !a.rule.shadow && t.Released != nil && t.Released(a.rule.id) {
			a.action = Log
		}
	}
	return as
}

// decider is the index of the one that decides, -1 if none does.
func decider(as []applied) int {
	best := -1
	for i := range as {
		a := &as[i]
		if a.rule.shadow || a.liftedBy != "" {
			continue
		}
		if best < 0 || a.action > as[best].action ||
			a.action == as[best].action && grave(a.rule.severity) > grave(as[best].rule.severity) {
			best = i
		}
	}
	return best
}

func (s *Set) verdict(t *Transaction, as []applied) Verdict {
	v := Verdict{Action: Allow, Clause: "no rule applies", Evidence: evidence(as), Mail: mailOf(as)}
	for i := range as {
		a := &as[i]
		v.Matches = append(v.Matches, Match{Rule: a.rule.id, Action: a.rule.action, Severity: a.rule.severity,
			Shadow: a.rule.shadow, LiftedBy: a.liftedBy, Clause: a.words(t)})
	}
	if i := decider(as); i >= 0 {
		r := as[i].rule
		v.Action, v.Rule, v.Severity = as[i].action, r.id, r.severity
		v.Clause, v.Title, v.Say = v.Matches[i].Clause, r.title, r.say
		if v.Action == Hold {
			v.Release = r.release
		}
	}
	return v
}

// words gives the clauses by which the rule applies, with what was found.
func (a *applied) words(t *Transaction) string {
	var w []string
	for g := range a.rule.groups {
		if any := a.rule.groups[g].any; len(any) > 0 {
			w = append(w, any[a.by[g]].words(t)...)
		}
	}
	if len(w) == 0 {
		w = []string{"it applies to every upload"}
	}
	switch {
	case a.action == a.rule.action:
	case a.rule.action == Hold:
		w = append(w, "it was released")
	default:
		w = append(w, "the sender confirmed the warning")
	}
	return strings.Join(w, "; ")
}

package rules

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// What a rule may ask to be kept of an upload that it applies to, encrypted to
// the auditors' keys, in rising order.
const (
	EvidenceMatched = "matched" // what was found, with some text around it
	EvidenceBody    = "body"    // the whole body
)

var evidenceWords = []string{EvidenceMatched, EvidenceBody}

// evidence compiles a rule's evidence.
func (b *builder) evidence(r *ruleTOML, c *rule, report tomlfile.Report) {
	if r.Evidence == "" {
		return
	}
	at := r.At.Key("evidence")
	oneOf(at, "evidence", r.Evidence, evidenceWords, report)
	if c.shadow {
		b.note(at.Pos(), "rule %q keeps no evidence as long as its mode is \"shadow\"", c.id)
	}
	c.evidence = r.Evidence
}

// evidence is what the rules that apply ask for: the most that one of them
// does, "" if none.
func evidence(as []applied) (most string) {
	for i := range as {
		a := &as[i]
		if a.rule.evidence != "" && !a.rule.shadow && a.liftedBy == "" &&
			slices.Index(evidenceWords, a.rule.evidence) > slices.Index(evidenceWords, most) {
			most = a.rule.evidence
		}
	}
	return most
}

package inspect

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// Heeds tells a session whether it matters which values of type t are validated: to
// the report as long as it shows more findings, and to the queries that ask for such.
func (e *emitter) Heeds(t detect.Type) bool {
	c := e.scan
	return len(c.report.Findings) < MaxFindings || c.opt.OnFinding != nil ||
		slices.ContainsFunc(c.tally.questions, func(q question) bool { return q.heeds(t) })
}

// heeds reports whether the count of q may hang on which values of type t are validated.
func (q *question) heeds(t Type) bool {
	return q.Validated && (q.People || len(q.With) == 0 ||
		slices.ContainsFunc(q.With, func(types []Type) bool { return types == nil || slices.Contains(types, t) }))
}

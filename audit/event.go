// Package audit keeps the record of what was decided: append-only, numbered,
// hash-chained and on disk before anyone acts on it. It never sees a clear
// value, and knows nothing of how a decision came about.
package audit

import "time"

// Event is one thing that happened. Kind says which: "decision", "start",
// "stop", "reload", "confirm", "gap", "console", KindExpire; docs/audit.md lists
// them all. Fields that do not apply are left zero.
type Event struct {
	Kind         string         `json:"kind"`
	Time         time.Time      `json:"time"`
	Incident     string         `json:"incident,omitempty"`
	User         string         `json:"user,omitempty"`
	Groups       []string       `json:"groups,omitempty"`
	Address      string         `json:"address,omitempty"`
	How          string         `json:"how,omitempty"`
	Method       string         `json:"method,omitempty"`
	Scheme       string         `json:"scheme,omitempty"`
	Host         string         `json:"host,omitempty"`
	Port         int            `json:"port,omitempty"`
	Path         string         `json:"path,omitempty"` // findings in it masked
	Service      string         `json:"service,omitempty"`
	Classes      []string       `json:"classes,omitempty"`
	Protocol     string         `json:"protocol,omitempty"`
	Bytes        int64          `json:"bytes,omitempty"`
	Content      string         `json:"content,omitempty"` // keyed digest of the body, hex; where a rule applied
	Action       string         `json:"action,omitempty"`
	Rule         string         `json:"rule,omitempty"`
	Severity     string         `json:"severity,omitempty"`
	Clause       string         `json:"clause,omitempty"`
	Matches      any            `json:"matches,omitempty"`
	Counts       map[string]int `json:"counts,omitempty"` // findings by type
	Records      int            `json:"records,omitempty"`
	Coverage     any            `json:"coverage,omitempty"`
	Findings     any            `json:"findings,omitempty"` // type, place, masked form; capped
	RuleSet      string         `json:"ruleset,omitempty"`  // digest
	Reason       string         `json:"reason,omitempty"`   // an employee's words, a failure
	Milliseconds float64        `json:"ms,omitempty"`
	// Details of what somebody did, such as an officer on the console: what
	// was searched for, whose role was changed. By short, fixed names.
	Details map[string]string `json:"details,omitempty"`
	// Data is what a kind has to say that is no list of texts: the difference
	// between two rule sets, an Expired.
	Data any `json:"data,omitempty"`
}

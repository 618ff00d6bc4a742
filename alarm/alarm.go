// Package alarm tells people what somebody has to look at: it follows the
// audit log, puts what fits together into one alert, sends messages about it
// by mail, webhook and chat, at least once each, and tells others if nobody
// acknowledges it in time.
//
// Everything that is still to be sent lies in one file together with the place
// in the log that it was made from, so that a restart loses nothing and a
// message may at worst come twice, with the same key. Nothing waits for a
// destination: each has its own queue, of which an alert takes one place
// however often its count changes.
//
// Messages hold what the log holds: who, where to, which rule, how often,
// incident numbers. Values are in neither; what people wrote as a reason is
// left out.
package alarm

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Kinds of event that an alarm may name.
var Kinds = []string{"alarm", "decision", "release", "reload", "mode", "gap", "bypass", "rules", "config", "accounts", "ca", "evidence", "report", "start", "stop"}

// usualKinds are those of an alarm that names none.
var usualKinds = []string{"alarm", "release", "reload", "mode", "gap"}

// Severities in rising order.
var Severities = []string{"info", "low", "medium", "high", "critical"}

// When says which events an alarm is about. Severity, Actions and Rules
// choose among decisions and have to fit together; the other kinds come whole,
// but for "release", of which only what is asked and emergencies come, and
// "reload", of which only failures do.
type When struct {
	Kinds    []string `toml:"kinds"`    // of Kinds; default alarm, release, reload, mode and gap, and decision where one of the next is set
	Severity string   `toml:"severity"` // at least this
	Actions  []string `toml:"actions"`  // one of these
	Rules    []string `toml:"rules"`    // by one of these
}

func (w *When) wants(ev *audit.Event) bool {
	kinds := w.Kinds
	if len(kinds) == 0 {
		kinds = usualKinds
		if ev.Kind == "decision" && (w.Severity != "" || len(w.Actions)+len(w.Rules) > 0) {
			kinds = []string{"decision"}
		}
	}
	if !slices.Contains(kinds, ev.Kind) {
		return false
	}
	switch ev.Kind {
	case "decision":
		return slices.Index(Severities, ev.Severity) >= slices.Index(Severities, cmp.Or(w.Severity, "info")) &&
			(len(w.Actions) == 0 || slices.Contains(w.Actions, ev.Action)) &&
			(len(w.Rules) == 0 || slices.Contains(w.Rules, ev.Rule))
	case "release":
		return ev.Action == "asked" || ev.Action == "emergency"
	case "reload":
		return ev.Action == "failed"
	case "evidence":
		return ev.Action == "opened" || ev.Action == "failed"
	}
	return true
}

// Alert is what somebody has to look at: one event, or several that fit
// together.
type Alert struct {
	ID    string `json:"id"`    // such as "grave-1234": the alarm and the first record
	Alarm string `json:"alarm"` // its name
	Key   string `json:"key"`   // what its events have in common

	Kind     string `json:"kind"`
	What     string `json:"what,omitempty"` // what sort of that kind: an action, what an alarm is about
	Severity string `json:"severity,omitempty"`
	Rule     string `json:"rule,omitempty"`
	User     string `json:"user,omitempty"` // whom it is about
	Host     string `json:"host,omitempty"` // of the last one
	Release  string `json:"release,omitempty"`
	Clause   string `json:"clause,omitempty"` // why, of the last decision

	Count     int       `json:"count"`
	Records   int       `json:"records,omitempty"`   // persons in it, summed
	Incidents []string  `json:"incidents,omitempty"` // the first maxIncidents
	Seq       uint64    `json:"seq"`                 // the first record
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`

	Begun     time.Time `json:"begun,omitzero"` // when it was told first
	Told      int       `json:"told"`           // the count that was told last
	ToldAt    time.Time `json:"told_at,omitzero"`
	Escalated time.Time `json:"escalated,omitzero"`
	AckBy     string    `json:"ack_by,omitempty"`
	AckAt     time.Time `json:"ack_at,omitzero"`
}

// Open reports whether nobody has acknowledged it yet.
func (a *Alert) Open() bool { return a.AckAt.IsZero() }

// maxIncidents is how many numbers an alert names.
const maxIncidents = 10

// take adds an event.
func (a *Alert) take(r *audit.Record) {
	ev := &r.Event
	a.Count++
	a.Records += ev.Records
	a.Last = ev.Time
	a.Host, a.Clause = cmp.Or(ev.Host, a.Host), ev.Clause
	if slices.Index(Severities, ev.Severity) > slices.Index(Severities, a.Severity) {
		a.Severity = ev.Severity
	}
	if ev.Incident != "" && len(a.Incidents) < maxIncidents && !slices.Contains(a.Incidents, ev.Incident) {
		a.Incidents = append(a.Incidents, ev.Incident)
	}
}

// about tells what sort of its kind an event is, and whom it is about.
func about(ev *audit.Event) (what, user string) {
	what, user = ev.Action, ev.User
	switch ev.Kind {
	case "alarm":
		what = cmp.Or(ev.Action, ev.Details["about"])
		user = cmp.Or(ev.Details["asked_by"], ev.User)
	case "release":
		user = cmp.Or(ev.Details["asked_by"], ev.User)
	}
	return what, user
}

package console

import (
	"net/http"
	"strings"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
)

// Alarms are what somebody has to look at; *alarm.Alarms in production.
type Alarms interface {
	List() []alarm.Alert
	Get(id string) (alarm.Alert, bool)
	Acknowledge(id, by string) (bool, error)
	Status() []alarm.Status
}

// watchers are those who may see and acknowledge alarms. Operators see those
// that are about the installation only.
var watchers = []account.Role{account.Operator, account.Approver, account.Auditor}

// seesAlert tells whether the person may see an alert: what people sent is for
// reviewers.
func (q *request) seesAlert(a *alarm.Alert) bool {
	switch a.Kind {
	case "decision", "release", "bypass", "evidence":
		return q.sees()
	case "alarm":
		return q.sees() || a.User == ""
	}
	return true
}

type alarmsBody struct {
	None       bool // no alarm is set up
	Open, Past []alarm.Alert
	Status     []alarm.Status
	MaySee     bool // the destinations
}

// maxPastAlerts is how many acknowledged alerts are listed.
const maxPastAlerts = 100

func (c *Console) alarmsPage(q *request) {
	b := alarmsBody{None: c.cfg.Alarms == nil}
	if !b.None {
		for _, a := range c.cfg.Alarms.List() {
			switch {
			case !q.seesAlert(&a):
			case a.Open():
				b.Open = append(b.Open, a)
			case len(b.Past) < maxPastAlerts:
				b.Past = append(b.Past, a)
			}
		}
		b.Status = c.cfg.Alarms.Status()
	}
	q.draw("alarms", q.view(q.t("nav.alarms"), b))
}

type alertBody struct {
	Alert *alarm.Alert
	Seq   uint64 // of the decision, 0 if it is none

}

// wantedAlert finds the alert that the address names, or answers that there is
// none.
func (q *request) wantedAlert() (a alarm.Alert, ok bool) {
	if q.c.cfg.Alarms != nil {
		a, ok = q.c.cfg.Alarms.Get(q.PathValue("id"))
	}
	if ok && !q.seesAlert(&a) {
		q.message(http.StatusForbidden, "forbidden", "forbidden-what")
		return a, false
	}
	if !ok {
		q.message(http.StatusNotFound, "not-found", "not-found-what")
	}
	return a, ok
}

func (c *Console) alertPage(q *request) {
	a, ok := q.wantedAlert()
	if !ok {
		return
	}
	if err := q.record("view", audit.Event{Details: map[string]string{"alarm": a.ID}}); err != nil {
		q.broken(err)
		return
	}
	b := alertBody{Alert: &a}
	if a.Kind == "decision" && q.sees() {
		b.Seq = a.Seq
	}
	q.draw("alert", q.view(a.Title(q.lang), b))
}

func (c *Console) acknowledge(q *request) {
	a, ok := q.wantedAlert()
	if !ok {
		return
	}
	back := "/console/alarms/" + a.ID
	if !a.Open() {
		q.done(back, "alarm-was-acked")
		return
	}
	note := strings.TrimSpace(q.PostFormValue("note"))
	if r := []rune(note); len(r) > maxNote {
		note = string(r[:maxNote])
	}
	if err := q.record("alarm-acknowledged", audit.Event{Reason: note, Rule: a.Rule, Details: map[string]string{"alarm": a.ID}}); err != nil {
		q.broken(err)
		return
	}
	done, err := c.cfg.Alarms.Acknowledge(a.ID, q.acc.Name)
	switch {
	case err != nil:
		q.broken(err)
	case !done:
		q.done(back, "alarm-was-acked")
	default:
		q.done("/console/alarms", "alarm-acked")
	}
}

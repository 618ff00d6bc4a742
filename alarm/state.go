package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Bounds of what is kept.
const (
	maxAlerts = 2000                // beyond, what comes is put together by alarm
	keepOpen  = 90 * 24 * time.Hour // nobody will act any more
	keepAcked = 30 * 24 * time.Hour
)

// task is a message that a destination has not taken yet. It is made from the
// alert when it is sent, so that it tells the count of then.
type task struct {
	Alert     string `json:"alert"`
	To        string `json:"to"`
	Account   string `json:"account,omitempty"` // whose address it is, where To stands for one person
	Told      int    `json:"told"`              // the count that was told before
	Escalated bool   `json:"escalated,omitempty"`
}

// state is all that is kept: the place in the log and what was made of it up
// to there.
type state struct {
	Seq    uint64   `json:"seq"` // the last record that was looked at
	Alerts []*Alert `json:"alerts"`
	Tasks  []task   `json:"tasks"`
}

// readState reads the file. ok is false if there is none.
func readState(file string) (s state, ok bool, err error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err == nil && slices.Contains(s.Alerts, nil) {
		err = errors.New("an alert is missing")
	}
	if err != nil {
		return state{}, false, fmt.Errorf("read the state of alarms: %w", err)
	}
	return s, true, nil
}

// write keeps the state, whole or not at all.
func (s *state) write(file string) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the state of alarms: %w", err)
	}
	temp := file + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.Write(b)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(temp, file)
	}
	if d, derr := os.Open(filepath.Dir(file)); err == nil && derr == nil {
		_ = d.Sync() // some systems cannot; the rename is atomic all the same
		_ = d.Close()
	}
	if err != nil {
		return fmt.Errorf("keep the state of alarms: %w", err)
	}
	return nil
}

// find returns the alert with an id, nil if there is none.
func (s *state) find(id string) *Alert {
	i := slices.IndexFunc(s.Alerts, func(a *Alert) bool { return a.ID == id })
	if i < 0 {
		return nil
	}
	return s.Alerts[i]
}

// fold takes a record in for one alarm.
func (s *state) fold(rule *Rule, r *audit.Record) {
	ev := &r.Event
	what, user := about(ev)
	key := strconv.Quote(ev.Kind) + strconv.Quote(what) + strconv.Quote(ev.Rule) + strconv.Quote(user)
	if ev.Kind == "release" {
		key += ev.Details["release"] // each is decided on by itself
	}
	full := len(s.Alerts) >= maxAlerts
	if full {
		key = "…"
	}
	for _, a := range s.Alerts {
		// What comes after somebody looked is for somebody to look at again.
		if a.Alarm == rule.Name && a.Key == key && a.Open() && (full || ev.Time.Sub(a.Last) <= rule.Group) {
			a.take(r)
			return
		}
	}
	a := &Alert{ID: rule.Name + "-" + strconv.FormatUint(r.Seq, 10), Alarm: rule.Name, Key: key, Kind: ev.Kind, What: what,
		Severity: ev.Severity, Rule: ev.Rule, User: user, Release: ev.Details["release"], Seq: r.Seq, First: ev.Time}
	a.take(r)
	s.Alerts = append(s.Alerts, a)
}

// tidy forgets alerts that are over and of which nothing is to be sent.
func (s *state) tidy(now time.Time) {
	s.Alerts = slices.DeleteFunc(s.Alerts, func(a *Alert) bool {
		old := a.Last.Add(keepOpen)
		if !a.Open() {
			old = a.AckAt.Add(keepAcked)
		}
		return old.Before(now) && !slices.ContainsFunc(s.Tasks, func(t task) bool { return t.Alert == a.ID })
	})
}

// plan makes the tasks that are due: to tell of an alert, of its count once in
// its alarm's time, and others when nobody acknowledged it. It returns the
// alerts that were escalated. expand gives the destinations that a name of
// Rule.To stands for.
func (s *state) plan(rules []Rule, now time.Time, expand func(name string, a *Alert) []recipient) (escalated []*Alert, changed bool) {
	for _, a := range s.Alerts {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == a.Alarm })
		if i < 0 {
			continue
		}
		r := &rules[i]
		if a.Count > a.Told && (a.ToldAt.IsZero() || now.Sub(a.ToldAt) >= r.Group) {
			s.tell(a, r.To, false, expand)
			a.Told, a.ToldAt, changed = a.Count, now, true
			if a.Begun.IsZero() {
				a.Begun = now
			}
		}
		if r.Escalate > 0 && a.Open() && a.Escalated.IsZero() && now.Sub(a.Begun) >= r.Escalate {
			s.tell(a, r.EscalateTo, true, expand)
			a.Escalated, changed = now, true
			escalated = append(escalated, a)
		}
	}
	return escalated, changed
}

// tell puts messages into the queues, one an alert and destination.
func (s *state) tell(a *Alert, to []string, escalated bool, expand func(string, *Alert) []recipient) {
	for _, name := range to {
		for _, d := range expand(name, a) {
			if !slices.ContainsFunc(s.Tasks, func(t task) bool {
				return t.Alert == a.ID && t.To == d.to && t.Account == d.account && t.Escalated == escalated
			}) {
				s.Tasks = append(s.Tasks, task{Alert: a.ID, To: d.to, Account: d.account, Told: a.Told, Escalated: escalated})
			}
		}
	}
}

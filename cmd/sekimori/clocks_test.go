package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/release"
)

func TestClockJumpsAreNoticed(t *testing.T) {
	var told []time.Duration
	registry := prometheus.NewRegistry()
	c := newClocks(registry, func(by time.Duration) { told = append(told, by) })
	wall, running := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), time.Hour
	c.wall, c.running = func() time.Time { return wall }, func() time.Duration { return running }
	for _, step := range []struct{ wall, running time.Duration }{
		{time.Second, time.Second},
		{5 * time.Minute, 5 * time.Minute},        // the program had no turn for long
		{3 * time.Second, time.Second},            // a correction
		{time.Hour + time.Second, time.Second},    // forwards
		{time.Second, time.Second},                //
		{time.Second - 24*time.Hour, time.Second}, // back
		{time.Second, time.Second},
	} {
		c.look()
		wall, running = wall.Add(step.wall), running+step.running
	}
	c.look()
	if want := []time.Duration{time.Hour, -24 * time.Hour}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
	all, err := registry.Gather()
	check(t, err)
	for _, m := range all[0].Metric {
		if n := m.Counter.GetValue(); n != 1 {
			t.Errorf("%v: %v", m.Label, n)
		}
	}
}

// TestRecordOverClockJumps writes records whose times go forth and back: none is
// lost or moved, and the record verifies.
func TestRecordOverClockJumps(t *testing.T) {
	in := install(t, "").start()
	in.stop()
	log, err := audit.Open(filepath.Join(in.dir, "data", "audit"), audit.Options{})
	check(t, err)
	now := time.Now()
	var want []string
	for k, at := range []time.Time{now, now.AddDate(1, 0, 0), now.AddDate(-1, 0, 0), now.AddDate(0, 0, 1), now, time.Unix(0, 0)} {
		want = append(want, fmt.Sprint("upload-", k))
		_, err := log.Append(t.Context(), audit.Event{Kind: "decision", Time: at, Action: "allow", Host: want[k]})
		check(t, err)
	}
	check(t, log.Close())
	in.start() // and it goes on after them
	if status, answer := in.curl([]byte("hello"), "--data-binary", "@-", "http://upload.example.com/"); status != "200" {
		t.Errorf("after the jumps: %s %s", status, answer)
	}
	in.stop()
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		t.Errorf("audit verify: %s", out)
	}
	var got []string
	for _, e := range in.events("--kind", "decision") {
		got = append(got, e.Host)
	}
	if want = append(want, "upload.example.com"); !slices.Equal(got, want) {
		t.Errorf("on record is %v, want %v", got, want)
	}
}

// TestReleasesOverClockJumps: a release ends when the clock says so, does not
// come back to life once its end is on record, and holds for no longer than it was
// given for; what waits is not lost.
func TestReleasesOverClockJumps(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	folder := t.TempDir()
	var ends []string
	c := release.Config{Now: func() time.Time { return now }, Record: func(s release.Step) error {
		if s.What == "expired" {
			ends = append(ends, s.Case.ID)
		}
		return nil
	}}
	s, err := release.Open(folder, c)
	check(t, err)
	sub := func(n string) release.Subject {
		return release.Subject{Sender: "user sato", Host: "upload.example.com", Content: n}
	}
	terms := release.Terms{By: []string{"leads"}, People: 1, For: time.Hour}
	given, err := s.Ask(sub("given"), "SK-0000-0001", "for the audit", terms)
	check(t, err)
	_, err = s.Ask(sub("waiting"), "SK-0000-0002", "for the audit", terms)
	check(t, err)
	_, err = s.Decide(given.ID, release.Approver{User: "ito", Groups: []string{"leads"}, Approves: true}, true, "yes")
	check(t, err)
	allowed := func() bool { _, ok := s.Allowed(sub("given")); return ok }
	if !allowed() {
		t.Fatal("a release that was given does not hold")
	}
	now = now.Add(-time.Minute) // back a little: it holds
	if !allowed() {
		t.Error("a minute back, and it does not hold")
	}
	now = now.Add(2 * time.Hour) // forwards: it is over, and that is recorded once
	if allowed() {
		t.Error("two hours on, and it holds")
	}
	check(t, s.Expire())
	check(t, s.Expire())
	if len(ends) != 1 || ends[0] != given.ID {
		t.Errorf("ends on record: %v", ends)
	}
	check(t, s.Close())
	now = now.Add(-2 * time.Hour) // the clock is mended, and the proxy restarted
	s, err = release.Open(folder, c)
	check(t, err)
	defer s.Close()
	check(t, s.Expire())
	if len(ends) != 1 {
		t.Errorf("ends on record: %v", ends)
	}
	if allowed() {
		t.Error("a release whose end is on record holds again")
	}
	if w, ok := s.Latest(sub("waiting")); !ok || w.State != release.Waiting {
		t.Errorf("what waits was lost: %+v", w)
	}
	// Approved while the clock was a year ahead, it does not hold for that year.
	now = now.AddDate(1, 0, 0)
	ahead, err := s.Ask(sub("ahead"), "SK-0000-0003", "for the audit", terms)
	check(t, err)
	_, err = s.Decide(ahead.ID, release.Approver{User: "ito", Groups: []string{"leads"}, Approves: true}, true, "yes")
	check(t, err)
	if _, ok := s.Allowed(sub("ahead")); !ok {
		t.Error("a release that was given does not hold")
	}
	now = now.AddDate(-1, 0, 0)
	if c, ok := s.Allowed(sub("ahead")); ok {
		t.Errorf("it holds until %v, a year from now", c.Ends)
	}
	if again, err := s.Ask(sub("ahead"), "SK-0000-0004", "for the audit", terms); err != nil || again.ID == ahead.ID {
		t.Errorf("nobody can ask again: %v", err)
	}
}

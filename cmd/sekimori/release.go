package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/release"
)

// rawRelease is [release].
type rawRelease struct {
	Wait     duration          `toml:"wait"`
	Managers map[string]string `toml:"managers"`
	Links    bool              `toml:"links"`
}

// releaseConfig is [release], checked.
type releaseConfig struct {
	wait     time.Duration
	managers map[string]string
	links    bool // approvers get links by mail with which they decide
}

func (r rawRelease) check(n tomlfile.Node, report tomlfile.Report) releaseConfig {
	if r.Wait < 0 || time.Duration(r.Wait) > 90*24*time.Hour {
		report(n.Key("wait").Pos(), "release.wait: %v; write a time up to \"2160h\"", time.Duration(r.Wait))
	}
	for who, manager := range r.Managers {
		if who == manager || manager == "" {
			report(n.Key("managers").Pos(), "release.managers: %q has no manager but themselves; write the account of another person", who)
		}
	}
	return releaseConfig{wait: time.Duration(r.Wait), managers: r.Managers, links: r.Links}
}

// recordTime bounds how long a step of a release waits for the audit log.
const recordTime = 10 * time.Second

// openReleases opens the requests for letting out what rules hold. Each step is
// in the audit log before it counts.
func (i *installation) openReleases() (*release.Store, error) {
	c := i.cfg
	cfg := release.Config{
		Wait:    c.Release.wait,
		Manager: func(user string) string { return c.Release.managers[user] },
		Record: func(st release.Step) error {
			ctx, cancel := context.WithTimeout(context.Background(), recordTime)
			defer cancel()
			_, err := i.audit.Append(ctx, releaseEvent(st))
			return err
		},
		Recorded: i.releaseRecorded,
	}
	if c.Fleet != nil {
		cfg.Key, cfg.Node, cfg.Share = c.sharedKey("releases"), c.Fleet.Node, i.told
	}
	s, err := release.Open(c.folder("releases"), cfg)
	if err != nil {
		return nil, fmt.Errorf("open releases: %w", err)
	}
	i.closers = append(i.closers, s.Close)
	i.expireReleases(s)
	return s, nil
}

// expireReleases records, while the program runs, the end of what was not
// decided on in time and of what may not pass any longer.
func (i *installation) expireReleases(s *release.Store) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			wait := time.Second // it costs nothing while nothing is due
			if err := s.Expire(); err != nil && ctx.Err() == nil {
				i.log.Error("the end of a release is not recorded; it is tried again", "error", err)
				wait = time.Minute
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
	}()
	i.closers = append(i.closers, func() error { stop(); <-done; return nil })
}

// releaseRecorded looks for the event of a step that was to be recorded from
// since on.
func (i *installation) releaseRecorded(st release.Step, since time.Time) (found bool, err error) {
	want := releaseEvent(st)
	enough := errors.New("enough")
	err = audit.Read(i.cfg.folder("audit"), audit.Filter{From: since.Add(-time.Hour), Kind: want.Kind, Action: want.Action}, func(r audit.Record) error {
		if d := r.Event.Details; d["release"] != want.Details["release"] || d["was"] != want.Details["was"] {
			return nil
		}
		found = true
		return enough
	})
	if found {
		err = nil
	}
	return found, err
}

// releaseEvent puts a step on record.
func releaseEvent(st release.Step) audit.Event {
	k := &st.Case
	asker, by := cmp.Or(k.Subject.User, k.Subject.Sender), st.By
	if by == k.Subject.Sender {
		by = asker
	}
	ev := audit.Event{
		Kind: "release", Time: time.Now(), User: by, Action: st.What, Reason: st.Note,
		Incident: k.Incident, Host: k.Subject.Host, Rule: k.Subject.Rule,
	}
	if k.ID != "" {
		ev.Details = map[string]string{
			"release": k.ID, "state": string(k.State), "asked_by": asker,
			"agreed": strconv.Itoa(k.Agreed()) + " of " + strconv.Itoa(k.Terms.People),
		}
		if k.State == release.Expired {
			ev.Details["was"], ev.Details["ended"] = string(k.Lapsed), k.Ends.UTC().Format(time.RFC3339)
		}
		if n := len(k.Votes); n > 0 && k.Votes[n-1].For != "" && st.By == k.Votes[n-1].By {
			ev.Details["in_place_of"] = k.Votes[n-1].For
		}
	}
	return ev
}

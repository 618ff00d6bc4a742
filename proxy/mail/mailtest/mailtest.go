// Package mailtest surrounds the doors for mail in their tests: a scanner and
// rules that go by words, a record in memory, and a gate of these.
package mailtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// The words that the scanner of these tests knows.
const (
	Secret  = "SECRET-CONTENT"  // blocked
	Doubted = "DOUBTED-CONTENT" // warned
	Partner = "PARTNER-CONTENT" // only to partner.example
	Delayed = "DELAYED-CONTENT" // waits
	Kept    = "KEPT-CONTENT"    // held and kept
	Linked  = "LINKED-CONTENT"  // goes by a link, at once
	Listed  = "LISTED-CONTENT"  // goes by a link, once it is released
)

// WordScanner finds the words above in the bytes as they stand.
type WordScanner struct{}

// Scan implements gate.Scanner.
func (WordScanner) Scan(_ context.Context, roots []part.Part, _ inspect.ScanOptions) *inspect.Report {
	r := &inspect.Report{Total: map[inspect.Type]int{}}
	for _, p := range roots {
		b, err := io.ReadAll(p.Body)
		if err != nil {
			panic(err)
		}
		for typ, w := range map[inspect.Type]string{"CARD": Secret, "NAME": Doubted, "PHONE": Partner, "DELAY": Delayed, "KEEP": Kept, "LINK": Linked, "LIST": Listed} {
			if n := bytes.Count(b, []byte(w)); n > 0 {
				r.Total[typ] += n
			}
		}
		r.Parts = append(r.Parts, inspect.PartReport{Path: p.Path, Format: "mail", Bytes: int64(len(b)), State: inspect.Inspected})
		r.Coverage.Inspected++
	}
	return r
}

// WordRules decide by the words, and remember what they were asked.
type WordRules struct {
	Delay time.Duration // of what waits

	mu    sync.Mutex
	asked []rules.Transaction
}

// Digest implements gate.Rules.
func (*WordRules) Digest() string { return "test" }

// Release implements gate.Rules.
func (*WordRules) Release(string) (rules.Release, bool) {
	return rules.Release{People: 1, For: time.Hour}, true
}

// Decide implements gate.Rules.
func (w *WordRules) Decide(t rules.Transaction) rules.Verdict {
	w.mu.Lock()
	w.asked = append(w.asked, t)
	w.mu.Unlock()
	say := map[string]string{"ja": "社外には送れません", "en": "not to leave"}
	switch {
	case t.Report.Total["CARD"] > 0, t.Report.Total["PHONE"] > 0 && t.Destination.Host != "partner.example":
		return rules.Verdict{Action: rules.Block, Rule: "no-secrets", Title: say, Say: say}
	case t.Report.Total["NAME"] > 0 && !t.Confirmed("doubt"):
		return rules.Verdict{Action: rules.Warn, Rule: "doubt", Title: say, Say: say}
	case t.Report.Total["NAME"] > 0:
		return rules.Verdict{Action: rules.Log, Rule: "doubt"}
	}
	released := func(rule string) rules.Action {
		if t.Released(rule) {
			return rules.Log
		}
		return rules.Hold
	}
	switch has := t.Report.Total; {
	case has["KEEP"] > 0:
		return rules.Verdict{Action: released("keep"), Rule: "keep", Title: say, Say: say, Mail: rules.Mail{Keep: true}}
	case has["LIST"] > 0:
		return rules.Verdict{Action: released("list"), Rule: "list", Title: say, Say: say, Mail: rules.Mail{Links: true}}
	case has["LINK"] > 0:
		return rules.Verdict{Action: rules.Log, Rule: "link", Mail: rules.Mail{Links: true}}
	case has["DELAY"] > 0:
		return rules.Verdict{Action: rules.Log, Rule: "delay", Mail: rules.Mail{Delay: w.Delay}}
	}
	return rules.Verdict{Action: rules.Allow}
}

// Last is what was asked last.
func (w *WordRules) Last() rules.Transaction {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.asked) == 0 {
		return rules.Transaction{}
	}
	return w.asked[len(w.asked)-1]
}

// Recorder is an audit log in memory that can be told to fail.
type Recorder struct {
	mu     sync.Mutex
	Fail   bool
	Events []audit.Event
}

// Append implements audit's.
func (r *Recorder) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Fail {
		return audit.Receipt{}, errors.New("disk full")
	}
	r.Events = append(r.Events, ev)
	return audit.Receipt{Seq: uint64(len(r.Events))}, nil
}

// What lists what became of messages.
func (r *Recorder) What() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range r.Events {
		if ev.Kind == "mail" {
			all = append(all, ev.Details["what"])
		}
	}
	return all
}

// Decisions lists the events of decisions.
func (r *Recorder) Decisions() (all []audit.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range r.Events {
		if ev.Kind == "decision" {
			all = append(all, ev)
		}
	}
	return all
}

// Accounts knows everybody by the password "right".
type Accounts struct{}

// LogIn implements mail.Accounts.
func (Accounts) LogIn(_ context.Context, user, password string, at netip.Addr) (rules.Principal, error) {
	if password != "right" {
		return rules.Principal{}, errors.New("wrong password")
	}
	return rules.Principal{User: user, Address: at, How: "basic"}, nil
}

// Named implements mail.Accounts.
func (Accounts) Named(_ context.Context, user string, groups []string, at netip.Addr, how string) rules.Principal {
	return rules.Principal{User: user, Groups: groups, Address: at, How: how}
}

// Classes knows partner.example.
type Classes struct{}

// Lookup implements mail.Classifier.
func (Classes) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	d := rules.Destination{Scheme: scheme, Host: host, Port: port, Method: method, Path: path, Classes: []string{"unknown"}}
	if host == "partner.example" {
		d.Classes = []string{"partner"}
	}
	return d
}

// House is what stands around a door for mail. It is a door's Releases too.
type House struct {
	*gate.Gate
	*release.Store
	Judge *mail.Judge
	Spool *hold.Spool
}

// Open makes a house for corp.example. Its releases live in a folder, so that a
// second one may go on with them.
func Open(t testing.TB, r *WordRules, log *Recorder, folder string) *House {
	t.Helper()
	h := &House{}
	fail := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	var err error
	h.Spool, err = hold.Open(hold.Config{Dir: t.TempDir(), MemoryPerBody: 64 << 10, DigestKey: []byte("key of these tests")})
	fail(err)
	h.Store, err = release.Open(folder, release.Config{})
	fail(err)
	t.Cleanup(func() { h.Store.Close() })
	h.Gate, err = gate.New(gate.Config{Policy: func() *gate.Policy { return &gate.Policy{Scanner: WordScanner{}, Rules: r} }, Hold: h.Spool, Audit: log, Releases: h.Store})
	fail(err)
	h.Judge, err = mail.New(mail.Config{Domains: []string{"corp.example"}, Many: 3, Contact: map[string]string{"en": "extension 100", "ja": "内線100"}},
		mail.Deps{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Gate: h.Gate, Hold: h.Spool, Accounts: Accounts{}, Classes: Classes{}, Audit: log})
	fail(err)
	return h
}

package gate

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// held holds until a release is given.
func held(t rules.Transaction) rules.Verdict {
	if t.Released != nil && t.Released("h") {
		return rules.Verdict{Action: rules.Log, Rule: "h", Clause: "it was released"}
	}
	return rules.Verdict{Action: rules.Hold, Rule: "h"}
}

// withReleases is a fixture that holds, and its store of releases.
func withReleases(t *testing.T) (*fixture, *release.Store) {
	t.Helper()
	s, err := release.Open(t.TempDir(), release.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	f := newFixture(t, func(c *Config) { c.Releases = s; c.ConfirmFor = time.Minute })
	f.policy.Rules = decideFunc(held)
	return f, s
}

func TestWhatIsReleasedPassesOnce(t *testing.T) {
	f, s := withReleases(t)
	ctx := context.Background()
	alice := upload("").Principal
	o := f.Check(ctx, upload("content"))
	if o.Passes() || o.Confirm == "" || o.Asked != nil {
		t.Fatalf("%+v", o)
	}
	if _, err := f.Confirm(rules.Principal{User: "bob"}, "a.example", o.Confirm, "mine"); !errors.Is(err, ErrToken) {
		t.Error("another asks with the token:", err)
	}
	if _, err := f.Confirm(alice, "a.example", o.Confirm, " "); !errors.Is(err, ErrReason) {
		t.Error(err)
	}
	k, err := f.Confirm(alice, "a.example", o.Confirm, "the customer asked for it")
	if err != nil || k == nil || k.State != release.Waiting || k.Terms.People != 2 || k.Incident != o.Incident || k.Subject.User != "alice" {
		t.Fatalf("%+v %v", k, err)
	}
	if o := f.Check(ctx, upload("content")); o.Passes() || o.Asked == nil || o.Asked.ID != k.ID {
		t.Fatalf("while it waits: %+v", o)
	}
	for _, by := range []string{"sato", "ito"} {
		if o := f.Check(ctx, upload("content")); o.Passes() {
			t.Fatal("it passes before two agreed")
		}
		if _, err := s.Decide(k.ID, release.Approver{User: by, Approves: true}, true, "checked"); err != nil {
			t.Fatal(err)
		}
	}
	if o := f.Check(ctx, upload("other content")); o.Passes() || o.Asked != nil {
		t.Error("other content passes too")
	}
	if o := f.Check(ctx, upload("content")); !o.Passes() {
		t.Fatalf("%+v", o)
	}
	if ev := f.log.last(); ev.Action != "log" || !strings.Contains(ev.Clause, k.ID) {
		t.Errorf("recorded %+v", ev)
	}
	if got, _ := s.Get(k.ID); got.Passed != 1 {
		t.Errorf("it passed %d times", got.Passed)
	}
}

// The sender takes a request back, nobody else; then it can be asked for again.
func TestARequestIsTakenBack(t *testing.T) {
	f, s := withReleases(t)
	ctx := context.Background()
	alice := upload("").Principal
	asks := f.Check(ctx, upload("content")).Confirm
	k, err := f.Confirm(alice, "a.example", asks, "for the customer")
	if err != nil {
		t.Fatal(err)
	}
	waiting := f.Check(ctx, upload("content"))
	if waiting.Confirm == "" || waiting.Asked == nil || waiting.Asked.State != release.Waiting {
		t.Fatalf("%+v", waiting)
	}
	if _, err := f.Confirm(rules.Principal{User: "bob"}, "a.example", waiting.Confirm, ""); !errors.Is(err, ErrToken) {
		t.Error("another takes it back:", err)
	}
	back, err := f.Confirm(alice, "a.example", waiting.Confirm, "")
	if err != nil || back == nil || back.ID != k.ID || back.State != release.Withdrawn {
		t.Fatalf("%+v %v", back, err)
	}
	if _, err := f.Confirm(alice, "a.example", waiting.Confirm, ""); !errors.Is(err, ErrToken) {
		t.Error("twice:", err)
	}
	if _, err := s.Decide(k.ID, release.Approver{User: "sato", Approves: true}, true, "checked"); !errors.Is(err, release.ErrClosed) {
		t.Error("it is approved all the same:", err)
	}
	o := f.Check(ctx, upload("content"))
	if o.Passes() || o.Asked == nil || o.Asked.State != release.Withdrawn {
		t.Fatalf("%+v", o)
	}
	if again, err := f.Confirm(alice, "a.example", o.Confirm, "after all"); err != nil || again.ID == k.ID || again.State != release.Waiting {
		t.Errorf("asked again: %+v %v", again, err)
	}
}

// A token to confirm a warning asks for no release, and the other way round.
func TestTokensAreOfOneKind(t *testing.T) {
	f, _ := withReleases(t)
	ctx := context.Background()
	alice := upload("").Principal
	o := f.Check(ctx, upload("content"))
	f.policy.Rules = decideFunc(func(t rules.Transaction) rules.Verdict {
		if t.Confirmed("h") {
			return rules.Verdict{Action: rules.Log, Rule: "h"}
		}
		return rules.Verdict{Action: rules.Warn, Rule: "h"}
	})
	if k, err := f.Confirm(alice, "a.example", o.Confirm, "r"); err != nil || k == nil {
		t.Fatal(k, err)
	}
	if o := f.Check(ctx, upload("content")); o.Passes() {
		t.Error("asking for a release confirmed a warning")
	}
}

// A release that cannot be counted lets nothing out.
func TestUncountedReleaseKeepsIn(t *testing.T) {
	f, s := withReleases(t)
	ctx := context.Background()
	o := f.Check(ctx, upload("content"))
	k, err := f.Confirm(upload("").Principal, "a.example", o.Confirm, "r")
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{"sato", "ito"} {
		if _, err := s.Decide(k.ID, release.Approver{User: by, Approves: true}, true, "checked"); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if o := f.Check(ctx, upload("content")); o.Passes() || o.Failure != Unrecorded {
		t.Errorf("%+v", o)
	}
}

func TestNoReleasesWithoutAStore(t *testing.T) {
	f := newFixture(t, func(c *Config) {})
	f.policy.Rules = decideFunc(held)
	if o := f.Check(context.Background(), upload("content")); o.Passes() || o.Confirm != "" || o.Verdict.Action != rules.Hold {
		t.Errorf("%+v", o)
	}
}

// atSigns finds each "@". Like the real one it stops once all is decided, if it may:
// here by the first.
type atSigns struct{}

func (atSigns) Scan(_ context.Context, roots []part.Part, o inspect.ScanOptions) *inspect.Report {
	r := &inspect.Report{Total: map[inspect.Type]int{}}
	for i, p := range roots {
		b, _ := io.ReadAll(p.Body)
		r.Parts = append(r.Parts, inspect.PartReport{Path: p.Path, Bytes: int64(len(b)), State: inspect.Inspected})
		if n := strings.Count(string(b), "@"); n > 0 && !(o.UntilDecided && r.Total["EMAIL"] > 0) {
			r.Total["EMAIL"] += n
			r.Findings = append(r.Findings, inspect.Finding{Type: "EMAIL", Part: i})
		}
	}
	return r
}

// What was released is the fields of head and trailer in which something was found
// as well as the body, also if the body alone would have decided.
func TestAReleaseIsBoundToFields(t *testing.T) {
	ctx := context.Background()
	for _, body := range []string{"content", "a list with me@example.jp"} {
		f, s := withReleases(t)
		f.policy.Scanner = atSigns{}
		with := func(head, trailer, id string) *Transaction {
			u := upload(body)
			u.Headers = []Header{{"X-List", head}, {"X-Request-Id", id}}
			u.Trailer = func() []Header { return []Header{{"Sent-By", trailer}} }
			return u
		}
		k, err := f.Confirm(upload("").Principal, "a.example", f.Check(ctx, with("a@example.jp", "b@example.jp", "1")).Confirm, "for the customer")
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []string{"sato", "ito"} {
			if _, err := s.Decide(k.ID, release.Approver{User: by, Approves: true}, true, "checked"); err != nil {
				t.Fatal(err)
			}
		}
		if o := f.Check(ctx, with("a@example.jp", "b@example.jp", "2")); !o.Passes() {
			t.Errorf("%q: what was released is kept in: %+v", body, o)
		}
		if o := f.Check(ctx, with("c@example.jp", "b@example.jp", "3")); o.Passes() {
			t.Errorf("%q: another field of the head passes by the release", body)
		}
		if o := f.Check(ctx, with("a@example.jp", "c@example.jp", "4")); o.Passes() {
			t.Errorf("%q: another field of the trailer passes by the release", body)
		}
	}
}

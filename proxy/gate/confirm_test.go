package gate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/rules"
)

// warned warns until the warning is confirmed.
func warned(t rules.Transaction) rules.Verdict {
	if t.Confirmed != nil && t.Confirmed("w") {
		return rules.Verdict{Action: rules.Log, Rule: "w"}
	}
	return rules.Verdict{Action: rules.Warn, Rule: "w"}
}

func TestConfirmationIsBound(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.ConfirmFor = time.Minute })
	f.policy.Rules = decideFunc(warned)
	ctx := context.Background()
	o := f.Check(ctx, upload("content"))
	alice := upload("").Principal
	bob := rules.Principal{User: "bob", Address: alice.Address}

	for name, c := range map[string]struct {
		who                 rules.Principal
		host, token, reason string
		want                error
	}{
		"another sender":   {bob, "a.example", o.Confirm, "r", ErrToken},
		"another host":     {alice, "b.example", o.Confirm, "r", ErrToken},
		"no token":         {alice, "a.example", "", "r", ErrToken},
		"garbage":          {alice, "a.example", "AAAA", "r", ErrToken},
		"cut token":        {alice, "a.example", o.Confirm[:len(o.Confirm)-2], "r", ErrToken},
		"changed token":    {alice, "a.example", "B" + o.Confirm[1:], "r", ErrToken},
		"no reason":        {alice, "a.example", o.Confirm, " \n", ErrReason},
		"unreadable words": {alice, "a.example", o.Confirm, "\xff\xfe", ErrReason},
	} {
		if _, err := f.Confirm(c.who, c.host, c.token, c.reason); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.log.last().Kind == "confirm" {
		t.Error("a refused confirmation was recorded")
	}
	if o := f.Check(ctx, upload("content")); o.Passes() {
		t.Error("passes unconfirmed")
	}
	if _, err := f.Confirm(alice, "a.example", o.Confirm, strings.Repeat("あ", 2000)); err != nil {
		t.Fatal(err)
	}
	if ev := f.log.last(); ev.Kind != "confirm" || ev.Rule != "w" || ev.Incident != o.Incident || ev.User != "alice" || len([]rune(ev.Reason)) != maxReason {
		t.Errorf("recorded %+v", ev)
	}
	check := func(name string, want bool, mend func(*Transaction)) {
		t.Helper()
		tr := upload("content")
		mend(tr)
		if o := f.Check(ctx, tr); o.Passes() != want {
			t.Errorf("%s passes: %v", name, o.Passes())
		}
	}
	check("the same", true, func(*Transaction) {})
	check("another request id", true, func(tr *Transaction) { tr.Headers = []Header{{"X-Request-Id", "1"}} })
	check("other content", false, func(tr *Transaction) { tr.Body, tr.Length = strings.NewReader("contenu"), 7 })
	check("other query", false, func(tr *Transaction) { tr.Query = "a" })
	check("other path", false, func(tr *Transaction) { tr.Destination.Path = "/b" })
	check("other host", false, func(tr *Transaction) { tr.Destination.Host = "b.example" })
	check("other sender", false, func(tr *Transaction) { tr.Principal.User = "bob" })
	check("nobody at that address", false, func(tr *Transaction) { tr.Principal = rules.Principal{Address: netip.MustParseAddr("192.0.2.1")} })

	f.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	check("the same, later", false, func(*Transaction) {})
	if _, err := f.Confirm(alice, "a.example", o.Confirm, "r"); !errors.Is(err, ErrToken) {
		t.Errorf("an old token: %v", err)
	}
}

// Without a record there is no confirmation.
func TestConfirmationNeedsARecord(t *testing.T) {
	f := newFixture(t, nil)
	f.policy.Rules = decideFunc(warned)
	o := f.Check(context.Background(), upload("content"))
	f.log.err = errors.New("disk full")
	if _, err := f.Confirm(upload("").Principal, "a.example", o.Confirm, "r"); err == nil {
		t.Error("no error")
	}
	f.log.err = nil
	if o := f.Check(context.Background(), upload("content")); o.Passes() {
		t.Error("passes")
	}
}

func TestConfirmationsAreBounded(t *testing.T) {
	c := newConfirmations(time.Minute)
	for i := range maxConfirmations {
		if err := c.give(claim{rule: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.give(claim{rule: "one more"}); err == nil {
		t.Error("no bound")
	}
	c.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	if err := c.give(claim{rule: "one more"}); err != nil || len(c.given) != 1 {
		t.Errorf("the old ones were kept: %v, %d", err, len(c.given))
	}
}

// Only the boundary of a form may differ, and nothing can hide behind it.
func TestFormsAreTheSameBehindAnotherBoundary(t *testing.T) {
	sum := func(boundary, body string) [32]byte {
		h := sha256.New()
		hashWithout(h, strings.NewReader(strings.ReplaceAll(body, "B", "--"+boundary)), "--"+boundary)
		return [32]byte(h.Sum(nil))
	}
	long := strings.Repeat("x", 100_000)
	form := "B\r\nContent-Disposition: form-data; name=a\r\n\r\nvalue" + long + "\r\nB\r\n\r\nother\r\nB--\r\n"
	if sum("one", form) != sum("another", form) {
		t.Error("the same form differs")
	}
	for _, other := range []string{
		strings.Replace(form, "value", "valve", 1), strings.Replace(form, "other", "", 1),
		strings.Replace(form, "\r\nB\r\n\r\nother", "\r\n\r\nother", 1), form + "more",
		strings.Replace(form, "B\r\n\r\nother", "B hidden\r\n\r\nother", 1), strings.Replace(form, "B--", "B", 1),
	} {
		if sum("one", form) == sum("one", other) {
			t.Errorf("%.60q is taken for the same", other)
		}
	}
}

// A confirmation holds over a restart, in whatever state the file was left, and no
// longer than it was to.
func TestConfirmationsOverRestarts(t *testing.T) {
	file, key := filepath.Join(t.TempDir(), "confirmed"), [32]byte{7}
	var first *fixture
	start := func() *fixture {
		f := newFixture(t, func(c *Config) { c.ConfirmKey, c.ConfirmFile, c.ConfirmFor = &key, file, time.Hour })
		f.policy.Rules = decideFunc(warned)
		if first == nil {
			first = f
		}
		f.Hold = first.Hold // with the same key of digests
		return f
	}
	ctx := context.Background()
	f := start()
	o := f.Check(ctx, upload("content"))
	if _, err := f.Confirm(upload("").Principal, "a.example", o.Confirm, "the customer asked"); err != nil {
		t.Fatal(err)
	}
	f.note(keyHalf, "user alice", "bob@b.example")
	// Killed: the file is not closed, and an entry was being written.
	torn, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	torn.Write([]byte("half"))
	torn.Close()
	for range 2 {
		f = start()
		if o := f.Check(ctx, upload("content")); !o.Passes() {
			t.Fatal("the restart forgot it")
		}
		if o := f.Check(ctx, upload("contenu")); o.Passes() {
			t.Error("other content passes")
		}
		if !f.noted(keyHalf, "user alice", "bob@b.example") || f.noted(lockedHalf, "user alice", "bob@b.example") {
			t.Error("the half of a pair is not what it was")
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f = start()
	f.Confirmations.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if o := f.Check(ctx, upload("content")); o.Passes() {
		t.Error("it holds for ever")
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 2*entrySize || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// The file does not grow without bounds.
func TestConfirmationsAreCompacted(t *testing.T) {
	c := newConfirmations(time.Hour)
	path := filepath.Join(t.TempDir(), "confirmed")
	if err := c.remember(path); err != nil {
		t.Fatal(err)
	}
	defer c.forget()
	for i := range 3 * slackEntries {
		if err := c.keep([32]byte{byte(i % 3)}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > entrySize*(slackEntries+10) {
		t.Fatalf("%v, %v", info, err)
	}
	d := newConfirmations(time.Hour)
	if err := d.remember(path); err != nil || len(d.given) != 3 {
		t.Fatalf("%d, %v", len(d.given), err)
	}
	d.forget()
	if err := d.remember(filepath.Join(path, "not a folder")); err == nil {
		t.Error("a file that cannot be kept is no error")
	}
}

package change

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/console/account"
)

// people are accounts by name.
type people map[string][]account.Role

func (p people) Get(name string) (account.Account, bool) {
	for n, roles := range p {
		if strings.EqualFold(n, name) {
			return account.Account{Name: n, Roles: roles}, true
		}
	}
	return account.Account{}, false
}

var cast = people{
	"anna": {account.Author}, "ben": {account.Approver}, "both": {account.Author, account.Approver},
	"most": {account.Operator, account.Author, account.Approver}, "eve": {account.Operator, account.Auditor}, "nil": nil,
}

func clean(string) error { return nil }

func done(Change) error { return nil }

func open(t *testing.T, check Check) (*Store, string) {
	t.Helper()
	live := filepath.Join(t.TempDir(), "rules")
	s, err := Open(live, filepath.Join(t.TempDir(), "changes"), cast, check)
	if err != nil {
		t.Fatal(err)
	}
	return s, live
}

// snapshot is every byte of a folder.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s=%q\n", e.Name(), data)
	}
	return b.String()
}

// TestNobodyChangesARuleAlone lets each account make long random sequences of
// every call there is, with proposals of others beside that nobody decided:
// the rules folder stays as it was, unless the account approved what another
// had proposed.
func TestNobodyChangesARuleAlone(t *testing.T) {
	for name := range cast {
		r := rand.New(rand.NewPCG(uint64(len(name)), 7))
		s, live := open(t, clean)
		if err := os.WriteFile(filepath.Join(live, "a.toml"), []byte("x = 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		before := snapshot(t, live)
		for range 200 {
			file := []string{"a.toml", "b.toml", "../a.toml", "A.toml"}[r.IntN(4)]
			text := []string{"", "x = 2\n", fmt.Sprintf("x = %d\n", r.IntN(9))}[r.IntN(3)]
			as := name
			if r.IntN(2) == 0 {
				as = strings.ToUpper(name)
			}
			id := r.IntN(40)
			switch r.IntN(6) {
			case 0, 1:
				_, _ = s.Propose(as, file, text, "why", done)
			case 2:
				seen := ""
				if c, err := s.Get(id); err == nil {
					seen = c.Digest()
				}
				if _, err := s.Approve(as, id, seen, "why", done); err == nil {
					t.Fatalf("%s approved alone", name)
				}
			case 3:
				_, _ = s.Refuse(as, id, "why", done)
			case 4:
				_, _ = s.Withdraw(as, id, done)
			case 5:
				fresh, err := Open(s.live, s.dir, cast, clean)
				if err != nil {
					t.Fatal(err)
				}
				s = fresh
			}
		}
		if after := snapshot(t, live); after != before {
			t.Errorf("%s changed the rules alone:\n%s\n%s", name, before, after)
		}
	}
}

func TestTwoPeopleChangeARule(t *testing.T) {
	s, live := open(t, clean)
	c, err := s.Propose("anna", "a.toml", "x = 1\r\n", "new", done)
	if err != nil {
		t.Fatal(err)
	}
	if got := snapshot(t, live); got != "" {
		t.Fatalf("proposing wrote %s", got)
	}
	for by, want := range map[string]error{"anna": ErrRole, "eve": ErrRole, "nobody": ErrRole} {
		if _, err := s.Approve(by, c.ID, c.Digest(), "yes", done); !errors.Is(err, want) {
			t.Errorf("%s: %v", by, err)
		}
	}
	if _, err := s.Approve("ben", c.ID, "something else", "yes", done); !errors.Is(err, ErrSeen) {
		t.Errorf("unseen: %v", err)
	}
	if _, err := s.Approve("ben", c.ID, c.Digest(), " ", done); !errors.Is(err, ErrReason) {
		t.Errorf("without reason: %v", err)
	}
	unwritten := errors.New("no disk")
	if _, err := s.Approve("ben", c.ID, c.Digest(), "yes", func(Change) error { return unwritten }); !errors.Is(err, unwritten) {
		t.Errorf("unrecorded: %v", err)
	}
	if got := snapshot(t, live); got != "" {
		t.Fatalf("an unrecorded approval wrote %s", got)
	}
	if _, err := s.Approve("ben", c.ID, c.Digest(), "yes", done); err != nil {
		t.Fatal(err)
	}
	if got := snapshot(t, live); got != "a.toml=\"x = 1\\n\"\n" {
		t.Fatal(got)
	}
	if _, err := s.Approve("both", c.ID, c.Digest(), "yes", done); !errors.Is(err, ErrGone) {
		t.Errorf("twice: %v", err)
	}

	// Two proposals on one text: the second is stale once the first is in.
	one, err := s.Propose("anna", "a.toml", "x = 2\n", "why", done)
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.Propose("both", "a.toml", "x = 3\n", "why", done)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Approve("both", one.ID, one.Digest(), "yes", done); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Approve("ben", two.ID, two.Digest(), "yes", done); !errors.Is(err, ErrStale) {
		t.Errorf("stale: %v", err)
	}
	// Rolling back is a proposal again; taking the file away too.
	for _, text := range []string{one.Before, ""} {
		c, err := s.Propose("anna", "a.toml", text, "back", done)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Approve("ben", c.ID, c.Digest(), "yes", done); err != nil {
			t.Fatal(err)
		}
	}
	if got := snapshot(t, live); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestApprovedIsWrittenAfterACrash(t *testing.T) {
	s, live := open(t, clean)
	c, err := s.Propose("anna", "a.toml", "x = 1\n", "new", done)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = s.Approve("ben", c.ID, c.Digest(), "yes", done); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(live, "a.toml")); err != nil { // as if the program had ended before it wrote
		t.Fatal(err)
	}
	if _, err := Open(live, s.dir, cast, clean); err != nil {
		t.Fatal(err)
	}
	if got := snapshot(t, live); !strings.Contains(got, "x = 1") {
		t.Errorf("after the restart: %q", got)
	}
}

func TestProposalsAreChecked(t *testing.T) {
	fault := errors.New("a.toml:3:1: this is wrong")
	s, _ := open(t, func(folder string) error {
		b, err := os.ReadFile(filepath.Join(folder, "a.toml"))
		if err == nil && strings.Contains(string(b), "wrong") {
			return fmt.Errorf("%s/%w", folder, fault)
		}
		return nil
	})
	_, err := s.Propose("anna", "a.toml", "wrong = 1\n", "why", done)
	if err == nil || err.Error() != fault.Error() {
		t.Errorf("a fault: %v", err)
	}
	for text, want := range map[string]error{
		"[[keywords]]\nid = \"x\"\nfile = \"/etc/passwd\"":           ErrFile,
		"[[rule]]\n[[rule.test]]\n\"file\" = \"/etc/passwd\"":        ErrFile,
		"rule = [{ test = [{ \"\\u0066ile\" = \"/etc/shadow\" }] }]": ErrFile,
		"x = \"" + strings.Repeat("a", maxText) + "\"":               ErrLarge,
		"": ErrSame,
	} {
		if _, err := s.Propose("anna", "a.toml", text, "why", done); !errors.Is(err, want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	if _, err := s.Propose("anna", "a.toml", "x = 1", " ", done); !errors.Is(err, ErrReason) {
		t.Errorf("no reason: %v", err)
	}
}

func TestDiff(t *testing.T) {
	text := func(ls []Line) (s string) {
		for _, l := range ls {
			s += l.Mark + l.Text + "|"
		}
		return s
	}
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"", "x\n", "+x|"},
		{"a\nb\nc\n", "a\nB\nc\n", " a|-b|+B| c|"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n", "…| 6| 7| 8|-9|+nine|"},
		{"a\nb\n", "b\na\n", "-a| b|+a|"},
	} {
		if got := text(Diff(c.a, c.b)); got != c.want {
			t.Errorf("%q → %q: %s, want %s", c.a, c.b, got, c.want)
		}
	}
	// Applied to before, a difference gives after.
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		lines := func() string {
			var b strings.Builder
			for range r.IntN(12) {
				fmt.Fprintf(&b, "%d\n", r.IntN(4))
			}
			return b.String()
		}
		a, b := lines(), lines()
		var olds, news string
		for _, l := range middle(split(a), split(b)) {
			if l.Mark != "+" {
				olds += l.Text + "\n"
			}
			if l.Mark != "-" {
				news += l.Text + "\n"
			}
		}
		if olds != a || news != b {
			t.Fatalf("%q → %q gives %q → %q", a, b, olds, news)
		}
	}
}

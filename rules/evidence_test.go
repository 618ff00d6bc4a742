package rules

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect"
)

// TestEvidence: the most that a live rule asks for, which no other lifts.
func TestEvidence(t *testing.T) {
	rule := func(id, action, more string) string {
		return "[[rule]]\nid = \"" + id + "\"\naction = \"" + action + "\"\n" + more + "\n"
	}
	load := func(src string) *Set {
		t.Helper()
		file := filepath.Join(t.TempDir(), "rules.toml")
		write(t, file, src)
		s, err := Load([]string{file}, Options{NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct{ src, want string }{
		{rule("a", "block", ""), ""},
		{rule("a", "block", `evidence = "matched"`), EvidenceMatched},
		{rule("a", "block", `evidence = "matched"`) + rule("b", "log", `evidence = "body"`), EvidenceBody},
		{rule("a", "block", "evidence = \"body\"\nmode = \"shadow\""), ""},
		{rule("a", "block", `evidence = "body"`) + rule("b", "allow", `lifts = ["a"]`), ""},
	} {
		if v := load(c.src).Decide(Transaction{Report: &inspect.Report{}}); v.Evidence != c.want {
			t.Errorf("%q, want %q, by\n%s", v.Evidence, c.want, c.src)
		}
	}
	if a, b := load(rule("a", "block", "")), load(rule("a", "block", `evidence = "body"`)); a.Digest() == b.Digest() {
		t.Error("evidence does not count in the digest")
	}
	file := filepath.Join(t.TempDir(), "rules.toml")
	write(t, file, rule("a", "block", `evidence = "all"`))
	if _, err := Load([]string{file}, Options{NoDefaults: true}); err == nil || !strings.Contains(err.Error(), ":4:12: ") || !strings.Contains(err.Error(), "body") {
		t.Errorf("a wrong word: %v", err)
	}
}

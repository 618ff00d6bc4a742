package console

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/console/page"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// everyClause are rules that use what the built-in ones do not.
const everyClause = `
[[rule]]
id = "past"
action = "log"
over = [{ days = 9, people = 3, uploads = 2, bytes = "1 MB", stopped = 4, times_usual = 3.0, times_peers = 3.0, accounts = 2, new_destination = true },
  { hours = 5, by = "group", unusual_hour = true, bytes_times_usual = 2.5 }, { days = 1, bytes_times_peers = 4.0 },
  { days = 1, by = "class", uploads = 9 }, { days = 1, by = "destination", people = 9 }]
[[rule]]
id = "mail"
action = "log"
where = { operation = ["send-mail"], recipients_outside = true, recipient_domains = ["b.example"], public_link = false, class = ["mail", "mail-bcc"] }
`

// TestClausesSpeakJapanese: what rules look at has a name in Japanese, and what
// they need no English sentence.
func TestClausesSpeakJapanese(t *testing.T) {
	file := t.TempDir() + "/every.toml"
	if err := os.WriteFile(file, []byte(everyClause), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load([]string{file, "../rules/testdata/whole-language.good.toml"}, rules.Options{Untested: true})
	if err != nil {
		t.Fatal(err)
	}
	english := regexp.MustCompile(`\b(at least|times|over|usual|with|needs|validated|that|outside|first)\b`)
	seen := 0
	for _, r := range set.List() {
		for _, n := range r.Needs {
			key, need, _ := strings.Cut(strings.TrimPrefix(n, "or "), ": ")
			got := page.Clauses("ja", key+": 1 (needs "+need+")")
			seen++
			if len(got) != 1 || got[0].Key == key || got[0].Key == "" || english.MatchString(got[0].Key+" "+got[0].Need) {
				t.Errorf("%s: %+v", n, got)
			}
		}
	}
	if seen < 40 {
		t.Errorf("%d conditions only", seen)
	}
}

// TestVocabularyHasWords: classes, reasons and types that rules may name are shown
// in Japanese.
func TestVocabularyHasWords(t *testing.T) {
	for kind, words := range map[string][]string{"class": rules.Classes, "type": rules.Types, "reason": reasons()} {
		for _, w := range words {
			if page.Term("ja", kind, w) == w && w != "IBAN" && w != "crm" {
				t.Errorf("no word for the %s %q", kind, w)
			}
		}
	}
}

func reasons() []string {
	var all []string
	for _, r := range part.Reasons {
		all = append(all, string(r))
	}
	return all
}

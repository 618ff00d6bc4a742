package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// load compiles rules without the built-in ones.
func load(t *testing.T, text string) *rules.Set {
	t.Helper()
	file := filepath.Join(t.TempDir(), "r.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load([]string{file}, rules.Options{NoDefaults: true, Untested: true})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const inForce = `
[[rule]]
id = "people"
action = "block"
what = { people = { at_least = 3, with = ["NAME", "PHONE|EMAIL"] } }
where = { class = ["cloud-storage"] }
[[rule]]
id = "card"
action = "hold"
what = { findings = { types = "CARD", at_least = 1, validated = true } }
[[rule]]
id = "outside"
action = "warn"
what = { findings = { types = "EMAIL", at_least = 1 } }
where = { recipients_outside = true }
[[rule]]
id = "night"
action = "log"
who = { users = ["sato"] }
when = { hours = "22:00-06:00", tz = "Asia/Tokyo" }
`

// recorded scans a text, decides on it and puts that on record as the proxy
// does.
func recorded(t *testing.T, set *rules.Set, text string, tx rules.Transaction, details map[string]string) (audit.Record, rules.Verdict) {
	t.Helper()
	tx.Report = set.Scanner().Scan(context.Background(), []part.Part{{Path: "body", Body: strings.NewReader(text), Size: int64(len(text))}}, inspect.ScanOptions{})
	tx.Bytes = int64(len(text))
	v := set.Decide(tx)
	type place struct {
		inspect.Finding
		In string `json:"in"`
	}
	var found []place
	for _, f := range tx.Report.Findings[:min(len(tx.Report.Findings), 20)] {
		found = append(found, place{f, "body"})
	}
	counts := map[string]int{}
	for k, n := range tx.Report.Total {
		counts[string(k)] = n
	}
	ev := audit.Event{Kind: "decision", Time: tx.Time, User: tx.Principal.User, Host: tx.Destination.Host, Classes: tx.Destination.Classes, Bytes: tx.Bytes,
		Action: v.Action.String(), Rule: v.Rule, Clause: v.Clause, Matches: v.Matches, Counts: counts, Records: tx.Report.Records, Coverage: tx.Report.Coverage,
		Findings: found, Details: details}
	raw, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	return audit.Record{Seq: 1, Raw: raw, Event: ev}, v
}

func people(n int) string {
	var b strings.Builder
	b.WriteString("氏名,電話番号\n")
	for i := range n {
		fmt.Fprintf(&b, "%s %s,090-1234-%04d\n", []string{"佐藤", "鈴木", "高橋", "田中"}[i%4], []string{"健一", "花子", "美咲", "大輔"}[i/4%4], 5678+i)
	}
	return b.String()
}

// TestTheSameRulesDecideTheSame: what the record tells of small uploads is
// enough to come to the verdict that was given.
func TestTheSameRulesDecideTheSame(t *testing.T) {
	set := load(t, inForce)
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("JST", 9*3600))
	for name, c := range map[string]struct {
		text, user, class string
		at                time.Time
		use               rules.Use
		details           map[string]string
		confirmed         bool
		want              string
	}{
		"nothing":                 {text: "minutes of the meeting", class: "cloud-storage", at: noon, want: "allow"},
		"two people":              {text: people(2), class: "cloud-storage", at: noon, want: "allow"},
		"four people":             {text: people(4), class: "cloud-storage", at: noon, want: "block"},
		"elsewhere":               {text: people(4), class: "unknown", at: noon, want: "allow"},
		"many":                    {text: people(40), class: "cloud-storage", at: noon, want: "block"},
		"a card":                  {text: "card 4980-1273-4561-2094", class: "unknown", at: noon, want: "hold"},
		"by night":                {text: "x", user: "sato", class: "unknown", at: noon.Add(11 * time.Hour), want: "log"},
		"another by night":        {text: "x", user: "ito", class: "unknown", at: noon.Add(11 * time.Hour), want: "allow"},
		"mail outside":            {text: "to hanako@example.jp", class: "web-mail", at: noon, use: rules.Use{Recipients: 2, Outside: 1, OutsideDomains: []string{"example.com"}}, details: map[string]string{"recipients": "2, 1 outside: example.com"}, want: "warn"},
		"mail outside, confirmed": {text: "to hanako@example.jp", class: "web-mail", at: noon, use: rules.Use{Recipients: 2, Outside: 1}, details: map[string]string{"recipients": "2, 1 outside"}, confirmed: true, want: "log"},
		"mail inside":             {text: "to hanako@example.jp", class: "web-mail", at: noon, use: rules.Use{Recipients: 2}, details: map[string]string{"recipients": "2, 0 outside"}, want: "allow"},
		"mail to who knows":       {text: "to hanako@example.jp", class: "web-mail", at: noon, use: rules.Use{Recipients: 1, Unclear: true}, details: map[string]string{"recipients": "1, 0 outside; not all are known"}, want: "warn"},
	} {
		tx := rules.Transaction{Principal: rules.Principal{User: c.user}, Destination: rules.Destination{Host: "h.example", Classes: []string{c.class}}, Time: c.at, Use: c.use,
			Confirmed: func(string) bool { return c.confirmed }}
		r, v := recorded(t, set, c.text, tx, c.details)
		if v.Action.String() != c.want {
			t.Fatalf("%s: the test's upload comes to %s, not %s (%s)", name, v.Action, c.want, v.Clause)
		}
		got := Read(&r).Judge(set, nil)
		if got.Action != c.want || got.Rule != v.Rule {
			t.Errorf("%s: judged again %s by %q (%s), was %s by %q (%s)", name, got.Action, got.Rule, got.Clause, v.Action, v.Rule, v.Clause)
		}
		if was, ok := Recorded(&r); !ok || was.Action != c.want {
			t.Errorf("%s: recorded %+v %v", name, was, ok)
		}
	}
}

// TestEvidenceTellsMore: words that no rule looked for are found in kept matches
// and bodies only.
func TestEvidenceTellsMore(t *testing.T) {
	r, _ := recorded(t, load(t, inForce), people(4)+"価格改定案", rules.Transaction{Destination: rules.Destination{Classes: []string{"unknown"}}, Time: time.Now()}, nil)
	set := load(t, "[[rule]]\nid = \"price\"\naction = \"block\"\nwhat = { keywords = \"p\" }\n[[keywords]]\nid = \"p\"\nwords = [\"価格改定案\"]\n")
	u := Read(&r)
	if got := u.Judge(set, nil); got.Action != "allow" {
		t.Errorf("from the record alone: %+v", got)
	}
	text := "around: 価格改定案"
	seen := set.Scanner().Scan(context.Background(), []part.Part{{Path: "body", Body: strings.NewReader(text), Size: int64(len(text))}}, inspect.ScanOptions{})
	if got := u.Judge(set, seen); got.Action != "block" {
		t.Errorf("with what was kept: %+v", got)
	}
	if got := u.Exactly(set, seen, "x.txt"); got.Action != "block" || got.Rule != "price" {
		t.Errorf("with the body: %+v", got)
	}
	failed := audit.Record{Event: audit.Event{Action: "block", Reason: "busy"}}
	if _, ok := Recorded(&failed); ok {
		t.Error("a failure is taken for a verdict of the rules")
	}
}

// TestTallySums: every table comes to the same as the whole.
func TestTallySums(t *testing.T) {
	tally := Tally{Most: 3}
	for i := range 500 {
		was, would := Actions[i%5], Actions[i%3]
		tally.Add(Change{Seq: uint64(i), Time: time.Unix(int64(i), 0), User: fmt.Sprint("u", i%7), Host: fmt.Sprint("h", i%11),
			Recorded: Judged{Action: was}, Was: Judged{was, fmt.Sprint("r", i%4), ""}, Would: Judged{would, fmt.Sprint("r", i%2), ""}})
	}
	for name, all := range map[string][]Sum{"people": tally.People(), "hosts": tally.Hosts()} {
		var n, changed int
		var would [5]int
		for _, s := range all {
			n, changed = n+s.N, changed+s.Changed
			for i := range would {
				would[i] += s.Would[i]
			}
			if s.AllWas() != s.N || s.AllWould() != s.N {
				t.Errorf("%s %s: %+v", name, s.Key, s)
			}
		}
		if n != 500 || n != tally.All.N || changed != tally.All.Changed || would != tally.All.Would {
			t.Errorf("%s: %d, %d changed, %v; all %+v", name, n, changed, would, tally.All)
		}
	}
	if len(tally.Changes) != 3 || tally.From.Unix() != 0 || tally.To.Unix() != 499 {
		t.Errorf("%d changes, %v to %v", len(tally.Changes), tally.From, tally.To)
	}
	decided := 0
	for _, s := range tally.Rules() {
		decided += s.AllWould()
	}
	if decided != 500 {
		t.Errorf("rules decide %d", decided)
	}
}

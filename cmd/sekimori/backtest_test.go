package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	agekey "filippo.io/age"
)

// TestBacktest sends some things, and then asks what other rules would have
// made of them: from the record, from what left over time, and with the
// auditor's key from what was kept.
func TestBacktest(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	anna, err := agekey.GenerateX25519Identity()
	check(t, err)
	in := install(t, "[rules]\npaths = \"rules\"\ndefaults = false\n[evidence]\nrecipients = [\""+anna.Recipient().String()+"\"]\n")
	in.write("anna.key", anna.String()+"\n")
	in.write("rules/keep.toml", "[[rule]]\nid = \"many\"\naction = \"block\"\nwhat = { people = { at_least = 50, with = [\"NAME\", \"PHONE|ADDRESS|EMAIL\"] } }\n[[rule]]\nid = \"keep\"\naction = \"log\"\nseverity = \"low\"\nevidence = \"body\"\nwhat = { keywords = \"plan\" }\n"+
		"[[keywords]]\nid = \"plan\"\nwords = [\"zaphod-plan\"]\n")
	in.start()
	for _, body := range []string{"zaphod-plan with trillian-price", "zaphod-plan", customers(4).csv(), customers(4).csv(), "nothing"} {
		if status, answer := in.curl([]byte(body), "--data-binary", "@-", "https://intranet.example.jp/"); status != "200" {
			t.Fatalf("%s %s", status, answer)
		}
	}
	in.write("cand/price.toml", "[[rule]]\nid = \"price\"\naction = \"block\"\nwhat = { keywords = \"price\" }\n[[keywords]]\nid = \"price\"\nwords = [\"trillian-price\"]\n")
	in.write("cand/few.toml", "[[rule]]\nid = \"few\"\naction = \"warn\"\nwhat = { people = { at_least = 4, with = [\"NAME\", \"PHONE|ADDRESS|EMAIL\"] } }\nwhere = { hosts = [\"intranet.example.jp\"] }\n")
	in.write("cand/drip.toml", "[[rule]]\nid = \"drip\"\naction = \"hold\"\nwhat = { people = { at_least = 1, with = [\"NAME\", \"PHONE|ADDRESS|EMAIL\"] } }\nover = { uploads = 3, hours = 2 }\n")
	run := func(args ...string) (s backtestSummary) {
		t.Helper()
		out, code := in.sekimori(append([]string{"rules", "backtest", "--config", in.config, "--json"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: %d %s", args, code, out)
		}
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return s
	}
	cand := func(name string) string { return filepath.Join(in.dir, "cand", name) }
	if s := run(); s.Decisions < 5 || s.Changed != 0 {
		t.Errorf("the same rules: %+v", s)
	}
	s := run(cand("few.toml"))
	if s.Changed != 2 || s.Would["warn"] != 2 || s.Was["warn"] != 0 || len(s.Changes) != 2 || s.Changes[0].Would.Rule != "few" || s.Changes[0].Host != "intranet.example.jp" {
		t.Errorf("a lower bound: %+v", s)
	}
	if len(s.Destinations) == 0 || s.Destinations[0].Key != "intranet.example.jp" || s.Destinations[0].Changed != 2 || len(s.People) == 0 || s.People[0].Changed != 2 {
		t.Errorf("where and who: %+v %+v", s.Destinations, s.People)
	}
	// What left over time goes by the second, and is written within one.
	eventually(t, "what left over time", func() bool {
		in.curl([]byte(customers(4).csv()), "--data-binary", "@-", "https://intranet.example.jp/")
		s = run(cand("drip.toml"))
		return s.Would["hold"] > 0
	})
	if s = run(cand("price.toml")); s.Changed != 0 || s.Exact != 0 {
		t.Errorf("words that nobody looked for: %+v", s)
	}
	key := []string{"--identity", filepath.Join(in.dir, "anna.key")}
	if out, code := in.sekimori(append(append([]string{"rules", "backtest", "--config", in.config}, key...), cand("price.toml"))...); code == 0 {
		t.Errorf("evidence is opened without a reason: %s", out)
	}
	s = run(append(key, "--reason", "a new rule", cand("price.toml"))...)
	if s.Exact != 2 || s.Changed != 1 || s.Would["block"] != 1 || !s.Changes[0].Exact || s.Changes[0].Would.Rule != "price" {
		t.Errorf("with the auditor's key: %+v", s)
	}
	opened := 0
	for _, e := range in.events("--kind", "evidence", "--action", "opened") {
		if e.Reason == "a new rule" && e.Details["for"] == "rules backtest" {
			b, _ := json.Marshal(e.Data)
			opened += strings.Count(string(b), "SK-")
		}
	}
	if opened != 2 {
		t.Errorf("%d openings are on record", opened)
	}
	out, code := in.sekimori("rules", "backtest", "--config", in.config, cand("few.toml"))
	if code != 0 || !strings.Contains(out, "verdicts that would change: ") || !strings.Contains(out, "allow → warn by few: ") {
		t.Errorf("for people: %d %s", code, out)
	}
	if out, code := in.sekimori("rules", "backtest", "--config", in.config, "--alone", cand("few.toml"), "--since", "2999-01-01"); code != 0 || !strings.Contains(out, "no decision") {
		t.Errorf("of no time: %d %s", code, out)
	}
}

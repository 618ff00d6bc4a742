package rules

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// sent makes a transaction for s, to cloud storage, whose report has the given
// answers, the rest 0.
func sent(s *Set, answers []int) Transaction {
	r := &inspect.Report{Answers: make([]int, len(s.spec.Queries)), Coverage: inspect.Coverage{Inspected: 1}}
	copy(r.Answers, answers)
	return Transaction{
		Report:    r,
		Principal: Principal{User: "Hanako@example.com", Groups: []string{"Sales"}, Address: netip.MustParseAddr("10.1.2.3")},
		Destination: Destination{Scheme: "https", Host: "www.dropbox.com", Port: 443, Method: "POST", Path: "/upload",
			Service: "Dropbox", Classes: []string{"cloud-storage"}},
		Bytes: 100, Time: noon,
	}
}

// byPeople are rules of every action, each from so many people on.
const byPeople = `
[[rule]]
id = "log"
action = "log"
what = { people = { with = ["NAME"], at_least = 1 } }
[[rule]]
id = "warn"
action = "warn"
what = { people = { with = ["NAME"], at_least = 3 } }
[[rule]]
id = "hold"
action = "hold"
what = { people = { with = ["NAME"], at_least = 5 } }
[[rule]]
id = "block"
action = "block"
severity = "high"
title = "Too many"
say = { ja = "だめです", en = "No" }
what = { people = { with = ["NAME"], at_least = 10 } }
[[rule]]
id = "shadow"
action = "block"
mode = "shadow"
what = { people = { with = ["NAME"], at_least = 2 } }
`

// people answers all of byPeople's counts with n.
func people(s *Set, n int) Transaction {
	t := sent(s, nil)
	for i := range t.Report.Answers {
		t.Report.Answers[i] = n
	}
	return t
}

func TestStrictestWins(t *testing.T) {
	s := from(t, byPeople)
	for n, want := range map[int]string{0: "allow ", 1: "log log", 2: "log log", 3: "warn warn", 5: "hold hold", 10: "block block", 99: "block block"} {
		v := s.Decide(people(s, n))
		if got := v.Action.String() + " " + v.Rule; got != want {
			t.Errorf("%d people: got %q, want %q", n, got, want)
		}
	}
	v := s.Decide(people(s, 12))
	if want := "people: 12 (needs at least 10 with NAME, confidence 0.80)"; v.Clause != want {
		t.Errorf("clause %q, want %q", v.Clause, want)
	}
	if v.Severity != "high" || v.Say["ja"] != "だめです" || v.Say["en"] != "No" || v.Title["ja"] != "Too many" {
		t.Errorf("verdict %+v", v)
	}
	if len(v.Matches) != 5 || !v.Matches[4].Shadow {
		t.Errorf("matches %+v", v.Matches)
	}
}

func TestConfirmedWarningCountsAsLog(t *testing.T) {
	s := from(t, byPeople)
	tr := people(s, 4)
	tr.Confirmed = func(rule string) bool { return rule == "warn" }
	v := s.Decide(tr)
	if v.Action != Log || !strings.Contains(v.Matches[1].Clause, "the sender confirmed the warning") {
		t.Errorf("verdict %+v", v)
	}
	tr = people(s, 5)
	tr.Confirmed = func(string) bool { return true }
	if v := s.Decide(tr); v.Action != Hold {
		t.Errorf("a confirmed hold is %v", v.Action)
	}
}

func TestEqualActionsGoBySeverityThenOrder(t *testing.T) {
	s := from(t, `
[[rule]]
id = "first"
action = "log"
[[rule]]
id = "grave"
action = "log"
severity = "high"
[[rule]]
id = "grave-too"
action = "log"
severity = "high"
`)
	if v := s.Decide(sent(s, nil)); v.Rule != "grave" {
		t.Errorf("decided by %q", v.Rule)
	}
}

func TestUninspectedIsBlocked(t *testing.T) {
	s := from(t, byPeople)
	tr := sent(s, nil)
	tr.Report = nil
	for name, r := range map[string]*inspect.Report{
		"none":              nil,
		"of another set":    {Answers: []int{1}, Coverage: inspect.Coverage{Inspected: 1}},
		"without answers":   {Coverage: inspect.Coverage{Inspected: 1}},
		"empty for content": {},
	} {
		tr.Report = r
		if v := s.Decide(tr); v.Action != Block || v.Clause == "" || v.Say["ja"] == "" || v.Say["en"] == "" {
			t.Errorf("report %s: %+v", name, v)
		}
	}
	tr.Report, tr.Bytes = &inspect.Report{}, 0
	if v := s.Decide(tr); v.Action != Allow {
		t.Errorf("a request without content: %+v", v)
	}
	opaque := from(t, "[[rule]]\nid='o'\naction='hold'\nwhat={not_inspected='unknown-format'}\n")
	tr.Report = &inspect.Report{Coverage: inspect.Coverage{Not: 1, Reasons: map[part.Reason]int{part.UnknownFormat: 1}}}
	if v := opaque.Decide(tr); v.Action != Hold {
		t.Errorf("content that nobody could read: %+v", v)
	}
}

func TestLifts(t *testing.T) {
	s := from(t, byPeople+`
[[rule]]
id = "partner"
action = "allow"
lifts = ["block", "hold"]
where = { hosts = "www.dropbox.com" }
[[rule]]
id = "own"
action = "allow"
lifts = ["*"]
where = { hosts = "files.own.example" }
[[rule]]
id = "tried-out"
action = "allow"
mode = "shadow"
lifts = ["*"]
`)
	v := s.Decide(people(s, 12))
	if v.Action != Warn || v.Rule != "warn" {
		t.Errorf("lifting two rules left %v by %q", v.Action, v.Rule)
	}
	for _, m := range v.Matches {
		if want := map[string]string{"block": "partner", "hold": "partner"}[m.Rule]; m.LiftedBy != want {
			t.Errorf("rule %q lifted by %q, want %q", m.Rule, m.LiftedBy, want)
		}
	}
	tr := people(s, 12)
	tr.Destination.Host = "files.own.example"
	if v := s.Decide(tr); v.Action != Allow || v.Rule != "own" {
		t.Errorf("lifting everything left %v by %q", v.Action, v.Rule)
	}
}

// TestDecideProperty compares Decide with the sentence in the documentation,
// over random sets of rules and random uploads.
func TestDecideProperty(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var src strings.Builder
		n := 1 + rnd.IntN(8)
		type plain struct {
			id       string
			action   Action
			severity int
			shadow   bool
			least    int
			lifts    []string
		}
		var ps []plain
		for i := range n {
			ps = append(ps, plain{id: fmt.Sprint("r", i), action: Action(1 + rnd.IntN(5)), severity: rnd.IntN(5),
				shadow: rnd.IntN(4) == 0, least: 1 + rnd.IntN(6)})
		}
		for i := range ps {
			if p := &ps[i]; p.action == Allow {
				p.lifts = []string{"*"}
				if q := ps[rnd.IntN(n)]; q.action != Allow {
					p.lifts = []string{q.id}
				}
			}
		}
		for _, p := range ps {
			fmt.Fprintf(&src, "[[rule]]\nid=%q\naction=%q\nseverity=%q\nwhat={people={with=['NAME'],at_least=%d}}\n", p.id, p.action, Severities[p.severity], p.least)
			if p.shadow {
				src.WriteString("mode='shadow'\n")
			}
			if p.lifts != nil {
				fmt.Fprintf(&src, "lifts=[%q]\n", p.lifts[0])
			}
		}
		s := from(t, src.String())
		for count := range 8 {
			tr := people(s, count)
			lifted := func(p plain) bool {
				for _, a := range ps {
					if p.action != Allow && a.action == Allow && !a.shadow && count >= a.least && (a.lifts[0] == "*" || a.lifts[0] == p.id) {
						return true
					}
				}
				return false
			}
			want := plain{action: Allow, severity: -1}
			matches := 0
			for _, p := range ps {
				if count < p.least {
					continue
				}
				matches++
				if p.shadow || lifted(p) {
					continue
				}
				if p.action > want.action || p.action == want.action && p.severity > want.severity {
					want = p
				}
			}
			v := s.Decide(tr)
			if v.Action != want.action || v.Rule != want.id || len(v.Matches) != matches {
				t.Fatalf("%d people: got %v by %q with %d matches, want %v by %q with %d\n%s",
					count, v.Action, v.Rule, len(v.Matches), want.action, want.id, matches, src.String())
			}
			if again := s.Decide(tr); !reflect.DeepEqual(v, again) {
				t.Fatalf("another verdict for the same transaction: %+v, %+v", v, again)
			}
			// More people never make a set without allow rules milder.
			if count > 0 && !strings.Contains(src.String(), "lifts") && v.Action < s.Decide(people(s, count-1)).Action {
				t.Fatalf("%d people are treated more mildly than %d\n%s", count, count-1, src.String())
			}
		}
	}
}

func TestConditions(t *testing.T) {
	at := func(value string) time.Time {
		tm, err := time.Parse(time.RFC3339, value)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	type set = func(*Transaction)
	coverage := func(parts ...inspect.PartReport) set {
		return func(t *Transaction) {
			t.Report.Parts = parts
			t.Report.Coverage.Reasons = map[part.Reason]int{}
			for _, p := range parts {
				t.Report.Coverage.Reasons[p.Reason]++
			}
		}
	}
	host := func(h string) set { return func(t *Transaction) { t.Destination.Host = h } }
	when := func(v string) set { return func(t *Transaction) { t.Time = at(v) } }
	user := func(u string) set { return func(t *Transaction) { t.Principal.User = u } }
	address := func(a string) set { return func(t *Transaction) { t.Principal.Address = netip.MustParseAddr(a) } }
	for _, c := range []struct {
		rule  string
		sets  []set // transactions that match
		unset []set // and that do not
	}{
		{`where = { class = ["web-mail", "cloud-storage"] }`, []set{func(*Transaction) {}}, []set{
			func(t *Transaction) { t.Destination.Classes = []string{"paste"} },
			func(t *Transaction) { t.Destination.Classes = nil }}},
		{`where = { class = "unknown" }`, []set{func(t *Transaction) { t.Destination.Classes = nil }}, []set{func(*Transaction) {}}},
		{`where = { not_class = "internal" }`, []set{func(*Transaction) {}}, []set{
			func(t *Transaction) { t.Destination.Classes = []string{"chat", "internal"} }}},
		{`where = { hosts = "*.example.com" }`, []set{host("a.example.com"), host("A.b.EXAMPLE.com.")},
			[]set{host("example.com"), host("badexample.com"), host("example.com.evil.net"), host("")}},
		{`where = { hosts = "tenant-*.example.net" }`, []set{host("tenant-7.example.net")},
			[]set{host("tenant-7.x.example.net"), host("x.tenant-7.example.net"), host("other.example.net")}},
		{`where = { hosts = "files.*.example.net" }`, []set{host("files.eu.example.net")}, []set{host("files.example.net"), host("files.a.b.example.net")}},
		{`where = { hosts = "*" }`, []set{host("x"), host("10.0.0.1")}, []set{host("")}},
		{`where = { hosts = "例え.jp" }`, []set{host("xn--r8jz45g.jp")}, []set{host("example.jp")}},
		{`where = { not_hosts = ["*.dropbox.com"] }`, []set{host("dropbox.com")}, []set{host("www.dropbox.com")}},
		{`where = { services = "Dropbox", methods = ["put", "post"], ports = 443, paths = ["/up*d"] }`, []set{func(*Transaction) {}}, []set{
			func(t *Transaction) { t.Destination.Service = "Box" }, func(t *Transaction) { t.Destination.Method = "GET" },
			func(t *Transaction) { t.Destination.Port = 80 }, func(t *Transaction) { t.Destination.Path = "/uploads" }}},
		{`who = { users = ["*@example.com"] }`, []set{func(*Transaction) {}}, []set{user(""), user("a@example.net")}},
		{`who = { users = "*" }`, []set{user("a")}, []set{user("")}},
		{`who = { not_users = "*@EXAMPLE.com" }`, []set{user(""), user("a")}, []set{func(*Transaction) {}}},
		{`who = { groups = ["sales"] }`, []set{func(*Transaction) {}}, []set{func(t *Transaction) { t.Principal.Groups = nil }}},
		{`who = { not_groups = ["sales"] }`, []set{func(t *Transaction) { t.Principal.Groups = nil }}, []set{func(*Transaction) {}}},
		{`who = { networks = ["10.1.0.0/16", "2001:db8::/32"], not_networks = "10.1.9.9" }`,
			[]set{func(*Transaction) {}, address("2001:db8::1"), address("::ffff:10.1.2.3")},
			[]set{address("10.2.0.1"), address("10.1.9.9"), func(t *Transaction) { t.Principal.Address = netip.Addr{} }}},
		{`who = { anonymous = true }`, []set{user("")}, []set{func(*Transaction) {}}},
		{`who = { anonymous = false }`, []set{func(*Transaction) {}}, []set{user("")}},
		{`who = [{ users = "a" }, { groups = "sales" }]`, []set{func(*Transaction) {}},
			[]set{func(t *Transaction) { t.Principal.Groups = nil }}},
		{`when = { days = "mon-fri", hours = "09:00-18:00", tz = "Asia/Tokyo" }`,
			[]set{when("2026-01-07T00:00:00Z"), when("2026-01-07T08:59:59Z")},
			[]set{when("2026-01-07T09:00:00Z"), when("2026-01-09T20:00:00Z"), when("2026-01-10T03:00:00Z")}},
		{`when = { days = "fri", hours = "22:00-06:00", tz = "UTC" }`,
			[]set{when("2026-01-09T22:00:00Z"), when("2026-01-10T05:59:00Z")},
			[]set{when("2026-01-09T05:00:00Z"), when("2026-01-10T06:00:00Z"), when("2026-01-10T23:00:00Z")}},
		{`when = { days = "sat-mon", tz = "UTC" }`, []set{when("2026-01-11T00:00:00Z")}, []set{when("2026-01-13T00:00:00Z")}},
		{`when = { from = 2026-01-07, until = 2026-01-08, tz = "Asia/Tokyo" }`,
			[]set{when("2026-01-06T15:00:00Z"), when("2026-01-08T14:59:59Z")},
			[]set{when("2026-01-06T14:59:59Z"), when("2026-01-08T15:00:00Z")}},
		{`what = { bytes_over = "1 KB" }`, []set{func(t *Transaction) { t.Bytes = 1001 }}, []set{func(t *Transaction) { t.Bytes = 1000 }}},
		{`what = { not_inspected = ["encrypted", "bomb"] }`,
			[]set{coverage(inspect.PartReport{State: inspect.Not, Reason: part.Encrypted})},
			[]set{func(*Transaction) {}, coverage(inspect.PartReport{State: inspect.Not, Reason: part.TooDeep})}},
		{`what = { not_inspected = "any" }`, []set{coverage(inspect.PartReport{State: inspect.Partly, Reason: part.TooDeep})}, []set{func(*Transaction) {}}},
		{`what = { not_inspected = { reasons = "unknown-format", formats = ["7z", "rar"] } }`,
			[]set{coverage(inspect.PartReport{State: inspect.Not, Format: "7z", Reason: part.UnknownFormat})},
			[]set{coverage(inspect.PartReport{State: inspect.Not, Format: "png", Reason: part.UnknownFormat}),
				coverage(inspect.PartReport{State: inspect.Not, Format: "png", Reason: part.UnknownFormat},
					inspect.PartReport{State: inspect.Inspected, Format: "7z"})}},
		{`what = { not_inspected = { reasons = "any", bytes_over = "1 KB" } }`,
			[]set{coverage(inspect.PartReport{State: inspect.Not, Reason: part.UnknownFormat, Bytes: 1001})},
			[]set{coverage(inspect.PartReport{State: inspect.Not, Reason: part.UnknownFormat, Bytes: 1000},
				inspect.PartReport{State: inspect.Inspected, Bytes: 5000})}},
		{`what = { not_inspected = { reasons = "any", not_formats = ["png"] } }`,
			[]set{coverage(inspect.PartReport{State: inspect.Not, Format: "", Reason: part.UnknownFormat})},
			[]set{coverage(inspect.PartReport{State: inspect.Not, Format: "png", Reason: part.UnknownFormat})}},
		{`what = { file_names = "marks" }`,
			[]set{func(t *Transaction) { t.FileNames = []string{"a.txt", "計画 Ｓｅｃｒｅｔ.txt"} },
				coverage(inspect.PartReport{Path: "body » a.zip » 社外秘/plan.txt"})},
			[]set{func(t *Transaction) { t.FileNames = []string{"a.txt"} }, coverage(inspect.PartReport{Path: "社外秘"})}},
	} {
		s := from(t, "[[keywords]]\nid='marks'\nwords=['secret','社外秘']\n[[rule]]\nid='r'\naction='log'\n"+c.rule+"\n")
		try := func(f set, want bool) {
			t.Helper()
			tr := sent(s, nil)
			f(&tr)
			v := s.Decide(tr)
			if (v.Rule == "r") != want {
				t.Errorf("%s: applies is %v for %+v", c.rule, !want, tr)
			}
			x := s.Explain(tr).Rules[0]
			if x.Applies != want || x.Change == "" || strings.HasSuffix(x.Change, "for ") {
				t.Errorf("%s: explained as %+v", c.rule, x)
			}
		}
		for _, f := range c.sets {
			try(f, true)
		}
		for _, f := range c.unset {
			try(f, false)
		}
	}
}

func TestExplain(t *testing.T) {
	s := from(t, byPeople+`
[[rule]]
id = "mail"
action = "block"
what = [ { people = { with = ["NAME"], at_least = 4 } , bytes_over = 1000 }, { findings = { types = "CARD" } } ]
where = { class = "web-mail", hosts = "*.example.com" }
[[rule]]
id = "partner"
action = "allow"
lifts = "warn"
who = { groups = "sales" }
`)
	golden(t, "testdata/explain.txt", s.Explain(people(s, 3)).String())
}

func TestZeroVerdictIsInvalid(t *testing.T) {
	if (Verdict{}).Action != Invalid || Invalid.String() != "invalid" || Action(200).String() != "invalid" {
		t.Error("the zero verdict must not be an action")
	}
}

func BenchmarkDecide(b *testing.B) {
	opt := checked
	opt.NoDefaults = false
	s, err := Load(nil, opt)
	if err != nil {
		b.Fatal(err)
	}
	tr := sent(s, nil)
	b.ReportAllocs()
	for b.Loop() {
		if v := s.Decide(tr); v.Action != Allow {
			b.Fatal(v)
		}
	}
}

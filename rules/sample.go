package rules

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// sample is a [[rule.test]], which judges its rule alone, or a [[test]], which
// judges the whole set.
type sample struct {
	name      string
	rule      string // the rule it belongs to, or that must decide; "": any
	at        tomlfile.Pos
	body      []byte
	fileName  string
	mediaType string
	reasons   []part.Reason    // taken as coverage reasons
	format    string           // of what was not read
	sent      Transaction      // without its report
	skip      [groupCount]bool // groups that the sample says nothing about
	expect    Action           // Invalid: no match
}

// noon is when a sample is sent that does not say when: a Wednesday.
var noon = time.Date(2026, time.January, 7, 12, 0, 0, 0, time.UTC)

// sample compiles a test; r is nil for one of the whole set. What a rule's test
// does not say of the destination, the sender or the time is taken to be as
// the rule wants it.
func (b *builder) sample(t *testTOML, r *rule, from source, report tomlfile.Report) sample {
	s := sample{name: t.Name, rule: t.Rule, at: t.At.Pos(), fileName: t.FileName, mediaType: t.MediaType, format: t.Format}
	if t.Name == "" {
		report(s.at, "the test has no name; write in name what it shows")
	}
	s.body = b.body(t, from, report)
	s.sent = Transaction{
		Principal: Principal{User: t.User, Groups: t.Groups, How: "test"},
		Destination: Destination{Scheme: "https", Host: strings.ToLower(cmp.Or(t.Host, "host.example")), Port: cmp.Or(t.Port, 443),
			Method: cmp.Or(t.Method, http.MethodPost), Path: cmp.Or(t.Path, "/"), Service: t.Service, Classes: t.Class},
		Bytes: int64(len(s.body)), Time: noon,
	}
	if t.FileName != "" {
		s.sent.FileNames = []string{t.FileName}
	}
	for i, c := range t.Class {
		oneOf(t.At.Key("class").Elem(i), "class", c, b.classes, report)
	}
	if t.Host != "" && t.Class == nil && b.opt.Destination != nil {
		d := &s.sent.Destination
		service, classes := b.opt.Destination(d.Host, d.Path)
		d.Service, d.Classes = cmp.Or(t.Service, service), classes
	}
	s.sent.Use = Use{Operation: t.Operation, Recipients: t.Inside + len(t.Outside), Outside: len(t.Outside), OutsideDomains: t.Outside, Public: t.PublicLink}
	if t.Operation != "" {
		oneOf(t.At.Key("operation"), "operation", t.Operation, Operations, report)
	}
	if t.Inside < 0 {
		report(t.At.Key("inside").Pos(), "inside = %d; write 0 or more", t.Inside)
	}
	if t.Bytes != nil {
		s.sent.Bytes = int64(*t.Bytes)
	}
	if t.Address != "" {
		a, err := netip.ParseAddr(t.Address)
		if err != nil {
			report(t.At.Key("address").Pos(), "%q is no address; write one such as \"10.1.2.3\"", t.Address)
		}
		s.sent.Principal.Address = a
	}
	if t.Time != nil {
		if s.sent.Time = *t.Time; local(t.Time) {
			report(t.At.Key("time").Pos(), "the time has no offset; write one such as 2026-04-01T22:30:00+09:00")
		}
	}
	for i, w := range t.NotInspected {
		if oneOf(t.At.Key("not_inspected").Elem(i), "reason", w, reasonWords(), report) && w != anyReason {
			s.reasons = append(s.reasons, part.Reason(w))
		}
	}
	if r != nil {
		where := t.Class != nil || t.Host != "" || t.Service != "" || t.Method != "" || t.Path != "" || t.Port != 0 ||
			t.Operation != "" || t.Outside != nil || t.Inside > 0 || t.PublicLink
		who := t.User != "" || t.Groups != nil || t.Address != ""
		s.rule, s.skip = r.id, [groupCount]bool{1: !where, 2: !who, 3: t.Time == nil, 4: true}
		if t.Rule != "" {
			report(t.At.Key("rule").Pos(), "a test inside a rule is of that rule; leave rule out")
		}
	}
	s.expect = b.expect(t, r, report)
	return s
}

// expect checks what a test expects.
func (b *builder) expect(t *testTOML, r *rule, report tomlfile.Report) Action {
	at := t.At.Key("expect")
	words := actionWords()
	if r != nil {
		words = []string{r.action.String(), noMatch}
	}
	switch {
	case t.Expect == "":
		report(t.At.Pos(), "the test does not say what it expects; write expect = %s", quoted(words))
	case !slices.Contains(words, t.Expect):
		report(at.Pos(), "expect = %q; write %s", t.Expect, quoted(words))
	case t.Expect != noMatch:
		return parseAction(t.Expect)
	}
	return Invalid
}

// quoted gives words as an author writes them, one or the other.
func quoted(words []string) string { return `"` + strings.Join(words, `" or "`) + `"` }

// body is the sample's content.
func (b *builder) body(t *testTOML, from source, report tomlfile.Report) []byte {
	given := 0
	var body []byte
	if t.Text != nil {
		given, body = given+1, []byte(*t.Text)
	}
	if t.File != nil {
		given, body = given+1, b.beside(from, t.At.Key("file"), *t.File, report)
	}
	if t.Base64 != nil {
		given++
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(*t.Base64), ""))
		if err != nil {
			report(t.At.Key("base64").Pos(), "this is not base64; write what the command base64 puts out")
		}
		body = data
	}
	if given > 1 || given == 0 && t.FileName == "" && t.NotInspected == nil && t.Bytes == nil {
		report(t.At.Pos(), "a test has one content; write text = \"…\", file = \"…\" or base64 = \"…\"")
	}
	return body
}

// TestResult tells how one of the set's own tests went.
type TestResult struct {
	Pos    tomlfile.Pos `json:"-"`
	At     string       `json:"at"`
	Rule   string       `json:"rule,omitempty"`
	Name   string       `json:"name"`
	Expect string       `json:"expect"`
	Got    string       `json:"got"`
	OK     bool         `json:"ok"`
	Why    string       `json:"why"` // what applied, or what kept the rule from it, with counts
}

// fault tells a failed test as a fault of the rules.
func (r *TestResult) fault(report tomlfile.Report) {
	who := fmt.Sprintf("test %q", r.Name)
	if r.Rule != "" {
		who = fmt.Sprintf("rule %q: %s", r.Rule, who)
	}
	report(r.Pos, "%s expects %q and gets %q: %s", who, r.Expect, r.Got, r.Why)
}

// RunTests runs the rules' own tests and those of the whole set. Once ctx is
// done, those left fail.
func (s *Set) RunTests(ctx context.Context) []TestResult {
	var results []TestResult
	for i := range s.rules {
		for k := range s.rules[i].tests {
			results = append(results, s.runRuleTest(ctx, &s.rules[i], &s.rules[i].tests[k]))
		}
	}
	for i := range s.tests {
		results = append(results, s.runSetTest(ctx, &s.tests[i]))
	}
	return results
}

// transaction scans the sample's body.
func (s *Set) transaction(ctx context.Context, m *sample) Transaction {
	roots := []part.Part{{Path: cmp.Or(m.fileName, "sample"), Name: m.fileName, MediaType: m.mediaType,
		Body: bytes.NewReader(m.body), Size: int64(len(m.body))}}
	t := m.sent
	t.Report = s.scanner.Scan(ctx, roots, inspect.ScanOptions{})
	if len(m.reasons) > 0 && t.Report != nil {
		r := *t.Report
		r.Coverage.Reasons = maps.Clone(r.Coverage.Reasons)
		if r.Coverage.Reasons == nil {
			r.Coverage.Reasons = map[part.Reason]int{}
		}
		for _, why := range m.reasons {
			r.Coverage.Reasons[why]++
			r.Parts = append(r.Parts, inspect.PartReport{Format: m.format, State: inspect.Not, Reason: why, Bytes: t.Bytes})
		}
		t.Report = &r
	}
	return t
}

func (s *Set) runRuleTest(ctx context.Context, r *rule, m *sample) TestResult {
	res := m.result()
	t := s.transaction(ctx, m)
	if res.Why = s.unfit(&t); res.Why != "" {
		res.Got = "no verdict"
		return res
	}
	res.Got, res.Why = noMatch, ""
	if a, ok := r.applies(&t, m.skip); ok {
		res.Got, res.Why = r.action.String(), a.words(&t)
	} else {
		res.Why = r.missing(&t, m.skip)
	}
	res.OK = res.Got == res.Expect
	return res
}

func (s *Set) runSetTest(ctx context.Context, m *sample) TestResult {
	res := m.result()
	t := s.transaction(ctx, m)
	v := s.Decide(t)
	res.Got, res.Why = v.Action.String(), v.Clause
	res.OK = v.Action == m.expect && (m.rule == "" || v.Rule == m.rule)
	if v.Rule != "" {
		res.Why = fmt.Sprintf("rule %q: %s", v.Rule, v.Clause)
	}
	return res
}

func (m *sample) result() TestResult {
	expect := noMatch
	if m.expect != Invalid {
		expect = m.expect.String()
	}
	return TestResult{Pos: m.at, At: m.at.String(), Rule: m.rule, Name: m.name, Expect: expect}
}

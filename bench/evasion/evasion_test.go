package evasion

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/rules"
)

var (
	update = flag.Bool("update", false, "write docs/evasion.md and testdata/evasion anew")
	dump   = flag.String("dump", "", "print the parts of the cases whose name holds this")
)

// evasion is one way of carrying a list out.
type evasion struct {
	name string // short, unique, for people
	make func(l list) upload
	// opaque says that nothing can read the shape, so the twin is stopped too.
	opaque bool
	// open says why the case is not closed, "" if it is.
	open string
}

// family is a group of cases under one heading.
type family struct {
	name  string
	cases []evasion
}

// families are all cases, in the order of the documents.
func families() []family {
	return []family{
		{"Encodings", encodings()},
		{"Disguised characters", disguises()},
		{"Layouts", layouts()},
		{"Names and types that lie", lies()},
		{"Wrappings and polyglots", wrappings()},
		{"Archives", archives()},
		{"Decoys, bombs and loops", decoys()},
		{"Office files", offices()},
		{"PDF", pdfs()},
		{"Pictures and pages", pictures()},
		{"Mail", mails()},
		{"Data", datas()},
		{"Requests", requests()},
		{"Messages and streams", messages()},
		{"Amid other things", amids()},
		{"Put together by a reader", pieces()},
	}
}

// result is a case and what became of it.
type result struct {
	evasion
	people int // found
	outcome
}

// stopped reports whether the upload did not leave on its own: by a rule, or
// because the proxy refused the request before there was anything to inspect.
func (o *outcome) stopped() bool {
	return (o.status != 200 || o.denied) && (o.arrived == 0 || o.talked) && (o.report == nil || o.verdict.Action >= rules.Warn)
}

// action names what was done.
func (o *outcome) action() string {
	switch {
	case o.report != nil:
		return o.verdict.Action.String()
	case o.stopped():
		return fmt.Sprintf("refused, %d", o.status)
	}
	return rules.Allow.String()
}

// reasons lists what was not read.
func reasons(r *inspect.Report) string {
	if r == nil {
		return ""
	}
	var w []string
	for _, k := range slices.Sorted(maps.Keys(r.Coverage.Reasons)) {
		w = append(w, string(k))
	}
	return strings.Join(w, ", ")
}

// closed reports whether the upload was stopped for what is in it or for what
// of it could not be read.
func (r *result) closed() bool {
	return r.stopped() && (r.report == nil || r.people >= enough || r.early() || len(r.report.Coverage.Reasons) > 0)
}

// early reports whether a conversation was broken off with the message by which the
// first rule applies.
func (r *result) early() bool { return r.talked && r.people >= few }

// enough is how many people the rule that blocks asks for, few how many the first
// one that stops an upload.
const (
	enough = 10
	few    = 3
)

// shortStep is of how many cases one is tried in short tests, as under the race
// detector.
const shortStep = 5

func TestEvasions(t *testing.T) {
	h := build(t)
	of := len(people().rows)
	var table bytes.Buffer
	total := map[string]int{}
	seen := map[string]bool{}
	if *update {
		clearFiles(t)
	}
	for _, f := range families() {
		fmt.Fprintf(&table, "\n## %s\n\n| case | what is read | verdict | its twin |\n|---|---|---|---|\n", f.name)
		for _, c := range f.cases {
			if seen[c.name] {
				t.Errorf("two cases are called %q", c.name)
			}
			seen[c.name] = true
			if testing.Short() && len(seen)%shortStep != 0 {
				continue
			}
			t.Run(f.name+"/"+c.name, func(t *testing.T) {
				if *update {
					ship(t, f.name, c)
				}
				r := result{evasion: c}
				twin, err := h.send(c.make(goods()))
				if err != nil {
					t.Fatal(err)
				}
				if r.outcome, err = h.send(c.make(people())); err != nil {
					t.Fatal(err)
				}
				if r.report != nil {
					r.people = r.report.Answers[h.people]
				}
				if *dump != "" && strings.Contains(c.name, *dump) {
					show(t, "case", r.report)
					show(t, "twin", twin.report)
				}
				r.judge(t, of, total)
				fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", c.name, r.read(of), r.action(), twin.action())
				if twin.stopped() != c.opaque {
					t.Errorf("twin: %s by %s, %s, status %d", twin.verdict.Action, twin.verdict.Clause, reasons(twin.report), twin.status)
				}
			})
		}
	}
	if testing.Short() {
		t.Logf("only one case in %d: the table is not compared", shortStep)
		return
	}
	total["cases"] = len(seen)
	compare(t, total, table.Bytes())
}

// judge checks the outcome and adds it up.
func (r *result) judge(t *testing.T, of int, total map[string]int) {
	t.Helper()
	ok := r.closed()
	switch {
	case ok && r.open != "": // the table tells
		t.Logf("closed by now: %s", r.open)
		r.open = ""
	case !ok && r.open == "":
		t.Errorf("a hole: %d of %d people, verdict %s (%s), not read: %q, status %d, %d bytes out",
			r.people, of, r.verdict.Action, r.verdict.Clause, reasons(r.report), r.status, r.arrived)
	}
	switch {
	case !ok:
		total["open"]++
	case r.people*10 >= of*9, r.early():
		total["found"]++
	case r.people >= enough:
		total["part"]++
	default:
		total["named"]++
	}
}

// read tells in words what was found and what was not read.
func (r *result) read(of int) string {
	var w []string
	if r.report == nil {
		w = append(w, "nothing")
	} else if r.people > 0 || len(r.report.Coverage.Reasons) == 0 {
		w = append(w, fmt.Sprintf("%d of %d people", r.people, of))
	}
	if why := reasons(r.report); why != "" {
		w = append(w, "not inspected: "+why)
	}
	if r.open != "" {
		w = append(w, "**open**: "+r.open)
	}
	return strings.Join(w, "; ")
}

func show(t *testing.T, what string, r *inspect.Report) {
	if r == nil {
		return
	}
	t.Logf("%s: %v", what, r.Total)
	for _, p := range r.Parts {
		t.Logf("%s: %q %s %s %d bytes %s %s %s", what, p.Path, p.Format, p.Charset, p.Bytes, p.State, p.Reason, p.Detail)
	}
}

const page = "../../docs/evasion.md"

// compare holds docs/evasion.md against the outcomes.
func compare(t *testing.T, total map[string]int, table []byte) {
	t.Helper()
	got := fmt.Appendf(nil, preface, total["cases"], total["found"], total["part"], total["named"], total["open"])
	got = append(got, table...)
	if *update {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if flag.Lookup("test.run").Value.String() == "" && !bytes.Equal(got, want) {
		t.Errorf("%s is not what happens any more; go test ./bench/evasion -update writes it anew", page)
	}
}

const preface = `# Evasions

Ways in which a list of customers could be carried past the gate, and what
becomes of each. Every case is a list of thirty invented people with telephone
numbers, addresses, mail addresses and birthdays, sent as a request through the
proxy with the built-in rules to a cloud storage. It is found if nine in ten of
the people are and the upload is stopped; found in part if ten or more are, for
which it is stopped as well; or named, if what could not be read is told in the
coverage and the upload is stopped for that. A conversation of many messages is
found if it is broken off with the message by which the first rule applies, of three
people. The last column is the
verdict on a price list in the same shape, which passes where the shape can be
read. The cases are code, in ` + "`bench/evasion`" + `, and this page is written by
` + "`go test ./bench/evasion -update`" + `; ` + "`testdata/evasion`" + ` holds the small ones as
files, for other products to be tried with.

%d cases: %d found, %d found in part, %d not read but named, all these stopped;
%d open.

Not in the list are pictures that show a list (a photograph, a screen shot, a
scanned page amid pages of text): only a program that recognises characters reads
those, see ` + "`inspect.ocr`" + ` in [configuration.md](configuration.md). Without one they
are recorded as not inspected, and the built-in rules let them pass, for
[reasons](rules.md#what-the-built-in-rules-do-with-what-cannot-be-read); PDF files
of nothing but pictures are asked about.

"warn" and "hold" stop an upload as "block" does, until the sender gives a
reason or an approver agrees. An "open" case is told as it is, with the cause.
`

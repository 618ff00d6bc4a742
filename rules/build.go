package rules

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rule is a [[rule]], compiled.
type rule struct {
	id       string
	action   Action
	severity string
	shadow   bool
	builtin  bool
	title    map[string]string
	say      map[string]string
	release  *Release          // of a hold
	evidence string            // what is kept of the upload, "" for nothing
	mail     Mail              // of a message
	groups   [groupCount]group // what, where, who, when, over
	lifts    []string
	tests    []sample
	at       tomlfile.Pos
}

// groupCount is how many headings a rule's conditions stand under.
const groupCount = 5

// maxBlocks bounds the rules, detectors and keyword lists of a set, each.
const maxBlocks = 2000

// entry is a block of a file, decoded, with what is needed to compile it.
type entry[T any] struct {
	raw  T
	id   string
	nth  int // in its file, from 0
	node tomlfile.Node
	from source
}

// builder collects the blocks of all files and compiles them.
type builder struct {
	opt     Options
	now     time.Time
	faults  *tomlfile.Errors
	misread map[tomlfile.Pos]bool // values of a wrong kind: nothing more is said of them
	notes   tomlfile.Errors
	classes []string

	rules     []entry[ruleTOML]
	detectors []entry[detectorTOML]
	keywords  []entry[keywordsTOML]
	tests     []entry[testTOML]
	streams   []entry[streamTOML]
	disabled  []tomlfile.Node

	lists     []keywordsTOML // keywords, with the words of their files
	used      map[string]bool
	typeNames []string
	spec      inspect.Spec
	queries   map[string]int // places in spec.Queries
	files     []string
}

func newBuilder(opt Options, faults *tomlfile.Errors) *builder {
	return &builder{
		opt: opt, now: cmp.Or(opt.Now, time.Now()), faults: faults, misread: map[tomlfile.Pos]bool{},
		classes: append(slices.Clone(Classes), opt.Classes...), used: map[string]bool{}, queries: map[string]int{},
		spec: inspect.Spec{Limits: opt.Limits},
	}
}

// report takes a fault of meaning.
func (b *builder) report(at tomlfile.Pos, format string, args ...any) {
	if !b.misread[at] {
		b.faults.Report(at, format, args...)
	}
}

// decode fills v from n, with the faults of who.
func (b *builder) decode(n tomlfile.Node, v any, who string) {
	report := func(at tomlfile.Pos, format string, args ...any) {
		b.misread[at] = true
		b.faults.Report(at, format, args...)
	}
	if who == "" {
		n.Decode(v, report)
		return
	}
	n.Decode(v, tomlfile.Report(report).In(who))
}

// note keeps what is not wrong but worth a look.
func (b *builder) note(at tomlfile.Pos, format string, args ...any) {
	b.notes.Report(at, format, args...)
}

// add takes in the blocks of a file.
func (b *builder) add(s source) {
	var f fileTOML
	root := s.file.Root()
	b.decode(root, &f, "")
	for i := range f.Disable {
		b.disabled = append(b.disabled, root.Key("disable").Elem(i))
	}
	b.rules = collect(b, b.rules, f.Rules, "rule", s)
	b.detectors = collect(b, b.detectors, f.Detectors, "detector", s)
	b.keywords = collect(b, b.keywords, f.Keywords, "keywords", s)
	b.streams = collect(b, b.streams, f.Streams, "stream", s)
	for _, n := range f.Tests {
		e := entry[testTOML]{node: n, from: s}
		b.decode(n, &e.raw, fmt.Sprintf("test %q", n.Key("name").Text()))
		b.tests = append(b.tests, e)
	}
}

// collect decodes blocks and merges them by id: one with the id of a built-in
// one takes its place, one with the id of any other is a fault. Blocks whose id is
// a fault are kept, so that what else is wrong with them is told too.
func collect[T any](b *builder, have []entry[T], nodes []tomlfile.Node, what string, s source) []entry[T] {
	for i, n := range nodes {
		id := n.Key("id").Text()
		e := entry[T]{id: id, nth: i, node: n, from: s}
		b.decode(n, &e.raw, block(what, id, i))
		report := b.in(what, id, i)
		k := -1
		if checkID(n, id, report) {
			k = slices.IndexFunc(have, func(h entry[T]) bool { return h.id == id })
		}
		if k < 0 && len(have) == maxBlocks {
			report(n.Pos(), "there are more than %d of them; leave some out", maxBlocks)
			return have
		}
		switch {
		case k < 0:
			have = append(have, e)
		case have[k].from.builtin && !s.builtin:
			b.note(n.Pos(), "%s %q replaces the built-in one", what, id)
			have[k] = e
		default:
			report(n.Key("id").Pos(), "the id is already taken at %s; write another", have[k].node.Key("id").Pos())
			have = append(have, e)
		}
	}
	return have
}

// in makes the report of one block.
func (b *builder) in(what, id string, i int) tomlfile.Report {
	return tomlfile.Report(b.report).In(block(what, id, i))
}

// block names a block by its id, or by its number in the file.
func block(what, id string, i int) string {
	if id == "" {
		return fmt.Sprintf("%s %d", what, i+1)
	}
	return fmt.Sprintf("%s %q", what, id)
}

// set compiles everything. Where there were faults, it is not to be used.
func (b *builder) set() *Set {
	b.takeOut()
	for i := range b.keywords {
		b.keywordList(&b.keywords[i])
	}
	b.typeNames = slices.Clone(Types)
	for i := range b.detectors {
		d := &b.detectors[i]
		c := b.detector(&d.raw, b.in("detector", d.id, d.nth))
		b.spec.Customs = append(b.spec.Customs, c)
		if c.Type != "" {
			b.typeNames = append(b.typeNames, string(c.Type))
		}
	}
	s := &Set{}
	for i := range b.rules {
		s.rules = append(s.rules, b.rule(&b.rules[i]))
	}
	for i := range b.streams {
		s.streams = append(s.streams, b.stream(&b.streams[i]))
	}
	b.lifts(s.rules)
	b.unreachable(s.rules)
	for i := range b.tests {
		e := &b.tests[i]
		s.tests = append(s.tests, b.sample(&e.raw, nil, e.from, tomlfile.Report(b.report).In(fmt.Sprintf("test %q", e.raw.Name))))
	}
	for _, l := range b.keywords {
		if !b.used[l.id] && !l.from.builtin {
			b.note(l.node.Pos(), "keyword list %q is not used by any rule", l.id)
		}
	}
	s.spec, s.files = b.spec, b.files
	s.notes, _ = b.notes.Err().(tomlfile.Errors)
	s.digest = b.digest()
	return s
}

// takeOut removes the disabled rules.
func (b *builder) takeOut() {
	var ids []string
	for _, r := range b.rules {
		if isID(r.id) && !slices.Contains(ids, r.id) {
			ids = append(ids, r.id)
		}
	}
	for _, n := range b.disabled {
		if !slices.Contains(ids, n.Text()) {
			b.report(n.Pos(), "disable: there is no rule %q%s", n.Text(), tomlfile.Instead(n.Text(), ids))
		}
	}
	b.rules = slices.DeleteFunc(b.rules, func(r entry[ruleTOML]) bool { return b.isDisabled(r.id) })
}

func (b *builder) isDisabled(id string) bool {
	return slices.ContainsFunc(b.disabled, func(n tomlfile.Node) bool { return n.Text() == id })
}

// keywordList reads the list's file and checks its words.
func (b *builder) keywordList(e *entry[keywordsTOML]) {
	report := b.in("keywords", e.id, e.nth)
	l := e.raw
	if l.File != "" {
		lines := bufio.NewScanner(bytes.NewReader(b.beside(e.from, e.node.Key("file"), l.File, report)))
		seen := map[string]bool{}
		for _, w := range l.Words {
			seen[fold(w)] = true
		}
		for lines.Scan() {
			w, _, _ := strings.Cut(lines.Text(), "#")
			if w = strings.TrimSpace(w); w != "" && !seen[fold(w)] {
				seen[fold(w)] = true
				l.Words = append(l.Words, w)
			}
		}
		if err := lines.Err(); err != nil {
			report(e.node.Key("file").Pos(), "cannot read %s: %v; write one word a line", l.File, err)
		}
	} else {
		checkWords(e.node.Key("words"), l.Words, report)
	}
	b.lists = append(b.lists, l)
}

// query puts q among what the scanner counts and returns its place.
func (b *builder) query(q inspect.Query) int {
	key := fmt.Sprintf("%#v", q)
	i, ok := b.queries[key]
	if !ok {
		i = len(b.spec.Queries)
		b.queries[key] = i
		b.spec.Queries = append(b.spec.Queries, q)
	}
	return i
}

// rule compiles a [[rule]].
func (b *builder) rule(e *entry[ruleTOML]) rule {
	r := &e.raw
	report := b.in("rule", e.id, e.nth)
	c := rule{id: r.ID, action: parseAction(r.Action), severity: cmp.Or(r.Severity, "info"), shadow: r.Mode == "shadow",
		builtin: e.from.builtin, title: r.Title.byLanguage(), say: r.Say.byLanguage(), lifts: r.Lifts, at: e.node.Pos()}
	r.Severity, r.Mode = c.severity, cmp.Or(r.Mode, "live") // the digest is of what is meant
	oneOf(r.At.Key("severity"), "severity", r.Severity, Severities, report)
	oneOf(r.At.Key("mode"), "mode", r.Mode, modes, report)
	if r.Action == "" {
		report(r.At.Pos(), "it does not say what happens; write action = \"block\", or one of %s", strings.Join(actionWords(), ", "))
	} else {
		oneOf(r.At.Key("action"), "action", r.Action, actionWords(), report)
	}
	c.groups = [groupCount]group{{name: "what"}, {name: "where"}, {name: "who"}, {name: "when"}, {name: "over"}}
	for i := range r.What {
		c.groups[0].any = append(c.groups[0].any, b.what(&r.What[i], report))
	}
	for i := range r.Where {
		c.groups[1].any = append(c.groups[1].any, b.where(&r.Where[i], report))
	}
	for i := range r.Who {
		c.groups[2].any = append(c.groups[2].any, b.who(&r.Who[i], report))
	}
	for i := range r.When {
		c.groups[3].any = append(c.groups[3].any, b.when(&r.When[i], report))
	}
	for i := range r.Over {
		c.groups[4].any = append(c.groups[4].any, b.over(&r.Over[i], r, report))
	}
	if len(r.What)+len(r.Where)+len(r.Who)+len(r.When)+len(r.Over) == 0 {
		b.note(c.at, "rule %q has no what, where, who, when or over, so it applies to every upload", c.id)
	}
	switch {
	case c.action == Allow && len(r.Lifts) == 0:
		report(r.At.Key("action").Pos(), "an allow rule lifts other rules and names none; write lifts = [\"id-of-a-rule\"], or lifts = [\"*\"] for all")
	case c.action != Allow && len(r.Lifts) > 0:
		report(r.At.Key("lifts").KeyPos(), "only a rule with action = \"allow\" lifts others; leave lifts out, or write action = \"allow\"")
	case c.action >= Warn && len(c.say) == 0 && !c.shadow:
		b.note(c.at, "rule %q stops uploads and has no message; write say = { ja = \"…\", en = \"…\" } so that people know what to do", c.id)
	}
	if c.action == Hold {
		c.release = &Release{People: 1, For: 24 * time.Hour}
	}
	if r.Release != nil {
		b.release(r.Release, &c, report)
	}
	if r.Mail != nil {
		b.mail(r.Mail, &c, report)
	}
	b.evidence(r, &c, report)
	for k := range r.Tests {
		t := &r.Tests[k]
		c.tests = append(c.tests, b.sample(t, &c, e.from, report.In(fmt.Sprintf("test %q", t.Name))))
	}
	return c
}

// release compiles a [rule.release].
func (b *builder) release(t *releaseTOML, c *rule, report tomlfile.Report) {
	if c.action != Hold {
		report(t.At.Pos(), "only what is held can be released; write action = \"hold\", or leave release out")
		return
	}
	c.release.By = t.By
	for i, g := range t.By {
		if strings.TrimSpace(g) == "" {
			report(t.At.Key("by").Elem(i).Pos(), "a group without a name; write one such as \"security\", or \"manager\"")
		}
	}
	if t.People != nil {
		if c.release.People = *t.People; *t.People < 1 || *t.People > 5 {
			report(t.At.Key("people").Pos(), "people = %d; write a number from 1 to 5", *t.People)
		}
	}
	if t.Hours != nil {
		if c.release.For = time.Duration(*t.Hours) * time.Hour; *t.Hours < 1 || *t.Hours > 720 {
			report(t.At.Key("hours").Pos(), "hours = %d; write a number from 1 to 720", *t.Hours)
		}
	}
}

// byLanguage gives a text by language; nil if there is none.
func (t textsTOML) byLanguage() map[string]string {
	m := map[string]string{}
	for language, text := range map[string]string{"ja": cmp.Or(t.Ja, t.Both), "en": cmp.Or(t.En, t.Both)} {
		if text != "" {
			m[language] = text
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// lifts checks what allow rules name.
func (b *builder) lifts(rules []rule) {
	ids := []string{"*"}
	for i := range rules {
		if rules[i].action != Allow {
			ids = append(ids, rules[i].id)
		}
	}
	for i := range b.rules {
		e := &b.rules[i]
		report := b.in("rule", e.id, e.nth)
		for k, id := range e.raw.Lifts {
			at := e.node.Key("lifts").Elem(k)
			switch {
			case slices.Contains(ids, id):
			case b.isDisabled(id):
				b.note(at.Pos(), "rule %q lifts %q, which is disabled", e.id, id)
			case slices.ContainsFunc(rules, func(r rule) bool { return r.id == id }):
				report(at.Pos(), "rule %q is itself an allow rule, and there is nothing in it to lift; leave it out", id)
			default:
				report(at.Pos(), "there is no rule %q%s", id, tomlfile.Instead(id, ids))
			}
		}
	}
}

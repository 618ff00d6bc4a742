package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/index"
)

const (
	perPage   = 50
	mostCount = 10_000 // further ones are not counted
)

// searchForm is what an officer searches by, as it was written.
type searchForm struct {
	User, Host, Rule, Type, Action, State, From, To, Incident, Node string
	Quiet, Gaps                                                     bool
}

type incidentsBody struct {
	F           searchForm
	Rows        []index.Row
	Count       int
	Many        bool
	First, Next string
	Rules       []string
	Types       []string
	Nodes       []string // more than one, or none
	Behind      []behind
}

// behind is a node of which not all is shown.
type behind struct {
	Node    string
	Records uint64 // that it says it has, and are not here
	Silent  bool   // so there may be more
}

// behind tells of what nodes this one does not show all.
func (c *Console) behind() (all []behind) {
	if c.cfg.Elsewhere == nil || c.cfg.Nodes == nil {
		return nil
	}
	for _, n := range c.cfg.Nodes() {
		b := behind{Node: n.Name, Silent: n.Silent}
		if taken := c.index.Taken(n.Name); n.Records > taken {
			b.Records = n.Records - taken
		}
		if !n.Own && (b.Silent || b.Records > 0) {
			all = append(all, b)
		}
	}
	return all
}

// filter reads the search form.
func (q *request) filter() (searchForm, index.Filter) {
	get := func(name string) string {
		v := strings.TrimSpace(q.FormValue(name))
		if len(v) > 300 {
			v = strings.ToValidUTF8(v[:300], "")
		}
		return v
	}
	f := searchForm{User: get("user"), Host: get("host"), Rule: get("rule"), Type: get("type"), Action: get("action"), State: get("state"),
		Incident: strings.ToUpper(get("incident")), Node: get("node"), Quiet: get("quiet") != "", Gaps: get("gaps") != ""}
	from, to := q.date("from"), q.date("to")
	if days, err := strconv.Atoi(get("days")); err == nil && days > 0 && from.IsZero() {
		_, from, _ = q.days()
	}
	if !from.IsZero() {
		f.From = from.Format(time.DateOnly)
	}
	if !to.IsZero() {
		f.To = to.Format(time.DateOnly)
		to = to.AddDate(0, 0, 1)
	}
	if f.Action == "allow" {
		f.Quiet = true
	}
	return f, index.Filter{User: f.User, Host: strings.ToLower(f.Host), Rule: f.Rule, Type: f.Type, Action: f.Action, Incident: f.Incident,
		State: f.State, Node: f.Node, Reason: f.Gaps, From: from, To: to, Quiet: f.Quiet}
}

// values gives the form back as a query.
func (f searchForm) values() url.Values {
	v := url.Values{}
	for k, s := range map[string]string{"user": f.User, "host": f.Host, "rule": f.Rule, "type": f.Type, "action": f.Action, "state": f.State,
		"from": f.From, "to": f.To, "incident": f.Incident, "node": f.Node} {
		if s != "" {
			v.Set(k, s)
		}
	}
	if f.Quiet {
		v.Set("quiet", "1")
	}
	if f.Gaps {
		v.Set("gaps", "1")
	}
	return v
}

func (c *Console) incidents(q *request) {
	ctx := q.Context()
	form, f := q.filter()
	var after index.Cursor
	if a, b, ok := strings.Cut(q.FormValue("after"), "-"); ok {
		after.Time, _ = strconv.ParseInt(a, 10, 64)
		after.Seq, _ = strconv.ParseUint(b, 10, 63)
	}
	v := form.values()
	if len(v) > 0 { // a search, not a look at the list
		details := flat(v)
		if after != (index.Cursor{}) {
			details["after"] = strconv.FormatUint(after.Seq, 10)
		}
		if err := q.record("search", audit.Event{Details: details}); err != nil {
			q.broken(err)
			return
		}
	}
	b := incidentsBody{F: form}
	rows, more, err := c.index.Find(ctx, f, after, perPage)
	if err == nil {
		b.Count, err = c.index.Count(ctx, f, mostCount+1)
	}
	if err == nil {
		b.Rules, err = c.index.Names(ctx, index.Rule, "", 500)
	}
	if err == nil {
		b.Types, err = c.index.Names(ctx, index.Type, "", 200)
	}
	if err != nil {
		q.broken(err)
		return
	}
	b.Rows = rows
	b.Behind = c.behind()
	if b.Nodes = c.index.Nodes(); len(b.Nodes) < 2 {
		b.Nodes = nil
	}
	if b.Count > mostCount {
		b.Count, b.Many = mostCount, true
	}
	if after != (index.Cursor{}) {
		b.First = "/console/incidents?" + v.Encode()
	}
	if more {
		last := rows[len(rows)-1].Cursor()
		v.Set("after", fmt.Sprintf("%d-%d", last.Time, last.Seq))
		b.Next = "/console/incidents?" + v.Encode()
	}
	q.draw("incidents", q.view(q.t("nav.incidents"), b))
}

func flat(v url.Values) map[string]string {
	m := map[string]string{}
	for k := range v {
		m[k] = v.Get(k)
	}
	return m
}

type count struct {
	Key string
	N   int
}

type incidentBody struct {
	Seq      uint64 // in the index
	Number   uint64 // in the record
	Node     string // whose record it is in; "" where there is only the own one
	Own      bool   // it is this node's
	Event    audit.Event
	Segment  string
	Line     int
	Hash     string
	Title    map[string]string
	Others   []matched
	Counts   []count
	Findings []Place
	More     int
	Coverage Coverage
	State    string
	Acts     []index.Act
	MayNote  bool
	Evidence *evidenceBody // nil: there is none
}

// evidenceBody is what can be told of evidence without opening it.
type evidenceBody struct {
	Bytes int64
	Kept  time.Time
}

// detail is what an event says in fields that audit leaves open.
type detail struct {
	Matches  []matched `json:"matches"`
	Findings []Finding `json:"findings"`
	Coverage Coverage  `json:"coverage"`
}

// matched is a rules.Match as the record has it, its action as a word.
type matched struct {
	Rule, Clause, Severity string
	Action                 string
	Shadow                 bool
	LiftedBy               string `json:"lifted_by"`
}

// located is a record and whose it is.
type located struct {
	audit.Record
	at   uint64 // its number in the index
	node string // "" where there is only the own one
	own  bool
}

// get reads a record by its number in the index, from its node's record.
func (c *Console) get(at uint64) (r located, ok bool, err error) {
	r.at = at
	var seq uint64
	r.node, seq, r.own = c.index.Resolve(at)
	switch {
	case r.own:
		r.Record, ok, err = c.cfg.Record.Get(seq)
	case c.cfg.Elsewhere != nil:
		r.Record, ok, err = c.cfg.Elsewhere.Get(r.node, seq)
	}
	return r, ok, err
}

// named names it in an event.
func (r *located) named() map[string]string {
	d := map[string]string{"record": strconv.FormatUint(r.Seq, 10)}
	if !r.own {
		d["node"] = r.node
	}
	return d
}

// wanted reads the record that the address names, or answers that there is
// none.
func (q *request) wanted() (r located, ok bool) {
	at, err := strconv.ParseUint(q.PathValue("seq"), 10, 63)
	if err != nil || at == 0 {
		q.message(http.StatusNotFound, "not-found", "not-found-what")
		return r, false
	}
	r, ok, err = q.c.get(at)
	ok = ok && r.Event.Kind == "decision"
	switch {
	case err != nil:
		q.broken(err)
		return r, false
	case !ok:
		q.message(http.StatusNotFound, "not-found", "not-found-what")
	}
	return r, ok
}

func (c *Console) incident(q *request) {
	r, ok := q.wanted()
	if !ok {
		return
	}
	ev := &r.Event
	if err := q.record("view", audit.Event{Incident: ev.Incident, Details: r.named()}); err != nil {
		q.broken(err)
		return
	}
	var d detail
	if err := json.Unmarshal(r.Raw, &d); err != nil {
		q.broken(fmt.Errorf("read record %d: %w", r.Seq, err))
		return
	}
	b := incidentBody{Seq: r.at, Number: r.Seq, Node: r.node, Own: r.own, Event: *ev, Segment: r.Segment, Line: r.Line, Hash: r.Hash.String(), Findings: places(d.Findings), Coverage: d.Coverage, MayNote: true}
	for _, m := range d.Matches {
		if m.Rule != ev.Rule {
			b.Others = append(b.Others, m)
		}
	}
	found := 0
	for k, n := range ev.Counts {
		b.Counts = append(b.Counts, count{k, n})
		found += n
	}
	slices.SortFunc(b.Counts, func(a, b count) int { return b.N - a.N })
	b.More = max(0, found-len(d.Findings))
	for _, i := range c.cfg.Rules.Set().List() {
		if i.ID == ev.Rule {
			b.Title = i.Title
		}
	}
	var err error
	if b.State, err = c.index.State(q.Context(), r.at); err == nil {
		b.Acts, _, err = c.index.Acts(q.Context(), index.ActFilter{Kind: "console", Action: "note", Record: r.at}, 200)
	}
	if err != nil {
		q.broken(err)
		return
	}
	if c.cfg.Evidence != nil && r.own && ev.Incident != "" {
		if n, at, ok := c.cfg.Evidence(ev.Incident); ok {
			b.Evidence = &evidenceBody{n, at}
		}
	}
	title := q.t("decision-title")
	if ev.Incident != "" {
		title = q.t("incident-title") + " " + ev.Incident
	}
	q.draw("incident", q.view(title, b))
}

// States that a follow-up may be in.
var states = []string{"open", "waiting", "closed", "false-alarm"}

const maxNote = 2000 // characters

func (c *Console) note(q *request) {
	r, ok := q.wanted()
	if !ok {
		return
	}
	back := "/console/incidents/" + strconv.FormatUint(r.at, 10)
	text, state := strings.TrimSpace(q.PostFormValue("text")), q.PostFormValue("state")
	before, err := c.index.State(q.Context(), r.at)
	if err != nil {
		q.broken(err)
		return
	}
	if !slices.Contains(states, state) || text == "" && state == before || len([]rune(text)) > maxNote {
		q.done(back, "note-empty")
		return
	}
	details := r.named()
	details["state"] = state
	err = q.record("note", audit.Event{Incident: r.Event.Incident, Reason: text, Details: details})
	if err == nil {
		err = c.index.Feed(q.Context()) // so that the page shows it
	}
	if err != nil {
		q.broken(err)
		return
	}
	q.done(back, "noted")
}

package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/console/page"
)

type sumsBody struct {
	Lead, Label, Self, Base, Param string
	Part, By                       string
	Span                           spanBody
	Sums                           []index.Sum
	MostN, MostKept                int64
	Prev, Next                     string
}

func (c *Console) people(q *request) {
	c.sums(q, index.User, sumsBody{Lead: q.t("people-lead"), Label: q.t("person"), Self: "/console/people", Base: "/console/person", Param: "name"}, q.t("nav.people"))
}

func (c *Console) destinations(q *request) {
	c.sums(q, index.Host, sumsBody{Lead: q.t("destinations-lead"), Label: q.t("destination"), Self: "/console/destinations", Base: "/console/destination", Param: "name"}, q.t("nav.destinations"))
}

func (c *Console) sums(q *request, dim index.Dim, b sumsBody, title string) {
	n, from, to := q.days()
	b.Span = spanBody{Base: b.Self, Param: "by", Key: q.FormValue("by"), Days: n}
	b.Part, b.By = strings.TrimSpace(q.FormValue("q")), q.FormValue("by")
	if b.By == "" {
		b.By = string(index.ByKept)
	}
	if b.Part != "" && dim == index.User {
		if err := q.record("search", audit.Event{Details: map[string]string{"people": shown(b.Part)}}); err != nil {
			q.broken(err)
			return
		}
	}
	at, _ := strconv.Atoi(q.FormValue("at"))
	at = min(max(at, 0), 1_000_000)
	sums, err := c.index.Top(q.Context(), dim, b.Part, from, to, index.Order(b.By), perPage+1, at)
	if err != nil {
		q.broken(err)
		return
	}
	turn := func(at int) string {
		return b.Self + "?" + url.Values{"q": {b.Part}, "by": {b.By}, "days": {itoa(n)}, "at": {itoa(at)}}.Encode()
	}
	if len(sums) > perPage {
		sums, b.Next = sums[:perPage], turn(at+perPage)
	}
	if at > 0 {
		b.Prev = turn(max(0, at-perPage))
	}
	for _, s := range sums {
		b.MostN, b.MostKept = max(b.MostN, s.N), max(b.MostKept, s.Kept())
	}
	b.Sums = sums
	q.draw("sums", q.view(title, b))
}

type oneBody struct {
	Span            spanBody
	Total           index.Sum
	Stopped, Volume *page.Chart
	See, Show       bool
	FlowsTitle      string
	Label           string
	People          bool // the flows are people's
	Flows           []index.Flow
	Rows            []index.Row
	All             string
}

func (c *Console) person(q *request) {
	name := q.FormValue("name")
	if err := q.record("view", audit.Event{Details: map[string]string{"person": shown(name)}}); err != nil {
		q.broken(err)
		return
	}
	c.one(q, index.User, name, oneBody{FlowsTitle: "flows-of-person", Label: q.t("destination"), Show: true}, index.Filter{User: name}, "/console/person", "user")
}

func (c *Console) destination(q *request) {
	name := q.FormValue("name")
	c.one(q, index.Host, name, oneBody{FlowsTitle: "flows-of-host", Label: q.t("person"), People: true, Show: q.sees()}, index.Filter{Host: name}, "/console/destination", "host")
}

func (c *Console) one(q *request, dim index.Dim, name string, b oneBody, f index.Filter, base, param string) {
	ctx := q.Context()
	known, err := c.index.Known(ctx, dim, name)
	if err != nil {
		q.broken(err)
		return
	}
	if !known {
		q.message(http.StatusNotFound, "not-found", "not-found-what")
		return
	}
	n, from, to := q.days()
	b.Span = spanBody{Base: base, Param: "name", Key: name, Days: n}
	b.See = q.sees()
	days, err := c.index.Days(ctx, dim, name, from, to)
	if err == nil && b.Show {
		b.Flows, err = c.index.Flows(ctx, dim, name, from, 20)
	}
	f.From = from
	if err == nil && b.See {
		b.Rows, _, err = c.index.Find(ctx, f, index.Cursor{}, 20)
	}
	if err != nil {
		q.broken(err)
		return
	}
	b.Total = total(days)
	all := url.Values{param: {name}}
	b.All = "/console/incidents?" + all.Encode()
	var link func(time.Time) string
	if b.See {
		link = func(d time.Time) string {
			return "/console/incidents?" + url.Values{param: {name}, "from": {d.Format(time.DateOnly)}, "to": {d.Format(time.DateOnly)}}.Encode()
		}
	}
	b.Stopped, b.Volume = q.charts(days, link)
	q.draw("one", q.view(name, b))
}

type typesBody struct {
	Span    spanBody
	See     bool
	Sums    []index.Sum
	Reasons []index.Sum
	Most    int64
}

func (c *Console) types(q *request) {
	n, from, to := q.days()
	b := typesBody{Span: spanBody{Base: "/console/types", Days: n}, See: q.sees()}
	var err error
	if b.Sums, err = c.index.Top(q.Context(), index.Type, "", from, to, index.ByPeople, 200, 0); err == nil {
		b.Reasons, err = c.index.Top(q.Context(), index.Reason, "", from, to, index.ByPeople, 100, 0)
	}
	if err != nil {
		q.broken(err)
		return
	}
	for _, s := range b.Sums {
		b.Most = max(b.Most, s.People)
	}
	q.draw("types", q.view(q.t("nav.types"), b))
}

package console

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/console/page"
)

func itoa(n int) string { return strconv.Itoa(n) }

// spanBody is a choice of time spans.
type spanBody struct {
	Base, Param, Key string
	Days             int
}

type topBody struct {
	Key, Label, Column string
	Kind               string // of terms
	Base, Param        string // where a key leads
	Parts              bool   // counts People instead of N
	Sums               []index.Sum
	Most               int64
}

type overviewBody struct {
	Span       spanBody
	See        bool
	Total      index.Sum
	Unfollowed string
	Gaps       int64
	Stopped    *page.Chart
	Volume     *page.Chart
	Latest     []index.Row
	Tops       []topBody
}

// add sums sums.
func add(to *index.Sum, s index.Sum) {
	to.N += s.N
	to.Bytes += s.Bytes
	to.People += s.People
	for i, n := range s.ByAction {
		to.ByAction[i] += n
	}
}

// total sums days.
func total(days []index.Day) (t index.Sum) {
	for _, d := range days {
		add(&t, d.Sum)
	}
	return t
}

// charts draws, by day, what rules noted and how much was let out. link names
// where a day leads; it may be nil.
func (q *request) charts(days []index.Day, link func(day time.Time) string) (stopped, volume *page.Chart) {
	// Many days become weeks: columns have to stay wide enough to point at.
	step := 1
	if len(days) > 120 {
		step = 7
	}
	stopped = &page.Chart{Title: q.t("chart-stopped"), Format: page.Number}
	volume = &page.Chart{Title: q.t("chart-volume"), Format: page.Number}
	series := []page.Series{{Class: "block"}, {Class: "hold"}, {Class: "warn"}, {Class: "log"}}
	for i, a := range []string{"block", "hold", "warn", "log"} {
		series[i].Name = page.Term(q.lang, "action", a)
	}
	out := page.Series{Class: "allow", Name: q.t("let-out")}
	for i := 0; i < len(days); i += step {
		s := total(days[i:min(i+step, len(days))])
		label := days[i].Date.Format("01-02")
		stopped.Labels, volume.Labels = append(stopped.Labels, label), append(volume.Labels, label)
		for k, n := range []int64{s.ByAction[5] + s.ByAction[0], s.ByAction[4], s.ByAction[3], s.ByAction[2]} {
			series[k].Values = append(series[k].Values, n)
		}
		out.Values = append(out.Values, s.N-s.Kept())
		if link != nil && step == 1 {
			stopped.Links = append(stopped.Links, link(days[i].Date))
		}
	}
	stopped.Series, volume.Series = series, []page.Series{out}
	return stopped, volume
}

func (c *Console) overview(q *request) {
	ctx := q.Context()
	n, from, to := q.days()
	b := overviewBody{Span: spanBody{Base: "/console/", Days: n}, See: q.sees()}
	days, err := c.index.Days(ctx, index.Total, "", from, to)
	if err != nil {
		q.broken(err)
		return
	}
	b.Total = total(days)
	var link func(time.Time) string
	if b.See {
		link = func(d time.Time) string {
			return "/console/incidents?from=" + d.Format(time.DateOnly) + "&to=" + d.Format(time.DateOnly)
		}
	}
	b.Stopped, b.Volume = q.charts(days, link)
	const most = 1000
	open, err := c.index.Unfollowed(ctx, from, most+1)
	b.Unfollowed = page.Number(int64(min(open, most)))
	if open > most {
		b.Unfollowed += "+"
	}
	if err == nil && b.See {
		b.Latest, _, err = c.index.Find(ctx, index.Filter{From: from}, index.Cursor{}, 8)
	}
	if err == nil {
		b.Tops, err = c.tops(ctx, b.See, from, to)
	}
	if err == nil {
		b.Gaps, err = c.gaps(ctx, from, to)
	}
	if err != nil {
		q.broken(err)
		return
	}
	q.draw("overview", q.view(q.t("nav.overview"), b))
}

// gaps sums the parts that were not inspected.
func (c *Console) gaps(ctx context.Context, from, to time.Time) (n int64, err error) {
	reasons, err := c.index.Top(ctx, index.Reason, "", from, to, index.ByPeople, 100, 0)
	for _, r := range reasons {
		n += r.People
	}
	return n, err
}

func (c *Console) tops(ctx context.Context, see bool, from, to time.Time) ([]topBody, error) {
	all := []topBody{
		{Key: "hosts", Label: "destination", Column: "sent", Base: "/console/destination", Param: "name"},
		{Key: "rules", Label: "rule", Column: "sent", Base: "/console/rules/rule", Param: "id"},
		{Key: "types", Label: "type", Column: "findings", Kind: "type", Parts: true},
		{Key: "reasons", Label: "reason", Column: "parts", Kind: "reason", Parts: true},
		{Key: "classes", Label: "class", Column: "sent", Kind: "class"},
	}
	dims := []index.Dim{index.Host, index.Rule, index.Type, index.Reason, index.Class}
	orders := []index.Order{index.ByKept, index.ByNumber, index.ByPeople, index.ByPeople, index.ByNumber}
	if see {
		all[2].Base, all[2].Param = "/console/incidents", "type"
		all = append(all, topBody{Key: "users", Label: "person", Column: "sent", Base: "/console/person", Param: "name"})
		dims, orders = append(dims, index.User), append(orders, index.ByKept)
	}
	var ask errgroup.Group // the index takes several questions at a time
	for i := range all {
		ask.Go(func() error {
			sums, err := c.index.Top(ctx, dims[i], "", from, to, orders[i], 6, 0)
			for _, s := range sums {
				n := s.N
				if all[i].Parts {
					n = s.People
				}
				all[i].Most = max(all[i].Most, n)
			}
			all[i].Sums = sums
			return err
		})
	}
	return all, ask.Wait()
}

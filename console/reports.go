package console

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/report"
	"github.com/sekimori-dlp/sekimori/console/index"
)

// Reporter counts the record of a time and draws a sample; report.Make in
// production.
type Reporter func(p report.Period, sample int) (*report.Report, error)

// made is a report, done or under way. Those that are done lie on the shelf.
type made struct {
	Period  report.Period
	Running bool
	By      string
	Err     error
	Report  *report.Report
	began   time.Time
}

const sampleSize = 20

// period reads a day or a month that has begun; ok is false for anything else.
func (c *Console) period(s string) (p report.Period, ok bool) {
	p, err := report.Day(s, c.loc)
	if err != nil {
		p, err = report.Month(s, c.loc)
	}
	return p, err == nil && p.From.Before(time.Now()) && p.From.Year() > 2000
}

type reportsBody struct {
	Reports []made
	Days    []string
	Months  []string
	Busy    bool
}

func (c *Console) reportsPage(q *request) {
	var b reportsBody
	now := time.Now().In(c.loc)
	for i := range 14 {
		b.Days = append(b.Days, now.AddDate(0, 0, -i).Format(time.DateOnly))
	}
	for i := range 13 {
		b.Months = append(b.Months, time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, c.loc).Format("2006-01"))
	}
	all, err := c.shelf.list()
	if err != nil {
		q.broken(err)
		return
	}
	c.mu.Lock()
	if m := c.making; m != nil {
		b.Reports, b.Busy = append(b.Reports, *m), m.Running
		all = slices.DeleteFunc(all, func(k kept) bool { return k.Name == m.Period.Name })
	}
	c.mu.Unlock()
	for _, k := range all {
		if p, ok := c.period(k.Name); ok {
			b.Reports = append(b.Reports, made{Period: p, By: k.By, began: k.Made})
		}
	}
	v := q.view(q.t("nav.reports"), b)
	if b.Busy {
		v.Every = 2
	}
	q.draw("reports", v)
}

// makeReport begins to count, unless that is under way.
func (c *Console) makeReport(q *request) {
	p, ok := c.period(q.PostFormValue("period"))
	if !ok {
		q.message(http.StatusBadRequest, "broken", "report-period")
		return
	}
	if err := q.record("report", audit.Event{Details: map[string]string{"period": p.Name}}); err != nil {
		q.broken(err)
		return
	}
	c.mu.Lock()
	if c.making != nil && c.making.Running {
		c.mu.Unlock()
		q.done("/console/reports", "report-busy")
		return
	}
	m := &made{Period: p, Running: true, By: q.acc.Name, began: time.Now()}
	c.making = m
	c.work.Go(func() {
		r, err := c.cfg.Report(p, sampleSize)
		if err == nil {
			err = c.shelf.put(kept{p.Name, m.By, m.began}, r)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if m.Err, m.Running = err, false; err == nil {
			c.making = nil // it is on the shelf
		}
	})
	c.mu.Unlock()
	q.redirect("/console/reports/" + p.Name)
}

// madeFor reads a period's report, or how far it is.
func (c *Console) madeFor(p report.Period) (made, error) {
	c.mu.Lock()
	if m := c.making; m != nil && m.Period.Name == p.Name {
		defer c.mu.Unlock()
		return *m, nil
	}
	c.mu.Unlock()
	k, r, ok, err := c.shelf.get(p.Name)
	if err != nil || !ok {
		return made{Period: p}, err
	}
	return made{Period: p, By: k.By, Report: r, began: k.Made}, nil
}

// wantedPeriod reads the period that the address names, or answers that there
// is none.
func (q *request) wantedPeriod() (report.Period, bool) {
	p, ok := q.c.period(q.PathValue("id"))
	if !ok {
		q.message(http.StatusNotFound, "not-found", "report-period")
	}
	return p, ok
}

// drawn is one upload of the sample, and who looked at it.
type drawn struct {
	report.Line
	Looked []index.Act
	Own    bool
}

type reportBody struct {
	made
	Sample []drawn
	Looked int
	Sound  bool // the parts sum up
}

func (c *Console) reportPage(q *request) {
	p, ok := q.wantedPeriod()
	if !ok {
		return
	}
	m, err := c.madeFor(p)
	if err != nil {
		q.broken(err)
		return
	}
	b := reportBody{made: m}
	if m.Report != nil {
		if err := q.record("view", audit.Event{Details: map[string]string{"report": p.Name}}); err != nil {
			q.broken(err)
			return
		}
		b.Sound = m.Report.Reconciles()
		for _, l := range m.Report.Sample {
			looked, _, err := c.index.Acts(q.Context(), index.ActFilter{Kind: "console", Action: "sample-looked", Record: l.Seq}, 5)
			if err != nil {
				q.broken(err)
				return
			}
			if len(looked) > 0 {
				b.Looked++
			}
			b.Sample = append(b.Sample, drawn{l, looked, strings.EqualFold(l.Record.User, c.knownAs(q.acc.Name))})
		}
	}
	v := q.view(q.t("report-title")+" "+p.Name, b)
	if m.Running {
		v.Every = 2
	}
	q.draw("report", v)
}

// reportFile hands a report out: a page ready to be printed, or rows for a
// spreadsheet.
func (c *Console) reportFile(q *request) {
	p, ok := q.wantedPeriod()
	if !ok {
		return
	}
	m, err := c.madeFor(p)
	if err != nil {
		q.broken(err)
		return
	}
	if m.Report == nil {
		q.message(http.StatusNotFound, "not-found", "report-none")
		return
	}
	form, mediaType := "html", "text/html; charset=utf-8"
	write := m.Report.HTML
	if q.FormValue("form") == "csv" {
		form, mediaType, write = "csv", "text/csv; charset=utf-8", m.Report.CSV
	}
	var b bytes.Buffer
	if form == "csv" {
		b.WriteString("\ufeff") // spreadsheets take it for another encoding without
	}
	if err := write(&b, q.lang); err != nil {
		q.broken(fmt.Errorf("write a report: %w", err))
		return
	}
	if err := q.record("report-file", audit.Event{Details: map[string]string{"report": p.Name, "form": form}}); err != nil {
		q.broken(err)
		return
	}
	q.w.Header().Set("Content-Type", mediaType)
	q.w.Header().Set("Content-Disposition", `attachment; filename="sekimori-`+url.PathEscape(p.Name)+"."+form+`"`)
	if _, err := q.w.Write(b.Bytes()); err != nil {
		q.c.cfg.Log.Debug("report not written", "error", err)
	}
}

// outcomes of looking at an upload of the sample.
var outcomes = []string{"fine", "question"}

// looked records that somebody looked at an upload of the sample.
func (c *Console) looked(q *request) {
	p, ok := q.wantedPeriod()
	if !ok {
		return
	}
	back := "/console/reports/" + p.Name
	m, err := c.madeFor(p)
	if err != nil {
		q.broken(err)
		return
	}
	seq, _ := strconv.ParseUint(q.PostFormValue("seq"), 10, 63)
	outcome, note := q.PostFormValue("outcome"), strings.TrimSpace(q.PostFormValue("note"))
	var line *report.Line
	if m.Report != nil {
		if i := slices.IndexFunc(m.Report.Sample, func(l report.Line) bool { return l.Seq == seq }); i >= 0 {
			line = &m.Report.Sample[i]
		}
	}
	switch {
	case line == nil || !slices.Contains(outcomes, outcome) || len([]rune(note)) > maxNote || outcome == "question" && note == "":
		q.done(back, "looked-what")
		return
	case strings.EqualFold(line.Record.User, c.knownAs(q.acc.Name)):
		q.message(http.StatusForbidden, "forbidden", "looked-own")
		return
	}
	err = q.record("sample-looked", audit.Event{Incident: line.Record.Incident, Reason: note,
		Details: map[string]string{"record": strconv.FormatUint(seq, 10), "report": p.Name, "outcome": outcome}})
	if err == nil {
		err = c.index.Feed(q.Context()) // so that the page shows it
	}
	if err != nil {
		q.broken(err)
		return
	}
	q.done(back, "noted")
}

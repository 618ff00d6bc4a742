package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/export"
	"github.com/sekimori-dlp/sekimori/audit/report"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rawReport is [report].
type rawReport struct {
	Daily    bool     `toml:"daily"`
	Monthly  bool     `toml:"monthly"`
	At       string   `toml:"at"`
	To       []string `toml:"to"`
	Dir      string   `toml:"dir"`
	Language string   `toml:"language"`
}

// reportConfig is which reports are made by themselves, when, and who gets them.
type reportConfig struct {
	daily, monthly bool
	at             time.Duration // from midnight, local time
	to             []alarm.Destination
	dir            string
	languages      []string
}

func (r *rawReport) check(n tomlfile.Node, known []alarm.Destination, path func(string) string, report tomlfile.Report) reportConfig {
	c := reportConfig{daily: r.Daily, monthly: r.Monthly, dir: path(r.Dir), at: 6 * time.Hour}
	if r.At != "" {
		t, err := time.Parse("15:04", r.At)
		if err != nil {
			report(n.Key("at").Pos(), "report.at %q is no time of day; write such as \"06:00\"", r.At)
		}
		c.at = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	for i, name := range r.To {
		k := slices.IndexFunc(known, func(d alarm.Destination) bool { return d.Name == name && len(d.Mail) > 0 })
		if k < 0 {
			report(n.Key("to").Elem(i).Pos(), "report.to: there is no [[notify]] with mail addresses and the name %q", name)
			continue
		}
		c.to = append(c.to, known[k])
	}
	switch r.Language {
	case "", "both":
		c.languages = []string{"ja", "en"}
	case "ja", "en":
		c.languages = []string{r.Language}
	default:
		report(n.Key("language").Pos(), "report.language %q is unknown; write \"ja\", \"en\" or \"both\"", r.Language)
	}
	if (r.Daily || r.Monthly) == (len(r.To) == 0 && r.Dir == "") {
		report(n.Pos(), "report says when and where to only together; write daily or monthly, and to = [\"…\"] or dir = \"…\"")
	}
	return c
}

// The bounds of reports that are made by themselves.
const (
	reportSample = 20
	reportTries  = time.Minute // between tries
	reportTime   = 2 * time.Minute
	maxMissed    = 7 // days, and months, that are made up for
)

// postman makes reports when their time has come, and delivers each at least
// once, also over restarts.
type postman struct {
	cfg    reportConfig
	mail   alarm.Mail
	dir    string // of the record
	file   string // what was delivered last
	name   string // of this node
	now    func() time.Time
	last   func() *audit.Signed // the last checkpoint
	record func(audit.Event)
	shelve func(report.Period, *report.Report) error

	made   *alarm.Letter // that could not be delivered yet
	period string        // whose it is
}

// delivered is the last day and month whose report has arrived everywhere.
type delivered struct {
	Day   string `json:"day"`
	Month string `json:"month"`
}

// openReports lets them run, if there are any.
func (i *installation) openReports() {
	c := i.cfg.Report
	if !c.daily && !c.monthly {
		return
	}
	p := &postman{cfg: c, mail: i.cfg.Alarms.mail, dir: i.cfg.folder("audit"), file: i.cfg.folder("reports.json"), name: i.cfg.Proxy.Name,
		now: time.Now, last: i.audit.Checkpoint, record: i.record,
		shelve: func(p report.Period, r *report.Report) error {
			if i.console == nil {
				return nil
			}
			return i.console.Shelve(p, r)
		}}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(reportTries)
		defer tick.Stop()
		for {
			if err := p.deliver(ctx); err != nil && ctx.Err() == nil {
				i.log.Error("a report is not delivered; it is tried again", "error", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	i.closers = append(i.closers, func() error { stop(); <-done; return nil })
}

// deliver makes and delivers what is due.
func (p *postman) deliver(ctx context.Context) error {
	at, err := p.read()
	if err != nil {
		return err
	}
	days, months := p.due(&at)
	for _, d := range days {
		if err := p.one(ctx, d); err != nil {
			return err
		}
		at.Day = d.Name
		if err := p.write(at); err != nil {
			return err
		}
	}
	for _, m := range months {
		if err := p.one(ctx, m); err != nil {
			return err
		}
		at.Month = m.Name
		if err := p.write(at); err != nil {
			return err
		}
	}
	return p.write(at)
}

// due lists the days and months that are over and whose report is missing, the
// latest ones of them. What was before the first start is not.
func (p *postman) due(at *delivered) (days, months []report.Period) {
	now := p.now().Add(-p.cfg.at)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	if at.Day == "" {
		at.Day = today.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if at.Month == "" {
		at.Month = time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, now.Location()).Format("2006-01")
	}
	for n := maxMissed; n > 0; n-- {
		if name := today.AddDate(0, 0, -n).Format(time.DateOnly); p.cfg.daily && name > at.Day {
			if d, err := report.Day(name, now.Location()); err == nil {
				days = append(days, d)
			}
		}
		if name := time.Date(now.Year(), now.Month()-time.Month(n), 1, 0, 0, 0, 0, now.Location()).Format("2006-01"); p.cfg.monthly && name > at.Month {
			if m, err := report.Month(name, now.Location()); err == nil {
				months = append(months, m)
			}
		}
	}
	return days, months
}

func (p *postman) read() (at delivered, err error) {
	b, err := os.ReadFile(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err != nil {
		return at, fmt.Errorf("read which reports were delivered: %w; if you remove the file, those of before are not made up for", err)
	}
	return at, nil
}

func (p *postman) write(at delivered) error {
	b, err := json.Marshal(at)
	if err == nil {
		if was, rerr := os.ReadFile(p.file); rerr == nil && bytes.Equal(was, b) {
			return nil
		}
		err = os.WriteFile(p.file+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(p.file+".new", p.file)
	}
	if err != nil {
		return fmt.Errorf("keep which reports were delivered: %w", err)
	}
	return nil
}

// one makes a report, unless that has been done, and delivers it.
func (p *postman) one(ctx context.Context, period report.Period) error {
	if p.made == nil || p.period != period.Name {
		r, err := report.Make(p.dir, period, reportSample)
		if err != nil {
			return fmt.Errorf("make the report of %s: %w", period.Name, err)
		}
		if err := p.shelve(period, r); err != nil {
			return err
		}
		if p.made, err = p.letter(r); err != nil {
			return fmt.Errorf("write the report of %s: %w", period.Name, err)
		}
		p.period = period.Name
	}
	if p.cfg.dir != "" {
		if err := os.MkdirAll(p.cfg.dir, 0o700); err != nil {
			return fmt.Errorf("put the report of %s: %w", period.Name, err)
		}
		for _, f := range p.made.Files {
			if err := export.PutOnce(p.cfg.dir, f.Name, f.Content); err != nil {
				return fmt.Errorf("put the report of %s: %w", period.Name, err)
			}
		}
	}
	to := []string{}
	for i := range p.cfg.to {
		d := &p.cfg.to[i]
		try, cancel := context.WithTimeout(ctx, reportTime)
		err := p.mail.Send(try, d.Mail, p.made)
		cancel()
		if err != nil {
			return fmt.Errorf("send the report of %s to %s: %w", period.Name, d.Name, err)
		}
		to = append(to, d.Name)
	}
	p.made = nil
	p.record(audit.Event{Kind: "report", Action: "delivered", Time: p.now(), Details: map[string]string{"period": period.Name, "to": strings.Join(to, " "), "dir": p.cfg.dir}})
	return nil
}

// letter is a report as it is sent: a page in each language and rows, and the last
// checkpoint, by which the record of now can be checked later.
func (p *postman) letter(r *report.Report) (*alarm.Letter, error) {
	name := r.Period.Name
	l := &alarm.Letter{Key: "report-" + name, Subject: strings.TrimSpace("[Sekimori] 報告書 / Report " + name + " " + p.name)}
	add := func(file, mediaType string, write func(io.Writer) error) error {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		l.Files = append(l.Files, alarm.File{Name: file, MediaType: mediaType, Content: b.Bytes()})
		return nil
	}
	var text []string
	for _, lang := range p.cfg.languages {
		if err := add("sekimori-"+name+"."+lang+".html", "text/html; charset=utf-8", func(w io.Writer) error { return r.HTML(w, lang) }); err != nil {
			return nil, err
		}
		text = append(text, strings.Join(r.Summary(lang), "\n"))
	}
	if err := add("sekimori-"+name+".csv", "text/csv; charset=utf-8", func(w io.Writer) error { return r.CSV(w, p.cfg.languages[0]) }); err != nil {
		return nil, err
	}
	if c := p.last(); c != nil {
		if err := add(fmt.Sprintf("sekimori-%s-checkpoint-%d.txt", name, c.Number), "text/plain; charset=utf-8", func(w io.Writer) error { _, err := w.Write(c.Note); return err }); err != nil {
			return nil, err
		}
		text = append(text, string(c.Note))
	}
	l.Text = strings.Join(text, "\n\n")
	return l, nil
}

package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/audit/report"
)

// files are those that a letter brings, by name.
func files(t *testing.T, letter string) map[string]string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(letter))
	check(t, err)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	check(t, err)
	all := map[string]string{}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err != nil {
			return all
		}
		if p.FileName() == "" {
			continue
		}
		raw, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		check(t, err)
		all[p.FileName()] = string(raw)
	}
}

// TestDailyReport: yesterday's report comes by mail and lies in the folder, with a
// checkpoint that a later forgery does not agree with; a server that is away gets it
// once it is there, and a restart sends no second one.
func TestDailyReport(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	box := &postbox{}
	in := install(t, fmt.Sprintf(`
[mail]
server = %q
from = "gate@corp.example"
tls = "none"
[[notify]]
name = "audit-office"
mail = ["dlp@audit.example"]
[report]
daily = true
at = "00:00"
to = ["audit-office"]
dir = "worm"
`, listen(t, box)))
	data := filepath.Join(in.dir, "data")
	key, err := checkpoint.OpenLogKey(filepath.Join(data, "keys", "audit"))
	check(t, err)
	log, err := audit.Open(filepath.Join(data, "audit"), audit.Options{Key: key})
	check(t, err)
	yesterday := time.Now().AddDate(0, 0, -1)
	for range 30 {
		_, err := log.Append(t.Context(), audit.Event{Kind: "decision", Time: yesterday, Action: "block", User: "sato", Host: "www.dropbox.com", Records: 3})
		check(t, err)
	}
	check(t, log.Close())
	in.write("data/reports.json", `{"day":"`+yesterday.AddDate(0, 0, -1).Format(time.DateOnly)+`","month":"2999-01"}`)
	in.start()
	eventually(t, "a letter", func() bool { return box.len() == 1 })
	day := yesterday.Format(time.DateOnly)
	eventually(t, "it is on record", func() bool {
		all := in.events("--kind", "report")
		return len(all) == 1 && all[0].Details["period"] == day && all[0].Details["to"] == "audit-office"
	})
	got := files(t, box.data[0])
	if page := got["sekimori-"+day+".en.html"]; !strings.Contains(page, "<td>30</td>") && !strings.Contains(page, ">30<") || len(got) != 4 {
		t.Errorf("%d files; the page: %.2000s", len(got), page)
	}
	lying, err := filepath.Glob(filepath.Join(in.dir, "worm", "*"))
	if err != nil || len(lying) != 4 {
		t.Fatalf("in the folder: %q %v", lying, err)
	}
	for _, name := range lying {
		b, err := os.ReadFile(name)
		check(t, err)
		if got[filepath.Base(name)] != string(b) {
			t.Errorf("%s is not what was sent", name)
		}
		if strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".html") {
			if out, code := in.sekimori("audit", "verify", "--config", in.config, "--checkpoint", name); code != 0 {
				t.Errorf("%s: %d %s", name, code, out)
			}
		}
	}
	anna := in.found("anna", "auditor")
	if _, page := anna.get("/console/reports/" + day); !strings.Contains(page, "sato") {
		t.Errorf("the report is not on the console:\n%s", page)
	}
	in.stop()
	in.start()
	in.await(`"report":"`+day+`"`, func() string { // the console has looked at it since
		anna := in.officer().login("anna")
		anna.get("/console/reports/" + day)
		out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "console", "--json")
		return out
	})
	if n := box.len(); n != 1 {
		t.Errorf("%d letters", n)
	}
}

// TestReportsThatAreDue: none of before the first start, each once, several that
// were missed.
func TestReportsThatAreDue(t *testing.T) {
	now := time.Date(2026, 12, 1, 5, 0, 0, 0, time.Local)
	p := &postman{cfg: reportConfig{daily: true, monthly: true, at: 6 * time.Hour}, now: func() time.Time { return now }}
	var at delivered
	names := func() (all []string) {
		days, months := p.due(&at)
		for _, x := range append(days, months...) {
			all = append(all, x.Name)
		}
		return all
	}
	if got := names(); len(got) != 0 || at.Day != "2026-11-29" || at.Month != "2026-10" {
		t.Errorf("at the first start: %v %+v", got, at)
	}
	now = now.Add(time.Hour)
	if got := fmt.Sprint(names()); got != "[2026-11-30 2026-11]" {
		t.Error("at six:", got)
	}
	at = delivered{"2026-11-30", "2026-11"}
	now = now.AddDate(0, 0, 3)
	if got := fmt.Sprint(names()); got != "[2026-12-01 2026-12-02 2026-12-03]" {
		t.Error("after three days:", got)
	}
	now = now.AddDate(1, 0, 0)
	if got := names(); len(got) != 2*maxMissed {
		t.Error("after a year:", got)
	}
}

// TestReportWaitsForItsServer: what could not be sent is sent later, as it was made.
func TestReportWaitsForItsServer(t *testing.T) {
	top := t.TempDir()
	log, err := audit.Open(filepath.Join(top, "audit"), audit.Options{})
	check(t, err)
	defer log.Close()
	to := freeAddress(t)
	var events []audit.Event
	m := alarm.Mail{Server: to, From: "gate@corp.example", TLS: "none"}
	check(t, m.Validate())
	p := &postman{cfg: reportConfig{daily: true, to: []alarm.Destination{{Name: "office", Mail: []string{"a@audit.example"}}}, languages: []string{"ja"}}, mail: m,
		dir: filepath.Join(top, "audit"), file: filepath.Join(top, "reports.json"), now: time.Now, last: log.Checkpoint,
		record: func(ev audit.Event) { events = append(events, ev) }, shelve: func(report.Period, *report.Report) error { return nil }}
	check(t, os.WriteFile(p.file, []byte(`{"day":"`+time.Now().AddDate(0, 0, -2).Format(time.DateOnly)+`","month":"2999-01"}`), 0o600))
	if err := p.deliver(t.Context()); err == nil || len(events) != 0 {
		t.Fatalf("%v %v", err, events)
	}
	made := p.made
	box := &postbox{}
	p.mail.Server = listen(t, box)
	check(t, p.deliver(t.Context()))
	check(t, p.deliver(t.Context()))
	if box.len() != 1 || len(events) != 1 || made == nil || p.made != nil {
		t.Errorf("%d letters, %v", box.len(), events)
	}
	check(t, os.WriteFile(p.file, []byte("{"), 0o600))
	if err := p.deliver(t.Context()); err == nil {
		t.Error("a damaged file is taken for none")
	}
}

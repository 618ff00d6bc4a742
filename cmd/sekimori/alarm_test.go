package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	agekey "filippo.io/age"
)

// TestAlarmsAndEvidence: what is stopped is told to a webhook and on the
// console, also what happened while the program was down; what a rule keeps is
// opened by the auditor alone, and that is recorded.
func TestAlarmsAndEvidence(t *testing.T) {
	var mu sync.Mutex
	var told []string
	soc := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		told = append(told, string(b))
	}))
	defer soc.Close()
	all := func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(told, "\n")
	}
	anna, err := agekey.GenerateX25519Identity()
	check(t, err)
	eve, err := agekey.GenerateX25519Identity()
	check(t, err)
	in := install(t, `
[rules]
paths = "rules"
[evidence]
recipients = ["`+anna.Recipient().String()+`"]
[[notify]]
name = "soc"
url = "`+soc.URL+`"
secret_file = "secret"
[[alarm]]
name = "grave"
to = ["soc"]
when = { kinds = ["decision", "mode", "evidence"], severity = "high" }
`)
	in.write("secret", "0123456789abcdef\n")
	in.write("rules/keep.toml", "[[rule]]\nid = \"keep\"\naction = \"block\"\nseverity = \"critical\"\nevidence = \"body\"\n"+
		"what = { people = { at_least = 10, with = [\"NAME\", \"PHONE|ADDRESS|EMAIL\"] } }\n")
	in.write("anna.key", anna.String()+"\n")
	in.write("eve.key", eve.String()+"\n")
	in.start()
	list := customers(30).csv()
	if status, _ := in.curl([]byte(list), "--data-binary", "@-", "-H", "Content-Type: text/csv", "https://www.dropbox.com/upload"); status != "403" {
		t.Fatalf("a list of people was answered %s", status)
	}
	events := in.events("--kind", "evidence")
	if len(events) != 1 || events[0].Action != "kept" || events[0].Rule != "keep" || events[0].Incident == "" {
		t.Fatalf("recorded %+v", events)
	}
	incident := events[0].Incident
	eventually(t, "an alarm", func() bool { return strings.Contains(all(), incident) })
	if s := all(); strings.Contains(s, "090-") || !strings.Contains(s, "keep") || !strings.Contains(s, "送信を遮断しました") {
		t.Errorf("told: %s", s)
	}
	open := func(key, reason string) (string, int) {
		return in.sekimori("evidence", "open", "--config", in.config, "--identity", filepath.Join(in.dir, key), "--reason", reason,
			"--out", filepath.Join(t.TempDir(), "out"), incident)
	}
	if out, code := open("anna.key", " "); code == 0 {
		t.Errorf("opened without a reason: %s", out)
	}
	if out, code := open("eve.key", "curious"); code == 0 {
		t.Errorf("opened by somebody else: %s", out)
	}
	file := filepath.Join(t.TempDir(), "opened")
	out, code := in.sekimori("evidence", "open", "--config", in.config, "--identity", filepath.Join(in.dir, "anna.key"), "--reason", "case 12", "--out", file, incident)
	if code != 0 {
		t.Fatalf("open: %s", out)
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != list {
		t.Errorf("opened: %d bytes of %d, %v", len(got), len(list), err)
	}
	reasons := []string{}
	for _, e := range in.events("--kind", "evidence") {
		if e.Action == "opened" {
			reasons = append(reasons, e.Reason)
		}
	}
	if strings.Join(reasons, ",") != "curious,case 12" {
		t.Errorf("openings on record: %q", reasons)
	}
	if out, code := in.sekimori("evidence", "list", "--config", in.config); code != 0 || !strings.Contains(out, incident) {
		t.Errorf("list: %d %s", code, out)
	}
	eventually(t, "an alarm about the opening", func() bool { return strings.Contains(all(), `"what":"opened"`) })
	if _, m := in.get("/metrics"); !strings.Contains(m, `sekimori_alarm_messages_total{outcome="sent",to="soc"}`) {
		t.Error("no metric of alarms")
	}
	// What is set while nobody runs is told by the next start.
	in.stop()
	before := len(all())
	if out, code := in.sekimori("mode", "observe", "--config", in.config, "--reason", "a try"); code != 0 {
		t.Fatal(out)
	}
	// What is over its time is recorded, then deleted.
	age := filepath.Join(in.dir, "data", "evidence", incident+".age")
	old := time.Now().AddDate(0, 0, -401)
	check(t, os.Chtimes(age, old, old))
	in.start()
	eventually(t, "the evidence is deleted", func() bool { _, err := os.Stat(age); return errors.Is(err, fs.ErrNotExist) })
	if all := in.events("--kind", "evidence", "--action", "expired"); len(all) != 1 || all[0].Incident != incident {
		t.Errorf("deletions on record: %+v", all)
	}
	eventually(t, "an alarm about the mode", func() bool { return strings.Contains(all()[before:], `"what":"observe"`) })
	var last struct{ Text string }
	lines := strings.Split(all(), "\n")
	check(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	if strings.Contains(last.Text, "a try") {
		t.Error("the words of a person are told")
	}
}

package export

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

func sample(t *testing.T) *audit.Record {
	t.Helper()
	ev := audit.Event{
		Kind: "decision", Time: time.Date(2026, 11, 21, 9, 0, 0, 5e6, time.UTC), Incident: "SK-1", User: "花子=|\\", Groups: []string{"sales"},
		Address: "192.0.2.7", Method: "POST", Scheme: "https", Host: "www.example.com", Port: 8443, Path: "/a", Service: "Example",
		Classes: []string{"cloud-storage"}, Protocol: "h2", Bytes: 10240, Action: "block", Rule: "=cmd|x", Severity: "high",
		Clause: "12 people\nwith NAME", Counts: map[string]int{"NAME": 12, "CARD": 1}, Records: 12,
	}
	raw, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	return &audit.Record{Seq: 7, Raw: raw, Event: ev}
}

func TestFormats(t *testing.T) {
	r := sample(t)
	for name, want := range map[string][]string{
		"jsonl": {`{"seq":7,"hash":"0000`, `"event":{"kind":"decision"`},
		"cef": {`CEF:0|Sekimori|sekimori|1|decision|decision block by =cmd\|x|8|rt=1795251600005 externalId=SK-1`, `suser=花子\=|\\ `,
			`src=192.0.2.7`, `request=https://www.example.com:8443/a`, `dpt=8443`, `act=block`, `msg=12 people\nwith NAME`,
			`cs1Label=rule cs1=\=cmd|x`, `cs3=CARD\=1 NAME\=12`, `cn1Label=seq cn1=7`},
		"csv":  {`7,2026-11-21T09:00:00.005Z,decision,SK-1,`, `https://www.example.com:8443/a`, `'=cmd|x`},
		"ocsf": {`"class_uid":2006`, `"type_uid":200601`, `"severity_id":4`, `"disposition_id":2`, `"hostname":"www.example.com"`, `"time":1795251600005`},
		"ecs":  {`"@timestamp":"2026-11-21T09:00:00.005Z"`, `"type":["denied"]`, `"source":{"ip":"192.0.2.7"}`, `"ecs":{"version":"8.17.0"}`, `"sequence":7`},
	} {
		got := string(Formats[name](r))
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", name, w, got)
			}
		}
		if strings.HasSuffix(got, "\n") || name != "csv" && strings.Contains(got, "\n") {
			t.Errorf("%s: not one line: %q", name, got)
		}
		switch name {
		case "jsonl", "ocsf", "ecs":
			if !json.Valid([]byte(got)) {
				t.Errorf("%s: not JSON: %s", name, got)
			}
		case "csv":
			row, err := csv.NewReader(strings.NewReader(got)).Read()
			if err != nil || len(row) != len(Columns) {
				t.Errorf("csv: %d columns of %d, %v", len(row), len(Columns), err)
			}
		}
	}
	if len(Formats) != 5 || !strings.HasPrefix(string(Header()), "seq,time,kind,") {
		t.Errorf("%d formats, header %s", len(Formats), Header())
	}
	for _, kind := range []string{"start", "stop", "gap", "alarm", "config"} {
		r := &audit.Record{Seq: 1, Event: audit.Event{Kind: kind}, Raw: json.RawMessage(`{"kind":"x"}`)}
		for name, f := range Formats {
			if len(f(r)) == 0 {
				t.Errorf("%s of %s is empty", name, kind)
			}
		}
	}
}

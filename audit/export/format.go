// Package export hands the records of an audit log to other systems: as lines
// in several formats, and at least once from the log on disk by sinks that
// nobody waits for. What it hands out holds no more than the record does.
package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// Format turns a record into one line without its newline.
type Format func(r *audit.Record) []byte

// Formats are those by name: "jsonl" is the record's number and hash with the
// event as recorded, "csv" a row of Columns, "cef" ArcSight's Common Event
// Format, "ocsf" OCSF 1.3 and "ecs" the Elastic Common Schema 8.
var Formats = map[string]Format{"jsonl": jsonl, "csv": row, "cef": cef, "ocsf": ocsf, "ecs": ecs}

// severity is how grave a record is, in the words of rules: none for what is
// no decision, unless it tells of a gap or an alarm.
func severity(ev *audit.Event) string {
	switch {
	case ev.Severity != "":
		return ev.Severity
	case ev.Kind == "gap" || ev.Kind == "alarm":
		return "high"
	}
	return ""
}

// stopped reports whether the decision kept the upload here.
func stopped(ev *audit.Event) bool {
	return ev.Action == "block" || ev.Action == "hold" || ev.Action == "warn"
}

// address is where the upload was to go, as a URL; "" for what is no upload.
func address(ev *audit.Event) string {
	if ev.Host == "" {
		return ""
	}
	s := ev.Host
	if ev.Port != 0 && !(ev.Scheme == "https" && ev.Port == 443) && !(ev.Scheme == "http" && ev.Port == 80) {
		s += ":" + strconv.Itoa(ev.Port)
	}
	if ev.Scheme != "" {
		s = ev.Scheme + "://" + s
	}
	return s + ev.Path
}

// title says in a few words what happened.
func title(ev *audit.Event) string {
	if ev.Action == "" {
		return ev.Kind
	}
	if ev.Rule == "" {
		return ev.Kind + " " + ev.Action
	}
	return ev.Kind + " " + ev.Action + " by " + ev.Rule
}

func jsonl(r *audit.Record) []byte {
	b := fmt.Appendf(nil, `{"seq":%d,"hash":"%s","event":`, r.Seq, r.Hash)
	return append(append(b, r.Raw...), '}')
}

// Columns are the names of the columns of "csv".
var Columns = []string{"seq", "time", "kind", "incident", "user", "groups", "address", "method", "url", "service", "classes",
	"bytes", "action", "rule", "severity", "clause", "records", "findings", "reason", "details", "hash"}

// Header is the first line of a "csv" file.
func Header() []byte { return line(Columns) }

func row(r *audit.Record) []byte {
	ev := &r.Event
	return line([]string{strconv.FormatUint(r.Seq, 10), ev.Time.UTC().Format(time.RFC3339Nano), ev.Kind, ev.Incident, ev.User,
		strings.Join(ev.Groups, " "), ev.Address, ev.Method, address(ev), ev.Service, strings.Join(ev.Classes, " "),
		count(ev.Bytes), ev.Action, ev.Rule, ev.Severity, ev.Clause, count(int64(ev.Records)), pairs(ev.Counts), ev.Reason,
		pairs(ev.Details), r.Hash.String()})
}

func count(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func pairs[V any](m map[string]V) string {
	var b strings.Builder
	for _, k := range sorted(m) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%v", k, m[k])
	}
	return b.String()
}

// line writes cells as RFC 4180 has them. One that a spreadsheet would take for
// a formula gets an apostrophe before it: its text may come from an attacker.
func line(cells []string) []byte {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			cells[i] = "'" + c
		}
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(cells) // a strings.Builder takes all
	w.Flush()
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// marshal encodes what consists of plain values.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return b
}

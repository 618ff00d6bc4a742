package export

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/audit"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

var (
	cefHead  = strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ")
	cefValue = strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", `\n`, "\r", `\r`)
)

// cefSeverity maps the words of rules to CEF's 0 to 10.
var cefSeverity = map[string]string{"": "1", "info": "2", "low": "3", "medium": "5", "high": "8", "critical": "10"}

// cef follows "ArcSight Common Event Format", version 0: extensions by its
// dictionary, custom fields with their labels.
func cef(r *audit.Record) []byte {
	ev := &r.Event
	var b strings.Builder
	b.WriteString("CEF:0|Sekimori|sekimori|1|")
	b.WriteString(cefHead.Replace(ev.Kind) + "|" + cefHead.Replace(title(ev)) + "|")
	level, ok := cefSeverity[severity(ev)]
	if !ok {
		level = "5"
	}
	b.WriteString(level + "|rt=" + strconv.FormatInt(ev.Time.UnixMilli(), 10))
	add := func(name, value string) {
		if value != "" {
			b.WriteString(" " + name + "=" + cefValue.Replace(value))
		}
	}
	custom := func(name, label, value string) {
		if value != "" {
			add(name+"Label", label)
			add(name, value)
		}
	}
	add("externalId", ev.Incident)
	add("suser", ev.User)
	add("src", ev.Address)
	add("requestMethod", ev.Method)
	add("request", address(ev))
	add("dhost", ev.Host)
	add("dpt", count(int64(ev.Port)))
	add("app", ev.Protocol)
	add("out", count(ev.Bytes))
	add("act", ev.Action)
	add("reason", ev.Reason)
	add("msg", ev.Clause)
	custom("cs1", "rule", ev.Rule)
	custom("cs2", "classes", strings.Join(ev.Classes, " "))
	custom("cs3", "findings", pairs(ev.Counts))
	custom("cs4", "hash", r.Hash.String())
	custom("cs5", "details", pairs(ev.Details))
	custom("cn1", "seq", strconv.FormatUint(r.Seq, 10))
	custom("cn2", "records", count(int64(ev.Records)))
	return []byte(b.String())
}

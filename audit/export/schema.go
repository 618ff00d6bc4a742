package export

import (
	"encoding/json"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

type object = map[string]any

// put sets what is not the zero value.
func put[T comparable](o object, name string, v T) {
	var zero T
	if v != zero {
		o[name] = v
	}
}

// ocsfSeverity maps the words of rules to OCSF's severity_id.
var ocsfSeverity = map[string]int{"": 1, "info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}

// ocsf follows schema.ocsf.io 1.3: decisions are Data Security Findings (2006),
// start and stop Application Lifecycle (6002), the rest base events.
func ocsf(r *audit.Record) []byte {
	ev := &r.Event
	class, category, activity := 0, 0, 99
	switch ev.Kind {
	case "decision", "confirm", "bypass":
		class, category, activity = 2006, 2, 1
	case "start":
		class, category, activity = 6002, 6, 3
	case "stop":
		class, category, activity = 6002, 6, 4
	}
	level, ok := ocsfSeverity[severity(ev)]
	if !ok {
		level = 99
	}
	o := object{
		"class_uid": class, "category_uid": category, "activity_id": activity, "type_uid": class*100 + activity,
		"severity_id": level, "time": ev.Time.UnixMilli(), "message": title(ev),
		"metadata": object{
			"version": "1.3.0", "sequence": r.Seq, "uid": r.Hash.String(), "event_code": ev.Kind,
			"product": object{"name": "sekimori", "vendor_name": "Sekimori"},
		},
		"unmapped": object{"event": json.RawMessage(r.Raw)},
	}
	if class == 2006 {
		o["finding_info"] = object{"title": title(ev), "uid": first(ev.Incident, r.Hash.String()), "desc": ev.Clause}
		o["is_alert"] = stopped(ev)
		o["action_id"], o["disposition_id"] = 1, 1 // allowed
		if stopped(ev) {
			o["action_id"], o["disposition_id"] = 2, 2 // denied, blocked
		}
	}
	if ev.User != "" {
		o["actor"] = object{"user": object{"name": ev.User}}
	}
	if ev.Address != "" {
		o["src_endpoint"] = object{"ip": ev.Address}
	}
	if ev.Host != "" {
		dst := object{"hostname": ev.Host}
		put(dst, "port", ev.Port)
		put(dst, "svc_name", ev.Service)
		o["dst_endpoint"] = dst
	}
	put(o, "status_detail", ev.Reason)
	return marshal(o)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// ecs follows the Elastic Common Schema 8.
func ecs(r *audit.Record) []byte {
	ev := &r.Event
	event := object{
		"kind": "event", "module": "sekimori", "dataset": "sekimori.audit", "action": ev.Kind, "sequence": r.Seq,
		"hash": r.Hash.String(), "created": ev.Time.UTC().Format(time.RFC3339Nano),
	}
	put(event, "id", ev.Incident)
	put(event, "reason", first(ev.Clause, ev.Reason))
	if n, ok := ocsfSeverity[severity(ev)]; ok {
		event["severity"] = n
	}
	switch {
	case ev.Kind == "decision" && stopped(ev):
		event["kind"], event["category"], event["type"], event["outcome"] = "alert", []string{"network", "web"}, []string{"denied"}, "failure"
	case ev.Kind == "decision":
		event["category"], event["type"], event["outcome"] = []string{"network", "web"}, []string{"allowed"}, "success"
	case ev.Kind == "start", ev.Kind == "stop":
		event["category"], event["type"] = []string{"process"}, []string{map[string]string{"start": "start", "stop": "end"}[ev.Kind]}
	default:
		event["category"], event["type"] = []string{"configuration"}, []string{"info"}
	}
	o := object{
		"@timestamp": ev.Time.UTC().Format(time.RFC3339Nano), "ecs": object{"version": "8.17.0"}, "message": title(ev),
		"event": event, "sekimori": json.RawMessage(r.Raw),
	}
	if ev.User != "" {
		user := object{"name": ev.User}
		if len(ev.Groups) > 0 {
			user["roles"] = ev.Groups
		}
		o["user"] = user
	}
	if ev.Address != "" {
		o["source"] = object{"ip": ev.Address}
	}
	if ev.Host != "" {
		dst, url := object{"domain": ev.Host}, object{"full": address(ev), "domain": ev.Host}
		put(dst, "port", ev.Port)
		put(url, "port", ev.Port)
		put(url, "scheme", ev.Scheme)
		put(url, "path", ev.Path)
		o["destination"], o["url"] = dst, url
	}
	if ev.Method != "" {
		o["http"] = object{"request": object{"method": ev.Method, "body": object{"bytes": ev.Bytes}}}
	}
	if ev.Rule != "" {
		rule := object{"id": ev.Rule}
		put(rule, "ruleset", ev.RuleSet)
		o["rule"] = rule
	}
	if ev.Protocol != "" {
		o["network"] = object{"protocol": ev.Protocol}
	}
	return marshal(o)
}

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/sekimori-dlp/sekimori/audit"
)

// events returns the log as audit show --json gives it.
func (in *site) events(args ...string) []audit.Event {
	in.t.Helper()
	out, code := in.sekimori(append([]string{"audit", "show", "--json", "--config", in.config}, args...)...)
	if code != 0 {
		in.t.Fatalf("audit show: exit %d: %s", code, out)
	}
	var all []audit.Event
	for line := range strings.Lines(out) {
		var e audit.Event
		check(in.t, json.Unmarshal([]byte(line), &e))
		all = append(all, e)
	}
	return all
}

// TestAccounts asks for a log-in, names the person in every event, and lets a
// rule make an exception for a group.
func TestAccounts(t *testing.T) {
	in := install(t, `
[auth]
htpasswd = "users"
members = { payroll = ["tanaka"] }
trusted_proxies = ["127.0.0.0/8"]
[rules]
paths = ["payroll.toml"]
`)
	hash := func(password string) string {
		h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		check(t, err)
		return string(h)
	}
	in.write("users", fmt.Sprintf("sato:%s\ntanaka:%s\n", hash("one"), hash("two")))
	in.write("payroll.toml", `
[[rule]]
id = "payroll-may-send"
title = { ja = "給与担当の例外", en = "Payroll may send lists" }
severity = "info"
action = "allow"
lifts = ["*"]
who = { groups = ["payroll"] }
where = { hosts = ["www.dropbox.com"] }
what = { people = { at_least = 1, with = ["NAME", "PHONE|ADDRESS|EMAIL"], confidence = 0.8 } }
say = { ja = "給与担当の例外です。", en = "Payroll may send this." }
`)
	in.start()
	people := []byte(customers(50).csv())
	send := func(args ...string) string {
		status, _ := in.curl(people, append(args, "--data-binary", "@-", "https://www.dropbox.com/")...)
		return status
	}
	proxyStatus := func(args ...string) string {
		out := in.client(nil, "curl", append([]string{"-sS", "-o", "/dev/null", "-w", "%{http_connect}"}, append(args, "https://www.dropbox.com/")...)...)
		return out[max(0, len(out)-3):]
	}
	if s := proxyStatus(); s != "407" {
		t.Errorf("without a log-in: CONNECT is answered %s, want 407", s)
	}
	if s := proxyStatus("--proxy-user", "sato:wrong"); s != "407" {
		t.Errorf("with a wrong password: CONNECT is answered %s, want 407", s)
	}
	if s := send("--proxy-user", "sato:one"); s != "403" {
		t.Errorf("sato: status %s, want 403", s)
	}
	if s := send("--proxy-user", "tanaka:two", "-H", "X-Forwarded-For: 192.0.2.7", "--proxy-header", "X-Forwarded-For: 192.0.2.9"); s != "200" {
		t.Errorf("tanaka of payroll: status %s, want 200", s)
	}
	if h := in.origin.last().header; h.Get("Proxy-Authorization") != "" || h.Get("Via") == "" {
		t.Errorf("the origin saw Proxy-Authorization %q, Via %q", h.Get("Proxy-Authorization"), h.Get("Via"))
	}
	var users []string
	for _, e := range in.events("--kind", "decision") {
		users = append(users, e.User+" "+e.Action)
	}
	if got := strings.Join(users, ", "); got != "sato block, tanaka log" && got != "sato block, tanaka allow" {
		t.Errorf("the events say %q", got)
	}
}

// TestEveryEventNamesAPrincipal: an anonymous sender is one too, with an
// address.
func TestEveryEventNamesAPrincipal(t *testing.T) {
	in := install(t, "").start()
	in.curl([]byte("hello"), "--data-binary", "@-", "https://www.dropbox.com/")
	events := in.events("--kind", "decision")
	if len(events) != 1 || events[0].User != "anonymous" || events[0].Address != "127.0.0.1" || events[0].How != "anonymous" || events[0].RuleSet == "" {
		t.Errorf("the events are %+v", events)
	}
}

// TestMetrics reads what an ops team would graph.
func TestMetrics(t *testing.T) {
	in := install(t, "").start()
	in.curl([]byte(customers(50).csv()), "--data-binary", "@-", "https://www.dropbox.com/")
	in.curl([]byte("hello"), "--data-binary", "@-", "https://intranet.example.jp/")
	status, body := in.get("/metrics")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{
		`sekimori_verdicts_total{action="block",class="cloud-storage",failure="",rule="customer-list-outside"} 1`,
		`sekimori_verdicts_total{action="allow",`,
		`sekimori_inspected_bytes_total`, `sekimori_not_inspected_bytes_total{reason="encrypted"} 0`,
		`sekimori_added_seconds_bucket{size=`, `sekimori_held_memory_bytes`, `sekimori_held_disk_bytes`, `sekimori_certificates`,
		`sekimori_audit_append_seconds_count`, `sekimori_rules_reloads_total{outcome="ok"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, "佐藤") || strings.Contains(body, "dropbox.com") {
		t.Error("a metric holds what a client sent")
	}
	for _, path := range []string{"/healthz", "/readyz", "/proxy.pac", "/ca.pem", "/"} {
		if status, _ := in.get(path); status != 200 {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

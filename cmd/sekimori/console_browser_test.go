package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// cdp sends a command of the browser's own protocol.
func (b *browser) cdp(cmd string, params map[string]any, into any) {
	b.t.Helper()
	b.call("POST", "/goog/cdp/execute", map[string]any{"cmd": cmd, "params": params}, into)
}

// script runs a function body in the page.
func (b *browser) script(body string, into any) {
	b.t.Helper()
	b.call("POST", "/execute/sync", map[string]any{"script": body, "args": []any{}}, into)
}

// size makes the window that large; phone acts as one.
func (b *browser) size(width, height int, phone bool) {
	b.t.Helper()
	b.cdp("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}, nil)
}

// whole keeps the whole page as a picture in SEKIMORI_SHOTS, where that is set.
func (b *browser) whole(name string) {
	b.t.Helper()
	dir := os.Getenv("SEKIMORI_SHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.cdp("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	check(b.t, err)
	check(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

// fault is what axe finds, https://github.com/dequelabs/axe-core.
type axeFault struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// axe looks for faults of accessibility on the page, where SEKIMORI_AXE names a
// copy of axe.min.js or one is among the clients.
func (b *browser) axe(where string) {
	b.t.Helper()
	file := cmp.Or(os.Getenv("SEKIMORI_AXE"), filepath.Join(os.Getenv("SEKIMORI_CLIENTS"), "js/node_modules/axe-core/axe.min.js"))
	code, err := os.ReadFile(file)
	if os.IsNotExist(err) && os.Getenv("SEKIMORI_AXE") == "" {
		b.t.Log("axe is not installed: pages are not searched for faults of accessibility")
		return
	}
	check(b.t, err)
	// By the driver, so that the page's policy does not hold it back.
	b.cdp("Page.setBypassCSP", map[string]any{"enabled": true}, nil)
	b.cdp("Runtime.evaluate", map[string]any{"expression": string(code)}, nil)
	var out struct {
		Result struct{ Value string }
	}
	b.cdp("Runtime.evaluate", map[string]any{"expression": "axe.run().then((r) => JSON.stringify(r.violations))", "awaitPromise": true, "returnByValue": true}, &out)
	var faults []axeFault
	check(b.t, json.Unmarshal([]byte(out.Result.Value), &faults))
	for _, f := range faults {
		nodes := ""
		for _, n := range f.Nodes[:min(3, len(f.Nodes))] {
			nodes += "\n  " + n.HTML + "\n    " + strings.ReplaceAll(n.FailureSummary, "\n", "\n    ")
		}
		if f.Impact == "serious" || f.Impact == "critical" {
			b.t.Errorf("%s: %s (%s): %s%s", where, f.ID, f.Impact, f.Help, nodes)
		} else {
			b.t.Logf("%s: %s (%s): %s%s", where, f.ID, f.Impact, f.Help, nodes)
		}
	}
}

const officersRules = `
[[rule]]
id      = "plans"
title   = { ja = "計画書の社外送信", en = "Plans leaving the company" }
action  = "hold"
say     = { en = "Plans leave with two approvals.", ja = "計画の送信には2名の承認が必要です。" }
what    = { keywords = "plan" }
release = { people = 2, hours = 1 }
[[keywords]]
id    = "plan"
words = ["zaphod-plan"]
`

// TestEveryPageInTheBrowser walks the officers' pages in Chromium, in both
// languages, at a desk and on a phone: nothing is wider than the window, no
// script or style is refused, no word is missing, nothing personal in clear.
func TestEveryPageInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program and a browser")
	}
	in := install(t, "[rules]\npaths = [\"rules\"]\n[[alarm]]\nname = \"stopped\"\nwhen = { kinds = [\"decision\", \"reload\"] }\n")
	in.write("rules/held.toml", officersRules)
	in.start()
	b := in.browser("ja") // before the traffic: without one there is nothing to do
	anna := in.found("anna", "approver", "auditor")
	ben := in.found("ben", "author", "approver")
	in.curl([]byte(customers(40).csv()), "--data-binary", "@-", "-H", "Content-Type: text/csv", "https://www.dropbox.com/upload")
	in.curl([]byte(customers(4).csv()), "--data-binary", "@-", "https://mail.google.com/upload")
	in.curl([]byte("hello"), "--data-binary", "@-", "https://intranet.example.jp/x")
	site := "https://" + hosts[0] + "/plans"
	_, text := in.curl([]byte("the zaphod-plan"), "-H", "Accept: application/json", "--data-binary", "@-", site)
	var r refusal
	check(t, json.Unmarshal([]byte(text), &r))
	_, text = in.curl([]byte("the zaphod-plan"), "-H", "Accept: application/json", "-H", r.Confirm.Header+": "+r.Confirm.Token+" for%20the%20board", "--data-binary", "@-", site)
	check(t, json.Unmarshal([]byte(text), &r))
	if r.Release == nil {
		t.Fatalf("no release: %s", text)
	}
	if status, text := ben.post("/console/rules/propose", url.Values{"file": {"few.toml"}, "why": {"the audit asked for it"}, "do": {"propose"}, "text": {"[[rule]]\nid = \"few\"\ntitle = \"A few\"\naction = \"warn\"\n[rule.what]\npeople = { at_least = 2, with = [\"NAME\", \"PHONE\"] }\n"}}); status != 303 {
		t.Fatalf("propose: %d %s", status, text)
	}
	ben.post("/console/rules/changes/1/dry", url.Values{})
	month := time.Now().Format("2006-01")
	anna.post("/console/reports", url.Values{"period": {month}})
	var incident, alarm string
	anna.until("an incident, its alarm and the report", func() bool {
		_, list := anna.get("/console/incidents?action=block")
		m := regexp.MustCompile(`href="(/console/incidents/\d+)"`).FindStringSubmatch(list)
		_, list = anna.get("/console/alarms")
		n := regexp.MustCompile(`href="(/console/alarms/[^"]+)"`).FindStringSubmatch(list)
		_, made := anna.get("/console/reports/" + month)
		if m != nil && n != nil && strings.Contains(made, "form=csv") {
			incident, alarm = m[1], n[1]
		}
		return incident != ""
	})
	anna.post(incident+"/notes", url.Values{"text": {"called them"}, "state": {"waiting"}})
	anna.post("/console/log/verify", url.Values{})

	pages := map[string][]string{
		"anna": {"/console/", "/console/incidents", "/console/incidents?quiet=1&days=30", incident, "/console/alarms", alarm, "/console/releases", "/console/releases/" + r.Release.ID,
			"/console/delegations", "/console/people", "/console/person?name=anonymous", "/console/destinations", "/console/destination?name=www.dropbox.com",
			"/console/types", "/console/rules", "/console/rules/rule?id=plans", "/console/rules/changes", "/console/rules/changes/1", "/console/rules/try",
			"/console/reports", "/console/reports/" + month, "/console/checklist", "/console/log", "/console/acts", "/console/health", "/console/accounts", "/console/me", "/console/nowhere"},
		"ben": {"/console/rules/propose", "/console/rules/changes/1", "/console/rules/try", "/console/acts"},
	}
	// Each page in each language and shape takes minutes with axe.
	thorough := os.Getenv("SEKIMORI_SHOTS") != "" || os.Getenv("SEKIMORI_AXE") != ""
	base := "http://localhost:" + in.admin[strings.LastIndexByte(in.admin, ':')+1:]
	see := func(path, name string, phone bool) {
		b.open(base + path)
		var got struct {
			Wide, Words, Titles int
			Lang                string
		}
		b.script(`const d = document.documentElement;
			return {Wide: d.scrollWidth - d.clientWidth, Words: document.body.innerText.split("⟨").length - 1, Titles: document.querySelectorAll("h1").length, Lang: d.lang}`, &got)
		if got.Wide > 0 || got.Words > 0 || got.Titles != 1 {
			t.Errorf("%s %s: %d pixels wider than the window, %d words missing, %d titles", name, path, got.Wide, got.Words, got.Titles)
		}
		if text := b.text(); strings.Contains(text, "zaphod") && !strings.Contains(path, "propose") {
			t.Errorf("%s %s: what was found is in clear", name, path)
		}
		b.whole(name)
		b.axe(name + " " + path)
	}
	for _, who := range []string{"anna", "ben"} {
		b.open(base + "/console/login")
		b.whole("login")
		b.axe("/console/login")
		b.fill("[name=name]", who)
		b.fill("[name=password]", officersPassword)
		b.click("form[action='/console/login'] button")
		for _, lang := range []string{"ja", "en"} {
			b.open(base + "/console/me")
			var now string
			b.script("return document.documentElement.lang", &now)
			if now != lang {
				b.click(".language button")
			}
			for n, path := range pages[who] {
				for _, phone := range []bool{false, true} {
					if !thorough && phone == (lang == "ja") {
						continue
					}
					shape := "desk"
					b.size(1280, 900, false)
					if phone {
						shape = "phone"
						b.size(390, 844, true)
					}
					see(path, fmt.Sprintf("%s-%s-%s-%02d%s", lang, shape, who, n, regexp.MustCompile(`[^a-z]+`).ReplaceAllString(path[1:], "-")), phone)
				}
			}
		}
		b.size(1280, 900, false)
		b.open(base + "/console/me")
		b.click("form[action='/console/logout'] button")
	}
	var refused []struct{ Level, Message string }
	b.call("POST", "/se/log", map[string]string{"type": "browser"}, &refused)
	for _, r := range refused {
		if strings.Contains(r.Message, "Content Security Policy") || strings.Contains(r.Message, "Uncaught") {
			t.Errorf("the browser says: %s", r.Message)
		}
	}
}

// TestPasskeyInTheBrowser registers a passkey with a virtual authenticator and
// logs in with it; a password alone does not any more.
func TestPasskeyInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program and a browser")
	}
	in := install(t, "").start()
	b := in.browser("en")
	anna := in.found("anna", "auditor")
	base := "http://localhost:" + in.admin[strings.LastIndexByte(in.admin, ':')+1:]
	b.call("POST", "/webauthn/authenticator", map[string]any{"protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
		"hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true}, nil)
	b.open(base + "/console/login")
	b.fill("[name=name]", "anna")
	b.fill("[name=password]", officersPassword)
	b.click("form[action='/console/login'] button")
	b.open(base + "/console/me")
	b.fill("form[data-passkey] [name=device]", "my laptop")
	b.fill("form[data-passkey] [name=password]", "not the password")
	b.click("form[data-passkey] button")
	if got := b.text(); strings.Contains(got, "my laptop") {
		t.Fatalf("a passkey without the password: %s", got)
	}
	b.open(base + "/console/me")
	b.fill("form[data-passkey] [name=device]", "my laptop")
	b.fill("form[data-passkey] [name=password]", officersPassword)
	b.click("form[data-passkey] button")
	if got := b.text(); !strings.Contains(got, "my laptop") || !strings.Contains(got, "The passkey is added") {
		t.Fatalf("after adding it: %s", got)
	}
	b.whole("passkeys")
	b.click("form[action='/console/logout'] button")
	if status, text := in.officer().post("/console/login", url.Values{"name": {"anna"}, "password": {officersPassword}}); status != 401 || !strings.Contains(text, "passkey") {
		t.Errorf("a password alone: %d %s", status, text)
	}
	if status, _ := anna.get("/console/health"); status == 200 {
		t.Error("another session goes on")
	}
	b.open(base + "/console/login?next=/console/health")
	b.click("form[data-passkey] button")
	if got := b.text(); !strings.Contains(got, "anna") || !strings.Contains(got, "System health") {
		t.Errorf("logged in with it: %s\n%s", got, in.log)
	}
	for _, e := range in.events("--kind", "console", "--action", "log-in") {
		if e.Details["passkey"] == "yes" && e.User == "anna" {
			return
		}
	}
	t.Error("the log-in by passkey is not on record")
}

package main

import (
	"cmp"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestConsoleShowsWhatWasStopped founds two accounts by the links that the
// program leaves, has a card number stopped at the proxy, and finds on the
// pages who sent it where and why, with the number masked; then a rule is
// changed by two people and is in force.
func TestConsoleShowsWhatWasStopped(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	in := install(t, "").start()
	anna := in.found("anna", "approver", "auditor")
	ben := in.found("ben", "author", "approver")

	status, _ := in.curl([]byte("card number 4980-1273-4561-2094, valid till 12/28"), "--data-binary", "@-", "https://"+hosts[0]+"/upload")
	if status != "403" {
		t.Fatalf("the card went out: %s", status)
	}
	link := regexp.MustCompile(`href="(/console/incidents/\d+)"`)
	var list string
	anna.until("the incident", func() bool {
		_, list = anna.get("/console/incidents")
		return link.MatchString(list)
	})
	_, page := anna.get(link.FindStringSubmatch(list)[1])
	for _, want := range []string{"blocked", hosts[0], "card-", "Payment card", "validated"} {
		if !strings.Contains(page, want) {
			t.Errorf("the incident does not tell %q", want)
		}
	}
	if strings.Contains(page, "4980-1273") || strings.Contains(page, "4980127345612094") {
		t.Error("the number is in clear")
	}
	if status, _ := anna.get("/console/acts?action=view"); status != http.StatusOK {
		t.Errorf("acts: %d", status)
	}

	rule := `[[rule]]
id = "nothing-secret"
title = "Nothing that says it is secret"
severity = "low"
action = "block"
[rule.what]
keywords = "secret"
[[keywords]]
id = "secret"
words = ["zaphod-secret"]
`
	if status, _ := in.curl([]byte("zaphod-secret"), "--data-binary", "@-", "https://"+hosts[0]+"/"); status != "200" {
		t.Fatalf("stopped before there is a rule: %s", status)
	}
	change := url.Values{"file": {"secret.toml"}, "text": {rule}, "why": {"asked for"}, "do": {"propose"}}
	if status, text := ben.post("/console/rules/propose", change); status != http.StatusSeeOther {
		t.Fatalf("not proposed: %d %s", status, text)
	}
	if status, text := ben.post("/console/rules/changes/1/dry", url.Values{}); status != http.StatusSeeOther {
		t.Errorf("no dry run: %d %s", status, text)
	}
	_, page = anna.get("/console/rules/changes/1")
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`).FindStringSubmatch(page)
	if seen == nil {
		t.Fatalf("anna is not asked:\n%s", page)
	}
	yes := url.Values{"do": {"approve"}, "why": {"fine"}, "seen": {seen[1]}}
	if status, _ := ben.post("/console/rules/changes/1/decide", yes); status != http.StatusForbidden {
		t.Errorf("ben approved his own: %d", status)
	}
	if status, text := anna.post("/console/rules/changes/1/decide", yes); status != http.StatusSeeOther {
		t.Fatalf("not approved: %d %s", status, text)
	}
	anna.until("the rule", func() bool {
		status, _ := in.curl([]byte("zaphod-secret"), "--data-binary", "@-", "https://"+hosts[0]+"/")
		return status == "403"
	})
	if out, code := in.sekimori("audit", "show", "--config", in.config, "--kind", "console"); code != 0 || !strings.Contains(out, "rule-applied") || !strings.Contains(out, "account-founded") {
		t.Errorf("the record of the officers' acts: %d\n%s", code, out)
	}
}

// officer is somebody's browser on the console.
type officer struct {
	in   *site
	base string // of addresses; "": the console's own
	c    http.Client
}

func (in *site) officer() *officer {
	jar, err := cookiejar.New(nil)
	check(in.t, err)
	return &officer{in: in, c: http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// found makes one of the first two accounts, an operator with further roles, by
// the link that the program left, and logs in.
func (in *site) found(name string, roles ...string) *officer {
	in.t.Helper()
	o := in.officer()
	token := ""
	o.until("the link", func() bool {
		b, err := os.ReadFile(filepath.Join(in.dir, "data", "console", "first-account"))
		link, _, _ := strings.Cut(string(b), "\n")
		u, bad := url.Parse(link)
		if err != nil || bad != nil {
			return false
		}
		token = u.Query().Get("token")
		return token != ""
	})
	o.post("/console/setup", url.Values{"token": {token}, "name": {name}, "role": append(roles, "operator"), "password": {officersPassword}, "again": {officersPassword}})
	return o.login(name)
}

const officersPassword = "correct horse battery"

func (o *officer) login(name string) *officer {
	o.in.t.Helper()
	if status, text := o.post("/console/login", url.Values{"name": {name}, "password": {officersPassword}}); status != http.StatusSeeOther {
		o.in.t.Fatalf("%s cannot log in: %d %s", name, status, text)
	}
	return o
}

func (o *officer) do(method, path, body string) (int, string) {
	o.in.t.Helper()
	req, err := http.NewRequest(method, cmp.Or(o.base, "http://"+o.in.admin)+path, strings.NewReader(body))
	check(o.in.t, err)
	req.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := o.c.Do(req)
	check(o.in.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	check(o.in.t, err)
	return res.StatusCode, string(b)
}

func (o *officer) get(path string) (int, string) { return o.do(http.MethodGet, path, "") }

var officersToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (o *officer) post(path string, form url.Values) (int, string) {
	o.in.t.Helper()
	if _, page := o.get("/console/me"); officersToken.MatchString(page) {
		form.Set("csrf", officersToken.FindStringSubmatch(page)[1])
	}
	return o.do(http.MethodPost, path, form.Encode())
}

// until waits up to half a minute for something.
func (o *officer) until(what string, ok func() bool) {
	o.in.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if ok() {
			return
		}
	}
	o.in.t.Fatalf("waited in vain for %s\n%s", what, o.in.log)
}

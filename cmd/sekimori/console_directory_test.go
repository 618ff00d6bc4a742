package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/sekimori-dlp/sekimori/console/sso/ssotest"
)

// front is what stands before the console in companies: a proxy that speaks TLS.
// It goes on over restarts of in.
func (in *site) front() *httptest.Server {
	s := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: in.admin})
		r.Out.Host = r.In.Host
	}})
	in.t.Cleanup(s.Close)
	return s
}

// by is a browser of the same person that comes by a front.
func (o *officer) by(front *httptest.Server) *officer {
	o.base, o.c.Transport = front.URL, front.Client().Transport
	return o
}

var onward = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]+)"`)

// directory logs in by the issuer, with whoever is logged in there, and gives the
// last answer.
func (o *officer) directory(i *ssotest.Issuer) (int, string) {
	o.in.t.Helper()
	status, page := o.get("/console/sso?next=%2Fconsole%2Freleases")
	to := onward.FindStringSubmatch(page)
	if status != http.StatusOK || to == nil {
		o.in.t.Fatalf("not sent to the directory: %d %s", status, page)
	}
	there := html.UnescapeString(to[1])
	if !strings.HasPrefix(there, i.URL+"/auth?") {
		o.in.t.Fatalf("sent to %s", there)
	}
	res, err := o.c.Get(there)
	check(o.in.t, err)
	res.Body.Close()
	back := res.Header.Get("Location")
	if !strings.HasPrefix(back, o.base+"/console/sso/back?") {
		o.in.t.Fatalf("the directory answered %s, sent back to %q", res.Status, back)
	}
	return o.get(strings.TrimPrefix(back, o.base))
}

// letter is the text of the last message to somebody that holds a word, "" if
// there is none.
func (p *postbox) letter(t *testing.T, to, word string) (text string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, raw := range p.data {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		check(t, err)
		if !strings.Contains(m.Header.Get("To"), to) {
			continue
		}
		var body io.Reader = m.Body
		switch kind, _, _ := mime.ParseMediaType(m.Header.Get("Content-Type")); {
		case kind != "text/plain":
			t.Fatalf("a letter of %s", kind)
		case strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable"):
			body = quotedprintable.NewReader(body)
		case strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "base64"):
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		b, err := io.ReadAll(body)
		check(t, err)
		if strings.Contains(string(b), word) {
			text = string(b)
		}
	}
	return text
}

// TestDirectoryAndDecisionLinks runs the program behind a proxy that speaks TLS,
// with a directory and a mail server: two approvers log in by the directory; of
// a request each gets a letter with links of their own; both decide by them,
// one after a restart, without a log-in, and the upload passes.
func TestDirectoryAndDecisionLinks(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	issuer, box := ssotest.New(t), &postbox{}
	in := &site{t: t}
	front := in.front()
	*in = *install(t, fmt.Sprintf(`[rules]
paths = ["rules"]
[auth]
htpasswd = "users"
[console]
origin = %[1]q
[console.oidc]
issuer = %[2]q
client_id = %[3]q
secret_file = "oidc-secret"
approver = ["dlp-approve"]
auditor = ["dlp-audit"]
author = ["dlp-rules"]
[release]
links = true
[mail]
server = %[4]q
from = "gate@corp.example"
tls = "none"
domain = "corp.example"
[[alarm]]
name = "releases"
when = { kinds = ["release"] }
to = ["approvers"]
`, front.URL, issuer.URL, issuer.Client, listen(t, box)))
	in.write("oidc-secret", issuer.Secret+"\n")
	withUser(in, "asker", "one")
	in.write("rules/held.toml", `
[[rule]]
id      = "plans"
action  = "hold"
what    = { keywords = "plan" }
release = { people = 2, hours = 1 }
[[keywords]]
id    = "plan"
words = ["zaphod-plan"]
`)
	in.start()
	arrive := func(name string, groups ...string) (*officer, int, string) {
		t.Helper()
		issuer.Person(map[string]any{"preferred_username": name, "sub": "id-of-" + name, "groups": groups})
		o := in.officer().by(front)
		status, page := o.directory(issuer)
		return o, status, page
	}
	var people []*officer
	for _, name := range []string{"anna", "ben", "asker"} {
		o, status, page := arrive(name, "dlp-approve", "staff")
		if m := onward.FindStringSubmatch(page); status != http.StatusOK || m == nil || m[1] != "/console/releases" {
			t.Fatalf("%s: %d %s", name, status, page)
		}
		if status, _ := o.get("/console/releases"); status != http.StatusOK {
			t.Errorf("%s does not see the releases: %d", name, status)
		}
		if status, _ := o.get("/console/rules/propose"); status != http.StatusForbidden {
			t.Errorf("%s without the group may propose a rule: %d", name, status)
		}
		people = append(people, o)
	}
	for what, groups := range map[string][]string{"no group of ours": {"staff"}, "author and auditor at once": {"dlp-rules", "dlp-audit"}} {
		o, status, page := arrive("eve", groups...)
		if status != http.StatusForbidden {
			t.Errorf("%s: %d %s", what, status, page)
		}
		if status, _ := o.get("/console/releases"); status == http.StatusOK {
			t.Errorf("%s: logged in", what)
		}
	}

	send := func(args ...string) (string, refusal) {
		t.Helper()
		return in.sendHeld("the zaphod-plan of next year", append(args, "--proxy-user", "asker:one")...)
	}
	_, r := send()
	if _, r = send("-H", r.Confirm.Header+": "+r.Confirm.Token+" for%20the%20board"); r.Release == nil || r.Release.State != "waiting" {
		t.Fatalf("not asked for: %+v", r)
	}
	id := r.Release.ID
	link := regexp.MustCompile(regexp.QuoteMeta(front.URL) + `/console/decide\?token=[A-Za-z0-9._~%-]+`)
	links := map[string][]string{}
	for _, name := range []string{"anna", "ben"} {
		eventually(t, "a letter to "+name, func() bool { return box.letter(t, name+"@", id) != "" })
		text := box.letter(t, name+"@", id)
		if links[name] = link.FindAllString(text, -1); len(links[name]) != 4 || links[name][0] != links[name][2] { // in two languages
			t.Fatalf("%d links to %s:\n%s", len(links[name]), name, text)
		}
		if strings.Contains(text, "zaphod") || strings.Contains(text, "for the board") {
			t.Errorf("the letter tells what was sent or why:\n%s", text)
		}
	}
	if text := box.letter(t, "asker@", "/console/decide"); text != "" {
		t.Errorf("the one who asks is sent a link:\n%s", text)
	}
	visit := func(o *officer, address string) (int, string) {
		t.Helper()
		return o.get(strings.TrimPrefix(address, front.URL))
	}
	decide := func(o *officer, address, why string) (int, string) {
		t.Helper()
		u, err := url.Parse(address)
		check(t, err)
		return o.do(http.MethodPost, "/console/decide", url.Values{"token": {u.Query().Get("token")}, "why": {why}}.Encode())
	}
	nobody := func() *officer { return in.officer().by(front) }
	yes := links["anna"][0]
	if status, page := visit(nobody(), yes); status != http.StatusOK || !strings.Contains(page, "for the board") || strings.Contains(page, "zaphod") {
		t.Fatalf("the page of the link: %d\n%s", status, page)
	}
	if status, _ := visit(nobody(), yes[:len(yes)-9]+"AAAAAAAAA"); status != http.StatusNotFound {
		t.Errorf("a changed link: %d", status)
	}
	if status, _ := decide(nobody(), yes, ""); status != http.StatusConflict {
		t.Errorf("without a reason: %d", status)
	}
	if status, _ := decide(people[2], yes, "mine"); status != http.StatusForbidden {
		t.Errorf("the one who asks has another's letter: %d", status)
	}
	if status, page := decide(nobody(), yes, "agreed with the board"); status != http.StatusOK {
		t.Fatalf("anna by link: %d %s", status, page)
	}
	if status, _ := decide(nobody(), yes, "once more"); status != http.StatusGone {
		t.Errorf("the link twice: %d", status)
	}
	if _, r := send(); r.Release == nil || r.Release.Agreed != 1 || r.Release.State != "waiting" {
		t.Errorf("after the first of two: %+v", r)
	}
	in.signal(syscall.SIGKILL)
	_ = in.cmd.Wait()
	in.start()
	if status, page := decide(nobody(), links["ben"][0], "fine"); status != http.StatusOK {
		t.Fatalf("ben by link after a restart: %d %s", status, page)
	}
	if status, r := send(); status != "200" {
		t.Fatalf("after two approvals: %s %+v", status, r)
	}

	ways := map[string]string{}
	for _, ev := range in.events("--kind", "console") {
		switch ev.Action {
		case "log-in", "roles-by-directory":
			ways[ev.Action+" "+ev.User] = ev.Details["directory"]
		case "release-link":
			ways[ev.Action+" "+ev.User] = ev.Details["release"]
		}
	}
	for what, want := range map[string]string{"log-in anna": issuer.URL, "log-in asker": issuer.URL, "roles-by-directory ben": issuer.URL, "release-link anna": id, "release-link ben": id, "log-in eve": ""} {
		if ways[what] != want {
			t.Errorf("recorded of %s: %q, want %q", what, ways[what], want)
		}
	}
	var steps []string
	for _, ev := range in.events("--kind", "release") {
		steps = append(steps, ev.Action+" "+ev.User)
	}
	if got := strings.Join(steps, ", "); got != "asked asker, agreed anna, approved ben, passed asker" {
		t.Errorf("recorded %s", got)
	}
}

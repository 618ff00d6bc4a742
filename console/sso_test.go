package console

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/sso"
	"github.com/sekimori-dlp/sekimori/console/sso/ssotest"
)

var onward = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]+)"`)

// sso goes the whole way by the issuer and gives the last answer.
func (b *browser) sso(next string) (int, string) {
	b.h.t.Helper()
	status, text := b.get("/console/sso?next=" + url.QueryEscape(next))
	m := onward.FindStringSubmatch(text)
	if status != http.StatusOK || m == nil {
		return status, text
	}
	res, err := b.Get(html.UnescapeString(m[1]))
	if err != nil {
		b.h.t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusSeeOther {
		b.h.t.Fatalf("the issuer answered %s", res.Status)
	}
	return b.get(back.RequestURI())
}

func TestLogInByTheDirectory(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"local": {account.Operator}})
	i := ssotest.New(t)
	h.cfg.Directory = sso.New(sso.Config{Issuer: i.URL, ClientID: i.Client, Secret: i.Secret, Redirect: h.url + "/console/sso/back",
		Roles: map[account.Role][]string{account.Auditor: {"dlp-audit"}, account.Approver: {"dlp-approve", "managers"}, account.Author: {"dlp-rules"}}})
	h.handler = h.router() // the table of addresses with those of the directory
	person := func(name, subject string, groups ...string) {
		i.Person(map[string]any{"preferred_username": name, "sub": subject, "groups": groups})
	}
	if _, text := h.browser().get("/console/login"); !strings.Contains(text, "/console/sso?next=") {
		t.Error("the log-in page does not offer it")
	}
	person("hanako", "u-1", "dlp-audit", "managers", "everybody")
	b := h.browser()
	status, text := b.sso("/console/acts")
	m := onward.FindStringSubmatch(text)
	if status != http.StatusOK || m == nil || m[1] != "/console/acts" {
		t.Fatalf("%d\n%s", status, text)
	}
	if status, _ := b.get("/console/acts"); status != http.StatusOK {
		t.Errorf("an auditor's page: %d", status)
	}
	if status, _ := b.get("/console/rules/propose"); status != http.StatusForbidden {
		t.Errorf("an author's page: %d", status)
	}
	a, ok := h.accounts.Get("hanako")
	if !ok || account.Words(a.Roles) != "approver auditor" || !a.External() || a.Hash != "" {
		t.Errorf("%+v %v", a, ok)
	}
	if _, text = h.browser().sso("https://evil.example/"); onward.FindStringSubmatch(text)[1] != "/console/" {
		t.Errorf("leads away:\n%s", text)
	}
	// Without a password of its own here, and nobody gives it one.
	if _, err := h.accounts.LogIn("hanako", "", ""); err == nil {
		t.Error("logged in with no password")
	}
	for _, what := range []string{account.WishReset, account.WishRoles} {
		if _, err := h.accounts.Ask("local", what, "hanako", []account.Role{account.Operator}, func(account.Wish) error { return nil }); err == nil {
			t.Errorf("%s of what the directory keeps", what)
		}
	}
	if status, text := b.get("/console/me"); status != http.StatusOK || strings.Contains(text, `action="/console/me/password"`) {
		t.Errorf("her page: %d\n%s", status, text)
	}
	// The directory's next word counts, at once in other sessions too.
	person("hanako", "u-1", "dlp-rules")
	if status, text = h.browser().sso("/console/"); status != http.StatusOK {
		t.Errorf("again: %d %s", status, text)
	}
	if status, _ := b.get("/console/acts"); status != http.StatusForbidden {
		t.Errorf("the role that she has lost: %d", status)
	}
	if got := h.acted("roles-by-directory"); len(got) != 2 || got[1].Details["before"] != "approver auditor" || got[1].Details["roles"] != "author" {
		t.Errorf("recorded %+v", got)
	}
	if got := h.acted("log-in"); len(got) != 3 || got[0].Details["directory"] != i.URL {
		t.Errorf("recorded %+v", got)
	}
	accounts := len(h.accounts.List())
	for what, c := range map[string]struct {
		name, subject string
		groups        []string
		fault         map[string]any
		stranger      bool
		status        int
	}{
		"no group":             {"taro", "u-2", []string{"everybody"}, nil, false, http.StatusForbidden},
		"author and auditor":   {"taro", "u-2", []string{"dlp-rules", "dlp-audit"}, nil, false, http.StatusForbidden},
		"a local name":         {"Local", "u-2", []string{"dlp-audit"}, nil, false, http.StatusForbidden},
		"another's name":       {"hanako", "u-2", []string{"dlp-audit"}, nil, false, http.StatusForbidden},
		"no name":              {" ", "u-2", []string{"dlp-audit"}, nil, false, http.StatusUnauthorized},
		"another client's":     {"taro", "u-2", []string{"dlp-audit"}, map[string]any{"aud": "other"}, false, http.StatusUnauthorized},
		"another issuer's":     {"taro", "u-2", []string{"dlp-audit"}, map[string]any{"iss": "https://evil.example"}, false, http.StatusUnauthorized},
		"an old token":         {"taro", "u-2", []string{"dlp-audit"}, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, false, http.StatusUnauthorized},
		"another log-in's":     {"taro", "u-2", []string{"dlp-audit"}, map[string]any{"nonce": "x"}, false, http.StatusUnauthorized},
		"a stranger's key":     {"taro", "u-2", []string{"dlp-audit"}, nil, true, http.StatusUnauthorized},
		"a name with a hidden": {"ta\u202ero", "u-2", []string{"dlp-audit"}, nil, false, http.StatusForbidden},
	} {
		person(c.name, c.subject, c.groups...)
		i.Fault(c.fault, c.stranger)
		b := h.browser()
		if status, text := b.sso("/console/"); status != c.status || strings.Contains(text, "⟨") {
			t.Errorf("%s: %d, want %d\n%s", what, status, c.status, text)
		}
		if status, _ := b.get("/console/me"); status == http.StatusOK {
			t.Errorf("%s: logged in", what)
		}
	}
	if n := len(h.accounts.List()); n != accounts {
		t.Errorf("%d accounts, were %d", n, accounts)
	}
	// A log-in that somebody else began, or one twice.
	person("taro", "u-2", "dlp-audit")
	mine, theirs := h.browser(), h.browser()
	_, text = theirs.get("/console/sso")
	to := onward.FindStringSubmatch(text)
	res, err := theirs.Get(html.UnescapeString(to[1]))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, _ := url.Parse(res.Header.Get("Location"))
	if status, _ := mine.get(back.RequestURI()); status != http.StatusBadRequest {
		t.Errorf("by another browser: %d", status)
	}
	if status, _ := theirs.get(back.RequestURI()); status != http.StatusOK {
		t.Errorf("by the browser that began it: %d", status)
	}
	if status, _ := theirs.get(back.RequestURI()); status != http.StatusBadRequest {
		t.Errorf("twice: %d", status)
	}
	if status, _ := h.browser().get("/console/sso/back?error=access_denied&state=x"); status != http.StatusBadRequest {
		t.Errorf("out of nowhere: %d", status)
	}
	if err := h.accounts.Disable("local", "taro", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if status, _ := h.browser().sso("/console/"); status != http.StatusForbidden {
		t.Errorf("a disabled account: %d", status)
	}
	i.Close()
	h.cfg.Directory = sso.New(sso.Config{Issuer: i.URL})
	if status, _ := h.browser().get("/console/sso"); status != http.StatusBadGateway {
		t.Errorf("an issuer that is away: %d", status)
	}
}

// Whoever begins many log-ins at the directory pushes out his own.
func TestFlowsAreBoundedFairly(t *testing.T) {
	var f flows
	put := func(state, from string, age time.Duration) {
		f.put(flow{sso.Flow{State: state}, from, "/console/", time.Now().Add(flowTime - age)})
	}
	put("first", "192.0.2.1", 0)
	for i := range 3 * maxFlows {
		put(strconv.Itoa(i), account.Neighbourhood(fmt.Sprintf("2001:db8::%x", i+1)), time.Duration(3*maxFlows-i)*time.Millisecond)
	}
	put("last", "192.0.2.2", 0)
	if n := len(f.all); n != maxFlows {
		t.Errorf("%d log-ins are kept", n)
	}
	for _, state := range []string{"first", "last", strconv.Itoa(3*maxFlows - 1)} {
		if _, ok := f.take(state); !ok {
			t.Errorf("%s is gone", state)
		}
	}
	if _, ok := f.take("0"); ok {
		t.Error("the oldest one is still there")
	}
}

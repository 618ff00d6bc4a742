package console

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"rsc.io/qr"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
)

type loginBody struct {
	Name, Next string
	Code       bool
	SSO        string    // where the directory's log-in begins, "" if there is none
	Passkey    *ceremony // nil: not offered here
}

// loginForm is the form of a log-in.
func (q *request) loginForm(name, next string, code bool) loginBody {
	return loginBody{name, next, code, q.c.ssoNext(next), q.askPasskey()}
}

func (c *Console) loginPage(q *request) {
	if q.acc != nil {
		q.redirect("/console/")
		return
	}
	q.draw("login", q.view(q.t("login-title"), q.loginForm("", local(q.FormValue("next")), false)))
}

func (c *Console) login(q *request) {
	name, next := strings.TrimSpace(q.PostFormValue("name")), local(q.PostFormValue("next"))
	again := func(status int, key string, code bool) {
		v := q.view(q.t("login-title"), q.loginForm(name, next, code))
		v.Path, v.Fault = "/console/login", q.t(key)
		q.drawAs(status, "login", v)
	}
	if ok, first := c.guesses.Take(strings.ToLower(name), q.address()); !ok {
		if first {
			if err := q.record("log-in-limited", audit.Event{User: c.knownName(name)}); err != nil {
				q.broken(err)
				return
			}
		}
		q.w.Header().Set("Retry-After", "900")
		again(http.StatusTooManyRequests, "login-later", false)
		return
	}
	code := q.PostFormValue("code")
	acc, err := c.accounts.LogIn(name, q.PostFormValue("password"), code)
	// Somebody who has the password, and nothing else, is as worth knowing of as one who
	// has not even that.
	refused := func(act string, details map[string]string) bool {
		err := q.record(act, audit.Event{User: c.knownName(name), Details: details})
		if err != nil {
			q.broken(err)
		}
		return err == nil
	}
	switch {
	case errors.Is(err, account.ErrCode):
		if refused("log-in-half", map[string]string{"missing": "code"}) {
			again(http.StatusUnauthorized, "login-code", true)
		}
		return
	case errors.Is(err, account.ErrPasskey):
		if refused("log-in-half", map[string]string{"missing": "passkey"}) {
			again(http.StatusUnauthorized, "login-passkey", false)
		}
		return
	case errors.Is(err, account.ErrRefused):
		var details map[string]string
		if errors.Is(err, account.ErrWrong) {
			details = map[string]string{"wrong": "code"}
		}
		if !refused("log-in-failed", details) {
			return
		}
		again(http.StatusUnauthorized, "login-refused", code != "")
		return
	case err != nil:
		q.broken(err)
		return
	}
	details := map[string]string{}
	if acc.TwoStep() {
		details["two-step"] = "yes"
	}
	if err := q.record("log-in", audit.Event{User: acc.Name, Details: details}); err != nil {
		q.broken(err)
		return
	}
	c.guesses.Forgive(strings.ToLower(name), q.address())
	q.begin(acc.Name, next)
}

// begin logs a person in and goes on.
func (q *request) begin(name, next string) {
	if k, err := q.Cookie(sessionCookie); err == nil {
		q.c.sessions.End(k.Value) // a session is never taken over
	}
	cookie, _ := q.c.sessions.Begin(name, q.address())
	q.cookie(sessionCookie, cookie, int(account.AbsoluteFor.Seconds()))
	q.redirect(next)
}

// knownName is the name of an account, "unknown" for whatever else somebody
// typed: it may have been a password.
func (c *Console) knownName(name string) string {
	if a, ok := c.accounts.Get(name); ok {
		return a.Name
	}
	return "unknown"
}

// shown bounds what somebody typed.
func shown(name string) string {
	if r := []rune(name); len(r) > 64 {
		return string(r[:64])
	}
	return name
}

func (c *Console) logout(q *request) {
	if err := q.record("log-out", audit.Event{}); err != nil {
		c.cfg.Log.Warn("a log-out was not recorded", "name", q.acc.Name) // leaving must always be possible
	}
	if k, err := q.Cookie(sessionCookie); err == nil {
		c.sessions.End(k.Value)
	}
	q.cookie(sessionCookie, "", -1)
	q.done("/console/login", "logged-out")
}

func (c *Console) language(q *request) {
	if to := q.PostFormValue("to"); to == "ja" || to == "en" {
		q.cookie(languageCookie, to, 365*24*3600)
	}
	q.redirect(local(q.PostFormValue("back")))
}

type setupBody struct {
	Token, Name string
	Founds      bool
	Roles       []account.Role
	Min         int
}

func (c *Console) setupPage(q *request) { c.drawSetup(q, http.StatusOK, q.FormValue("token"), "", "") }

func (c *Console) drawSetup(q *request, status int, token, name, fault string) {
	who, founds, err := c.accounts.Link(token)
	if err != nil {
		v := q.view(q.t("setup-title"), q.t("not-possible", err.Error()))
		v.Path = "/console/login"
		q.drawAs(http.StatusNotFound, "message", v)
		return
	}
	if !founds {
		name = who
	}
	roles := slices.DeleteFunc(slices.Clone(account.Roles), func(r account.Role) bool { return r == account.Operator })
	v := q.view(q.t("setup-title"), setupBody{token, name, founds, roles, account.MinPassword})
	v.Path, v.Fault = "/console/setup?"+url.Values{"token": {token}}.Encode(), fault
	q.drawAs(status, "setup", v)
}

func (c *Console) setup(q *request) {
	token, name, password := q.PostFormValue("token"), strings.TrimSpace(q.PostFormValue("name")), q.PostFormValue("password")
	if ok, _ := c.guesses.Take("setup", q.address()); !ok {
		q.message(http.StatusTooManyRequests, "broken", "login-later")
		return
	}
	who, founds, err := c.accounts.Link(token)
	if err == nil && password != q.PostFormValue("again") {
		c.drawSetup(q, http.StatusBadRequest, token, name, q.t("setup-differ"))
		return
	}
	var roles []account.Role
	if founds {
		who = name
		for _, r := range q.PostForm["role"] {
			roles = append(roles, account.Role(r))
		}
	}
	act := map[bool]string{true: "account-founded", false: "password-set"}[founds]
	if err == nil {
		_, err = c.accounts.Redeem(token, name, roles, password, func(a account.Account) error {
			return q.record(act, audit.Event{User: who, Details: map[string]string{"account": a.Name, "roles": account.Words(a.Roles)}})
		})
	}
	switch {
	case errors.Is(err, errUnrecorded):
		q.broken(err)
		return
	case err != nil:
		c.drawSetup(q, http.StatusBadRequest, token, name, q.t("not-possible", err.Error()))
		return
	}
	c.guesses.Forgive("setup", q.address())
	if founds {
		c.mu.Lock()
		f := c.founding
		c.mu.Unlock()
		if f.path == "" {
			f.path = filepath.Join(c.cfg.Dir, "first-account")
		}
		if link, err := c.Found(f.path, f.base); err != nil {
			c.cfg.Log.Error("no link for another first account", "error", err)
		} else if link != "" {
			c.cfg.Log.Info("the link for another first account of the console is written", "file", f.path)
			c.sessions.EndAll(who, nil)
			q.done("/console/login", "setup-next")
			return
		}
	}
	c.sessions.EndAll(who, nil)
	q.done("/console/login", "setup-done")
}

type meBody struct {
	Account *account.Account
	Session account.Session
	Secret  string
	Spaced  string
	QR      template.HTML
	Min     int
	Passkey *ceremony // nil: not offered here
}

func (c *Console) mePage(q *request) { c.drawMe(q, http.StatusOK, "") }

func (c *Console) drawMe(q *request, status int, fault string) {
	b := meBody{Account: q.acc, Session: q.ses, Secret: account.NewSecret(), Min: account.MinPassword, Passkey: q.newPasskey()}
	for i := 0; i < len(b.Secret); i += 4 {
		b.Spaced += b.Secret[i:min(i+4, len(b.Secret))] + " "
	}
	b.QR = picture(account.KeyURI("Sekimori", q.acc.Name, b.Secret))
	v := q.view(q.t("me-title"), b)
	v.Path, v.Fault = "/console/me", fault
	q.drawAs(status, "me", v)
}

// picture draws a QR code as SVG, "" if the text is too long for one.
func picture(text string) template.HTML {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<svg class="qr" role="img" aria-label="QR" shape-rendering="crispEdges" viewBox="0 0 `)
	size := itoa(code.Size)
	b.WriteString(size + " " + size + `"><path fill="#000" d="`)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				b.WriteString("M" + itoa(x) + " " + itoa(y) + "h1v1h-1z")
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}

// guarded counts a try at the own password, so that a stolen session cannot
// guess it.
func (q *request) guarded() bool {
	ok, _ := q.c.guesses.Take(strings.ToLower(q.acc.Name), q.address())
	if !ok {
		q.message(http.StatusTooManyRequests, "broken", "login-later")
	}
	return ok
}

func (c *Console) setPassword(q *request) {
	if !q.guarded() {
		return
	}
	if q.PostFormValue("password") != q.PostFormValue("again") {
		c.drawMe(q, http.StatusBadRequest, q.t("setup-differ"))
		return
	}
	record := func() error {
		return q.record("password-set", audit.Event{Details: map[string]string{"account": q.acc.Name}})
	}
	if err := c.accounts.SetPassword(q.acc.Name, q.PostFormValue("old"), q.PostFormValue("password"), record); errors.Is(err, errUnrecorded) {
		q.broken(err)
		return
	} else if err != nil {
		c.drawMe(q, http.StatusBadRequest, q.t("not-possible", err.Error()))
		return
	}
	c.guesses.Forgive(strings.ToLower(q.acc.Name), q.address())
	c.sessions.EndAll(q.acc.Name, &q.ses)
	q.done("/console/me", "password-done")
}

func (c *Console) setTwoStep(q *request) {
	if !q.guarded() {
		return
	}
	record := func() error {
		return q.record("two-step", audit.Event{Details: map[string]string{"account": q.acc.Name}})
	}
	if err := c.accounts.Enrol(q.acc.Name, q.PostFormValue("password"), q.PostFormValue("secret"), q.PostFormValue("code"), record); errors.Is(err, errUnrecorded) {
		q.broken(err)
		return
	} else if err != nil {
		c.drawMe(q, http.StatusBadRequest, q.t("two-step-wrong"))
		return
	}
	c.guesses.Forgive(strings.ToLower(q.acc.Name), q.address())
	c.sessions.EndAll(q.acc.Name, &q.ses)
	q.done("/console/me", "two-step-done")
}

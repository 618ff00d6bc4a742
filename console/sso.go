package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/sso"
)

// Directory logs people in elsewhere; *sso.Provider in production.
type Directory interface {
	Issuer() string
	Begin(ctx context.Context) (sso.Flow, string, error)
	Finish(ctx context.Context, f sso.Flow, code string) (sso.Person, error)
}

// flowCookie binds a log-in at the directory to the browser that began it. It
// comes back from another site, so it cannot be strict; the session's is.
const flowCookie = "sekimori_flow"

// Bounds of log-ins that are under way at the directory.
const (
	flowTime = 10 * time.Minute
	maxFlows = 1000
	maxNext  = 2 << 10 // bytes of the address that is gone to afterwards
)

// flows are log-ins under way. Safe for concurrent use.
type flows struct {
	mu  sync.Mutex
	all map[string]flow // by state
}

type flow struct {
	sso.Flow
	from  string // the neighbourhood that began it
	next  string
	until time.Time
}

// put takes a flow in. Where there are too many, the oldest one goes of whoever began
// most: nobody keeps others out by beginning many.
func (f *flows) put(x flow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for k, o := range f.all {
		if now.After(o.until) {
			delete(f.all, k)
		}
	}
	if len(f.all) >= maxFlows {
		delete(f.all, f.least())
	}
	if f.all == nil {
		f.all = map[string]flow{}
	}
	f.all[x.State] = x
}

// least is the state of the oldest flow of those who began most.
func (f *flows) least() (state string) {
	count, most := map[string]int{}, 0
	for _, o := range f.all {
		count[o.from]++
		most = max(most, count[o.from])
	}
	var oldest time.Time
	for k, o := range f.all {
		if count[o.from] == most && (state == "" || o.until.Before(oldest)) {
			state, oldest = k, o.until
		}
	}
	return state
}

// take gives a flow once.
func (f *flows) take(state string) (flow, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.all[state]
	delete(f.all, state)
	return x, ok && time.Now().Before(x.until)
}

// beginSSO sends the browser to the directory.
func (c *Console) beginSSO(q *request) {
	f, to, err := c.cfg.Directory.Begin(q.Context())
	if err != nil {
		c.cfg.Log.Error("log-in by the directory", "error", err)
		q.message(http.StatusBadGateway, "sso-title", "sso-away")
		return
	}
	next := local(q.FormValue("next"))
	if len(next) > maxNext {
		next = "/console/"
	}
	c.flows.put(flow{f, account.Neighbourhood(q.address()), next, time.Now().Add(flowTime)})
	http.SetCookie(q.w, &http.Cookie{Name: flowCookie, Value: f.State, Path: "/console/", MaxAge: int(flowTime.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: q.TLS != nil || c.https()})
	// A form may lead only to this site by the page's policy; a plain page with
	// a link, opened by itself, leads anywhere.
	v := q.view(q.t("sso-title"), q.t("sso-onward"))
	v.Path, v.Onward = "/console/login", to
	q.draw("onward", v)
}

// endSSO takes what the directory sent the browser back with.
func (c *Console) endSSO(q *request) {
	k, err := q.Cookie(flowCookie)
	q.cookie(flowCookie, "", -1)
	var f flow
	ok := err == nil && k.Value != "" && k.Value == q.FormValue("state")
	if ok {
		f, ok = c.flows.take(k.Value)
	}
	if !ok {
		q.message(http.StatusBadRequest, "sso-title", "sso-old")
		return
	}
	fail := func(status int, word, why string) {
		if err := q.record("log-in-failed", audit.Event{User: "unknown", Details: map[string]string{"directory": c.cfg.Directory.Issuer(), "why": why}}); err != nil {
			q.broken(err)
			return
		}
		q.message(status, "sso-title", word)
	}
	if q.FormValue("error") != "" {
		fail(http.StatusUnauthorized, "sso-refused", "refused by the directory")
		return
	}
	who, err := c.cfg.Directory.Finish(q.Context(), f.Flow, q.FormValue("code"))
	switch {
	case errors.Is(err, sso.ErrNoRole):
		fail(http.StatusForbidden, "sso-no-role", "no role")
		return
	case err != nil:
		c.cfg.Log.Error("log-in by the directory", "error", err)
		fail(http.StatusUnauthorized, "sso-refused", "not valid")
		return
	}
	acc, err := c.accounts.Admit(who.Name, c.cfg.Directory.Issuer()+" "+who.Subject, who.Roles, func(a account.Account, before []account.Role, isNew bool) error {
		if isNew || account.Words(before) != account.Words(a.Roles) {
			if err := q.record("roles-by-directory", audit.Event{User: a.Name, Details: map[string]string{"account": a.Name,
				"roles": account.Words(a.Roles), "before": account.Words(before), "directory": c.cfg.Directory.Issuer()}}); err != nil {
				return err
			}
		}
		return q.record("log-in", audit.Event{User: a.Name, Details: map[string]string{"directory": c.cfg.Directory.Issuer()}})
	})
	switch {
	case errors.Is(err, errUnrecorded):
		q.broken(err)
		return
	case errors.Is(err, account.ErrApart):
		fail(http.StatusForbidden, "sso-apart", "rule author and auditor at once")
		return
	case errors.Is(err, account.ErrName):
		fail(http.StatusForbidden, "sso-name", "the name is another account's")
		return
	case err != nil:
		fail(http.StatusForbidden, "sso-refused", "disabled")
		return
	}
	if k, err := q.Cookie(sessionCookie); err == nil {
		c.sessions.End(k.Value)
	}
	// Roles may have changed: earlier sessions had others.
	cookie, _ := c.sessions.Begin(acc.Name, q.address())
	q.cookie(sessionCookie, cookie, int(account.AbsoluteFor.Seconds()))
	// The session's cookie is strict: the next request has to come from here.
	v := q.view(q.t("sso-title"), q.t("sso-in", acc.Name))
	v.Path, v.Onward = "/console/", f.next
	q.draw("onward", v)
}

// ssoNext is where the log-in page leads to the directory, "" if there is none.
func (c *Console) ssoNext(next string) string {
	if c.cfg.Directory == nil {
		return ""
	}
	return "/console/sso?" + url.Values{"next": {strings.TrimSpace(next)}}.Encode()
}

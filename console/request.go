package console

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/page"
)

const (
	sessionCookie  = "sekimori_session"
	languageCookie = "sekimori_language"
	noteCookie     = "sekimori_note" // key of the line about what was just done
)

// policy lets a page load nothing but what it is made of, and be framed by
// nobody.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that every answer carries.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// encrypted refuses passwords and pages over a network in clear: the console
// opens from the same machine, or over TLS, its own or that of a proxy that
// Origin names.
func (c *Console) encrypted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		ip := net.ParseIP(host)
		if r.TLS == nil && !c.https() && (ip == nil || !ip.IsLoopback()) && !strings.HasPrefix(r.URL.Path, "/console/static/") {
			c.newRequest(w, r).message(http.StatusForbidden, "insecure", "insecure-what")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Console) https() bool { return strings.HasPrefix(c.cfg.Origin, "https://") }

// request is one request with who makes it.
type request struct {
	*http.Request
	c    *Console
	w    http.ResponseWriter
	lang string
	acc  *account.Account // nil: nobody
	ses  account.Session
}

// matcher's order is that of page.Langs.
var matcher = language.NewMatcher([]language.Tag{language.Japanese, language.English})

func (c *Console) newRequest(w http.ResponseWriter, r *http.Request) *request {
	q := &request{Request: r, c: c, w: w, lang: page.Langs[0]}
	if k, err := r.Cookie(languageCookie); err == nil && (k.Value == "ja" || k.Value == "en") {
		q.lang = k.Value
	} else if tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")); err == nil && len(tags) > 0 {
		_, i, conf := matcher.Match(tags...)
		if conf > language.No {
			q.lang = page.Langs[i]
		} else {
			q.lang = "en" // somebody who asks for neither is likelier to read it
		}
	}
	if k, err := r.Cookie(sessionCookie); err == nil {
		if ses, ok := c.sessions.Get(k.Value); ok {
			if acc, ok := c.accounts.Get(ses.Name); ok && !acc.Disabled {
				q.acc, q.ses = &acc, ses
			}
		}
	}
	return q
}

// serve checks who asks, then does what the route says.
func (c *Console) serve(rt route, w http.ResponseWriter, r *http.Request) {
	q := c.newRequest(w, r)
	if !allows(rt.who, q.acc) {
		switch {
		case q.acc != nil && len(q.acc.Roles) == 0 && r.Method == http.MethodGet:
			q.redirect("/console/me")
		case q.acc != nil:
			q.message(http.StatusForbidden, "forbidden", "forbidden-what")
		case r.Method == http.MethodGet:
			q.redirect("/console/login?" + url.Values{"next": {r.URL.RequestURI()}}.Encode())
		default:
			q.message(http.StatusUnauthorized, "forbidden", "forbidden-what")
		}
		return
	}
	if r.Method == http.MethodPost {
		most := int64(maxForm)
		if q.acc != nil {
			most += rt.files
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		// What was sent stays in memory: it is as large as this at most, so
		// that nothing of it is put into files.
		if err := r.ParseMultipartForm(most); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			if large := new(http.MaxBytesError); rt.files > 0 && errors.As(err, &large) {
				q.message(http.StatusRequestEntityTooLarge, "broken", "try-large")
				return
			}
			q.message(http.StatusBadRequest, "broken", "form-old")
			return
		}
		if rt.who[0] != public && !q.genuine() {
			return
		}
	}
	if !rt.early && c.index.Status().Building {
		c.index.Wanted()
		q.building()
		return
	}
	rt.do(q)
}

// genuine checks the form's token and answers if it is not the session's.
func (q *request) genuine() bool {
	if q.ses.Genuine(q.PostFormValue("csrf")) {
		return true
	}
	q.message(http.StatusForbidden, "forbidden", "form-old")
	return false
}

func (q *request) t(key string, args ...any) string { return page.Word(q.lang, key, args...) }

func (q *request) redirect(to string) { http.Redirect(q.w, q.Request, to, http.StatusSeeOther) }

// done goes on to another page, which will say the word key.
func (q *request) done(to, key string) {
	q.cookie(noteCookie, key, 60)
	q.redirect(to)
}

func (q *request) cookie(name, value string, seconds int) {
	http.SetCookie(q.w, &http.Cookie{Name: name, Value: value, Path: "/console/", MaxAge: seconds, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: q.TLS != nil || q.c.https()})
}

// view begins a page.
func (q *request) view(title string, body any) page.View {
	v := page.View{Lang: q.lang, Title: title, Path: q.URL.RequestURI(), Body: body}
	if q.Method != http.MethodGet {
		v.Path = "/console/"
	}
	if q.acc == nil {
		return v
	}
	v.Name, v.CSRF = q.acc.Name, q.ses.CSRF
	for _, s := range sections {
		for _, rt := range q.c.routes() {
			if (rt.pattern == "GET "+s.path || rt.pattern == "GET "+s.path+"{$}") && allows(rt.who, q.acc) {
				path := q.URL.Path
				active := path == s.path || s.path != "/console/" && strings.HasPrefix(path, s.path+"/") ||
					s.key == "people" && path == "/console/person" || s.key == "destinations" && path == "/console/destination"
				v.Nav = append(v.Nav, page.Item{Key: s.key, Path: s.path, Active: active})
			}
		}
	}
	return v
}

// draw answers with a page.
func (q *request) draw(name string, v page.View) { q.drawAs(http.StatusOK, name, v) }

func (q *request) drawAs(status int, name string, v page.View) {
	if k, err := q.Cookie(noteCookie); err == nil {
		q.cookie(noteCookie, "", -1)
		if w := page.Word(q.lang, k.Value); v.Note == "" && !strings.HasPrefix(w, "⟨") && !strings.Contains(w, "%") {
			v.Note = w
		}
	}
	var b strings.Builder
	if err := q.c.pages.Draw(&b, name, v); err != nil {
		q.c.cfg.Log.Error("console page not drawn", "page", name, "error", err)
		http.Error(q.w, q.t("broken"), http.StatusInternalServerError)
		return
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.Header().Set("Vary", "Accept-Language, Cookie")
	q.w.WriteHeader(status)
	if _, err := q.w.Write([]byte(b.String())); err != nil {
		q.c.cfg.Log.Debug("console page not written", "page", name, "error", err)
	}
}

// message answers with a title and a sentence.
func (q *request) message(status int, title, what string) {
	q.drawAs(status, "message", q.view(q.t(title), q.t(what)))
}

// broken answers for something that is nobody's mistake.
func (q *request) broken(err error) {
	if errors.Is(err, context.Canceled) {
		return // nobody waits
	}
	if errors.Is(err, errUnrecorded) {
		q.message(http.StatusServiceUnavailable, "broken", "unrecorded")
		return
	}
	q.c.cfg.Log.Error("console request failed", "path", q.URL.Path, "error", err)
	q.message(http.StatusInternalServerError, "broken", "broken-what")
}

// building answers while there is no index to ask.
func (q *request) building() {
	v := q.view(q.t("building"), q.t("building-what"))
	if s := q.c.index.Status(); s.Total > 0 {
		v.Body = q.t("building-what") + " " + page.Number(int64(s.Last)) + " / " + page.Number(int64(s.Total))
	}
	v.Every = 2
	q.drawAs(http.StatusServiceUnavailable, "message", v)
}

// address is where the request comes from, without the port.
func (q *request) address() string {
	host, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		return q.RemoteAddr
	}
	return host
}

var errUnrecorded = errors.New("the act could not be recorded")

// recordTime bounds how long an act waits for the disk.
const recordTime = 10 * time.Second

// record puts an act into the record and returns when it is on disk. What
// cannot be recorded must not be done.
func (q *request) record(act string, ev audit.Event) error {
	if q.acc != nil {
		ev.User = q.acc.Name
	}
	ev.Kind, ev.Action = "console", act
	return q.append(ev)
}

// append puts an event into the record.
func (q *request) append(ev audit.Event) error {
	ev.Address, ev.How, ev.Time = q.address(), "console", time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), recordTime)
	defer cancel()
	if _, err := q.c.cfg.Recorder.Append(ctx, ev); err != nil {
		q.c.cfg.Log.Error("console act not recorded", "act", ev.Action, "error", err)
		return errUnrecorded
	}
	return nil
}

// days reads a time span of 7, 30, 90 or 365 days that ends now.
func (q *request) days() (days int, from, to time.Time) {
	days, _ = strconv.Atoi(q.FormValue("days"))
	switch days {
	case 7, 30, 90, 365:
	default:
		days = 30
	}
	to = time.Now().In(q.c.loc)
	return days, time.Date(to.Year(), to.Month(), to.Day()-days+1, 0, 0, 0, 0, q.c.loc), to
}

// date reads a day from a form; the zero time if there is none.
func (q *request) date(name string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, q.FormValue(name), q.c.loc)
	if err != nil {
		return time.Time{}
	}
	return t
}

// sees tells whether the person may look at incidents.
func (q *request) sees() bool { return allows(reviewers, q.acc) }

// local accepts only addresses of the console, for coming back to.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/console/") || strings.Contains(to, `\`) {
		return "/console/"
	}
	return cmp.Or(u.RequestURI(), "/console/")
}

package smtp

import (
	"bytes"
	_ "embed" // the pages
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
)

//go:embed pages.html
var pagesHTML string

var pages = template.Must(template.New("").Parse(pagesHTML))

// Pages returns the handler of the pages by which senders take messages back or
// ask for their release (/m/…) and recipients fetch files (/f/…); nil if nothing
// is kept. Whoever knows a page's address may use it: it is told to nobody but
// the sender, and in the message.
func (s *Server) Pages() http.Handler {
	b := s.box
	if b == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /m/{page}", b.sender)
	mux.HandleFunc("POST /m/{page}", b.act)
	mux.HandleFunc("GET /f/{share}", b.recipient)
	mux.HandleFunc("POST /f/{share}/{number}", b.fetch)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex")
		mux.ServeHTTP(w, r)
	})
}

// view is what a page shows.
type view struct {
	Status                                string // one of the words of pages.html
	Subject, Reference                    string
	To                                    []to
	Files                                 []mail.File
	Until                                 string
	CanWithdraw, CanHasten, CanAsk, Fetch bool
	Share                                 string
}

func (b *box) show(w http.ResponseWriter, code int, name string, v view) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, v); err != nil {
		b.s.judge.Log.Error("page not written", "error", err)
		http.Error(w, "not available", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	w.Write(out.Bytes())
}

// of returns a copy of the parcel of a secret, and what became of it if it is
// done.
func (b *box) of(in map[string]*parcel, secret string) (p *parcel, seen parcel, ended string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p = in[secret]; p != nil {
		return p, *p, ""
	}
	return nil, parcel{}, b.ended[secret]
}

func clock(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

func (b *box) sender(w http.ResponseWriter, r *http.Request) {
	p, seen, ended := b.of(b.pages, r.PathValue("page"))
	switch {
	case p != nil:
		b.show(w, http.StatusOK, "sender", viewOf(&seen))
	case ended != "":
		b.show(w, http.StatusOK, "sender", view{Status: ended})
	default:
		b.show(w, http.StatusNotFound, "sender", view{Status: "unknown"})
	}
}

// viewOf is a parcel as its sender sees it.
func viewOf(p *parcel) view {
	v := view{Status: string(p.Stage), Subject: p.Subject, Reference: p.Incident, To: p.To, Files: p.Files, CanWithdraw: !p.Sending && !p.Doubt}
	switch p.Stage {
	case stageHeld:
		if v.CanAsk = len(p.Cases) == 0; !v.CanAsk {
			v.Status = "asked"
		}
	case stageWaiting:
		v.CanHasten = p.Told && time.Now().Before(p.Due)
		v.Until = clock(p.Due)
		if !v.CanHasten {
			v.Status = "sending"
		}
	case stageOpen:
		v.Until = clock(p.Ends)
	}
	return v
}

// maxForm bounds a form, in bytes.
const maxForm = 16 << 10

func (b *box) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	secret := r.PathValue("page")
	p, _, _ := b.of(b.pages, secret)
	if p == nil {
		b.sender(w, r)
		return
	}
	var err error
	switch r.PostFormValue("do") {
	case "withdraw":
		err = b.withdraw(p)
	case "hasten":
		err = b.hasten(p)
	case "ask":
		err = b.ask(r.Context(), p, r.PostFormValue("reason"))
	default:
		b.show(w, http.StatusBadRequest, "sender", view{Status: "unclear"})
		return
	}
	switch {
	case err == nil:
		http.Redirect(w, r, b.c.URL+"/m/"+secret, http.StatusSeeOther)
	case errors.Is(err, errTooLate):
		b.show(w, http.StatusConflict, "sender", view{Status: "too-late"})
	case errors.Is(err, errOnce):
		b.show(w, http.StatusConflict, "sender", view{Status: "busy"})
	case errors.Is(err, gate.ErrReason):
		b.show(w, http.StatusBadRequest, "sender", view{Status: "no-reason"})
	default:
		b.s.judge.Log.Error("a sender's wish failed", "error", err)
		b.show(w, http.StatusServiceUnavailable, "sender", view{Status: "busy"})
	}
}

func (b *box) recipient(w http.ResponseWriter, r *http.Request) {
	p, seen, _ := b.of(b.shares, r.PathValue("share"))
	if p == nil {
		b.show(w, http.StatusNotFound, "recipient", view{Status: "gone"})
		return
	}
	v := view{Status: string(seen.Stage), Files: seen.Files, Share: seen.Share, Fetch: seen.Stage == stageOpen}
	if v.Fetch {
		v.Until = clock(seen.Ends)
	}
	b.show(w, http.StatusOK, "recipient", v)
}

// fetch hands a file out. It takes a POST, so that programs that follow the links
// in mail fetch nothing.
func (b *box) fetch(w http.ResponseWriter, r *http.Request) {
	_, seen, _ := b.of(b.shares, r.PathValue("share"))
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || n < 0 || n >= len(seen.Files) || seen.Stage != stageOpen || time.Now().After(seen.Ends) {
		b.show(w, http.StatusNotFound, "recipient", view{Status: "gone"})
		return
	}
	item, err := b.c.Store.Get(seen.ID)
	if err == nil {
		defer item.Close()
		err = b.fetched(r.Context(), &seen, n, asker(r))
	}
	if err != nil {
		b.s.judge.Log.Error("a file is not handed out", "incident", seen.Incident, "error", err)
		b.show(w, http.StatusServiceUnavailable, "recipient", view{Status: "gone"})
		return
	}
	f := seen.Files[n]
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox")
	rc := http.NewResponseController(w)
	rc.SetWriteDeadline(time.Now().Add(time.Hour)) //nolint:errcheck // then the server's holds
	if _, err := io.Copy(w, f.Decode(io.NewSectionReader(item, f.From, f.To-f.From))); err != nil {
		panic(http.ErrAbortHandler) // what was sent is not the whole
	}
}

// asker is whoever asks, as far as the connection tells.
func asker(r *http.Request) string {
	at, _, _ := strings.Cut(r.RemoteAddr, "%")
	if i := strings.LastIndexByte(at, ':'); i > 0 {
		at = at[:i]
	}
	return strings.Trim(at, "[]")
}

// Package answer writes what a sender gets instead of the origin's response:
// why an upload was kept in and what to do now, or why an origin could not be
// reached. In Japanese or English, as a page, as JSON or as plain text,
// whichever the client asks for.
//
// An answer never holds a matched value or an internal detail: kinds of data,
// their number and place, and a reference for whoever is asked.
package answer

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Kind says what happened. Besides the four below there are the gate's
// failures and the causes for which an origin is not reached; texts.go lists
// them all.
type Kind string

// The kinds that are no failures.
const (
	Blocked   Kind = "blocked"
	Warned    Kind = "warned"
	HeldBack  Kind = "held"
	Confirmed Kind = "confirmed"
	// ReleaseAsked answers a request for a release, NoRelease one that
	// cannot be made.
	ReleaseAsked Kind = "release-asked"
	NoRelease    Kind = "no-release"
	// Withdrawn answers who took a request for a release back.
	Withdrawn Kind = "release-withdrawn"
)

// Kinds that a door itself gives.
const (
	BadRequest  Kind = "bad-request"   // 400
	NoIdentity  Kind = "no-identity"   // 407
	TooMany     Kind = "too-many"      // 429
	Misdirected Kind = "misdirected"   // 421
	NoMethod    Kind = "no-method"     // 405
	Loop        Kind = "loop"          // 508
	NotConfirm  Kind = "not-confirmed" // 403: token not valid
	NoReason    Kind = "no-reason"     // 400: reason missing
	NotProxy    Kind = "not-proxy"     // 400: not a request to a proxy
	Barred      Kind = "barred"        // 403: not a place to go
	NotTLS      Kind = "not-tls"       // what is spoken in a tunnel is not inspected
)

// ConfirmPath is where a warning's form goes, on the same host as the upload.
const ConfirmPath = "/.well-known/sekimori/confirm"

// ConfirmHeader is how a program confirms: "token reason", the reason percent-
// encoded where it is not ASCII.
const ConfirmHeader = "Sekimori-Confirm"

// Answer is one answer before it is put in words.
type Answer struct {
	Kind     Kind
	Status   int    // 0: as the kind has it
	Incident string // "" if none
	Host     string // the destination
	Rule     string
	Title    map[string]string // the rule's, by language
	Say      map[string]string
	Found    []Found
	Unread   []string          // coverage reasons
	Confirm  string            // token to confirm with, or with HeldBack to ask for a release, or to take back one that waits
	Asked    *Asked            // how a request for a release stands
	Valid    time.Duration     // of the token
	Contact  map[string]string // by language
	Retry    time.Duration     // Retry-After
	Close    bool              // the connection ends with it
	Header   http.Header       // further fields
}

// Asked is a request for a release.
type Asked struct {
	ID     string    `json:"id"`
	State  string    `json:"state"` // as package release has it
	Needs  int       `json:"needs"` // persons that have to agree
	Agreed int       `json:"agreed"`
	Ends   time.Time `json:"ends"` // of waiting, or of the release
}

// Found is how much there was of one kind of data, and in what.
type Found struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
	In    string `json:"in,omitempty"` // formats, such as "csv, xlsx", or a place in what was sent
}

// Format is how an answer is written.
type Format uint8

// The formats.
const (
	Text Format = iota
	HTML
	JSON
)

// Response writes the answer for a request.
func (a *Answer) Response(req *http.Request) *http.Response {
	langs := languages(req.Header.Values("Accept-Language"))
	format := formatFor(req)
	var body []byte
	ct := "text/plain; charset=utf-8"
	switch format {
	case HTML:
		body, ct = a.html(langs[0]), "text/html; charset=utf-8"
	case JSON:
		body, ct = a.json(langs[0]), "application/json"
	default:
		body = a.text(langs)
	}
	h := http.Header{
		"Content-Type":           {ct},
		"Cache-Control":          {"no-store"},
		"Vary":                   {"Accept, Accept-Language"},
		"X-Content-Type-Options": {"nosniff"},
	}
	if format == HTML {
		h["Content-Security-Policy"] = []string{pagePolicy}
		h["Referrer-Policy"] = []string{"no-referrer"}
		h["Content-Language"] = []string{string(langs[0])}
	}
	if a.Incident != "" {
		h["Sekimori-Incident"] = []string{a.Incident}
	}
	if a.Retry > 0 {
		h["Retry-After"] = []string{strconv.Itoa(int((a.Retry + time.Second - 1) / time.Second))}
	}
	if a.Close {
		h["Connection"] = []string{"close"}
	}
	for k, v := range a.Header {
		h[k] = v
	}
	status := a.status()
	// Who has to log in first, or speaks to the proxy itself, is told so.
	if d := dialectOf(req); d != nil && format != HTML && status != http.StatusProxyAuthRequired {
		status, body = d.write(a, langs, h)
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: req,
	}
}

func (a *Answer) status() int {
	if a.Status != 0 {
		return a.Status
	}
	if t, ok := texts[a.Kind]; ok {
		return t.status
	}
	return http.StatusForbidden
}

// words are the pieces of an answer in one language.
type words struct {
	Lang                   Lang
	Title, What, Do        string
	RuleTitle, RuleSay     string
	Found                  []foundWords
	Unread                 []string
	Contact, Host          string
	Incident, ConfirmToken string
	ConfirmPath            string
	Asked                  string // number and state of a request
	Label                  labels
	Withdraws              bool // the token takes a request back
}

type foundWords struct {
	Name, In string
	Count    int
}

func (a *Answer) words(l Lang) words {
	t, ok := texts[a.Kind]
	if !ok {
		t = texts[Blocked]
	}
	s := t.say[l]
	w := words{
		Lang: l, Title: s.title, What: s.what, Do: s.do, Host: a.Host, Incident: a.Incident,
		RuleTitle: pick(a.Title, l), RuleSay: pick(a.Say, l), Contact: pick(a.Contact, l),
		ConfirmToken: a.Confirm, ConfirmPath: ConfirmPath, Label: labelsIn[l],
	}
	if a.Kind == HeldBack {
		w.Label.Confirm, w.Label.ConfirmWhat, w.Label.ConfirmButton, w.Label.ConfirmHow = w.Label.Ask, w.Label.AskWhat, w.Label.AskButton, w.Label.AskHow
		if a.Confirm != "" || a.Asked != nil {
			w.Do = ""
		}
		if w.Withdraws = a.withdraws(); w.Withdraws {
			w.Label.Confirm, w.Label.ConfirmWhat, w.Label.ConfirmButton, w.Label.ConfirmHow = w.Label.Withdraw, w.Label.WithdrawWhat, w.Label.WithdrawButton, w.Label.WithdrawHow
		}
	}
	if r := a.Asked; r != nil {
		w.Asked = r.ID + ": " + strings.NewReplacer("{agreed}", strconv.Itoa(r.Agreed), "{needs}", strconv.Itoa(r.Needs), "{ends}", r.Ends.Local().Format("2006-01-02 15:04")).Replace(stateWords[r.State][l])
	}
	for _, f := range a.Found {
		w.Found = append(w.Found, foundWords{typeName(f.Type, l), f.In, f.Count})
	}
	for _, r := range a.Unread {
		w.Unread = append(w.Unread, reasonName(r, l))
	}
	return w
}

// withdraws reports whether the token takes back a request that waits.
func (a *Answer) withdraws() bool {
	return a.Kind == HeldBack && a.Confirm != "" && a.Asked != nil && a.Asked.State == "waiting"
}

// pick takes the text in a language, or else in the other one.
func pick(m map[string]string, l Lang) string {
	if s := m[string(l)]; s != "" {
		return s
	}
	for _, o := range []Lang{English, Japanese} {
		if s := m[string(o)]; s != "" {
			return s
		}
	}
	return ""
}

// body is the JSON form; its keys are part of the interface.
type body struct {
	Error    Kind         `json:"error"`
	Status   int          `json:"status"`
	Incident string       `json:"incident,omitempty"`
	Title    string       `json:"title"`
	Message  string       `json:"message"`
	Do       string       `json:"what_to_do,omitempty"`
	Rule     string       `json:"rule,omitempty"`
	Why      string       `json:"why,omitempty"`
	Found    []Found      `json:"found,omitempty"`
	Unread   []string     `json:"not_inspected,omitempty"`
	Contact  string       `json:"contact,omitempty"`
	Confirm  *confirmBody `json:"confirm,omitempty"`
	Withdraw *confirmBody `json:"withdraw,omitempty"` // to take the request back
	Asked    *Asked       `json:"release,omitempty"`
}

type confirmBody struct {
	Header  string `json:"header"`
	Token   string `json:"token"`
	Seconds int    `json:"valid_seconds"`
}

func (a *Answer) json(l Lang) []byte {
	w := a.words(l)
	b := body{
		Error: a.Kind, Status: a.status(), Incident: a.Incident, Title: w.Title, Message: w.What, Do: w.Do,
		Rule: a.Rule, Why: join(": ", w.RuleTitle, w.RuleSay), Found: a.Found, Unread: a.Unread, Contact: w.Contact, Asked: a.Asked,
	}
	if a.Confirm != "" {
		b.Confirm = &confirmBody{ConfirmHeader, a.Confirm, int(a.Valid / time.Second)}
	}
	if a.withdraws() { // under another name, so that no program does it by mistake
		b.Confirm, b.Withdraw = nil, b.Confirm
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(true)
	e.SetIndent("", "  ")
	if err := e.Encode(b); err != nil { // cannot be: strings and numbers only
		return []byte(`{"error":"blocked"}`)
	}
	return out.Bytes()
}

func (a *Answer) text(langs []Lang) []byte {
	var b strings.Builder
	for i, l := range langs {
		w := a.words(l)
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(w.Title + "\n" + w.What + "\n")
		if why := join(": ", w.RuleTitle, w.RuleSay); why != "" {
			b.WriteString(w.Label.Why + ": " + why + "\n")
		}
		for _, f := range w.Found {
			b.WriteString("  - " + f.Name + ": " + strconv.Itoa(f.Count))
			if f.In != "" {
				b.WriteString(" (" + f.In + ")")
			}
			b.WriteString("\n")
		}
		for _, u := range w.Unread {
			b.WriteString("  - " + u + "\n")
		}
		if w.Incident != "" {
			b.WriteString(w.Label.Incident + ": " + w.Incident + "\n")
		}
		if w.Asked != "" {
			b.WriteString(w.Label.Request + " " + w.Asked + "\n")
		}
		if w.Do != "" {
			b.WriteString(w.Do + "\n")
		}
		if w.Contact != "" {
			b.WriteString(w.Label.Contact + ": " + w.Contact + "\n")
		}
		if w.ConfirmToken != "" {
			b.WriteString(w.Label.ConfirmHow + "\n  " + ConfirmHeader + ": " + w.ConfirmToken + " <" + w.Label.Reason + ">\n")
		}
	}
	return []byte(b.String())
}

func join(sep string, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}

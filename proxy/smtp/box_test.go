package smtp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/mail/mailtest"
	"github.com/sekimori-dlp/sekimori/proxy/outbox"
	"github.com/sekimori-dlp/sekimori/release"
)

// post is a relay with a box, and a mail server inside that takes its notices.
type post struct {
	*relay
	inside *mailbox
	dir    string
	pages  *httptest.Server
}

// startPost starts a relay that keeps what waits for delay.
func startPost(t *testing.T, delay time.Duration) *post {
	t.Helper()
	p := &post{relay: &relay{t: t, next: &mailbox{}, log: &mailtest.Recorder{}, rules: &mailtest.WordRules{Delay: delay}}, inside: &mailbox{}, dir: t.TempDir()}
	p.next.start(t)
	p.inside.start(t)
	p.begin(filepath.Join(t.TempDir(), "journal"))
	return p
}

// begin starts it, or starts it again over what an earlier one has left.
func (p *post) begin(journal string) {
	p.t.Helper()
	store, err := outbox.Open(outbox.Config{Dir: p.dir, Key: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		p.t.Fatal(err)
	}
	p.open(p.t, journal, func(c *Config) {
		c.Box = &Box{Store: store, Releases: p.house, URL: "http://gate.corp.example", From: "sekimori@corp.example",
			Notices: Next{Address: p.inside.addr, TLS: Never, Timeout: 5 * time.Second}, tick: 5 * time.Millisecond}
	})
	p.pages = httptest.NewServer(p.Pages())
	p.t.Cleanup(p.pages.Close)
}

// kill ends it without a word to anybody, as far as that can be done in one
// process: what was not on disk is not there any more.
func (p *post) kill() {
	p.t.Helper()
	p.pages.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil && !errors.Is(err, gosmtp.ErrServerClosed) {
		p.t.Fatal(err)
	}
	p.house.Store.Close()
}

// until waits for something to come true.
func (p *post) until(what string, f func() bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("%s: not within 20 s; record %v", what, p.log.What())
		}
	}
}

// notice waits for the notice number n, and returns its text and the path of the
// page that it names.
func (p *post) notice(n int) (text, page string) {
	p.t.Helper()
	p.until("a notice", func() bool { return len(p.inside.messages()) >= n })
	m := p.inside.messages()[n-1]
	if m.from != "" || !slices.Equal(m.to, []string{"sato@corp.example"}) || !strings.Contains(m.data, "\r\nAuto-Submitted: auto-generated\r\n") {
		p.t.Errorf("notice from %q to %q", m.from, m.to)
	}
	_, rest, _ := strings.Cut(m.data, "Content-Transfer-Encoding: base64\r\n\r\n")
	rest, _, _ = strings.Cut(rest, "\r\n\r\n--")
	b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader(rest)))
	if err != nil {
		p.t.Fatalf("notice %q: %v", m.data, err)
	}
	return string(b), regexp.MustCompile(`/m/[a-z2-7]{32}`).FindString(string(b))
}

// get and say fetch a page and send a form, and return the status and the body.
func (p *post) get(path string) (int, string) { return p.ask(http.Get(p.pages.URL + path)) }

func (p *post) form(path string, fields ...string) (int, string) {
	v := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return p.ask(c.PostForm(p.pages.URL+path, v))
}

func (p *post) ask(resp *http.Response, err error) (int, string) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (p *post) empty() {
	p.t.Helper()
	p.until("an empty box", func() bool {
		files, err := os.ReadDir(p.dir)
		return err == nil && len(files) == 0
	})
}

func TestDelayedMailCanBeTakenBack(t *testing.T) {
	p := startPost(t, time.Hour)
	a := p.send("sato@corp.example", outside, text("to the wrong one", mailtest.Delayed))
	if !strings.HasPrefix(a, "250 2.0.0 OK: kept here for 60 minutes") {
		t.Fatal(a)
	}
	notice, page := p.notice(1)
	for _, want := range []string{"まだ送信されていません", "60 minutes", "to the wrong one", "a@outside.example", "社外"} {
		if !strings.Contains(notice, want) {
			t.Errorf("no %q in the notice %s", want, notice)
		}
	}
	var shown string
	p.until("told", func() bool { _, shown = p.get(page); return strings.Contains(shown, `value="hasten"`) })
	if !strings.Contains(shown, "to the wrong one") || !strings.Contains(shown, `value="withdraw"`) {
		t.Errorf("%s", shown)
	}
	p.until("withdrawn", func() bool { code, _ := p.form(page, "do", "withdraw"); return code == http.StatusSeeOther })
	if _, shown := p.get(page); !strings.Contains(shown, "取り消しました") {
		t.Error(shown)
	}
	p.empty()
	if n := len(p.next.messages()); n != 0 {
		t.Errorf("%d arrived", n)
	}
	if w := p.log.What(); !slices.Equal(w, []string{"delayed", "told", "withdrawn"}) {
		t.Errorf("recorded %v", w)
	}
	if code, _ := p.get("/m/" + outbox.NewID()); code != 404 {
		t.Errorf("a page that is none: %d", code)
	}
}

func TestDelayedMailGoesInTime(t *testing.T) {
	p := startPost(t, 30*time.Millisecond)
	data := text("x", mailtest.Delayed+"\r\n..dots")
	if a := p.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	p.until("arrived", func() bool { return len(p.next.messages()) == 1 })
	got := p.next.messages()[0]
	if got.from != "sato@corp.example" || !slices.Equal(got.to, outside) || !strings.HasSuffix(got.data, mailtest.Delayed+"\r\n.dots\r\n") ||
		!strings.HasPrefix(got.data, "Received: from mail.corp.example") {
		t.Errorf("arrived %+v", got)
	}
	p.empty()
	if _, page := p.notice(1); page == "" {
		t.Error("no page")
	} else if _, shown := p.get(page); !strings.Contains(shown, "送信されました") {
		t.Error(shown)
	}
	if w := p.log.What(); !slices.Equal(w, []string{"delayed", "told", "accepted"}) {
		t.Errorf("recorded %v", w)
	}
}

func TestSendNow(t *testing.T) {
	p := startPost(t, time.Hour)
	p.send("sato@corp.example", outside, text("x", mailtest.Delayed))
	_, page := p.notice(1)
	p.until("hastened", func() bool { code, _ := p.form(page, "do", "hasten"); return code == http.StatusSeeOther })
	p.until("arrived", func() bool { return len(p.next.messages()) == 1 })
}

// What waits goes on after a restart, once; what may have gone says so.
func TestRestart(t *testing.T) {
	p := startPost(t, time.Hour)
	for _, subject := range []string{"one", "two"} {
		p.send("sato@corp.example", outside, text(subject, mailtest.Delayed))
	}
	p.notice(2)
	_, page := p.notice(1)
	p.until("told", func() bool { return len(p.log.What()) == 4 })
	p.kill()
	p.begin(p.c.Journal)
	p.until("the page", func() bool { code, _ := p.form(page, "do", "hasten"); return code == http.StatusSeeOther })
	p.until("arrived", func() bool { return len(p.next.messages()) == 1 })
	p.until("noted", func() bool { return slices.Contains(p.log.What(), "accepted") })
	// The other one is cut off while the next hop has it.
	var left *parcel
	p.until("the other one is free", func() bool {
		p.box.mu.Lock()
		n := len(p.box.parcels)
		for _, k := range p.box.parcels {
			left = k
		}
		p.box.mu.Unlock()
		return n == 1 && p.box.acquire(left)
	})
	if err := p.box.change(left, func(k *parcel) { k.Sending, k.Due = true, time.Now() }); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p.begin(p.c.Journal)
	p.until("both arrived", func() bool { return len(p.next.messages()) == 2 })
	p.empty()
	if w := p.log.What(); !slices.Equal(w[4:], []string{"hastened", "accepted", "doubtful", "accepted"}) {
		t.Errorf("recorded %v", w)
	}
	if n := len(p.inside.messages()); n != 2 {
		t.Errorf("%d notices", n)
	}
}

// A client that did not get our answer sends again, and makes no second copy.
func TestDelayedMailIsNotKeptTwice(t *testing.T) {
	p := startPost(t, time.Hour)
	data := text("x", mailtest.Delayed)
	c := p.dial()
	c.say("250", "EHLO mail.corp.example")
	c.say("250", "MAIL FROM:<sato@corp.example>")
	c.say("250", "RCPT TO:<a@outside.example>")
	c.say("354", "DATA")
	io.WriteString(c, data+"\r\n.\r\n")
	p.notice(1)
	c.Close()
	p.settled()
	if a := p.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	// And if the crash came between the box and the journal.
	var k key
	p.box.mu.Lock()
	for _, kept := range p.box.parcels {
		k = kept.Key
	}
	p.box.mu.Unlock()
	p.kill()
	f, err := os.OpenFile(p.c.Journal, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, (&entry{key: k, state: sending, at: time.Now()}).line())
	f.Close()
	p.begin(p.c.Journal)
	if a := p.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250 2.0.0 OK: the next hop had it already") {
		t.Fatal(a)
	}
	p.box.mu.Lock()
	defer p.box.mu.Unlock()
	if n := len(p.box.parcels); n != 1 {
		t.Errorf("%d are kept", n)
	}
}

func TestUndeliverableMailComesBack(t *testing.T) {
	p := startPost(t, time.Millisecond)
	p.next.rcptErr = func(string) error {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "No such user"}
	}
	p.send("sato@corp.example", outside, text("x", mailtest.Delayed))
	notice, _ := p.notice(2)
	if !strings.Contains(notice, "No such user") || !strings.Contains(notice, "配送できませんでした") && !strings.Contains(notice, "届けられませんでした") {
		t.Error(notice)
	}
	if d := p.inside.messages()[1].data; !strings.Contains(d, "multipart/report; report-type=delivery-status") || !strings.Contains(d, "Final-Recipient: rfc822; a@outside.example\r\nAction: failed") {
		t.Error(d)
	}
	p.empty()
	if w := p.log.What(); !slices.Contains(w, "refused") {
		t.Errorf("recorded %v", w)
	}
}

// The delay begins when the sender can know of it.
func TestNoticeThatWaits(t *testing.T) {
	p := startPost(t, time.Millisecond)
	p.inside.mu.Lock()
	p.inside.dataErr = func() error {
		return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 3, 0}, Message: "Later"}
	}
	p.inside.mu.Unlock()
	p.send("sato@corp.example", outside, text("x", mailtest.Delayed))
	p.until("noted", func() bool { return slices.Contains(p.log.What(), "not told yet") })
	if n := len(p.next.messages()); n != 0 {
		t.Fatalf("%d arrived before anybody was told", n)
	}
	p.inside.mu.Lock()
	p.inside.dataErr = func() error {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 7, 1}, Message: "No notices"}
	}
	p.inside.mu.Unlock()
	p.until("arrived", func() bool {
		p.box.mu.Lock()
		defer p.box.mu.Unlock()
		for id, k := range p.box.parcels {
			if !p.box.busy[id] {
				k.Next = time.Time{}
			}
		}
		return len(p.next.messages()) == 1
	})
}

// decide approves or denies what was asked for.
func (p *post) decide(approve bool) {
	p.t.Helper()
	all := p.house.Store.List()
	if len(all) != 1 {
		p.t.Fatalf("%d requests", len(all))
	}
	if _, err := p.house.Store.Decide(all[0].ID, release.Approver{User: "chief", Approves: true}, approve, "checked"); err != nil {
		p.t.Fatal(err)
	}
}

func TestHeldMailIsKeptUntilItIsReleased(t *testing.T) {
	for _, approved := range []bool{true, false} {
		p := startPost(t, 0)
		if a := p.send("sato@corp.example", outside, text("list", mailtest.Kept)); !strings.HasPrefix(a, "250 2.0.0 OK: kept here until it is released") {
			t.Fatal(a)
		}
		notice, page := p.notice(1)
		if !strings.Contains(notice, "承認を依頼") {
			t.Error(notice)
		}
		p.until("no reason", func() bool { code, _ := p.form(page, "do", "ask", "reason", " "); return code == http.StatusBadRequest })
		p.until("asked", func() bool {
			code, _ := p.form(page, "do", "ask", "reason", "the customer wants it")
			return code == http.StatusSeeOther
		})
		if _, shown := p.get(page); !strings.Contains(shown, "承認を待っています") {
			t.Error(shown)
		}
		if n := len(p.next.messages()); n != 0 {
			t.Fatalf("%d arrived", n)
		}
		p.kill()
		p.begin(p.c.Journal)
		p.decide(approved)
		if approved {
			p.until("arrived", func() bool { return len(p.next.messages()) == 1 })
		} else if notice, _ := p.notice(2); !strings.Contains(notice, "送信されませんでした") && !strings.Contains(notice, "not approved") {
			t.Error(notice)
		}
		p.empty()
		if n := len(p.next.messages()); (n == 1) != approved {
			t.Errorf("approved %v, and %d arrived", approved, n)
		}
	}
	// Nobody outside can be asked for a reason: it goes back.
	p := startPost(t, 0)
	if a := p.send("x@elsewhere.example", outside, text("list", mailtest.Kept)); !strings.HasPrefix(a, "550") {
		t.Error(a)
	}
}

func withFile(body, file string) string {
	return "From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + body +
		"\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"list.csv\"\r\n\r\n" + file + "\r\n--b--"
}

// share finds the link in a message that arrived.
func (p *post) share(data string) string {
	p.t.Helper()
	for piece := range strings.SplitSeq(data, "\r\n\r\n") {
		b, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader(piece)))
		if s := regexp.MustCompile(`/f/[a-z2-7]{32}`).Find(b); s != nil {
			return string(s)
		}
	}
	p.t.Fatalf("no link in %s", data)
	return ""
}

func TestAttachmentsByLink(t *testing.T) {
	p := startPost(t, 0)
	if a := p.send("sato@corp.example", outside, withFile("see the list", mailtest.Linked)); !strings.HasPrefix(a, "250 2.0.0 OK: next hop has it") {
		t.Fatal(a)
	}
	got := p.next.messages()
	if len(got) != 1 || strings.Contains(got[0].data, mailtest.Linked) || !strings.Contains(got[0].data, "see the list") {
		t.Fatalf("arrived %+v", got)
	}
	link := p.share(got[0].data)
	if code, shown := p.get(link); code != 200 || !strings.Contains(shown, "list.csv") {
		t.Errorf("%d %s", code, shown)
	}
	if code, _ := p.get(link + "/0"); code != http.StatusMethodNotAllowed && code != 404 {
		t.Errorf("a link alone fetches: %d", code)
	}
	if code, file := p.form(link + "/0"); code != 200 || file != mailtest.Linked {
		t.Errorf("%d %q", code, file)
	}
	if code, _ := p.form(link + "/1"); code != 404 {
		t.Errorf("another file: %d", code)
	}
	_, page := p.notice(1)
	p.until("withdrawn", func() bool { code, _ := p.form(page, "do", "withdraw"); return code == http.StatusSeeOther })
	if code, _ := p.form(link + "/0"); code != 404 {
		t.Errorf("withdrawn, and fetched: %d", code)
	}
	p.empty()
	if w := p.log.What(); !slices.Contains(w, "fetched") {
		t.Errorf("recorded %v", w)
	}
}

func TestAttachmentsByLinkOnceReleased(t *testing.T) {
	p := startPost(t, 0)
	if a := p.send("sato@corp.example", outside, withFile("see the list", mailtest.Listed)); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	link := p.share(p.next.messages()[0].data)
	if code, _ := p.form(link + "/0"); code != 404 {
		t.Errorf("fetched before it was released: %d", code)
	}
	_, page := p.notice(1)
	p.until("asked", func() bool {
		code, _ := p.form(page, "do", "ask", "reason", "the customer wants it")
		return code == http.StatusSeeOther
	})
	p.decide(true)
	p.until("fetched", func() bool { code, file := p.form(link + "/0"); return code == 200 && file == mailtest.Listed })
	// What is found in the text itself keeps the message in.
	if a := p.send("sato@corp.example", outside, withFile(mailtest.Listed, "a file")); !strings.HasPrefix(a, "550") {
		t.Error(a)
	}
	if a := p.send("sato@corp.example", outside, text("no file", mailtest.Listed)); !strings.HasPrefix(a, "550") {
		t.Error(a)
	}
}

// Where the message does not go, its files are not kept either.
func TestLinksOfWhatDoesNotGo(t *testing.T) {
	p := startPost(t, 0)
	p.next.dataErr = func() error {
		return &gosmtp.SMTPError{Code: 452, EnhancedCode: gosmtp.EnhancedCode{4, 3, 1}, Message: "Full"}
	}
	if a := p.send("sato@corp.example", outside, withFile("see the list", mailtest.Linked)); !strings.HasPrefix(a, "452") {
		t.Fatal(a)
	}
	p.empty()
}

// A rule that asks for what is not set up lets nothing go.
func TestWithoutPagesNothingGoesLater(t *testing.T) {
	r := start(t, nil)
	r.rules.Delay = time.Minute
	for _, m := range []string{text("x", mailtest.Delayed), withFile("x", mailtest.Linked)} {
		if a := r.send("sato@corp.example", outside, m); !strings.HasPrefix(a, "451 4.3.5") {
			t.Error(a)
		}
	}
	if a := r.send("sato@corp.example", outside, text("x", mailtest.Kept)); !strings.HasPrefix(a, "550") {
		t.Error(a)
	}
}

// What a mail server hands over by milter goes the same ways.
func TestTakeOver(t *testing.T) {
	p := startPost(t, time.Millisecond)
	over := func(whole string) (bool, *mail.Reply) {
		t.Helper()
		in := &mail.Reader{R: strings.NewReader(whole)}
		body, err := p.spool.Hold(t.Context(), in, holdAll)
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		from, _ := mail.ParseAddress("sato@corp.example")
		whom, _ := mail.ParseAddress("a@outside.example")
		m := &mail.Message{Protocol: "milter", From: from, To: []mail.Recipient{{Address: whom}}, Fields: mail.Fields(in.Header), Headed: len(in.Header), Size: in.Size, Body: body}
		m.Who = p.judge.Sender(from, loopback[0].Addr())
		v := p.judge.Judge(t.Context(), m, nil)
		return p.TakeOver(t.Context(), m, &v)
	}
	if ok, no := over(text("x", "nothing in it") + "\r\n"); ok || no != nil {
		t.Errorf("harmless: %v %v", ok, no)
	}
	if ok, no := over(text("x", mailtest.Delayed) + "\r\n"); !ok || no != nil {
		t.Errorf("delayed: %v %v", ok, no)
	}
	if ok, no := over(withFile("see", mailtest.Linked) + "\r\n"); !ok || no != nil {
		t.Errorf("linked: %v %v", ok, no)
	}
	p.until("arrived", func() bool { return len(p.next.messages()) == 2 })
	for _, m := range p.next.messages() {
		if !strings.HasPrefix(m.data, "Received: by gate.corp.example (Sekimori) with milter id ") {
			t.Errorf("arrived %s", m.data)
		}
	}
	// The mail server did not hear that we have it, and asks again.
	if ok, no := over(text("x", mailtest.Delayed) + "\r\n"); !ok || no != nil {
		t.Errorf("again: %v %v", ok, no)
	}
	if ok, no := over(text("x", mailtest.Secret) + "\r\n"); ok || no != nil {
		t.Errorf("blocked: %v %v", ok, no)
	}
}

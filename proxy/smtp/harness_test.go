package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

// The words that the scanner of these tests knows.
const (
	secret  = "SECRET-CONTENT"  // blocked
	doubted = "DOUBTED-CONTENT" // warned
	partner = "PARTNER-CONTENT" // only to partner.example
)

// wordScanner finds the words above in the bytes as they stand.
type wordScanner struct{}

func (wordScanner) Scan(_ context.Context, roots []part.Part, _ inspect.ScanOptions) *inspect.Report {
	r := &inspect.Report{Total: map[inspect.Type]int{}}
	for _, p := range roots {
		b, err := io.ReadAll(p.Body)
		if err != nil {
			panic(err)
		}
		for typ, w := range map[inspect.Type]string{"CARD": secret, "NAME": doubted, "PHONE": partner} {
			if n := bytes.Count(b, []byte(w)); n > 0 {
				r.Total[typ] += n
			}
		}
		r.Parts = append(r.Parts, inspect.PartReport{Path: p.Path, Format: "mail", Bytes: int64(len(b)), State: inspect.Inspected})
		r.Coverage.Inspected++
	}
	return r
}

// wordRules decide by the words, and remember what they were asked.
type wordRules struct {
	mu    sync.Mutex
	asked []rules.Transaction
}

func (*wordRules) Digest() string { return "test" }

func (*wordRules) Release(string) (rules.Release, bool) { return rules.Release{}, false }

func (w *wordRules) Decide(t rules.Transaction) rules.Verdict {
	w.mu.Lock()
	w.asked = append(w.asked, t)
	w.mu.Unlock()
	say := map[string]string{"ja": "社外には送れません", "en": "not to leave"}
	switch {
	case t.Report.Total["CARD"] > 0, t.Report.Total["PHONE"] > 0 && t.Destination.Host != "partner.example":
		return rules.Verdict{Action: rules.Block, Rule: "no-secrets", Title: say, Say: say}
	case t.Report.Total["NAME"] > 0 && !t.Confirmed("doubt"):
		return rules.Verdict{Action: rules.Warn, Rule: "doubt", Title: say, Say: say}
	case t.Report.Total["NAME"] > 0:
		return rules.Verdict{Action: rules.Log, Rule: "doubt"}
	}
	return rules.Verdict{Action: rules.Allow}
}

func (w *wordRules) last() rules.Transaction {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.asked) == 0 {
		return rules.Transaction{}
	}
	return w.asked[len(w.asked)-1]
}

// recorder is an audit log in memory that can be told to fail.
type recorder struct {
	mu   sync.Mutex
	fail bool
	evs  []audit.Event
}

func (r *recorder) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail {
		return audit.Receipt{}, errors.New("disk full")
	}
	r.evs = append(r.evs, ev)
	return audit.Receipt{Seq: uint64(len(r.evs))}, nil
}

// what lists what became of messages.
func (r *recorder) what() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range r.evs {
		if ev.Kind == "mail" {
			all = append(all, ev.Details["what"])
		}
	}
	return all
}

func (r *recorder) decisions() (all []audit.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range r.evs {
		if ev.Kind == "decision" {
			all = append(all, ev)
		}
	}
	return all
}

type accounts struct{}

func (accounts) LogIn(_ context.Context, user, password string, at netip.Addr) (rules.Principal, error) {
	if password != "right" {
		return rules.Principal{}, errors.New("wrong password")
	}
	return rules.Principal{User: user, Address: at, How: "basic"}, nil
}

func (accounts) Named(_ context.Context, user string, groups []string, at netip.Addr, how string) rules.Principal {
	return rules.Principal{User: user, Groups: groups, Address: at, How: how}
}

type classes struct{}

func (classes) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	d := rules.Destination{Scheme: scheme, Host: host, Port: port, Method: method, Path: path, Classes: []string{"unknown"}}
	if host == "partner.example" {
		d.Classes = []string{"partner"}
	}
	return d
}

// mailbox is a next hop that can be told what to answer.
type mailbox struct {
	addr string
	tls  *tls.Config

	mu       sync.Mutex
	got      []received
	rcptErr  func(to string) error
	dataErr  func() error
	password string
	logins   int
	cut      bool // break off after the data, without an answer
}

type received struct {
	from string
	to   []string
	data string
	opts gosmtp.MailOptions
}

type boxSession struct {
	m *mailbox
	c *gosmtp.Conn
	r received
}

func (m *mailbox) NewSession(c *gosmtp.Conn) (gosmtp.Session, error) {
	return &boxSession{m: m, c: c}, nil
}

func (b *boxSession) Reset()        { b.r = received{} }
func (b *boxSession) Logout() error { return nil }
func (b *boxSession) Mail(from string, o *gosmtp.MailOptions) error {
	b.r = received{from: from, opts: *o}
	return nil
}

func (b *boxSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (b *boxSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		b.m.mu.Lock()
		defer b.m.mu.Unlock()
		if password != b.m.password {
			return gosmtp.ErrAuthFailed
		}
		b.m.logins++
		return nil
	}), nil
}

func (b *boxSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if b.m.rcptErr != nil {
		if err := b.m.rcptErr(to); err != nil {
			return err
		}
	}
	b.r.to = append(b.r.to, to)
	return nil
}

func (b *boxSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if b.m.cut {
		b.c.Conn().Close()
		return nil
	}
	if b.m.dataErr != nil {
		if err := b.m.dataErr(); err != nil {
			return err
		}
	}
	b.r.data = string(data)
	b.m.got = append(b.m.got, b.r)
	return nil
}

func (m *mailbox) messages() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.got...)
}

func (m *mailbox) start(t *testing.T) {
	t.Helper()
	s := gosmtp.NewServer(m)
	s.Domain, s.EnableSMTPUTF8, s.EnableDSN, s.TLSConfig = "next.example", true, true, m.tls
	s.MaxLineLength = 1 << 20
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = l.Addr().String()
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// relay is a Server under test with its surroundings.
type relay struct {
	*Server
	t     *testing.T
	addr  string
	next  *mailbox
	log   *recorder
	rules *wordRules
	spool *hold.Spool
}

func start(t *testing.T, mend func(*Config)) *relay {
	t.Helper()
	r := &relay{t: t, next: &mailbox{}, log: &recorder{}, rules: &wordRules{}}
	r.next.start(t)
	r.open(t, filepath.Join(t.TempDir(), "journal"), mend)
	return r
}

func (r *relay) open(t *testing.T, journal string, mend func(*Config)) {
	t.Helper()
	var err error
	if r.spool, err = hold.Open(hold.Config{Dir: t.TempDir(), MemoryPerBody: 64 << 10, DigestKey: []byte("key of these tests")}); err != nil {
		t.Fatal(err)
	}
	g, err := gate.New(gate.Config{Policy: func() *gate.Policy { return &gate.Policy{Scanner: wordScanner{}, Rules: r.rules} },
		Hold: r.spool, Audit: r.log})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Name: "gate.corp.example", Domains: []string{"corp.example"}, Journal: journal, Many: 3,
		Next: Next{Address: r.next.addr, TLS: Never, Timeout: 5 * time.Second}}
	if mend != nil {
		mend(&c)
	}
	if r.Server, err = New(c, Deps{Gate: g, Hold: r.spool, Accounts: accounts{}, Classes: classes{}, Audit: r.log}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	s := r.Server
	go s.Serve(l, false)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Shutdown(ctx)
		if n := r.spool.Stats().Bodies; n != 0 {
			t.Errorf("%d bodies are still held", n)
		}
	})
}

// client is a client by hand.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

// settled waits until no connection is open.
func (r *relay) settled() {
	r.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		n := len(r.conns)
		r.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("%d connections stay open", n)
		}
	}
}

func (r *relay) dial() *client {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	r.t.Cleanup(func() { c.Close() })
	k := &client{r.t, c, bufio.NewReader(c)}
	k.want("220")
	return k
}

// answer reads one answer whole.
func (c *client) answer() string {
	c.t.Helper()
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err != nil || len(line) > 3 && line[3] == ' ' {
			return all.String()
		}
	}
}

func (c *client) want(code string) string {
	c.t.Helper()
	a := c.answer()
	if !strings.HasPrefix(a, code) {
		c.t.Fatalf("answer %q, want %s", a, code)
	}
	return a
}

func (c *client) say(code, format string, a ...any) string {
	c.t.Helper()
	fmt.Fprintf(c, format+"\r\n", a...)
	return c.want(code)
}

// send sends one message and returns the answer to its data.
func (r *relay) send(from string, to []string, data string) string {
	r.t.Helper()
	c := r.dial()
	c.say("250", "EHLO mail.corp.example")
	a := c.mail(from, to, data)
	c.say("221", "QUIT")
	return a
}

func (c *client) mail(from string, to []string, data string) string {
	c.t.Helper()
	c.say("250", "MAIL FROM:<%s>", from)
	for _, a := range to {
		c.say("250", "RCPT TO:<%s>", a)
	}
	c.say("354", "DATA")
	io.WriteString(c, data+"\r\n.\r\n")
	return c.answer()
}

func text(subject, body string) string {
	return "From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + fmt.Sprint(time.Now().UnixNano()) + "@corp.example>\r\n\r\n" + body
}

package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/mail/mailtest"
)

// mailbox is a next hop that can be told what to answer.
type mailbox struct {
	addr string
	tls  *tls.Config
	// implicit: TLS from the first byte
	implicit bool

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
	rcpt []gosmtp.RcptOptions
	tls  bool
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

func (b *boxSession) Rcpt(to string, o *gosmtp.RcptOptions) error {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if b.m.rcptErr != nil {
		if err := b.m.rcptErr(to); err != nil {
			return err
		}
	}
	b.r.to = append(b.r.to, to)
	b.r.rcpt = append(b.r.rcpt, *o)
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
	_, b.r.tls = b.c.TLSConnectionState()
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
	if m.implicit {
		l = tls.NewListener(l, m.tls)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// relay is a Server under test with its surroundings.
type relay struct {
	*Server
	t      *testing.T
	addr   string
	next   *mailbox
	log    *mailtest.Recorder
	rules  *mailtest.WordRules
	spool  *hold.Spool
	house  *mailtest.House
	folder string // of releases
}

func start(t *testing.T, mend func(*Config)) *relay {
	t.Helper()
	r := &relay{t: t, next: &mailbox{}, log: &mailtest.Recorder{}, rules: &mailtest.WordRules{}}
	r.next.start(t)
	r.open(t, filepath.Join(t.TempDir(), "journal"), mend)
	return r
}

func (r *relay) open(t *testing.T, journal string, mend func(*Config)) {
	t.Helper()
	if r.folder == "" {
		r.folder = t.TempDir()
	}
	r.house = mailtest.Open(t, r.rules, r.log, r.folder)
	r.spool = r.house.Spool
	c := Config{Name: "gate.corp.example", Journal: journal,
		Next: Next{Address: r.next.addr, TLS: Never, Timeout: 5 * time.Second}}
	if mend != nil {
		mend(&c)
	}
	var err error
	if r.Server, err = New(c, r.house.Judge, nil); err != nil {
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

var holdAll = hold.Options{Expect: -1}

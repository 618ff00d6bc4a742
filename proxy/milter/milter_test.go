package milter

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	peer "github.com/emersion/go-milter"

	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/mail/mailtest"
)

// asked is a Server under test with its surroundings.
type asked struct {
	*Server
	t     *testing.T
	addr  string
	log   *mailtest.Recorder
	rules *mailtest.WordRules
}

// later is an outbox that takes over what has a word in its header.
type later struct{ got []string }

func (o *later) TakeOver(_ context.Context, m *mail.Message, v *mail.Verdict) (bool, *mail.Reply) {
	if v.Host != "later.example" {
		return false, nil
	}
	b, err := io.ReadAll(m.Body.NewReader())
	if err != nil || len(o.got) > 0 {
		return true, &mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 1}, Lines: []string{"full"}}
	}
	o.got = append(o.got, string(b))
	return true, nil
}

func start(t *testing.T, c Config, o Outbox) *asked {
	t.Helper()
	a := &asked{t: t, log: &mailtest.Recorder{}, rules: &mailtest.WordRules{}}
	house := mailtest.Open(t, a.rules, a.log, t.TempDir())
	var err error
	if a.Server, err = New(c, house.Judge, o, nil); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- a.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := a.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if n := house.Spool.Stats().Bodies; n != 0 {
			t.Errorf("%d bodies are still held", n)
		}
	})
	return a
}

// session is a mail server's connection with a client at 192.0.2.7. quiet is
// what it offers of steps without an answer.
func (a *asked) session(quiet peer.OptProtocol) *peer.ClientSession {
	a.t.Helper()
	c := peer.NewClientWithOptions("tcp", a.addr, peer.ClientOptions{Dialer: &net.Dialer{}, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		ActionMask: peer.OptChangeHeader, ProtocolMask: quiet})
	s, err := c.Session()
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { s.Close() })
	ok(a.t, s.Conn, "pc.corp.example", peer.FamilyInet, uint16(4025), "192.0.2.7")
	act, err := s.Helo("pc.corp.example")
	a.want(act, err)
	return s
}

func ok(t *testing.T, f func(string, peer.ProtoFamily, uint16, string) (*peer.Action, error), host string, fam peer.ProtoFamily, port uint16, addr string) {
	t.Helper()
	if act, err := f(host, fam, port, addr); err != nil || act.Code != peer.ActContinue {
		t.Fatalf("connect: %+v, %v", act, err)
	}
}

func (a *asked) want(act *peer.Action, err error) {
	a.t.Helper()
	if err != nil || act.Code != peer.ActContinue {
		a.t.Fatalf("answer %+v, %v", act, err)
	}
}

// send sends a message in one session and returns what came of it.
func (a *asked) send(s *peer.ClientSession, from string, to []string, message string, args ...string) ([]peer.ModifyAction, *peer.Action) {
	a.t.Helper()
	act, err := s.Mail(from, args)
	a.want(act, err)
	for _, r := range to {
		act, err := s.Rcpt(r, nil)
		a.want(act, err)
	}
	head, body, _ := strings.Cut(message, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		act, err := s.HeaderField(name, value)
		a.want(act, err)
	}
	act, err = s.HeaderEnd()
	a.want(act, err)
	mods, act, err := s.BodyReadFrom(strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	return mods, act
}

var outside = []string{"a@outside.example"}

func text(subject, body string) string {
	return "From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: " + subject + "\r\n\r\n" + body
}

const everything = peer.OptProtocol(0x1fff80)

func TestJudged(t *testing.T) {
	for name, quiet := range map[string]peer.OptProtocol{"an answer to each step": 0, "as few answers as can be": everything} {
		t.Run(name, func(t *testing.T) {
			a := start(t, Config{}, nil)
			s := a.session(quiet)
			if err := s.Macros(peer.CodeMail, "i", "4XYZ"); err != nil {
				t.Fatal(err)
			}
			mods, act := a.send(s, "sato@corp.example", outside, text("x", "hello\r\n"))
			if act.Code != peer.ActContinue || len(mods) != 0 {
				t.Fatalf("harmless: %+v %v", act, mods)
			}
			if got := a.rules.Last(); got.Principal.User != "sato" || got.Principal.Address != netip.MustParseAddr("192.0.2.7") || got.Destination.Host != "outside.example" {
				t.Errorf("asked about %+v to %+v", got.Principal, got.Destination)
			}
			// The same connection goes on: who the client is, is still known.
			_, act = a.send(s, "sato@corp.example", outside, text("x", strings.Repeat("0123456789\r\n", 20_000)+mailtest.Secret))
			if act.Code != peer.ActReplyCode || act.SMTPCode != 550 || !strings.Contains(act.SMTPText, "not to leave") || strings.Contains(act.SMTPText, "社外") {
				t.Fatalf("secret: %+v", act)
			}
			for i, line := range strings.Split(act.SMTPText, "\r\n") {
				if line = strings.TrimPrefix(line, "550-"); i > 0 && !strings.HasPrefix(strings.TrimPrefix(line, "550 "), "5.7.1 ") {
					t.Errorf("line %q", line)
				}
			}
			_, act = a.send(s, "sato@corp.example", outside, text("x", mailtest.Secret), "SMTPUTF8")
			if !strings.Contains(act.SMTPText, "社外には送れません") {
				t.Errorf("in UTF-8: %+v", act)
			}
			d := a.log.Decisions()
			if len(d) != 3 || d[1].Protocol != "milter" || d[1].Address != "192.0.2.7" || d[1].Action != "block" {
				t.Errorf("recorded %+v", d)
			}
			if w := a.log.What(); !slices.Equal(w, []string{"left to the mail server"}) {
				t.Errorf("recorded %v", w)
			}
		})
	}
}

func TestLogInCounts(t *testing.T) {
	a := start(t, Config{}, nil)
	s := a.session(everything)
	if err := s.Macros(peer.CodeMail, "{auth_authen}", "ito@corp.example"); err != nil {
		t.Fatal(err)
	}
	a.send(s, "sato@corp.example", outside, text("x", "y"))
	if p := a.rules.Last().Principal; p.User != "ito" || p.How != "milter" {
		t.Errorf("sent by %+v", p)
	}
	a.send(s, "sato@corp.example", outside, text("x", "y"))
	if p := a.rules.Last().Principal; p.User != "sato" || p.How != "envelope" {
		t.Errorf("the next message is sent by %+v", p)
	}
}

func TestConfirmationIsTakenOut(t *testing.T) {
	a := start(t, Config{}, nil)
	s := a.session(everything)
	_, act := a.send(s, "sato@corp.example", outside, text("list", mailtest.Doubted))
	i := strings.Index(act.SMTPText, "SK-")
	if i < 0 {
		t.Fatalf("warned: %+v", act)
	}
	incident := act.SMTPText[i : i+len("SK-7F3K-9Q2M")]
	mods, act := a.send(s, "sato@corp.example", outside, text("["+incident+" asked for] list", mailtest.Doubted))
	if act.Code != peer.ActContinue || len(mods) != 1 {
		t.Fatalf("confirmed: %+v %+v", act, mods)
	}
	if m := mods[0]; m.Code != peer.ActChangeHeader || m.HeaderIndex != 1 || m.HeaderName != "Subject" || strings.TrimSpace(m.HeaderValue) != "list" {
		t.Errorf("changed: %+v", m)
	}
	mods, _ = a.send(s, "sato@corp.example", outside, "Sekimori-Confirm: x y\r\nSekimori-Confirm: "+incident+" asked\r\n"+text("list", mailtest.Doubted))
	if len(mods) != 2 || mods[0].HeaderIndex != 2 || mods[1].HeaderIndex != 1 || mods[0].HeaderValue+mods[1].HeaderValue != "" {
		t.Errorf("taken out: %+v", mods)
	}
}

func TestTakenOver(t *testing.T) {
	o := &later{}
	a := start(t, Config{}, o)
	s := a.session(0)
	m := "From: sato@corp.example\r\nSubject: x\r\n folded\r\n\r\nbody\r\n"
	m = strings.Replace(m, "\r\n folded", "", 1)
	if _, act := a.send(s, "sato@corp.example", []string{"a@later.example"}, m); act.Code != peer.ActDiscard {
		t.Fatalf("answer %+v", act)
	}
	if len(o.got) != 1 || o.got[0] != m {
		t.Errorf("taken over: %q", o.got)
	}
	if _, act := a.send(s, "sato@corp.example", []string{"a@later.example"}, m); act.SMTPCode != 451 {
		t.Errorf("answer %+v", act)
	}
}

func TestLimits(t *testing.T) {
	a := start(t, Config{Size: 100 << 10, Recipients: 2, Connections: 1}, nil)
	s := a.session(everything)
	if _, act := a.send(s, "sato@corp.example", outside, text("x", strings.Repeat("0123456789\r\n", 20_000))); act.SMTPCode != 552 {
		t.Errorf("too large: %+v", act)
	}
	if _, act := a.send(s, "sato@corp.example", outside, text("x", "bare\nLF\r\n")); act.SMTPCode != 550 || !strings.Contains(act.SMTPText, "Bare <LF>") {
		t.Errorf("bare LF: %+v", act)
	}
	many := strings.Repeat("X: "+strings.Repeat("a", 60<<10)+"\r\n", 10)
	if _, act := a.send(s, "sato@corp.example", outside, many+text("x", "y")); act.SMTPCode != 552 {
		t.Errorf("large header: %+v", act)
	}
	act, err := s.Mail("佐藤@corp.example", []string{"SMTPUTF8"})
	a.want(act, err)
	for i, to := range []string{"a@outside.example", `"b c"@outside.example`, "d@outside.example"} {
		if act, err := s.Rcpt(to, nil); err != nil || (act.SMTPCode == 452) != (i == 2) {
			t.Errorf("recipient %d: %+v, %v", i, act, err)
		}
	}
	if act, err := s.Rcpt("x%outside.example@corp.example", nil); err != nil || act.SMTPCode != 553 {
		t.Errorf("rerouted: %+v, %v", act, err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if _, act := a.send(s, "", []string{"root"}, text("x", "after an abort")); act.Code != peer.ActContinue {
		t.Errorf("after an abort: %+v", act)
	}
	if d := a.rules.Last().Destination; d.Host != "corp.example" || !slices.Contains(d.Classes, "internal") {
		t.Errorf("to the machine itself: %+v", d)
	}
	c, err := net.Dial("tcp", a.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if n, _ := c.Read(make([]byte, 1)); n != 0 {
		t.Error("one connection too many was served")
	}
}

func TestNotAMailServerOfOurs(t *testing.T) {
	a := start(t, Config{Clients: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, nil)
	if _, err := peer.NewDefaultClient("tcp", a.addr).Session(); err == nil {
		t.Error("served")
	}
}

func TestWithoutHeaderChangesNothingIsServed(t *testing.T) {
	a := start(t, Config{}, nil)
	c := peer.NewClientWithOptions("tcp", a.addr, peer.ClientOptions{Dialer: &net.Dialer{}, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, ActionMask: peer.OptAddHeader})
	if s, err := c.Session(); err == nil {
		s.Close()
		t.Error("served")
	}
}

// A message in pieces is held whole, and one that is given up half way leaves
// nothing behind.
func TestGivenUp(t *testing.T) {
	a := start(t, Config{}, nil)
	s := a.session(0)
	act, err := s.Mail("sato@corp.example", nil)
	a.want(act, err)
	act, err = s.Rcpt("a@outside.example", nil)
	a.want(act, err)
	act, err = s.HeaderField("Subject", "x")
	a.want(act, err)
	act, err = s.HeaderEnd()
	a.want(act, err)
	act, err = s.BodyChunk(bytes.Repeat([]byte("0123456789\r\n"), 5000))
	a.want(act, err)
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if _, act := a.send(s, "sato@corp.example", outside, text("x", "y")); act.Code != peer.ActContinue {
		t.Errorf("%+v", act)
	}
	if n := len(a.log.Decisions()); n != 1 {
		t.Errorf("%d decisions", n)
	}
}

// pipe is a connection whose other side says what the fuzzer wants.
type pipe struct {
	net.Conn
	in io.Reader
}

func (p pipe) Read(b []byte) (int, error)     { return p.in.Read(b) }
func (p pipe) Write(b []byte) (int, error)    { return len(b), nil }
func (pipe) SetReadDeadline(time.Time) error  { return nil }
func (pipe) SetWriteDeadline(time.Time) error { return nil }
func (pipe) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (pipe) Close() error                     { return nil }
func stream(packets ...[]byte) (all []byte)   { return bytes.Join(packets, nil) }
func offer(protocol uint32, more string) []byte {
	return packet(cmdNegotiate, number(6), number(0x1ff), number(protocol), more)
}

// Whatever is said, a session ends without a fault, and nothing passes that was
// not judged.
func FuzzSession(f *testing.F) {
	f.Add(stream(offer(0, ""), packet(cmdConnect, "pc\x00", "4\x00\x19", "192.0.2.7\x00"), packet(cmdMail, "<a@corp.example>\x00"), packet(cmdRcpt, "<b@outside.example>\x00"),
		packet(cmdHeader, "Subject\x00x\x00"), packet(cmdEndHeader), packet(cmdBody, "hello"), packet(cmdMacros, "Ei\x004\x00"), packet(cmdEnd), packet(cmdQuit)))
	f.Add(stream(offer(0xffffffff, "x"), packet(cmdConnect, "pc\x00", "6\x00\x19", "IPv6:::1\x00"), packet(cmdMail, "<>\x00SMTPUTF8\x00"), packet(cmdRcpt, "<@x:\"a\\\"\"@y>\x00"), packet(cmdEnd, "z")))
	f.Add(stream(offer(0, ""), packet(cmdQuitNext), packet(cmdHelo, "x\x00"), packet(cmdData), packet(cmdAbort), packet(cmdBody, "early")))
	log, r := &mailtest.Recorder{}, &mailtest.WordRules{}
	var server *Server
	f.Fuzz(func(t *testing.T, said []byte) {
		if server == nil {
			server, _ = New(Config{Size: 1 << 20}, mailtest.Open(t, r, log, t.TempDir()).Judge, nil, nil)
		}
		if err := newSession(server, pipe{in: bytes.NewReader(said)}).run(); err != nil && err.Error() == "" {
			t.Errorf("%T without words", err)
		}
	})
}

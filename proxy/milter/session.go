package milter

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/rules"
)

// session is one connection of a mail server: its clients one after the other,
// with their messages.
type session struct {
	s      *Server
	conn   net.Conn
	in     *bufio.Reader
	buf    []byte
	agreed negotiated

	busy    atomic.Bool // a message is under way
	hurried atomic.Bool
	writing sync.Mutex

	client netip.Addr
	macros map[string]string // those sent last under each name
	message
}

// message is what was said of the message under way.
type message struct {
	from   mail.Address
	to     []mail.Recipient
	utf8   bool
	header bytes.Buffer
	begun  bool
}

func newSession(s *Server, conn net.Conn) *session {
	return &session{s: s, conn: conn, in: bufio.NewReaderSize(conn, 64<<10), macros: map[string]string{}}
}

// hurry ends the session once no message is under way.
func (x *session) hurry() {
	x.hurried.Store(true)
	if !x.busy.Load() {
		x.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// interrupt makes a read under way return.
func (x *session) interrupt() { x.conn.SetReadDeadline(time.Unix(1, 0)) }

func (x *session) read() (cmd byte, data []byte, err error) {
	x.conn.SetReadDeadline(time.Now().Add(x.s.c.Idle))
	if x.hurried.Load() && !x.busy.Load() { // it may have come in between
		x.interrupt()
	}
	cmd, data, x.buf, err = readPacket(x.in, x.buf)
	return cmd, data, err
}

func (x *session) write(p []byte) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	_, err := x.conn.Write(p)
	return err
}

// next answers a step that needs it.
func (x *session) next(cmd byte) error {
	if x.agreed.protocol&quietOf[cmd] != 0 {
		return nil
	}
	return x.write(packet(actContinue))
}

func (x *session) refuse(r mail.Reply) error { return x.write(refusal(r)) }

// refusal is the packet of a reply. Mail servers take %% for %; a lone one could
// be read otherwise.
func refusal(r mail.Reply) []byte {
	r.Lines = r.Lines[:min(len(r.Lines), maxReplyLines)]
	return packet(actReply, strings.ReplaceAll(r.String(), "%", "%%"), "\x00")
}

var errUnset = mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 5}, Lines: []string{"A rule wants this message to go later or by a link, and nothing is set up for that"}}

// maxReplyLines bounds a reply; libmilter takes no more.
const maxReplyLines = 32

// run serves the session to its end.
func (x *session) run() error {
	for first := true; ; first = false {
		cmd, data, err := x.read()
		switch {
		case errors.Is(err, io.EOF), err != nil && x.hurried.Load():
			return nil
		case err != nil:
			return err
		case first != (cmd == cmdNegotiate):
			return fmt.Errorf("%w: no negotiation, or a second one", errPacket)
		}
		if err := x.step(cmd, data); errors.Is(err, errQuit) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var errQuit = errors.New("quit")

// step takes one command that does not belong to a body.
func (x *session) step(cmd byte, data []byte) error {
	switch cmd {
	case cmdNegotiate:
		n, answer, err := negotiate(data)
		if err != nil {
			return err
		}
		x.agreed = n
		return x.write(answer)
	case cmdMacros:
		x.define(data)
		return nil
	case cmdQuit:
		return errQuit
	case cmdQuitNext:
		x.client, x.message = netip.Addr{}, message{}
		clear(x.macros)
		return nil
	case cmdAbort:
		x.forget()
		return nil
	case cmdConnect:
		x.client = clientOf(data)
	case cmdMail:
		return x.mail(texts(data))
	case cmdRcpt:
		return x.rcpt(texts(data))
	case cmdHeader:
		if err := x.field(data); err != nil {
			return err
		}
	case cmdEndHeader:
		if err := x.next(cmd); err != nil {
			return err
		}
		return x.take(nil)
	case cmdBody, cmdEnd: // without an end of the header
		return x.take(&piece{cmd, data})
	case cmdHelo, cmdData, cmdUnknown:
	default:
		return fmt.Errorf("%w: command %q", errPacket, cmd)
	}
	return x.next(cmd)
}

// maxMacros bounds the macros that are remembered.
const maxMacros = 200

func (x *session) define(data []byte) {
	if len(data) == 0 {
		return
	}
	all := texts(data[1:])
	for i := 0; i+1 < len(all); i += 2 {
		name := strings.Trim(all[i], "{}")
		if _, ok := x.macros[name]; ok || len(x.macros) < maxMacros {
			x.macros[name] = all[i+1]
		}
	}
}

// forget ends the message under way.
func (x *session) forget() {
	x.message = message{}
	for _, name := range []string{"i", "auth_authen", "auth_author", "auth_type", "mail_addr"} {
		delete(x.macros, name) // of a message
	}
}

// clientOf takes the address from what is said of a client: its name, a byte
// for the kind of its address, a port and the address.
func clientOf(data []byte) netip.Addr {
	_, rest, _ := bytes.Cut(data, []byte{0})
	if len(rest) < 4 || rest[0] != '4' && rest[0] != '6' {
		return netip.IPv6Loopback() // over a local socket, or sent on the machine itself
	}
	text, _, _ := bytes.Cut(rest[3:], []byte{0})
	a, err := netip.ParseAddr(strings.TrimPrefix(string(text), "IPv6:"))
	if err != nil {
		return netip.IPv6Unspecified()
	}
	return a.Unmap().WithZone("")
}

func (x *session) mail(args []string) error {
	if x.hurried.Load() {
		return x.refuse(mail.Reply{Code: 421, Enhanced: [3]int{4, 3, 2}, Lines: []string{"Shutting down"}})
	}
	x.message = message{begun: true}
	if len(args) == 0 {
		return errPacket
	}
	for _, a := range args[1:] {
		x.utf8 = x.utf8 || strings.EqualFold(a, "SMTPUTF8")
	}
	if from := bare(args[0]); from != "" {
		var ok bool
		if x.from, ok = x.address(from); !ok {
			return x.refuse(mail.BadAddress)
		}
	}
	return x.next(cmdMail)
}

func (x *session) rcpt(args []string) error {
	if len(args) == 0 {
		return errPacket
	}
	a, ok := x.address(bare(args[0]))
	if !ok {
		return x.refuse(mail.BadAddress)
	}
	r, no := x.s.judge.Recipient(a, true) // the mail server has seen to SMTPUTF8
	switch {
	case no != nil:
		return x.refuse(*no)
	case len(x.to) >= x.s.c.Recipients:
		return x.refuse(mail.Reply{Code: 452, Enhanced: [3]int{4, 5, 3}, Lines: []string{"Too many recipients"}})
	}
	x.to = append(x.to, r)
	return x.next(cmdRcpt)
}

// address takes an address of the envelope. One without a domain is of the mail
// server itself.
func (x *session) address(s string) (mail.Address, bool) {
	if s != "" && !strings.Contains(s, "@") {
		own := "localhost"
		if d := x.s.judge.Domains; len(d) > 0 {
			own = d[0]
		}
		s += "@" + own
	}
	return mail.ParseAddress(s)
}

// bare takes an address out of its brackets and quotes, without a source route
// (RFC 5321, 4.1.2 and appendix C).
func bare(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = s[1 : len(s)-1]
	}
	if strings.HasPrefix(s, "@") {
		if _, rest, ok := strings.Cut(s, ":"); ok {
			s = rest
		}
	}
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	var local strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				local.WriteByte(s[i])
			}
		case '"':
			return local.String() + s[i+1:]
		default:
			local.WriteByte(s[i])
		}
	}
	return s
}

// maxHeader bounds the header that is kept, in bytes; a little more than one may
// be large, so that the reader finds it too large.
const maxHeader = 512 << 10

// field takes a field of the header.
func (x *session) field(data []byte) error {
	name, value, ok := bytes.Cut(data, []byte{0})
	if !ok || len(name) == 0 {
		return errPacket
	}
	value = bytes.TrimSuffix(value, []byte{0})
	if x.header.Len()+len(data) > maxHeader {
		return nil // it is too large already
	}
	x.header.Write(name)
	x.header.WriteByte(':')
	if x.agreed.protocol&leadingSpace == 0 {
		x.header.WriteByte(' ')
	}
	// Folds come with LF alone, from Sendmail also with CRLF.
	x.header.Write(bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
	x.header.WriteString("\r\n")
	return nil
}

// piece is a packet of a body.
type piece struct {
	cmd  byte
	data []byte
}

// body reads the packets of a body up to the end of the message.
type body struct {
	x     *session
	piece []byte
	end   error // sticky
}

// errAborted says that the mail server gave the message up.
var errAborted = fmt.Errorf("the message was given up: %w", io.ErrUnexpectedEOF)

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	for b.end == nil && len(b.piece) == 0 {
		cmd, data, err := b.x.read()
		if err != nil {
			b.end = unexpected(err)
			break
		}
		b.take(cmd, data)
	}
	n := copy(p, b.piece)
	if b.piece = b.piece[n:]; n > 0 {
		return n, nil
	}
	return 0, b.end
}

func (b *body) take(cmd byte, data []byte) {
	switch cmd {
	case cmdBody:
		b.piece = data
		if err := b.x.next(cmd); err != nil {
			b.end = unexpected(err)
		}
	case cmdEnd:
		b.piece, b.end = data, io.EOF
	case cmdMacros:
		b.x.define(data)
	case cmdAbort:
		b.end = errAborted
	default:
		b.end = unexpected(fmt.Errorf("%w: command %q in a body", errPacket, cmd))
	}
}

// unexpected makes of whatever ended the connection what it is for a message.
func unexpected(err error) error { return fmt.Errorf("%w (%w)", io.ErrUnexpectedEOF, err) }

// take holds the message, has it judged and answers. first is a packet of its
// body that was read already.
func (x *session) take(first *piece) error {
	if !x.begun || len(x.to) == 0 {
		return fmt.Errorf("%w: a message without an envelope", errPacket)
	}
	x.busy.Store(true)
	defer func() {
		x.busy.Store(false)
		if x.hurried.Load() {
			x.hurry()
		}
	}()
	x.header.WriteString("\r\n")
	b := &body{x: x}
	if first != nil {
		b.take(first.cmd, first.data)
	}
	outcome, err := x.answer(b)
	x.s.messages.WithLabelValues(outcome).Inc()
	x.forget()
	return err
}

func (x *session) answer(b *body) (outcome string, err error) {
	s := x.s
	in := &mail.Reader{R: io.MultiReader(bytes.NewReader(x.header.Bytes()), b)}
	ctx, cancel := context.WithTimeout(context.Background(), s.c.Message)
	defer cancel()
	traced, began := s.judge.Traces.Begin(""), time.Now()
	held, fault := s.judge.Hold.Hold(ctx, in, hold.Options{Expect: -1, Max: s.c.Size, Interrupt: x.interrupt})
	traced.Step(string(gate.Holding), began)
	if fault != nil {
		if _, err := io.Copy(io.Discard, b); err != nil {
			return "aborted", ended(b.end)
		}
	} else {
		defer held.Close()
	}
	m := &mail.Message{Protocol: protocol, From: x.from, To: x.to, UTF8: x.utf8, Fields: mail.Fields(in.Header), Headed: len(in.Header),
		Size: in.Size, Eight: in.Eight, Body: held, Who: x.who(), Trace: traced}
	stop := x.progress()
	outcome, packets := x.decide(ctx, m, in.Fault, fault)
	stop() // nothing may follow the last packet
	for _, p := range packets {
		if err := x.write(p); err != nil {
			return "aborted", err
		}
	}
	return outcome, nil
}

// decide has the message judged, and returns what the mail server is told.
func (x *session) decide(ctx context.Context, m *mail.Message, malformed *mail.Reply, fault error) (outcome string, packets [][]byte) {
	s := x.s
	v := s.judge.Judge(ctx, m, fault)
	defer func() { m.EndTrace(&v, outcome) }()
	switch {
	case malformed != nil:
		return "malformed", [][]byte{refusal(*malformed)}
	case s.outbox != nil:
		switch ok, no := s.outbox.TakeOver(ctx, m, &v); {
		case no != nil:
			return "kept", [][]byte{refusal(*no)}
		case ok:
			return "taken over", [][]byte{packet(actDiscard)}
		}
	case v.Verdict.Mail.Delay > 0 || v.Verdict.Mail.Links:
		s.judge.Log.Error("a rule wants mail to go later or by a link, and smtp.pages is not set up", "rule", v.Verdict.Rule)
		if v.Passes() {
			return "deferred", [][]byte{refusal(errUnset)}
		}
	}
	if !v.Passes() {
		return "kept", [][]byte{refusal(s.judge.Refusal(&v, x.utf8))}
	}
	s.judge.Note(m, audit.Event{Incident: v.Incident, Host: v.Host, Bytes: m.Size,
		Details: map[string]string{"what": "left to the mail server", "id": x.macros["i"], "recipients": fmt.Sprint(len(m.To))}})
	return "passed", append(x.changes(m), packet(actContinue))
}

// ended is why a session is over: nil where only a message was given up.
func ended(err error) error {
	if errors.Is(err, errAborted) || err == io.EOF {
		return nil
	}
	return err
}

// progress tells the mail server every now and then that we are still at it; the
// function returned ends that.
func (x *session) progress() func() {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				x.write(packet(actProgress))
			case <-stop:
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(stop); <-done })
}

// who sends: who logged in at the mail server, or whom the envelope names.
func (x *session) who() rules.Principal {
	if user := x.macros["auth_authen"]; user != "" {
		return x.s.judge.Accounts.Named(context.Background(), x.s.judge.UserOf(user), nil, x.client, "milter")
	}
	return x.s.judge.Sender(x.from, x.client)
}

// changes are the packets by which a header becomes the one that is to go on.
func (x *session) changes(m *mail.Message) (all [][]byte) {
	if !m.Changed {
		return nil
	}
	kept := slices.Clone(m.Outgoing)
	seen := map[string]int{}
	// From the last to the first: taking a field out moves those behind it.
	for _, f := range m.Fields {
		name := strings.ToLower(f.Name)
		seen[name]++
		var p []byte
		switch {
		case len(kept) > 0 && kept[0] == f:
			kept = kept[1:]
			continue
		case len(kept) > 0 && kept[0].Name == f.Name:
			_, value, _ := strings.Cut(kept[0].Raw, ":")
			if x.agreed.protocol&leadingSpace == 0 {
				value = strings.TrimPrefix(value, " ") // the mail server puts one
			}
			p = changeField(seen[name], f.Name, strings.TrimSuffix(value, "\r\n"))
			kept = kept[1:]
		default:
			p = changeField(seen[name], f.Name, "")
		}
		all = append(all, p)
	}
	slices.Reverse(all)
	return all
}

package smtp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/rules"
)

// session is one client's, from its greeting on; go-smtp calls one method at a
// time.
type session struct {
	s    *Server
	conn *conn
	helo string
	tls  bool

	who  *rules.Principal // once logged in
	auth *login           // to be passed on

	from  mail.Address
	opts  gosmtp.MailOptions
	to    []to
	begun bool // MAIL was taken
}

func (s *Server) session(c *gosmtp.Conn) (gosmtp.Session, error) {
	ours := connOf(c.Conn())
	if ours == nil {
		return nil, errors.New("connection is not of this listener")
	}
	_, secured := c.TLSConnectionState()
	return &session{s: s, conn: ours, helo: c.Hostname(), tls: secured}, nil
}

var (
	errAuth   = reply(530, gosmtp.EnhancedCode{5, 7, 0}, "Authentication required")
	errClient = reply(550, gosmtp.EnhancedCode{5, 7, 1}, "Mail is not taken from your address")
	errOne    = reply(451, gosmtp.EnhancedCode{4, 5, 3}, "One domain for each message; send this one again for the others")
	errEnding = reply(421, gosmtp.EnhancedCode{4, 3, 2}, "Shutting down")
)

// Mail implements gosmtp.Session.
func (x *session) Mail(from string, opts *gosmtp.MailOptions) error {
	if x.conn.hurried.Load() {
		return errEnding
	}
	if x.who == nil && !x.s.trusted(x.conn.at) {
		if x.s.c.Auth == NoAuth {
			return errClient
		}
		return errAuth
	}
	x.from, x.opts, x.to = mail.Address{}, *opts, nil
	if from != "" {
		var ok bool
		if x.from, ok = mail.ParseAddress(from); !ok {
			return refusal(mail.BadAddress)
		}
		if !x.from.ASCII() && !opts.UTF8 {
			return refusal(mail.NeedsUTF8)
		}
	}
	x.begun = true
	return nil
}

// Rcpt implements gosmtp.Session.
func (x *session) Rcpt(name string, opts *gosmtp.RcptOptions) error {
	a, ok := mail.ParseAddress(name)
	if !ok {
		return refusal(mail.BadAddress)
	}
	r, no := x.s.judge.Recipient(a, x.opts.UTF8)
	if no != nil {
		return refusal(*no)
	}
	if x.s.c.Next.MX && len(x.to) > 0 && x.to[0].Domain != a.Domain {
		return errOne
	}
	x.to = append(x.to, to{r, opts})
	return nil
}

// Reset implements gosmtp.Session.
func (x *session) Reset() {
	x.from, x.opts, x.to, x.begun = mail.Address{}, gosmtp.MailOptions{}, nil, false
	x.conn.quota.Store(noQuota)
}

// Logout implements gosmtp.Session.
func (x *session) Logout() error { return nil }

// AuthMechanisms implements gosmtp.AuthSession.
func (x *session) AuthMechanisms() []string {
	if x.s.c.Auth == NoAuth {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth implements gosmtp.AuthSession.
func (x *session) Auth(mechanism string) (sasl.Server, error) {
	switch {
	case x.s.c.Auth == NoAuth:
		return nil, gosmtp.ErrAuthUnsupported
	case mechanism == sasl.Plain:
		return sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				return gosmtp.ErrAuthFailed
			}
			return x.logIn(user, password)
		}), nil
	case mechanism == sasl.Login:
		return &loginServer{check: x.logIn}, nil
	}
	return nil, gosmtp.ErrAuthUnknownMechanism
}

func (x *session) logIn(user, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if x.s.c.Auth == PassAuth {
		given := &login{user, password}
		c, err := x.s.c.Next.dial(ctx, x.s.c.Next.Address, given)
		if err != nil {
			x.s.judge.Log.Info("log-in refused by the next mail server", "address", x.conn.at, "error", err)
			var said *gosmtp.SMTPError
			if errors.As(err, &said) && said.Code/100 == 5 {
				return gosmtp.ErrAuthFailed
			}
			return reply(454, gosmtp.EnhancedCode{4, 7, 0}, "The log-in cannot be checked now")
		}
		c.Close()
		who := x.s.judge.Accounts.Named(ctx, x.s.judge.UserOf(user), nil, x.conn.at, "smtp")
		x.who, x.auth = &who, given
		return nil
	}
	who, err := x.s.judge.Accounts.LogIn(ctx, user, password, x.conn.at)
	if err != nil {
		x.s.judge.Log.Info("log-in refused", "address", x.conn.at, "error", err)
		return gosmtp.ErrAuthFailed
	}
	x.who = &who
	return nil
}

// loginServer is the LOGIN mechanism, which old programs know alone.
type loginServer struct {
	step  int
	user  string
	check func(user, password string) error
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.step == 0 && response == nil {
		l.step = 1
		return []byte("Username:"), false, nil
	}
	switch l.step {
	case 0, 1:
		l.step, l.user = 2, string(response)
		return []byte("Password:"), false, nil
	case 2:
		l.step = 3
		return nil, true, l.check(l.user, string(response))
	}
	return nil, false, sasl.ErrUnexpectedClientResponse
}

// job is one message on its way.
type job struct {
	*mail.Message
	s    *Server
	auth *login
	opts gosmtp.MailOptions
	to   []to
}

// content is what follows the header.
func (j *job) content() io.Reader {
	return io.NewSectionReader(j.Body, int64(j.Headed), j.Body.Size()-int64(j.Headed))
}

// Data implements gosmtp.Session: it has the message held, judged and sent on,
// and returns the answer.
func (x *session) Data(r io.Reader) (err error) {
	if x.conn.hurried.Load() {
		return errEnding
	}
	x.conn.busy.Store(true)
	defer func() {
		x.conn.busy.Store(false)
		if x.conn.hurried.Load() {
			x.conn.hurry()
		}
	}()
	outcome, answer := x.take(r)
	x.s.messages.WithLabelValues(outcome).Inc()
	return answer
}

// drain is how much a client that was refused may still send.
const drain = 64 << 20

func (x *session) take(r io.Reader) (outcome string, answer error) {
	s := x.s
	raw := &data{r: r}
	in := &mail.Reader{R: raw}
	traced, began := s.judge.Traces.Begin(""), time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), s.c.Message)
	body, err := s.judge.Hold.Hold(ctx, in, hold.Options{Expect: x.opts.Size, Max: s.c.Size, Interrupt: x.conn.interrupt})
	cancel()
	traced.Step(string(gate.Holding), began)
	if err != nil {
		x.conn.quota.Store(drain)
		if errors.Is(err, context.DeadlineExceeded) {
			err = hold.ErrStalled
		}
	} else {
		defer body.Close()
	}
	j := &job{s: s, opts: x.opts, to: x.to, auth: x.auth, Message: &mail.Message{Protocol: protocol, From: x.from, UTF8: x.opts.UTF8,
		Fields: mail.Fields(in.Header), Headed: len(in.Header), Size: in.Size, Eight: in.Eight, Body: body, Trace: traced}}
	var v mail.Verdict
	defer func() { j.EndTrace(&v, outcome) }()
	for _, r := range x.to {
		j.To = append(j.To, r.Recipient)
	}
	if j.Who = s.judge.Sender(x.from, x.conn.at); x.who != nil {
		j.Who = *x.who
	}
	if err == nil && mail.Loops(j.Fields, s.c.Name) {
		return "loop", reply(554, gosmtp.EnhancedCode{5, 4, 6}, "Too many hops: the message goes in circles")
	}
	ctx, cancel = context.WithTimeout(context.Background(), s.c.Message)
	defer cancel()
	v = s.judge.Judge(ctx, j.Message, err)
	switch {
	case v.Failure == gate.Aborted:
		return "aborted", reply(451, gosmtp.EnhancedCode{4, 3, 0}, "The message did not come whole")
	case raw.fault != nil:
		return "malformed", raw.fault
	case in.Fault != nil:
		return "malformed", refusal(*in.Fault)
	}
	p, no := s.plan(ctx, j, &v, false)
	if no != nil {
		return "kept", refusal(*no)
	}
	defer p.close()
	return x.send(ctx, p)
}

// refusal puts a reply into go-smtp's form, which writes the enhanced code on
// the last line only.
func refusal(r mail.Reply) *gosmtp.SMTPError {
	text := slices.Clone(r.Lines)
	for i := range text[:len(text)-1] {
		text[i] = fmt.Sprintf("%d.%d.%d %s", r.Enhanced[0], r.Enhanced[1], r.Enhanced[2], text[i])
	}
	return reply(r.Code, gosmtp.EnhancedCode(r.Enhanced), strings.Join(text, "\n"))
}

// key identifies the message with its envelope.
func (j *job) key() (k key, err error) {
	h := sha256.New()
	d, err := j.Body.Digest()
	if err != nil {
		return k, err
	}
	h.Write(d[:])
	fmt.Fprintf(h, "%q %q %v", j.Who.User, j.From, j.opts.UTF8)
	for _, r := range j.To {
		fmt.Fprintf(h, " %q", r.Address)
	}
	h.Sum(k[:0])
	return k, nil
}

// send passes a message on, or keeps it, and answers with what came of it.
func (x *session) send(ctx context.Context, p *plan) (outcome string, answer error) {
	s, id := x.s, newID()
	p.trace, p.receivedBy = id, x.received(id, p.job)
	ev := audit.Event{Incident: p.v.Incident, Host: p.v.Host, Bytes: p.Size,
		Details: map[string]string{"id": id, "recipients": fmt.Sprint(len(p.To))}}
	tell := func(what string, r result) {
		ev.Details["what"], ev.Details["next"], ev.Details["answer"] = what, r.next, fmt.Sprintf("%d %s", r.reply.Code, mail.OneLine(r.reply.Message))
		s.judge.Note(p.Message, ev)
	}
	e, before, err := s.journal.begin(p.key, id)
	switch {
	case errors.Is(err, errBusy):
		return "busy", later("The same message is on its way; try again later")
	case err != nil:
		s.judge.Log.Error("message not sent", "error", err)
		return "unrecorded", later("The message could not be noted down; it was not sent")
	case before == accepted:
		r := result{reply: reply(250, gosmtp.EnhancedCode{2, 0, 0}, "OK: the next hop had it already, from an earlier try"), next: ""}
		tell("repeated", r)
		x.conn.answered.Store(e)
		return "repeated", r.reply
	case before == sending:
		p.doubt = "an earlier try was cut off before the next hop's answer: it may have the message twice"
		ev.Reason = p.doubt
	}
	if s.box != nil {
		if err := s.box.take(p); err != nil {
			s.journal.forget(e)
			s.judge.Log.Error("message not kept", "error", err)
			return "unkept", refusal(errUnkept)
		}
	}
	if p.later() {
		if err := s.journal.accept(e); err != nil {
			s.judge.Log.Error("message that is kept not noted down", "error", err)
		}
		x.conn.answered.Store(e)
		return p.what(), p.said()
	}
	out := &letter{From: p.From, To: p.to, Opts: p.opts, Eight: p.Eight, Size: p.Size, auth: p.auth,
		head: p.receivedBy + head(p.Outgoing), content: p.content}
	began := time.Now()
	r := s.c.Next.relay(ctx, out, s.judge.Log)
	p.SentOn(began, r.fate == taken, r.reply.Code)
	if s.box != nil {
		s.box.settle(p, r.fate != refusedThere)
	}
	switch r.fate {
	case taken:
		if err := s.journal.accept(e); err != nil {
			s.judge.Log.Error("accepted message not noted down", "error", err)
		}
		tell("accepted", r)
		x.conn.answered.Store(e)
		return "accepted", r.reply
	case doubtful:
		s.journal.leave(e, true)
		ev.Reason = "the next hop broke off before its answer: it may have the message, and the client will send it again"
		tell("doubtful", r)
		return "doubtful", r.reply
	}
	s.journal.leave(e, before == sending && r.reply.Code/100 != 5)
	if r.reply.Code/100 == 5 {
		tell("refused", r)
		return "refused", r.reply
	}
	tell("deferred", r)
	return "deferred", r.reply
}

// head is a header as it goes on, with the empty line at its end.
func head(fields []mail.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Raw)
		if !strings.HasSuffix(f.Raw, "\n") {
			b.WriteString("\r\n")
		}
	}
	return b.String() + "\r\n"
}

func newID() string {
	id := make([]byte, 6)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// received is the trace field of a message that came by another door, or was
// kept.
func (s *Server) received(id, protocol string, to []to) string {
	return trace("Received: by "+s.c.Name+" (Sekimori) with "+protocol, id, to, false)
}

// received is the trace field of this hop (RFC 5321, 4.4).
func (x *session) received(id string, j *job) string {
	with := "ESMTP"
	if j.opts.UTF8 {
		with = "UTF8SMTP" // RFC 6531, 4.3
	}
	if x.tls {
		with += "S"
	}
	if x.who != nil {
		with += "A"
	}
	helo := strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune("()<>[]\\\"", r) {
			return '?'
		}
		return r
	}, x.helo)
	ip := x.conn.at.String()
	if x.conn.at.Is6() {
		ip = "IPv6:" + ip
	}
	return trace(fmt.Sprintf("Received: from %.255s ([%s])\r\n\tby %s (Sekimori) with %s", helo, ip, x.s.c.Name, with), id, j.to, j.opts.UTF8)
}

// trace completes a trace field (RFC 5321, 4.4): the one recipient is named, more
// are not.
func trace(begin, id string, to []to, inUTF8 bool) string {
	whom := ""
	if len(to) == 1 && (to[0].ASCII() || inUTF8) {
		whom = "\r\n\tfor <" + to[0].String() + ">"
	}
	return fmt.Sprintf("%s id %s%s;\r\n\t%s\r\n", begin, id, whom, time.Now().Format(time.RFC1123Z))
}

package smtp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
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

	from  address
	opts  gosmtp.MailOptions
	to    []recipient
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
	errAuth    = reply(530, gosmtp.EnhancedCode{5, 7, 0}, "Authentication required")
	errClient  = reply(550, gosmtp.EnhancedCode{5, 7, 1}, "Mail is not taken from your address")
	errAddress = reply(553, gosmtp.EnhancedCode{5, 1, 3}, "Malformed address")
	errUTF8    = reply(553, gosmtp.EnhancedCode{5, 6, 7}, "The address needs SMTPUTF8")
	errRoute   = reply(553, gosmtp.EnhancedCode{5, 1, 3}, "Addresses that name a second domain are not taken")
	errOne     = reply(451, gosmtp.EnhancedCode{4, 5, 3}, "One domain for each message; send this one again for the others")
	errEnding  = reply(421, gosmtp.EnhancedCode{4, 3, 2}, "Shutting down")
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
	x.from, x.opts, x.to = address{}, *opts, nil
	if from != "" {
		var ok bool
		if x.from, ok = parseAddress(from); !ok {
			return errAddress
		}
		if !x.from.ascii() && !opts.UTF8 {
			return errUTF8
		}
	}
	x.begun = true
	return nil
}

// Rcpt implements gosmtp.Session.
func (x *session) Rcpt(to string, opts *gosmtp.RcptOptions) error {
	a, ok := parseAddress(to)
	if !ok {
		return errAddress
	}
	if !a.ascii() && !x.opts.UTF8 {
		return errUTF8
	}
	r := recipient{address: a, inside: x.s.inside(a), opts: opts}
	if r.inside && a.reroutes() {
		return errRoute
	}
	if x.s.c.Next.MX && len(x.to) > 0 && x.to[0].domain != a.domain {
		return errOne
	}
	x.to = append(x.to, r)
	return nil
}

// Reset implements gosmtp.Session.
func (x *session) Reset() {
	x.from, x.opts, x.to, x.begun = address{}, gosmtp.MailOptions{}, nil, false
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
			x.s.d.Log.Info("log-in refused by the next mail server", "address", x.conn.at, "error", err)
			var said *gosmtp.SMTPError
			if errors.As(err, &said) && said.Code/100 == 5 {
				return gosmtp.ErrAuthFailed
			}
			return reply(454, gosmtp.EnhancedCode{4, 7, 0}, "The log-in cannot be checked now")
		}
		c.Close()
		who := x.s.d.Accounts.Named(ctx, x.s.userOf(user), nil, x.conn.at, "smtp")
		x.who, x.auth = &who, given
		return nil
	}
	who, err := x.s.d.Accounts.LogIn(ctx, user, password, x.conn.at)
	if err != nil {
		x.s.d.Log.Info("log-in refused", "address", x.conn.at, "error", err)
		return gosmtp.ErrAuthFailed
	}
	x.who = &who
	return nil
}

// userOf is the name by which rules know a sender: of the company's own
// addresses what stands before the @.
func (s *Server) userOf(name string) string {
	if a, ok := parseAddress(name); ok {
		if s.inside(a) {
			return strings.ToLower(a.local)
		}
		return strings.ToLower(a.local) + "@" + a.domain
	}
	return name
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
	s    *Server
	who  rules.Principal
	auth *login
	from address
	opts gosmtp.MailOptions
	to   []recipient

	fields   []field
	outgoing []field // those that go on
	headed   int     // bytes of the header as it came
	eight    bool
	size     int64
	body     *hold.Body
	trace    string // the header as it goes on
}

// content is what follows the header.
func (j *job) content() io.Reader {
	return io.NewSectionReader(j.body, int64(j.headed), j.body.Size()-int64(j.headed))
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
	in := &message{r: r}
	ctx, cancel := context.WithTimeout(context.Background(), s.c.Message)
	body, err := s.d.Hold.Hold(ctx, in, hold.Options{Expect: x.opts.Size, Max: s.c.Size, Interrupt: x.conn.interrupt})
	cancel()
	if err != nil {
		x.conn.quota.Store(drain)
		if errors.Is(err, context.DeadlineExceeded) {
			err = hold.ErrStalled
		}
	} else {
		defer body.Close()
	}
	j := &job{s: s, from: x.from, opts: x.opts, to: x.to, auth: x.auth,
		fields: fields(in.header), headed: len(in.header), eight: in.eight, size: in.size, body: body}
	j.who = x.principal()
	if err == nil && loops(j.fields, s.c.Name) {
		return "loop", reply(554, gosmtp.EnhancedCode{5, 4, 6}, "Too many hops: the message goes in circles")
	}
	ctx, cancel = context.WithTimeout(context.Background(), s.c.Message)
	defer cancel()
	v := j.judge(ctx, body, err)
	switch {
	case v.Failure == gate.Aborted:
		return "aborted", reply(451, gosmtp.EnhancedCode{4, 3, 0}, "The message did not come whole")
	case in.fault != nil:
		return "malformed", in.fault
	case !v.Passes():
		j.kept(&v)
		s.d.Log.Info("mail kept in", "incident", v.Incident, "action", v.Verdict.Action.String(), "rule", v.Verdict.Rule,
			"failure", string(v.Failure), "user", j.who.User, "address", j.who.Address, "domain", v.host)
		return "kept", s.refusal(&v, x.opts.UTF8)
	}
	return x.send(ctx, j, &v)
}

// principal is who sends: whoever logged in, or else whom the mail server names
// in the envelope.
func (x *session) principal() rules.Principal {
	if x.who != nil {
		return *x.who
	}
	user := ""
	if x.from != (address{}) {
		user = x.s.userOf(x.from.local + "@" + x.from.domain)
	}
	return x.s.d.Accounts.Named(context.Background(), user, nil, x.conn.at, "envelope")
}

// key identifies the message with its envelope.
func (j *job) key() (k key) {
	h := sha256.New()
	d := j.body.Digest()
	h.Write(d[:])
	fmt.Fprintf(h, "%q %q %v", j.who.User, j.from, j.opts.UTF8)
	for _, r := range j.to {
		fmt.Fprintf(h, " %q", r.address)
	}
	h.Sum(k[:0])
	return k
}

// send passes a message on and answers with what came of it.
func (x *session) send(ctx context.Context, j *job, v *verdict) (outcome string, answer error) {
	s := x.s
	id := make([]byte, 6)
	rand.Read(id)
	j.trace = x.received(hex.EncodeToString(id), j) + j.head()
	ev := audit.Event{Incident: v.Incident, User: j.who.User, Address: j.who.Address.String(), Host: v.host, Bytes: j.size,
		Details: map[string]string{"id": hex.EncodeToString(id), "recipients": fmt.Sprint(len(j.to))}}
	tell := func(what string, r result) {
		ev.Details["what"], ev.Details["next"], ev.Details["answer"] = what, r.next, fmt.Sprintf("%d %s", r.reply.Code, oneLine(r.reply.Message))
		s.note(ev)
	}
	e, before, err := s.journal.begin(j.key())
	switch {
	case errors.Is(err, errBusy):
		return "busy", later("The same message is on its way; try again later")
	case err != nil:
		s.d.Log.Error("message not sent", "error", err)
		return "unrecorded", later("The message could not be noted down; it was not sent")
	case before == accepted:
		r := result{reply: reply(250, gosmtp.EnhancedCode{2, 0, 0}, "OK: the next hop had it already, from an earlier try"), next: ""}
		tell("repeated", r)
		x.conn.answered.Store(e)
		return "repeated", r.reply
	case before == sending:
		ev.Reason = "an earlier try was cut off before the next hop's answer: it may have the message twice"
	}
	r := s.c.Next.relay(ctx, j)
	switch r.fate {
	case taken:
		if err := s.journal.accept(e); err != nil {
			s.d.Log.Error("accepted message not noted down", "error", err)
		}
		tell("accepted", r)
		x.conn.answered.Store(e)
		return "accepted", r.reply
	case doubtful:
		s.journal.forget(e)
		ev.Reason = "the next hop broke off before its answer: it may have the message, and the client will send it again"
		tell("doubtful", r)
		return "doubtful", r.reply
	}
	s.journal.forget(e)
	if r.reply.Code/100 == 5 {
		tell("refused", r)
		return "refused", r.reply
	}
	tell("deferred", r)
	return "deferred", r.reply
}

// head is the header as it goes on, with the empty line at its end.
func (j *job) head() string {
	var b strings.Builder
	for _, f := range j.outgoing {
		b.WriteString(f.raw)
		if !strings.HasSuffix(f.raw, "\n") {
			b.WriteString("\r\n")
		}
	}
	return b.String() + "\r\n"
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
	to := ""
	if len(j.to) == 1 && (j.to[0].ascii() || j.opts.UTF8) {
		to = "\r\n\tfor <" + j.to[0].String() + ">"
	}
	return fmt.Sprintf("Received: from %.255s ([%s])\r\n\tby %s (Sekimori) with %s id %s%s;\r\n\t%s\r\n",
		helo, ip, x.s.c.Name, with, id, to, time.Now().Format(time.RFC1123Z))
}

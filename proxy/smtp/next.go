package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/mail"
)

// Next is where messages go on to.
type Next struct {
	Address  string         // "host:port" of the next mail server
	MX       bool           // instead: what DNS names for the recipients' domain, port 25
	TLS      string         // one of the modes below; default Opportunistic
	Roots    *x509.CertPool // for its certificate; nil: the system's
	User     string         // log-in of this hop; "" for none
	Password string
	Timeout  time.Duration // of one command, and without progress; default 5 min
	Resolver Resolver      // for MX; default the system's

	name string // of this hop
	port string // with MX; "25" but in tests
}

// Resolver looks up MX records; *net.Resolver in production.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// The modes of TLS towards the next hop.
const (
	Opportunistic = "opportunistic" // where it is offered, whatever the certificate (RFC 7435)
	Required      = "require"       // with a certificate that is trusted and fits
	Implicit      = "implicit"      // the same, from the first byte (RFC 8314)
	Never         = "never"
)

func (n *Next) check() error {
	set(&n.TLS, Opportunistic)
	set(&n.Timeout, 5*time.Minute)
	set(&n.port, "25")
	if n.Resolver == nil {
		n.Resolver = net.DefaultResolver
	}
	if (n.Address == "") != n.MX {
		return errors.New("mail needs one way on: the address of the next mail server, or MX records")
	}
	if !slices.Contains([]string{Opportunistic, Required, Implicit, Never}, n.TLS) {
		return fmt.Errorf("TLS towards the next mail server is %q; write %q, %q, %q or %q", n.TLS, Opportunistic, Required, Implicit, Never)
	}
	if n.User != "" && (n.MX || n.TLS == Never) {
		return errors.New("a log-in at the next mail server needs its address and TLS")
	}
	return nil
}

// login is a name and password for the next hop.
type login struct{ user, password string }

// fate says what became of a message at the next hop.
type fate uint8

const (
	refusedThere fate = iota // the next hop said no, for good or for now; nobody has it
	taken                    // it has taken responsibility
	doubtful                 // it had all of it, and its answer is not known
)

// result is a fate in words.
type result struct {
	fate  fate
	reply *gosmtp.SMTPError // for the client
	next  string            // who it was
}

func later(text string) *gosmtp.SMTPError { return reply(451, gosmtp.EnhancedCode{4, 4, 1}, text) }

// targets lists the servers for a domain, the preferred first.
func (n *Next) targets(ctx context.Context, domain string) ([]string, *gosmtp.SMTPError) {
	if !n.MX {
		return []string{n.Address}, nil
	}
	if strings.HasPrefix(domain, "[") {
		host := strings.TrimPrefix(strings.Trim(domain, "[]"), "ipv6:")
		return []string{net.JoinHostPort(host, n.port)}, nil
	}
	list, err := n.Resolver.LookupMX(ctx, domain)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound && len(list) == 0:
		return []string{net.JoinHostPort(domain, n.port)}, nil // RFC 5321, 5.1: its own address then
	case err != nil && len(list) == 0:
		return nil, reply(451, gosmtp.EnhancedCode{4, 4, 3}, "The recipients' domain could not be looked up")
	case len(list) == 1 && strings.TrimSuffix(list[0].Host, ".") == "":
		return nil, reply(556, gosmtp.EnhancedCode{5, 1, 10}, "The recipients' domain takes no mail") // RFC 7505
	}
	var all []string
	for _, mx := range list[:min(len(list), 5)] {
		all = append(all, net.JoinHostPort(strings.TrimSuffix(mx.Host, "."), n.port))
	}
	return all, nil
}

// timed gives every read and write its own time, which go-smtp does for
// commands only.
type timed struct {
	net.Conn
	within time.Duration
}

func (t *timed) Write(p []byte) (int, error) {
	t.Conn.SetWriteDeadline(time.Now().Add(t.within))
	return t.Conn.Write(p)
}

// greeted plays a greeting to go-smtp's client: the true one was read before
// TLS began.
type greeted struct {
	net.Conn
	greeting io.Reader
}

func (g *greeted) Read(p []byte) (int, error) {
	if n, _ := g.greeting.Read(p); n > 0 {
		return n, nil
	}
	return g.Conn.Read(p)
}

// dial opens a connection to the next hop, with TLS as it is to be, and says
// hello. Nothing about a message has been said then.
func (n *Next) dial(ctx context.Context, address string, auth *login) (*gosmtp.Client, error) {
	d := net.Dialer{Timeout: min(n.Timeout, 30*time.Second)}
	raw, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("reach the next mail server: %w", err)
	}
	host, _, _ := net.SplitHostPort(address)
	conn, err := n.secure(&timed{raw, n.Timeout}, host)
	if err != nil {
		raw.Close()
		return nil, err
	}
	c := gosmtp.NewClient(conn)
	c.CommandTimeout, c.SubmissionTimeout = n.Timeout, n.Timeout
	if err := c.Hello(n.name); err != nil {
		c.Close()
		return nil, fmt.Errorf("greet the next mail server: %w", err)
	}
	if auth == nil && n.User != "" {
		auth = &login{n.User, n.Password}
	}
	if auth != nil {
		if err := c.Auth(sasl.NewPlainClient("", auth.user, auth.password)); err != nil {
			c.Close()
			return nil, fmt.Errorf("log in at the next mail server: %w", err)
		}
	}
	return c, nil
}

// secure begins TLS, where it is to be.
func (n *Next) secure(conn net.Conn, host string) (net.Conn, error) {
	conn.SetDeadline(time.Now().Add(n.Timeout))
	defer conn.SetDeadline(time.Time{})
	c := &tls.Config{ServerName: host, RootCAs: n.Roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: n.TLS == Opportunistic && n.User == ""}
	switch n.TLS {
	case Never:
		return conn, nil
	case Implicit:
		t := tls.Client(conn, c)
		return t, t.Handshake()
	}
	br := bufio.NewReader(io.LimitReader(conn, 64<<10))
	r := textproto.NewReader(br)
	if _, _, err := r.ReadResponse(220); err != nil {
		return nil, fmt.Errorf("greet the next mail server: %w", err)
	}
	if _, err := fmt.Fprintf(conn, "EHLO %s\r\n", n.name); err != nil {
		return nil, fmt.Errorf("greet the next mail server: %w", err)
	}
	_, offers, err := r.ReadResponse(250)
	var refused *textproto.Error
	if err != nil && !errors.As(err, &refused) {
		return nil, fmt.Errorf("greet the next mail server: %w", err)
	}
	offered := slices.ContainsFunc(strings.Split(offers, "\n"), func(l string) bool { return strings.EqualFold(strings.TrimSpace(l), "STARTTLS") })
	out := &greeted{conn, strings.NewReader("220 ready\r\n")}
	if !offered {
		if n.TLS == Required || n.User != "" {
			return nil, errors.New("the next mail server does not offer TLS")
		}
		return out, nil
	}
	if _, err := io.WriteString(conn, "STARTTLS\r\n"); err != nil {
		return nil, fmt.Errorf("begin TLS: %w", err)
	}
	if _, _, err := r.ReadResponse(220); err != nil {
		return nil, fmt.Errorf("begin TLS: %w", err)
	}
	if br.Buffered() > 0 {
		return nil, errors.New("the next mail server sent something before TLS that it should have sent after")
	}
	t := tls.Client(conn, c)
	if err := t.Handshake(); err != nil {
		return nil, fmt.Errorf("begin TLS with the next mail server: %w", err)
	}
	out.Conn = t
	return out, nil
}

// asReply puts what went wrong into an answer for the client. What the next hop
// said for good is said on; all else is worth another try.
func asReply(err error, step string) *gosmtp.SMTPError {
	var said *gosmtp.SMTPError
	if errors.As(err, &said) && said.Code/100 >= 4 {
		c := *said
		if c.EnhancedCode == (gosmtp.EnhancedCode{}) {
			c.EnhancedCode = gosmtp.EnhancedCode{c.Code / 100, 0, 0}
		}
		if c.Code == 421 { // that it closes its connection is no reason to close ours
			c.Code = 451
		}
		c.Message = "Next hop: " + mail.OneLine(c.Message)
		return &c
	}
	return later(step)
}

// letter is what goes to a next hop.
type letter struct {
	From  mail.Address
	To    []to // of one domain where MX records lead
	Opts  gosmtp.MailOptions
	Eight bool // a byte above 127 in it
	Size  int64

	auth    *login
	head    string // with the empty line at its end
	content func() io.Reader
}

// to is a recipient with what the client said of it.
type to struct {
	mail.Recipient
	Opts *gosmtp.RcptOptions
}

// relay sends a message on. It returns taken only when the next hop has said
// that it has it.
func (n *Next) relay(ctx context.Context, j *letter, log *slog.Logger) result {
	targets, no := n.targets(ctx, j.To[0].Domain)
	if no != nil {
		return result{reply: no}
	}
	last := result{reply: later("The next mail server cannot be reached now")}
	for _, at := range targets {
		last.next = at
		c, err := n.dial(ctx, at, j.auth)
		if err != nil {
			log.Warn("next mail server not reached", "address", at, "error", err)
			var said *gosmtp.SMTPError
			if errors.As(err, &said) {
				last.reply = asReply(err, "")
				if said.Code/100 == 5 && j.auth == nil { // it does not want us; that is no fault of the message
					last.reply = later("The next mail server does not take mail from here")
				}
			}
			continue
		}
		r := j.deliver(c)
		c.Close()
		if r.next = at; r.fate != refusedThere || r.reply.Code/100 == 5 {
			return r
		}
		last = r
	}
	return last
}

// shownRefusals bounds the recipients that an answer names.
const shownRefusals = 5

// deliver speaks one transaction. All recipients are to be taken, or nobody
// gets the message: an answer after the data cannot tell them apart.
func (j *letter) deliver(c *gosmtp.Client) result {
	opts := j.Opts
	opts.Size, opts.Auth = int64(len(j.head))+j.Size, nil
	if ok, _ := c.Extension("8BITMIME"); !ok && j.Eight {
		return result{reply: reply(554, gosmtp.EnhancedCode{5, 6, 3}, "The next mail server takes no 8-bit messages")}
	}
	if ok, _ := c.Extension("SMTPUTF8"); !ok && opts.UTF8 {
		return result{reply: reply(550, gosmtp.EnhancedCode{5, 6, 7}, "The next mail server takes no internationalized mail")}
	}
	if err := c.Mail(j.From.String(), &opts); err != nil {
		return result{reply: asReply(err, "The next mail server did not answer to the sender")}
	}
	var no []string
	var worst *gosmtp.SMTPError
	for _, r := range j.To {
		err := c.Rcpt(r.String(), r.Opts)
		if err == nil {
			continue
		}
		said := asReply(err, "The next mail server did not answer to a recipient")
		if len(no) < shownRefusals {
			no = append(no, fmt.Sprintf("<%s>: %d %s", r.Address, said.Code, said.Message))
		}
		if worst == nil || worst.Code/100 == 5 && said.Code/100 == 4 {
			worst = said
		}
	}
	if worst != nil {
		c.Quit()
		text := "Nobody was sent this message, because of:\n" + strings.Join(no, "\n")
		return result{reply: reply(worst.Code, worst.EnhancedCode, text)}
	}
	w, err := c.Data()
	if err != nil {
		return result{reply: asReply(err, "The next mail server did not ask for the message")}
	}
	if _, err := io.Copy(w, io.MultiReader(strings.NewReader(j.head), j.content())); err != nil {
		return result{reply: later("The message could not be sent whole; it was not sent")} // without an end of data it does not count
	}
	said, err := w.CloseWithResponse()
	var refused *gosmtp.SMTPError
	switch {
	case err == nil:
		c.Quit()
		return result{fate: taken, reply: reply(250, gosmtp.EnhancedCode{2, 0, 0}, mail.OneLine("OK: next hop has it: "+said.StatusText))}
	case errors.As(err, &refused) && refused.Code/100 >= 4:
		c.Quit()
		return result{reply: asReply(err, "")}
	}
	return result{fate: doubtful, reply: later("The next mail server broke off without an answer; it may have the message")}
}

// Package mail is what the doors for mail have in common: who sends a message to
// whom, as rules see it, what the gate says of it, and the words in which a
// sender is told. It takes in no mail and passes none on; packages smtp and
// milter do.
package mail

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Config is what an operator may choose of how mail is judged. Zero numbers
// take the default named beside them.
type Config struct {
	Domains    []string          // the company's own; recipients in and below them are inside
	Many       int               // outside recipients from which it is class "mail-many"; default 10
	ConfirmFor time.Duration     // as the gate has it; default 10 min
	Contact    map[string]string // whom a stopped sender may ask, by language
}

// Accounts knows people; cmd/sekimori gives it package identity's.
type Accounts interface {
	// LogIn checks a name and password given over a connection from at.
	LogIn(ctx context.Context, user, password string, at netip.Addr) (rules.Principal, error)
	// Named is the principal of a name that somebody trusted gave.
	Named(ctx context.Context, user string, groups []string, at netip.Addr, how string) rules.Principal
}

// Classifier tells what is known of a domain; *destination.Catalogue in
// production.
type Classifier interface {
	Lookup(scheme, host string, port int, method, path string) rules.Destination
}

// Checker is the gate.
type Checker interface {
	Check(ctx context.Context, t *gate.Transaction) gate.Outcome
}

// Recorder keeps the evidence; *audit.Log in production.
type Recorder interface {
	Append(ctx context.Context, ev audit.Event) (audit.Receipt, error)
}

// Deps is what a Judge works with. All but Log and Traces are needed.
type Deps struct {
	Gate     Checker
	Hold     gate.Holder
	Accounts Accounts
	Classes  Classifier
	Audit    Recorder
	Log      *slog.Logger
	Traces   *trace.Tracer // of each message; nil: none
}

// Judge asks the gate about messages. Safe for concurrent use.
type Judge struct {
	Config
	Deps
	warnings *warnings
	domains  map[string]bool
}

// New makes a Judge.
func New(c Config, d Deps) (*Judge, error) {
	if d.Gate == nil || d.Hold == nil || d.Accounts == nil || d.Classes == nil || d.Audit == nil {
		return nil, errors.New("mail needs the gate, a spool, accounts, a catalogue and an audit log")
	}
	if c.Many == 0 {
		c.Many = 10
	}
	if c.ConfirmFor == 0 {
		c.ConfirmFor = 10 * time.Minute
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Judge{Config: c, Deps: d, warnings: newWarnings(c.ConfirmFor), domains: map[string]bool{}}
	for _, name := range c.Domains {
		s.domains[strings.ToLower(strings.TrimSuffix(name, "."))] = true
	}
	return s, nil
}

// Recipient is one of the envelope.
type Recipient struct {
	Address
	Inside bool
}

// Message is one message with its envelope, held whole.
type Message struct {
	Who      rules.Principal
	Protocol string // as events call the door
	From     Address
	To       []Recipient // at least one
	UTF8     bool        // the client reads answers in UTF-8 (RFC 6531)
	Fields   []Field     // of its header
	Headed   int         // bytes of Body before its body
	Size     int64       // bytes that came, whole or not
	Eight    bool        // a byte above 127 in it
	Body     *hold.Body  // nil if it could not be held

	Trace *trace.Exchange // nil if it is not traced

	Outgoing []Field // of the header as it goes on; set by Judge
	Changed  bool    // Outgoing differs from Fields: a confirmation was taken out
}

// UserOf is the name by which rules know a sender: of the company's own
// addresses what stands before the @.
func (s *Judge) UserOf(name string) string {
	if a, ok := ParseAddress(name); ok {
		if s.Inside(a) {
			return strings.ToLower(a.Local)
		}
		return strings.ToLower(a.Local) + "@" + a.Domain
	}
	return name
}

// Sender is who sends where nobody logged in: whom the envelope names.
func (s *Judge) Sender(from Address, at netip.Addr) rules.Principal {
	user := ""
	if from != (Address{}) {
		user = s.UserOf(from.Local + "@" + from.Domain)
	}
	return s.Accounts.Named(context.Background(), user, nil, at, "envelope")
}

// Note records what became of a message after the verdict.
func (s *Judge) Note(m *Message, ev audit.Event) {
	ev.Kind, ev.Time, ev.Scheme, ev.Protocol = "mail", time.Now(), "smtp", m.Protocol
	if ev.User = m.Who.User; m.Who.Address.IsValid() {
		ev.Address = m.Who.Address.String()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.Audit.Append(ctx, ev); err != nil {
		s.Log.Error("what became of a message is not recorded", "incident", ev.Incident, "what", ev.Details["what"], "error", err)
	}
}

package mail

import (
	"context"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/rules"
)

// The classes by which rules know mail.
const (
	classMail     = "mail"      // any
	classOutside  = "web-mail"  // to somebody outside, so that rules about mail hold for both ways
	classInternal = "internal"  // to nobody outside
	classMany     = "mail-many" // to many outside
	classOpen     = "mail-open" // to many outside who see each other's addresses
	classBcc      = "mail-bcc"  // to somebody outside who is neither in To nor in Cc
)

// domains lists where a message goes, as rules see it: the outside domains, or
// if there are none the first inside one.
func (m *Message) domains() []string {
	var out []string
	for _, r := range m.To {
		if !r.Inside && !slices.Contains(out, r.Domain) {
			out = append(out, r.Domain)
		}
	}
	if out == nil {
		out = []string{m.To[0].Domain}
	}
	return out
}

// classes are those that the recipients make, whatever their domains.
func (m *Message) classes(many int) []string {
	outside, open := 0, 0
	bcc := false
	visible := shown(m.Fields)
	for _, r := range m.To {
		if r.Inside {
			continue
		}
		if outside++; visible[strings.ToLower(r.Local+"@"+r.Domain)] {
			open++
		} else {
			bcc = true
		}
	}
	if outside == 0 {
		return []string{classMail, classInternal}
	}
	all := []string{classMail, classOutside}
	if outside >= many {
		all = append(all, classMany)
	}
	if open >= many {
		all = append(all, classOpen)
	}
	if bcc {
		all = append(all, classBcc)
	}
	return all
}

// destination is one domain as rules see it. A class that the catalogue has
// for it, such as the administrator's own "partner", counts too.
func (s *Judge) destination(domain string, classes []string) rules.Destination {
	d := rules.Destination{Scheme: "smtp", Host: domain, Port: 25, Method: "MAIL", Classes: slices.Clone(classes)}
	if slices.Contains(classes, classInternal) {
		return d
	}
	known := s.Classes.Lookup("smtp", domain, 25, "MAIL", "/")
	d.Service = known.Service
	for _, c := range known.Classes {
		if c != "unknown" && c != classInternal && !slices.Contains(d.Classes, c) {
			d.Classes = append(d.Classes, c)
		}
	}
	return d
}

// Verdict is what the gate said of a message for all its domains.
type Verdict struct {
	gate.Outcome
	Host   string            // whose outcome decided
	Tokens map[string]string // with which the sender confirms, by host
	passed []rules.Destination
	asked  *gate.Transaction // what it decided on
}

// Judge asks the gate once for each outside domain: a rule may let a message go
// to one and not to the other. The strictest outcome counts for all, as a
// message has one answer. With an error, the message could not be held, which
// the gate is to record. The Verdict's Body is m's.
func (s *Judge) Judge(ctx context.Context, m *Message, err error) Verdict {
	v := Verdict{Tokens: map[string]string{}}
	classes := m.classes(s.Many)
	said, rest := confirm(m.Fields)
	m.Outgoing, m.Changed = rest, said.word != ""
	given := s.warnings.take(said.word)
	for _, host := range m.domains() {
		t := &gate.Transaction{
			Principal: m.Who, Destination: s.destination(host, classes), Protocol: m.Protocol,
			Held: m.Body, MediaType: "message/rfc822", Same: m.same, Use: m.use,
		}
		if m.Body == nil {
			t.Body, t.Length = failing{err}, -1
		}
		if said.word != "" {
			t.Reason = said.reason
			if t.Confirm = said.word; given != nil {
				t.Confirm = given[host]
			}
		}
		t.Trace(m.Trace)
		o := s.Gate.Check(ctx, t)
		if o.Passes() {
			v.passed = append(v.passed, t.Destination)
		} else if o.Confirm != "" {
			v.Tokens[host] = o.Confirm
		}
		if v.Host == "" || !o.Passes() && (v.Passes() || stricter(&o, &v.Outcome)) {
			v.Outcome, v.Host, v.asked = o, host, t
		}
		if o.Failure != gate.None {
			break // it will not get better
		}
	}
	if len(v.Tokens) > 0 {
		s.warnings.give(v.Incident, v.Tokens)
	}
	if !v.Passes() {
		s.kept(m, &v)
	}
	return v
}

// use tells rules about recipients who they are, as they know it of mail by the
// interfaces of services.
func (m *Message) use(*hold.Body) *service.Use {
	u := &service.Use{Operation: service.SendMail}
	for _, r := range m.To {
		u.Recipients = append(u.Recipients, r.Local+"@"+r.Domain)
	}
	return u
}

// failing is what is left of a message that could not be held.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func stricter(a, b *gate.Outcome) bool {
	if (a.Failure != gate.None) != (b.Failure != gate.None) {
		return a.Failure != gate.None
	}
	return a.Verdict.Action > b.Verdict.Action
}

// kept records for the domains that had passed that nothing was sent there.
func (s *Judge) kept(m *Message, v *Verdict) {
	for _, d := range v.passed {
		s.Note(m, audit.Event{Incident: v.Incident, Host: d.Host,
			Reason: "kept in with the same message to another domain", Details: map[string]string{"what": "kept"}})
	}
	s.Log.Info("mail kept in", "incident", v.Incident, "action", v.Verdict.Action.String(), "rule", v.Verdict.Rule,
		"failure", string(v.Failure), "user", m.Who.User, "address", m.Who.Address, "domain", v.Host)
}

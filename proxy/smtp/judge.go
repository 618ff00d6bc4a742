package smtp

import (
	"context"
	"slices"
	"strings"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

// recipient is one of the envelope.
type recipient struct {
	address
	inside bool
	opts   *gosmtp.RcptOptions
}

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
func (j *job) domains() []string {
	var out []string
	for _, r := range j.to {
		if !r.inside && !slices.Contains(out, r.domain) {
			out = append(out, r.domain)
		}
	}
	if out == nil {
		out = []string{j.to[0].domain}
	}
	return out
}

// classes are those that the recipients make, whatever their domains.
func (j *job) classes() []string {
	outside, open := 0, 0
	bcc := false
	visible := shown(j.fields)
	for _, r := range j.to {
		if r.inside {
			continue
		}
		if outside++; visible[strings.ToLower(r.local+"@"+r.domain)] {
			open++
		} else {
			bcc = true
		}
	}
	if outside == 0 {
		return []string{classMail, classInternal}
	}
	all := []string{classMail, classOutside}
	if outside >= j.s.c.Many {
		all = append(all, classMany)
	}
	if open >= j.s.c.Many {
		all = append(all, classOpen)
	}
	if bcc {
		all = append(all, classBcc)
	}
	return all
}

// destination is one domain as rules see it. A class that the catalogue has
// for it, such as the administrator's own "partner", counts too.
func (j *job) destination(domain string, classes []string) rules.Destination {
	d := rules.Destination{Scheme: "smtp", Host: domain, Port: 25, Method: "MAIL", Classes: slices.Clone(classes)}
	if slices.Contains(classes, classInternal) {
		return d
	}
	known := j.s.d.Classes.Lookup("smtp", domain, 25, "MAIL", "/")
	d.Service = known.Service
	for _, c := range known.Classes {
		if c != "unknown" && c != classInternal && !slices.Contains(d.Classes, c) {
			d.Classes = append(d.Classes, c)
		}
	}
	return d
}

// verdict is what the gate said of a message for all its domains.
type verdict struct {
	gate.Outcome
	host   string            // whose outcome decided
	tokens map[string]string // with which the sender confirms, by host
	passed []rules.Destination
}

// judge asks the gate once for each outside domain: a rule may let a message go
// to one and not to the other. The strictest outcome counts for all, as a
// message has one answer. With an error, the message could not be held, which
// the gate is to record.
func (j *job) judge(ctx context.Context, held *hold.Body, err error) verdict {
	v := verdict{tokens: map[string]string{}}
	classes := j.classes()
	said, rest := confirm(j.fields)
	j.outgoing = rest
	given := j.s.warnings.take(said.word)
	for _, host := range j.domains() {
		t := &gate.Transaction{
			Principal: j.who, Destination: j.destination(host, classes), Protocol: protocol,
			Held: held, MediaType: "message/rfc822", Same: j.same,
		}
		if held == nil {
			t.Body, t.Length = failing{err}, -1
		}
		if said.word != "" {
			t.Reason = said.reason
			if t.Confirm = said.word; given != nil {
				t.Confirm = given[host]
			}
		}
		o := j.s.d.Gate.Check(ctx, t)
		if o.Passes() {
			v.passed = append(v.passed, t.Destination)
		} else if o.Confirm != "" {
			v.tokens[host] = o.Confirm
		}
		if v.host == "" || !o.Passes() && (v.Passes() || stricter(&o, &v.Outcome)) {
			v.Outcome, v.host = o, host
		}
		if o.Failure != gate.None {
			break // it will not get better
		}
	}
	if len(v.tokens) > 0 {
		j.s.warnings.give(v.Incident, v.tokens)
	}
	return v
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
func (j *job) kept(v *verdict) {
	for _, d := range v.passed {
		j.s.note(audit.Event{Incident: v.Incident, User: j.who.User, Address: j.who.Address.String(), Host: d.Host,
			Reason: "kept in with the same message to another domain", Details: map[string]string{"what": "kept"}})
	}
}

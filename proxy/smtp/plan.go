package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/outbox"
	"github.com/sekimori-dlp/sekimori/rules"
)

// plan is what is to be done with a message that was judged.
type plan struct {
	*job       // as it goes on
	v          *mail.Verdict
	key        key           // of the message as it came
	delay      time.Duration // in which its sender can take it back
	held       bool          // it is kept until it is released
	files      *parcel       // what was taken out of it; nil if nothing
	whole      *hold.Body    // that it was taken out of
	without    *hold.Body    // what is left
	handed     bool          // the client does not see what comes of it, so it goes through the box
	trace      string        // its number in the trace field
	receivedBy string        // that field
	doubt      string        // why it may arrive twice; "" if it does not
}

func (p *plan) close() {
	if p.without != nil {
		p.without.Close()
	}
}

// later tells whether the message is to be kept, rather than to go on while its
// client waits.
func (p *plan) later() bool { return p.held || p.delay > 0 || p.handed }

var (
	errUnset  = mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 5}, Lines: []string{"A rule wants this message to go later or by a link, and smtp.pages is not set up"}}
	errUnkept = mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 1}, Lines: []string{"The message cannot be kept now; try again later"}}
	errSealed = mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Lines: []string{"The attachments may go by a link only, and cannot be taken out of a message that is signed, encrypted or malformed"}}
)

// plan says what is to be done with a message, or how it is refused. handed is
// for a door whose client goes away once the message is taken over.
func (s *Server) plan(ctx context.Context, j *job, v *mail.Verdict, handed bool) (*plan, *mail.Reply) {
	refused := func(v *mail.Verdict) *mail.Reply { r := s.judge.Refusal(v, j.UTF8); return &r }
	p := &plan{job: j, v: v}
	want := v.Verdict.Mail
	ours := j.From != (mail.Address{}) && s.judge.Inside(j.From) // who can be told
	holds := v.Failure == gate.None && v.Verdict.Action == rules.Hold
	switch {
	case !v.Passes() && !holds:
		return nil, refused(v)
	case s.box == nil && v.Passes() && (want.Links || want.Delay > 0 && ours):
		s.judge.Log.Error("a rule wants mail to go later or by a link, and smtp.pages is not set up", "rule", v.Verdict.Rule)
		return nil, &errUnset
	case s.box == nil && holds:
		return nil, refused(v)
	}
	var err error
	if p.key, err = j.key(); err != nil {
		s.judge.Log.Error("message not identified", "error", err)
		return nil, &errUnkept
	}
	if want.Links {
		no, err := s.takeOut(ctx, p)
		if err != nil {
			s.judge.Log.Info("attachments not taken out", "incident", v.Incident, "error", err)
			if holds {
				return nil, refused(v)
			}
			return nil, &errSealed
		}
		if no != nil {
			p.close()
			return nil, no
		}
	}
	if p.delay = 0; ours {
		p.delay = max(want.Delay, p.v.Verdict.Mail.Delay)
	}
	switch {
	case p.files != nil: // they are held, and the rest may go
		p.handed = handed
		return p, nil
	case holds && want.Keep && ours:
		p.held, p.handed = true, handed
	case holds:
		return nil, refused(v)
	}
	return p, nil
}

// takeOut takes the attachments out of a message, and has what is left judged:
// it goes on by that verdict. Without attachments all stays as it is.
func (s *Server) takeOut(ctx context.Context, p *plan) (*mail.Reply, error) {
	t, err := mail.TakeOut(p.Message)
	if err != nil || len(t.Files) == 0 {
		return nil, err
	}
	f := s.box.parcel(p)
	f.Files, f.Share, f.Stage, f.Ends = t.Files, outbox.NewID(), stageOpen, time.Now().Add(s.box.c.Links)
	f.Told = !s.judge.Inside(p.From)
	if !p.v.Passes() {
		f.Stage = stageHeld
		if f.Told {
			return nil, errors.New("its sender cannot be asked for a reason")
		}
	}
	fields, rest := t.Without(p.Message, s.box.share(f))
	var header strings.Builder
	for _, field := range fields {
		header.WriteString(field.Raw)
	}
	header.WriteString("\r\n")
	in := &mail.Reader{R: io.MultiReader(strings.NewReader(header.String()), rest)}
	body, err := s.judge.Hold.Hold(ctx, in, hold.Options{Expect: p.Size})
	if err != nil {
		return nil, fmt.Errorf("hold what is left: %w", err)
	}
	m := *p.Message
	m.Body, m.Fields, m.Headed, m.Size = body, mail.Fields(in.Header), len(in.Header), in.Size
	left := *p.job
	left.Message = &m
	v := s.judge.Judge(ctx, &m, nil)
	p.without = body
	if !v.Passes() {
		r := s.judge.Refusal(&v, p.UTF8)
		return &r, nil
	}
	p.whole, p.files = p.Body, f
	p.job, p.v = &left, &v
	if v.Incident == "" {
		v.Incident = f.Incident
	}
	return nil, nil
}

// parcel begins to write down what is kept of a message.
func (b *box) parcel(p *plan) *parcel {
	j, v := p.job, p.v
	subject := ""
	for _, f := range j.Fields {
		if f.Is("Subject") {
			subject = f.Text()
		}
	}
	return &parcel{Page: outbox.NewID(), Taken: time.Now(), Key: p.key, Who: j.Who, Protocol: j.Protocol, Incident: v.Incident, Host: v.Host,
		Subject: mail.OneLine(subject), From: j.From, To: j.to, Opts: j.opts, Eight: j.Eight, Headed: j.Headed}
}

// take keeps what a plan says is to be kept: the message, its files, or both.
// Once it returns nil they are on disk. Where the message itself goes on at once,
// its files wait for settle.
func (b *box) take(p *plan) error {
	with := ""
	if p.files != nil {
		if err := b.put(p.files, p.whole.NewReader()); err != nil {
			return err
		}
		with = p.files.ID
	}
	if !p.later() {
		return nil
	}
	k := b.parcel(p)
	k.Key, k.Trace, k.With, k.Delay = p.key, p.trace, with, p.delay
	k.Stage, k.Due, k.Told = stageWaiting, time.Now(), p.delay == 0
	if p.held {
		k.Stage, k.Told = stageHeld, false
	} else {
		k.Head = p.receivedBy + head(p.Outgoing)
	}
	if err := b.put(k, p.Body.NewReader()); err != nil {
		b.settle(p, false)
		return err
	}
	b.settle(p, true)
	b.note(k, p.what(), p.doubt, nil)
	b.release(k)
	return nil
}

// settle begins with the files that were taken out of a message, or forgets them
// where the message does not go and its client still has it.
func (b *box) settle(p *plan, goes bool) {
	if p.files == nil {
		return
	}
	if !goes {
		b.forget(p.files, "returned")
	}
	b.release(p.files)
}

// what names what becomes of the message.
func (p *plan) what() string {
	switch {
	case p.held:
		return "held"
	case p.delay > 0:
		return "delayed"
	}
	return "taken over"
}

// said is the client's answer.
func (p *plan) said() *gosmtp.SMTPError {
	text := "OK: kept here, to be sent on now"
	switch {
	case p.held:
		text = "OK: kept here until it is released; its sender is told by mail"
	case p.delay > 0:
		text = fmt.Sprintf("OK: kept here for %s, then sent on; its sender is told by mail", spoken(p.delay, " minutes"))
	}
	return reply(250, gosmtp.EnhancedCode{2, 0, 0}, text)
}

// TakeOver implements milter.Outbox: it keeps a message that rules want to go
// later or changed. ok is false where none does.
func (s *Server) TakeOver(ctx context.Context, m *mail.Message, v *mail.Verdict) (ok bool, no *mail.Reply) {
	want := v.Verdict.Mail
	if v.Failure != gate.None || want == (rules.Mail{}) || !v.Passes() && v.Verdict.Action != rules.Hold {
		return false, nil
	}
	j := &job{s: s, Message: m, opts: gosmtp.MailOptions{UTF8: m.UTF8}}
	domains := map[string]bool{}
	for _, r := range m.To {
		j.to = append(j.to, to{Recipient: r})
		domains[r.Domain] = true
	}
	p, no := s.plan(ctx, j, v, true)
	if no != nil {
		return true, no
	}
	defer p.close()
	switch {
	case !p.later():
		return false, nil
	case s.c.Next.MX && len(domains) > 1:
		return true, &mail.Reply{Code: 451, Enhanced: [3]int{4, 5, 3}, Lines: []string{"One domain for each message; send this one again for the others"}}
	}
	p.trace = newID()
	p.receivedBy = s.received(p.trace, m.Protocol, j.to)
	e, before, err := s.journal.begin(p.key, "")
	switch {
	case err == nil && before == accepted:
		s.judge.Note(m, audit.Event{Incident: v.Incident, Host: v.Host, Details: map[string]string{"what": "repeated"}})
		return true, nil
	case err == nil:
		if err = s.box.take(p); err != nil {
			s.journal.forget(e)
		}
	}
	if err != nil {
		s.judge.Log.Error("message not taken over", "error", err)
		return true, &errUnkept
	}
	if err := s.journal.accept(e); err != nil {
		s.judge.Log.Error("message that is kept not noted down", "error", err)
	}
	return true, nil
}

package rules

import (
	"time"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// Mail is what is to be done with a message before it goes on. The zero Mail
// asks for nothing.
type Mail struct {
	Delay time.Duration // in which the sender can take it back
	Links bool          // attachments are taken out and put behind a link
	Keep  bool          // with Hold: the message is kept until it is released, instead of given back
}

// maxDelay bounds a delay, in minutes.
const maxDelay = 24 * 60

// attachmentWords are what can be done with attachments.
var attachmentWords = []string{"link"}

// mailTOML is a [rule.mail].
type mailTOML struct {
	At          tomlfile.Node `toml:",self" json:"-"`
	Delay       *int          `toml:"delay" doc:"Minutes, up to 1440, in which the sender can still take the message back."`
	Attachments string        `toml:"attachments" enum:"attachments" doc:"link: attachments are taken out and put behind a link; with action hold the link opens once they are released."`
	Keep        bool          `toml:"keep" doc:"With action hold: true keeps the message until it is released; else it goes back to the sender, who sends it again."`
}

// mail compiles a [rule.mail].
func (b *builder) mail(t *mailTOML, c *rule, report tomlfile.Report) {
	if c.action == Allow || c.action == Block {
		report(t.At.Pos(), "with action %q there is no message left to treat; write log, warn or hold, or leave mail out", c.action)
		return
	}
	if t.Delay != nil {
		if *t.Delay < 1 || *t.Delay > maxDelay {
			report(t.At.Key("delay").Pos(), "delay = %d; write minutes from 1 to %d", *t.Delay, maxDelay)
		}
		c.mail.Delay = time.Duration(*t.Delay) * time.Minute
	}
	if t.Attachments != "" {
		oneOf(t.At.Key("attachments"), "attachments", t.Attachments, attachmentWords, report)
		c.mail.Links = true
	}
	if c.mail.Keep = t.Keep; t.Keep && c.action != Hold {
		report(t.At.Key("keep").Pos(), "only what is held is kept; write action = \"hold\", or leave keep out")
	}
	if t.Delay == nil && t.Attachments == "" && !t.Keep {
		report(t.At.Pos(), "mail says nothing; write delay = 10, attachments = \"link\" or keep = true, or leave it out")
	}
}

// mailOf is what the rules that apply ask for together. Only the one that
// decides says whether what is held is kept.
func mailOf(as []applied) (m Mail) {
	decides := decider(as)
	for i := range as {
		a := &as[i]
		if a.rule.shadow || a.liftedBy != "" {
			continue
		}
		m.Delay = max(m.Delay, a.rule.mail.Delay)
		m.Links = m.Links || a.rule.mail.Links
		m.Keep = m.Keep || i == decides && a.rule.mail.Keep
	}
	return m
}

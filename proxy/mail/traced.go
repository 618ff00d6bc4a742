package mail

import (
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
)

// SentOn notes that the next hop was given the message, and what it answered now.
func (m *Message) SentOn(began time.Time, taken bool, code int) {
	m.Trace.Sent("MAIL", began, !taken, trace.Text("network.protocol.name", "smtp"), trace.Number("sekimori.reply", int64(code)))
}

// EndTrace tells what became of a message, in a word. Of the envelope its span has the
// domain whose verdict decided, and the number of recipients.
func (m *Message) EndTrace(v *Verdict, became string) {
	if m.Trace == nil {
		return
	}
	attrs := []trace.Attr{
		trace.Text("network.protocol.name", strings.ToLower(m.Protocol)), trace.Number("messaging.message.body.size", m.Size),
		trace.Number("sekimori.recipients", int64(len(m.To))), trace.Text("sekimori.outcome", became),
	}
	if v.asked != nil {
		attrs = append(append(attrs, trace.Text("server.address", v.Host)), v.Attrs(v.asked)...)
	}
	m.Trace.End("MAIL", v.Failure != gate.None, attrs...)
}

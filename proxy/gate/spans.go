package gate

import (
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/trace"
)

// Trace has the steps of t's check noted in e; nothing where e is nil.
func (t *Transaction) Trace(e *trace.Exchange) {
	if t.Watch = nil; e == nil {
		return
	}
	t.Watch = func(s Step, began time.Time) {
		if s != Holding || t.Held == nil { // the door held it, and has told so
			e.Step(string(s), began)
		}
	}
}

// Attrs tells what was decided on t, for its span. Nothing that people wrote is in
// it: no path, no query, no name of a file, nothing that was found, nobody's name.
// Whoever may know those finds them in the record, by the incident.
func (o *Outcome) Attrs(t *Transaction) []trace.Attr {
	attrs := make([]trace.Attr, 0, 16)
	if v := o.Verdict; v.Action != 0 {
		attrs = append(attrs, trace.Text("sekimori.action", v.Action.String()))
		if v.Rule != "" {
			attrs = append(attrs, trace.Text("sekimori.rule", v.Rule))
		}
	}
	if o.Incident != "" {
		attrs = append(attrs, trace.Text("sekimori.incident", o.Incident))
	}
	if c := t.Destination.Classes; len(c) > 0 {
		attrs = append(attrs, trace.Text("sekimori.class", c[0]))
	}
	if o.Failure != None {
		attrs = append(attrs, trace.Text("error.type", string(o.Failure)))
	}
	return attrs
}

package data

import (
	"context"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// ical reads calendars (RFC 5545) as lines of a name and a value, with people as
// mail writes them. Attachments are nested parts.
type ical struct{}

func (ical) Name() string { return "ical" }

func (ical) Match(p *part.Part, head []byte) bool {
	return content(p) && hasPrefixFold(start(head), "BEGIN:VCALENDAR")
}

func (ical) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("ical", "")
	src, release := open(p)
	defer release()
	r := &lineReader{src: src}
	w := &writer{e: e}
	for {
		from := r.offset
		line, err := r.next()
		if err != nil {
			if flushed := w.flush(); flushed != nil {
				return flushed
			}
			if err != io.EOF {
				return part.Stop(ctx, e, err, true)
			}
			return nil
		}
		if over := b.Spend(ctx, 0); over != nil {
			w.flush()
			return part.Stop(ctx, e, over, true)
		}
		l, ok := parseContent(line)
		out := ""
		switch {
		case !ok:
			out = text(line) + "\n"
		case l.binary != nil:
			if err := w.flush(); err != nil {
				return err
			}
			if err := e.Child(child(strings.ToLower(l.name), l.params["FMTTYPE"], l.binary)); err != nil {
				return err
			}
			continue
		case l.name == "BEGIN" || l.name == "END":
			out = "\n"
		default:
			out = calendarLine(l)
		}
		if err := w.put([]byte(out), from, r.offset-from); err != nil {
			return err
		}
	}
}

// calendarLine writes a property. The values of the parameters that name people
// come first.
func calendarLine(l contentLine) string {
	value := l.text()
	mail := ""
	if hasPrefixFold([]byte(value), "mailto:") {
		value = value[len("mailto:"):]
		mail = value
	}
	who := l.params["CN"]
	switch {
	case who != "" && mail != "" && who != mail:
		return l.name + ": " + who + " <" + mail + ">\n"
	case who != "" && who != value:
		return l.name + ": " + who + " " + value + "\n"
	}
	out := l.name + ": " + value + "\n"
	for _, k := range []string{"EMAIL", "SENT-BY", "DELEGATED-TO", "DELEGATED-FROM", "DIR", "ALTREP"} {
		if v := l.params[k]; v != "" {
			out += k + ": " + strings.ReplaceAll(v, "mailto:", "") + "\n"
		}
	}
	return out
}

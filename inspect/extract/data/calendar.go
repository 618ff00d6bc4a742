package data

import (
	"context"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// ical reads calendars (RFC 5545) as lines of a name and a value, with people as
// mail writes them. Attachments are nested parts.
type ical struct{}

func (ical) Name() string { return "ical" }

// Starts implements part.Marked.
func (ical) Starts() string { return part.Blank + "Bb" }

func (ical) Match(p *part.Part, head []byte) bool {
	return content(p) && starts(head, "BEGIN:VCALENDAR")
}

func (ical) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("ical", "")
	return tellLines(ctx, p, e, b, func(line []byte) (string, *part.Part) {
		l, ok := parseContent(line)
		switch {
		case !ok:
			return text(line) + "\n", nil
		case l.binary != nil:
			c := child(strings.ToLower(l.name), l.params["FMTTYPE"], l.binary)
			return "", &c
		case l.name == "BEGIN" || l.name == "END":
			return "\n", nil
		}
		return calendarLine(l), nil
	})
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

package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// use compiles the keys of a [rule.where] about what is done at a service, for
// whom.
func (b *builder) use(w *whereTOML, report tomlfile.Report) clause {
	var c clause
	if w.Operation != nil {
		for i, o := range w.Operation {
			oneOf(w.At.Key("operation").Elem(i), "operation", o, Operations, report)
		}
		c = append(c, list("operation", w.Operation, false,
			func(t *Transaction, i int) bool { return t.Use.Operation == w.Operation[i] },
			func(t *Transaction) string { return or(t.Use.Operation, "not known") }))
	}
	if w.RecipientsOutside != nil {
		need := "one outside"
		if !*w.RecipientsOutside {
			need = "all inside"
		}
		c = append(c, condition{key: "recipients_outside", need: need, any: []string{need},
			have: func(t *Transaction) string { return t.Use.recipients() },
			holds: func(t *Transaction) bool {
				u := &t.Use
				if *w.RecipientsOutside {
					return u.Outside > 0 || u.Unclear
				}
				return u.Recipients > 0 && u.Outside == 0 && !u.Unclear
			}})
	}
	if w.RecipientDomains != nil {
		globs := make([]hostGlob, len(w.RecipientDomains))
		for i, d := range w.RecipientDomains {
			g, warning, err := parseHost(d)
			at := w.At.Key("recipient_domains").Elem(i).Pos()
			if err != nil {
				report(at, "%v", err)
			}
			if warning != "" {
				b.note(at, "recipient_domains: %s", warning)
			}
			globs[i] = g
		}
		c = append(c, list("recipient_domains", w.RecipientDomains, false,
			func(t *Transaction, i int) bool { return slices.ContainsFunc(t.Use.OutsideDomains, globs[i].match) },
			func(t *Transaction) string { return t.Use.recipients() }))
	}
	if w.PublicLink != nil {
		need := yesNo(*w.PublicLink)
		c = append(c, condition{key: "public_link", need: need, any: []string{need},
			have:  func(t *Transaction) string { return yesNo(t.Use.Public) },
			holds: func(t *Transaction) bool { return t.Use.Public == *w.PublicLink }})
	}
	return c
}

// recipients tells how many there are, and the domains outside.
func (u *Use) recipients() string {
	if u.Recipients == 0 && !u.Unclear {
		return "none known"
	}
	s := fmt.Sprintf("%d of %d outside", u.Outside, u.Recipients)
	if n := len(u.OutsideDomains); n > 0 {
		s += " at " + strings.Join(u.OutsideDomains[:min(n, 5)], ", ")
	}
	if u.Unclear {
		s += ", not all known"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

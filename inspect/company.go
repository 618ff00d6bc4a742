package inspect

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// Company tells a session whether it may leave out names where they stand alone.
func (e *emitter) Company() *detect.Company {
	if !e.scan.opt.UntilDecided && !e.scan.opt.InCompany {
		return nil
	}
	return e.scan.tally.company(&e.scan.company, !e.scan.opt.UntilDecided)
}

// LeftOut tells that names may stand alone somewhere.
func (e *emitter) LeftOut() { e.scan.left = true }

// company is what a name needs beside it for every open question that asks for
// names, or for every one that a query asks if they are all to be answered
// exactly, and for the persons that onPerson is told of; nil if some question asks
// for names alone. It is told in c, with what else the open questions ask for if
// nothing else matters.
func (t *tally) company(c *detect.Company, exactly bool) *detect.Company {
	c.Confidence, c.Types, c.Alone, c.Only = 1, c.Types[:0], c.Alone[:0], !exactly && t.onPerson == nil
	for i := range t.questions {
		q := &t.questions[i]
		if !q.open && !(exactly && i < len(t.questions)-1) {
			continue
		}
		if !q.names {
			if len(q.With) > 0 {
				c.Alone = append(c.Alone, q.With[0]...)
			}
			continue
		}
		if q.beside == nil {
			return nil
		}
		c.Types = append(c.Types, q.beside...)
		c.Confidence = min(c.Confidence, q.Confidence)
	}
	if t.onPerson != nil {
		c.Types = append(c.Types, detect.WithName...)
		c.Confidence = min(c.Confidence, personConfidence)
	}
	return c
}

// asksForNames finds out whether a question asks for names, and for what beside
// them; nil if they answer alone.
func (q *question) asksForNames() {
	q.names = slices.ContainsFunc(q.With, asksForNames)
	k := slices.IndexFunc(q.With, func(types []Type) bool { return !asksForNames(types) })
	if q.People && k >= 0 {
		q.beside = q.With[k]
	}
}

// asksForNames reports whether a name answers to types, of which none stand for
// all that say something of a person.
func asksForNames(types []Type) bool { return types == nil || slices.Contains(types, detect.Name) }

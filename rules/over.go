package rules

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// scopeWords are what authors write under by, by history.Scope.
var scopeWords = []string{"user", "group", "destination", "class"}

// past is one [rule.over], compiled.
type past struct {
	scope   history.Scope
	classes []string
	window  time.Duration
}

// query asks for what has left of a kind, with the upload itself.
func (p *past) query(t *Transaction, of history.Kinds) history.Query {
	q := history.Query{Scope: p.scope, Classes: p.classes, Window: p.window, Now: t.Time, Plus: t.Persons, Of: of}
	switch p.scope {
	case history.ByUser:
		q.Names = []string{t.who()}
	case history.ByGroup:
		q.Names = t.Principal.Groups
	case history.ByHost:
		q.Names = []string{t.Destination.Host}
	case history.ByClass:
		q.Names, q.Classes = t.Destination.Classes, nil
		if len(p.classes) > 0 {
			q.Names = p.classes
		}
	}
	return q
}

// over compiles a [rule.over] of r.
func (b *builder) over(o *overTOML, r *ruleTOML, report tomlfile.Report) clause {
	p := &past{}
	by := cmp.Or(o.By, scopeWords[0])
	if oneOf(o.At.Key("by"), "by", by, scopeWords, report) {
		for i, w := range scopeWords {
			if w == by {
				p.scope = history.Scope(i)
			}
		}
	}
	for i, c := range o.Class {
		oneOf(o.At.Key("class").Elem(i), "class", c, b.classes, report)
	}
	p.classes = o.Class
	if o.Class == nil {
		for i := range r.Where {
			p.classes = append(p.classes, r.Where[i].Class...)
		}
	}
	p.window = window(o, report)
	span := inWords(p.window) + " by " + by

	var c clause
	least := func(key string, n *int, unit string, have func(t *Transaction) int) {
		if n == nil {
			return
		}
		if *n < 1 {
			report(o.At.Key(key).Pos(), "%s = %d would always hold; write 1 or more", key, *n)
		}
		c = append(c, condition{
			key: key + " over " + span, need: fmt.Sprintf("at least %d %s", *n, unit), count: &count{of: key + span + strings.Join(p.classes, "|"), least: *n},
			holds: func(t *Transaction) bool { return t.History != nil && have(t) >= *n },
			have: func(t *Transaction) string {
				if t.History == nil {
					return "nothing known of the past"
				}
				return fmt.Sprint(have(t))
			},
		})
	}
	least("people", o.People, "different persons", func(t *Transaction) int { return t.History.Count(p.query(t, history.People)).People })
	least("uploads", o.Uploads, "uploads", func(t *Transaction) int { return t.History.Count(p.query(t, history.Uploads)).Uploads + 1 })
	least("stopped", o.Stopped, "stopped uploads", func(t *Transaction) int { return t.History.Count(p.query(t, history.Stopped)).Stopped })
	least("accounts", o.Accounts, "accounts that sent the same content", func(t *Transaction) int {
		return t.History.Accounts(t.Content, t.who())
	})
	if o.Bytes != nil {
		n := int(*o.Bytes)
		least("bytes", &n, "bytes", func(t *Transaction) int { return int(t.History.Count(p.query(t, history.Bytes)).Bytes + t.Bytes) })
	}
	for _, u := range []unusual{
		{"times_usual", "people", "the usual", o.TimesUsual, history.People, peopleOf, p.usual}, {"bytes_times_usual", "bytes", "the usual", o.BytesUsual, history.Bytes, bytesOf, p.usual},
		{"times_peers", "people", "what their group sends", o.TimesPeers, history.People, peopleOf, p.peers}, {"bytes_times_peers", "bytes", "what their group sends", o.BytesPeers, history.Bytes, bytesOf, p.peers},
	} {
		if u.times == nil {
			continue
		}
		if *u.times <= 1 {
			report(o.At.Key(u.key).Pos(), "%s = %v holds on a usual day; write 3.0 or so", u.key, *u.times)
		}
		if u.key != "times_usual" && u.key != "bytes_times_usual" && p.scope != history.ByUser {
			report(o.At.Key(u.key).Pos(), "%s compares a user with their groups; leave out by = %q", u.key, by)
		}
		c = append(c, p.unusual(u, span))
	}
	if o.UnusualHour {
		c = append(c, condition{
			key: "hour by " + by, need: "one that is unusual for them", any: []string{by},
			holds: func(t *Transaction) bool {
				if t.History == nil {
					return false
				}
				unusual, ok := t.History.UnusualHour(p.query(t, 0))
				return ok && unusual
			},
			have: func(t *Transaction) string { return t.Time.Format("15:04") },
		})
	}
	if o.NewDestination {
		c = append(c, condition{
			key: "new_destination over " + span, need: "first sent to within the time", any: []string{span},
			holds: func(t *Transaction) bool {
				return t.History != nil && t.History.NewHost(t.who(), t.Destination.Host, p.window, t.Time)
			},
			have: func(t *Transaction) string { return t.Destination.Host },
		})
	}
	if len(c) == 0 {
		report(o.At.Pos(), "over counts nothing; write people, uploads, bytes, stopped, times_usual, times_peers, unusual_hour, accounts or new_destination, or leave it out")
	}
	return c
}

// unusual is a condition that more leaves than usual.
type unusual struct {
	key, what, than string
	times           *float64
	kind            history.Kinds
	of              func(history.Amount) float64
	known           func(*Transaction) (history.Amount, bool) // what is usual
}

func peopleOf(a history.Amount) float64 { return a.People }
func bytesOf(a history.Amount) float64  { return a.Bytes }

// usual is what those that p counts together send in such a window.
func (p *past) usual(t *Transaction) (history.Amount, bool) { return t.History.Usual(p.query(t, 0)) }

// peers is what the others of the sender's groups do.
func (p *past) peers(t *Transaction) (history.Amount, bool) {
	return t.History.Peers(p.query(t, 0), t.who(), t.Principal.Groups)
}

func (p *past) unusual(u unusual, span string) condition {
	least := func(t *Transaction) float64 {
		s := t.History.Count(p.query(t, u.kind))
		return u.of(history.Amount{People: float64(s.People), Bytes: float64(s.Bytes + t.Bytes)})
	}
	return condition{
		key: u.what + " over " + span, need: fmt.Sprintf("%v times %s", *u.times, u.than), any: []string{fmt.Sprint(*u.times, u.than, span)},
		holds: func(t *Transaction) bool {
			if t.History == nil {
				return false
			}
			now := least(t)
			if now < *u.times { // less than that of one
				return false
			}
			known, ok := u.known(t)
			return ok && now >= *u.times*max(u.of(known), 1)
		},
		have: func(t *Transaction) string {
			if t.History != nil {
				if known, ok := u.known(t); ok {
					return fmt.Sprintf("%.0f, usually %.1f", least(t), u.of(known))
				}
			}
			return "nothing known of what is usual"
		},
	}
}

// window reads hours or days.
func window(o *overTOML, report tomlfile.Report) time.Duration {
	const hint = "write hours = 1 to 48, or days = 1 to 365"
	switch {
	case o.Hours != nil && o.Days != nil:
		report(o.At.Key("hours").Pos(), "hours and days are both there; write one")
	case o.Hours != nil && (*o.Hours < 1 || *o.Hours > 48):
		report(o.At.Key("hours").Pos(), "hours = %d; %s", *o.Hours, hint)
	case o.Hours != nil:
		return time.Duration(*o.Hours) * time.Hour
	case o.Days == nil:
		report(o.At.Pos(), "over does not say how far to look back; %s", hint)
	case *o.Days < 1 || *o.Days > 365:
		report(o.At.Key("days").Pos(), "days = %d; %s", *o.Days, hint)
	default:
		return time.Duration(*o.Days) * 24 * time.Hour
	}
	return time.Hour
}

// inWords writes a window as authors do.
func inWords(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return fmt.Sprintf("%d hours", d/time.Hour)
}

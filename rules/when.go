package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // rules name time zones on machines that have no database of them

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// span is minutes of a day, from inclusive, to exclusive; to is below from
// where it runs past midnight.
type span struct{ from, to int }

// when compiles a [rule.when].
func (b *builder) when(w *whenTOML, report tomlfile.Report) clause {
	zone, err := time.LoadLocation(w.TZ)
	switch {
	case w.TZ == "" && (w.Days != nil || w.Hours != nil || local(w.From) || local(w.Until)):
		report(w.At.Pos(), "when does not say in which time zone; write tz = \"Asia/Tokyo\"")
	case err != nil || w.TZ == "Local":
		report(w.At.Key("tz").Pos(), "unknown time zone %q; write one such as \"Asia/Tokyo\" or \"Europe/London\"", w.TZ)
		zone = time.UTC
	}
	now := func(t *Transaction) string { return t.Time.In(zone).Format("Mon 15:04 MST") }
	var c clause
	if w.Days != nil || w.Hours != nil {
		days, spans := b.days(w, report), b.spans(w, report)
		need := strings.Join(append(slices.Clone(w.Days), w.Hours...), " ") + " " + w.TZ
		c = append(c, condition{key: "when", need: need, have: now, any: []string{need},
			holds: func(t *Transaction) bool { return within(t.Time.In(zone), days, spans) }})
	}
	if w.From != nil {
		from := start(*w.From, zone)
		c = append(c, condition{key: "from", need: from.Format(time.RFC3339), have: now, any: []string{from.String()},
			holds: func(t *Transaction) bool { return !t.Time.Before(from) }})
	}
	if w.Until != nil {
		until := start(*w.Until, zone)
		if local(w.Until) {
			until = until.AddDate(0, 0, 1)
		}
		if w.From != nil && !start(*w.From, zone).Before(until) {
			report(w.At.Key("until").Pos(), "until is before from, so this can never apply; write a later day")
		} else if until.Before(b.now) {
			b.note(w.At.Key("until").Pos(), "until has passed, so this no longer applies; take the rule out or write a later day")
		}
		c = append(c, condition{key: "until", need: until.Format(time.RFC3339), have: now, any: []string{until.String()},
			holds: func(t *Transaction) bool { return t.Time.Before(until) }})
	}
	if len(w.At.Keys()) == 0 {
		report(w.At.Pos(), "when says nothing; write days, hours, from or until, or leave it out")
	}
	return c
}

// local reports whether a date was written without an offset. BurntSushi/toml
// marks these with a location of its own.
func local(t *time.Time) bool {
	return t != nil && strings.HasSuffix(t.Location().String(), "-local")
}

// start is the instant that an author's date means in zone.
func start(t time.Time, zone *time.Location) time.Time {
	if !local(&t) {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}

// within reports whether t falls in one of the spans of one of the days.
func within(t time.Time, days [7]bool, spans []span) bool {
	m := t.Hour()*60 + t.Minute()
	for _, s := range spans {
		if s.from < s.to {
			if m >= s.from && m < s.to && days[t.Weekday()] {
				return true
			}
			continue
		}
		if m >= s.from && days[t.Weekday()] || m < s.to && days[(t.Weekday()+6)%7] {
			return true
		}
	}
	return false
}

func (b *builder) days(w *whenTOML, report tomlfile.Report) (days [7]bool) {
	if w.Days == nil {
		return [7]bool{true, true, true, true, true, true, true}
	}
	for i, d := range w.Days {
		first, last, to := strings.Cut(strings.ToLower(d), "-")
		if !to {
			last = first
		}
		f, l := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if f < 0 || l < 0 {
			report(w.At.Key("days").Elem(i).Pos(), "%q is no day; write mon, tue, wed, thu, fri, sat, sun or a span such as \"mon-fri\"", d)
			continue
		}
		for k := f; ; k = (k + 1) % 7 {
			days[k] = true
			if k == l {
				break
			}
		}
	}
	return days
}

var spanShape = regexp.MustCompile(`^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$`)

func (b *builder) spans(w *whenTOML, report tomlfile.Report) []span {
	if w.Hours == nil {
		return []span{{0, 24 * 60}}
	}
	var spans []span
	for i, h := range w.Hours {
		s, err := parseSpan(h)
		if err != nil {
			report(w.At.Key("hours").Elem(i).Pos(), "%v", err)
			continue
		}
		spans = append(spans, s)
	}
	return spans
}

func parseSpan(h string) (span, error) {
	bad := fmt.Errorf("%q is no span of hours; write one such as \"09:00-18:00\"", h)
	m := spanShape.FindStringSubmatch(strings.ReplaceAll(h, " ", ""))
	if m == nil {
		return span{}, bad
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	s := span{n[0]*60 + n[1], n[2]*60 + n[3]}
	if n[1] > 59 || n[3] > 59 || s.from >= 24*60 || s.to > 24*60 || s.from == s.to {
		return span{}, bad
	}
	return s, nil
}

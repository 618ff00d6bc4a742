package page

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func (p *Pages) funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"lang":   func() string { return lang },
		"t":      func(key string, args ...any) string { return Word(lang, key, args...) },
		"has":    func(key string) bool { _, ok := dictionary[key]; return ok },
		"term":   func(kind, word string) string { return Term(lang, kind, word) },
		"num":    number,
		"size":   size,
		"when":   func(t time.Time) template.HTML { return p.moment(lang, t, "2006-01-02 15:04:05") },
		"minute": func(t time.Time) template.HTML { return p.moment(lang, t, "01-02 15:04") },
		"date":   func(t time.Time) template.HTML { return p.moment(lang, t, time.DateOnly) },
		"clause": func(s string) []Clause { return Clauses(lang, s) },
		"have":   func(s string) string { return translate(lang, s, haveForms) },
		"key":    func(s string) string { return Key(lang, s) },
		"need":   func(s string) string { return translate(lang, s, needForms) },
		"query":  query,
		"share":  share,
		"hours": func(d time.Duration) string {
			if d%(24*time.Hour) == 0 {
				return Word(lang, "n-days", int(d/(24*time.Hour)))
			}
			return Word(lang, "n-hours", strconv.FormatFloat(d.Hours(), 'f', -1, 64))
		},
		"pct": func(f float32) string { return strconv.Itoa(int(math.Round(float64(f)*100))) + "%" },
		"either": func(a, b string) string {
			if a != "" {
				return a
			}
			return b
		},
		"pick": func(m map[string]string) string {
			if s := m[lang]; s != "" {
				return s
			}
			for _, l := range []string{"en", "ja"} {
				if s := m[l]; s != "" {
					return s
				}
			}
			return ""
		},
		// sender names who asks: the account, or the address of who has none.
		"sender": func(user, sender string) string {
			if at, ok := strings.CutPrefix(sender, "address "); ok && user == "" {
				return Word(lang, "somebody-at", at)
			}
			if user != "" {
				return user
			}
			return sender
		},
		"lines": func(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n") },
		"bar":   Bar,
		"list":  func(a ...any) []any { return a },
		"b64":   base64.RawURLEncoding.EncodeToString,
	}
}

// moment gives a time for people and, in the attribute, for programs.
func (p *Pages) moment(_ string, t time.Time, layout string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.In(p.loc)
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format(layout) + `</time>`)
}

// number groups the digits of a whole number.
func number(v any) string {
	s := fmt.Sprint(v)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		s = "-" + s
	}
	return s
}

// size gives bytes as people read them.
func size(n int64) string {
	f, unit := float64(n), 0
	units := []string{"B", "KB", "MB", "GB", "TB", "PB"}
	for f >= 1000 && unit < len(units)-1 {
		f /= 1000
		unit++
	}
	if unit == 0 || f >= 100 {
		return fmt.Sprintf("%.0f %s", f, units[unit])
	}
	return fmt.Sprintf("%.1f %s", f, units[unit])
}

// share is n of total in whole percent.
func share(n, total int64) string {
	if total == 0 {
		return "–"
	}
	f := float64(n) / float64(total) * 100
	if f > 0 && f < 1 {
		return "<1%"
	}
	return fmt.Sprintf("%.0f%%", f)
}

// query makes "?a=b&c=d" of pairs, leaving out empty values.
func query(pairs ...string) template.URL {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return template.URL("?" + q.Encode())
}

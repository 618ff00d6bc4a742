package page

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"regexp"
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
		"need":   func(s string) string { return need(lang, s) },
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

// Clause is one condition of a rule as the record has it: what was looked at,
// what there was, what was asked for.
type Clause struct{ Key, Have, Need string }

var clauseForm = regexp.MustCompile(`^([a-z_]+): (.*) \(needs (.*)\)$`)

// Clauses takes apart the words in which a decision was recorded. What is not
// of the form of a condition stands in Have.
func Clauses(lang, s string) []Clause {
	var all []Clause
	for part := range strings.SplitSeq(s, "; ") {
		m := clauseForm.FindStringSubmatch(part)
		switch {
		case m != nil:
			all = append(all, Clause{Term(lang, "key", m[1]), spell(lang, m[2]), need(lang, m[3])})
		case part != "":
			all = append(all, Clause{Have: Term(lang, "said", part)})
		}
	}
	return all
}

// needForms turn what rules say they need into Japanese.
var needForms = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`^at least (\d+) validated (.+), confidence ([\d.]+)$`), "検査数字の合う $2 が $1 件以上 (確度 $3 以上)"},
	{regexp.MustCompile(`^at least (\d+) with (.+), confidence ([\d.]+)$`), "$2 のそろう人が $1 人以上 (確度 $3 以上)"},
	{regexp.MustCompile(`^at least (\d+) of (.+)$`), "$2 の語が $1 個以上"},
	{regexp.MustCompile(`^at least (\d+) (.+), confidence ([\d.]+)$`), "$2 が $1 件以上 (確度 $3 以上)"},
	{regexp.MustCompile(`^(\d+) to (\d+) with (.+), confidence ([\d.]+)$`), "$3 のそろう人が $1〜$2 人 (確度 $4 以上)"},
	{regexp.MustCompile(`^(\d+) to (\d+) (.+), confidence ([\d.]+)$`), "$3 が $1〜$2 件 (確度 $4 以上)"},
	{regexp.MustCompile(`^over (.+)$`), "$1 を超える"},
	{regexp.MustCompile(`^not (.+)$`), "$1 以外"},
}

func need(lang, s string) string {
	if lang == "ja" {
		for _, f := range needForms {
			if f.re.MatchString(s) {
				s = f.re.ReplaceAllString(s, f.to)
				s = strings.ReplaceAll(s, " and ", " と ")
				break
			}
		}
	}
	return spell(lang, s)
}

var (
	aWord  = regexp.MustCompile(`[A-Za-z][A-Za-z_-]*[A-Za-z]`)
	orMore = regexp.MustCompile(` and (\d+) more$`)
)

// spell puts the words of the pages in the place of types, classes and
// reasons, and lists them as people do.
func spell(lang, s string) string {
	s = aWord.ReplaceAllStringFunc(s, func(w string) string {
		for _, kind := range []string{"type", "class", "reason"} {
			if t := Term(lang, kind, w); t != w {
				return t
			}
		}
		return w
	})
	if lang == "ja" {
		return orMore.ReplaceAllString(strings.ReplaceAll(s, "|", "・"), " ほか $1")
	}
	return strings.ReplaceAll(s, "|", " or ")
}

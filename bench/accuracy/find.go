package accuracy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Find returns what the scanner finds in a text, in code points, and how many
// persons it counts. The text is scanned in the given encoding, of which the
// scanner is told nothing; "" means UTF-8.
func Find(ctx context.Context, s *inspect.Scanner, text, charset string) (spans []Span, records int, err error) {
	body, at, err := encode(text, charset)
	if err != nil {
		return nil, 0, err
	}
	var inside []inspect.Finding
	r := s.Scan(ctx, []part.Part{{Path: "text", Body: strings.NewReader(body), Size: int64(len(body))}}, inspect.ScanOptions{
		Reveal: true,
		OnFinding: func(p *inspect.PartReport, f *inspect.Finding) {
			if strings.Contains(p.Path, part.Separator) || f.End <= f.Start {
				inside = append(inside, *f)
				return
			}
			spans = append(spans, Span{Start: at[clamp(f.Start, len(body))], End: at[clamp(f.End, len(body))], Type: f.Type, Confidence: f.Confidence})
		},
	})
	spans = append(spans, place(text, inside)...)
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	return spans, r.Records, nil
}

// encode writes a text in an encoding and tells for every byte, and for the
// end, which code point it lies in.
func encode(text, charset string) (body string, at []int, err error) {
	write := func(r rune) (string, error) { return string(r), nil }
	var out strings.Builder
	if charset != "" {
		e, err := htmlindex.Get(charset)
		if err != nil {
			return "", nil, fmt.Errorf("charset %q: %w", charset, err)
		}
		if name, _ := htmlindex.Name(e); strings.HasPrefix(name, "utf-16") {
			out.WriteString(mustEncode(e.NewEncoder(), "\ufeff"))
		}
		enc := e.NewEncoder()
		write = func(r rune) (string, error) { return enc.String(string(r)) }
	}
	for range out.Len() {
		at = append(at, 0)
	}
	n := 0
	for _, r := range text {
		b, err := write(r)
		if err != nil {
			return "", nil, fmt.Errorf("character %q in %s: %w", r, charset, err)
		}
		out.WriteString(b)
		for range len(b) {
			at = append(at, n)
		}
		n++
	}
	return out.String(), append(at, n), nil
}

// mustEncode is for characters that every Unicode encoding has.
func mustEncode(e *encoding.Encoder, s string) string {
	b, err := e.String(s)
	if err != nil {
		panic(err)
	}
	return b
}

// place finds the places of findings in parts inside a text, such as a mail's
// body, which have offsets of their own, and in what a reader put together, such
// as the rows of a vCard, which have none: each takes the first place where its
// value, which is folded, stands and none of its type has been found. What
// stands nowhere, because it was encoded, is left out.
func place(text string, all []inspect.Finding) []Span {
	if len(all) == 0 {
		return nil
	}
	var way normal.Map
	folded := string(normal.Fold(nil, []byte(text), nil, 0, &way))
	var spans []Span
	next := map[string]int{} // where to look for a value from
	for _, f := range all {
		key := string(f.Type) + ":" + f.Value
		i := strings.Index(folded[next[key]:], f.Value)
		if i < 0 || f.Value == "" {
			continue
		}
		i += next[key]
		end := i + len(f.Value)
		next[key] = end
		start := utf8.RuneCountInString(text[:way.Origin(i)])
		spans = append(spans, Span{Start: start, End: start + utf8.RuneCountInString(text[way.Origin(i):way.End(end)]), Type: f.Type, Confidence: f.Confidence})
	}
	return spans
}

func clamp(i int64, n int) int { return int(max(0, min(i, int64(n)))) }

func overlap(a, b Span) bool { return a.Start < b.End && b.Start < a.End }

// around quotes a span with its neighbourhood on one line.
func around(text string, s Span) string {
	if !utf8.ValidString(text) {
		return "(not UTF-8)"
	}
	r := []rune(text)
	from, to := max(0, s.Start-25), min(len(r), s.End+15)
	t := string(r[from:s.Start]) + "[" + string(r[s.Start:s.End]) + "]" + string(r[s.End:to])
	return strings.Join(strings.Fields(t), " ")
}

package corpus

import (
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/bench/accuracy"
	"github.com/sekimori-dlp/sekimori/inspect"
)

// A text in the making bears its gold as marks around the values, so that it
// can be formatted, quoted and escaped like any string: begin, type, middle,
// value, end. The marks are private-use characters, which no text here holds.
const (
	markBegin  = '\uE000'
	markMiddle = '\uE001'
	markEnd    = '\uE002'
)

// mark marks a value that a detector must find.
func mark(t inspect.Type, value string) string {
	return string(markBegin) + string(t) + string(markMiddle) + value + string(markEnd)
}

// optional marks a value that a detector may find: a prefecture alone in a
// column, a building beside its address.
func optional(t inspect.Type, value string) string { return mark("?"+t, value) }

// strip takes the marks out of a text and returns them as spans.
func strip(marked string) (string, []accuracy.Span) {
	var text strings.Builder
	var spans []accuracy.Span
	n := 0 // code points written
	for {
		i := strings.IndexRune(marked, markBegin)
		if i < 0 {
			text.WriteString(marked)
			return text.String(), spans
		}
		plain := marked[:i]
		marked = marked[i+utf8.RuneLen(markBegin):]
		kind, rest, _ := strings.Cut(marked, string(markMiddle))
		value, after, ok := strings.Cut(rest, string(markEnd))
		if !ok || strings.ContainsRune(value, markBegin) {
			panic("corpus: marks do not match: " + marked)
		}
		text.WriteString(plain)
		n += utf8.RuneCountInString(plain)
		span := accuracy.Span{Start: n, End: n + utf8.RuneCountInString(value)}
		kind, span.Optional = strings.CutPrefix(kind, "?")
		span.Type = inspect.Type(kind)
		if span.End > span.Start {
			spans = append(spans, span)
		}
		text.WriteString(value)
		n = span.End
		marked = after
	}
}

// plain returns a text without its marks.
func plain(marked string) string {
	text, _ := strip(marked)
	return text
}

// values replaces every marked value by what f makes of it.
func values(marked string, f func(t inspect.Type, value string) string) string {
	var out strings.Builder
	for {
		i := strings.IndexRune(marked, markMiddle)
		if i < 0 {
			out.WriteString(marked)
			return out.String()
		}
		head := marked[:i+utf8.RuneLen(markMiddle)]
		kind := head[strings.LastIndex(head, string(markBegin))+utf8.RuneLen(markBegin) : i]
		value, rest, _ := strings.Cut(marked[len(head):], string(markEnd))
		out.WriteString(head)
		out.WriteString(f(inspect.Type(strings.TrimPrefix(kind, "?")), value))
		out.WriteRune(markEnd)
		marked = rest
	}
}

// outside replaces all text but the marks, in values and around them, by what
// f makes of it.
func outside(marked string, f func(string) string) string {
	var out strings.Builder
	for {
		i := strings.IndexAny(marked, string([]rune{markBegin, markEnd}))
		if i < 0 {
			out.WriteString(f(marked))
			return out.String()
		}
		out.WriteString(f(marked[:i]))
		j := i + utf8.RuneLen(markEnd)
		if strings.HasPrefix(marked[i:], string(markBegin)) {
			j = strings.IndexRune(marked, markMiddle) + utf8.RuneLen(markMiddle)
		}
		out.WriteString(marked[i:j])
		marked = marked[j:]
	}
}

// columns returns how many columns a text takes in a fixed-width font, full
// width characters two.
func columns(marked string) int {
	n := 0
	for _, r := range plain(marked) {
		if n++; r >= 0x1100 && (r < 0xff61 || r > 0xffdc) && r != 0x200b {
			n++
		}
	}
	return n
}

func pad(marked string, width int) string {
	return marked + strings.Repeat(" ", max(0, width-columns(marked)))
}

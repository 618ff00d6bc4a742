package detect

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// FuzzSession: no text makes a session panic, every finding lies within its
// text, and the pieces in which a text comes do not matter.
func FuzzSession(f *testing.F) {
	for _, kind := range []string{"csv", "json", "prose", "english", "api"} {
		f.Add(corpus(kind, 600, 1), uint8(layoutOf(kind)), uint8(7))
	}
	f.Add("[[\"氏名\",\"電話\"],[\"山田\",\"03\"", uint8(part.JSON), uint8(1))
	f.Add("a=b\n氏名=山", uint8(part.Form), uint8(2))
	f.Add("氏名\t電話\n\t\n\"\t\"\n", uint8(part.Table), uint8(3))
	f.Fuzz(func(t *testing.T, text string, layout, piece uint8) {
		if !utf8.ValidString(text) {
			text = strings.ToValidUTF8(text, "?")
		}
		l := part.Layout(layout) % (part.Single + 1)
		whole := records(text, l, 0, func() int { return len(text) })
		if l != part.Single { // there every piece is a text of its own
			if i := firstDifference(records(text, l, 0, func() int { return 1 + int(piece) }), whole); i >= 0 {
				t.Fatal("pieces matter")
			}
		}
		b := &bounds{t: t, n: int64(len(text))}
		s := builtinEngine().Session(b)
		s.size = 4 << 10
		s.Write(part.Text{Bytes: []byte(text), Layout: l, Label: "氏名"})
		s.Close()
	})
}

// bounds is a Sink that checks where findings lie.
type bounds struct {
	t *testing.T
	n int64
}

func (b *bounds) Demand() Demand { return nil }
func (b *bounds) Record(r *Record) {
	for _, f := range r.Found {
		if f.From < 0 || f.From >= f.To || f.To > b.n || len(f.Text) == 0 || f.Line < 1 {
			b.t.Errorf("a %s of %d bytes at %d-%d of %d, line %d", f.Type, len(f.Text), f.From, f.To, b.n, f.Line)
		}
	}
}

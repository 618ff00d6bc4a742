package decode

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// lentBody is a body that stays in memory.
type lentBody struct{ *bytes.Reader }

func (b lentBody) Lend() ([]byte, bool) {
	all := make([]byte, b.Len())
	b.ReadAt(all, b.Size()-int64(b.Len()))
	return all, true
}

func (b lentBody) Skip(n int) { b.Seek(int64(n), 1) }

// paths keeps the paths of children.
type paths []string

func (p *paths) Text(part.Text) error           { return nil }
func (p *paths) Child(c part.Part) error        { *p = append(*p, c.Path); return nil }
func (p *paths) Format(string, string)          {}
func (p *paths) Skip(part.Reason, bool, string) {}

// The way to a document is the same whether the structure before it was followed at
// once or is followed when it is asked for.
func TestJSONPathsOfTextLeft(t *testing.T) {
	document := "<p>氏名</p><p>" + person + "</p>"
	r := rand.New(rand.NewPCG(12, 13))
	for range 20 {
		var b strings.Builder
		b.WriteString(`{"list":[`)
		var want []string
		for i := range 3000 {
			value := strings.Repeat("word, [x} ", r.IntN(8))
			if r.IntN(300) == 0 {
				value = document
				want = append(want, fmt.Sprintf("$.list[%d].a[1].v", i))
			}
			fmt.Fprintf(&b, `{"k":"a \" {","a":[{"n":[1,2]}, {"v" :"%s"}],"o":{}},`, value)
		}
		b.WriteString(`{}],"end":"` + document + `"}`)
		want = append(want, "$.end")
		for _, body := range []interface{ Read([]byte) (int, error) }{strings.NewReader(b.String()), lentBody{bytes.NewReader([]byte(b.String()))}} {
			var got paths
			p := part.Part{Body: body, Size: int64(b.Len())}
			if err := (jsonText{}).Read(context.Background(), &p, &got, part.NewBudget(part.Limits{}, p.Size)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%T: %q, want %q", body, got, want)
			}
		}
	}
}

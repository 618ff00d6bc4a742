package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// What is marked of the rest of a table changes nothing of the telephone numbers that
// are found in it, whatever parts the cells.
func TestMarkedNumbersAreNoTelephoneNumbers(t *testing.T) {
	set, err := match.Compile(phone{}.Patterns(), match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	found, marked := 0, 0
	for n := range 40 {
		delim := []string{",", "\t", ";", "|"}[n%4]
		text := []byte("会員番号,電話番号,備考,注文番号\n")
		for range 60 {
			text = fmt.Appendf(text, "%d,%s,%s,%d\n", r.IntN(1e9), []string{"090-1234-5678", "0300-92-7818", "12-345678", "", "555 1234"}[r.IntN(5)],
				[]string{"", "TEL 345678", "12345678", "(内線) 345-678"}[r.IntN(4)], r.IntN(1e10))
		}
		text = bytes.ReplaceAll(text, []byte(","), []byte(delim))
		body := bytes.IndexByte(text, '\n') + 1
		var v view
		v.reset()
		v.begin(part.Auto, 0)
		v.set(text, 0)
		v.own, v.cut = body, len(text) // the header is of another block
		var k claims
		if !v.claim(&k) {
			t.Fatalf("no table with columns: %q", text)
		}
		b := &Block{Text: k.rest.text, context: &k.rest}
		set.Scan(b.Text, &b.Evidence)
		find := func() (f []Finding) {
			phone{}.Find(b, func(x Finding) { f = append(f, x) })
			return f
		}
		want := find()
		k.rest.mark(b)
		if got := find(); !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v in %q", got, want, b.Text)
		}
		found += len(want)
		for i := range b.words {
			for m := b.words[i][elsewise]; m != 0; m &= m - 1 {
				marked++
			}
		}
	}
	if found < 100 || marked < 1000 {
		t.Fatalf("%d found and %d marked: not much was tried", found, marked)
	}
}

// heedless is a collector to which it does not matter what is validated.
type heedless struct{ collector }

func (*heedless) Heeds(Type) bool { return false }

// To a sink that does not heed which values are validated, all else is told as to others.
func TestHeedlessSink(t *testing.T) {
	text := []byte("氏名,郵便番号,住所,電話番号,備考\n" + strings.Repeat("山田 太郎,100-0014,東京都港区芝公園4-2-8,090-1234-5678,\n"+
		"ヤマダ タロウ,〒1050011,大阪府大阪市北区梅田1-1,06-1234-5678,03-1234-5678\n", 500))
	var a collector
	var b heedless
	e, err := NewEngine(Builtin(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, sink := range []Sink{&a, &b} {
		s := e.Session(sink)
		s.Write(part.Text{Bytes: text})
		s.Close()
	}
	if len(a.lines) != 1000 || !slices.Equal(a.lines, b.lines) {
		t.Errorf("%d records, %d", len(a.lines), len(b.lines))
	}
}

package corpus

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/bench/accuracy"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// benchmark is the corpus that figures are taken on.
var benchmark = sync.OnceValue(func() []accuracy.Set { return Sets(Options{}) })

func TestMarks(t *testing.T) {
	text, spans := strip("山" + mark(detect.Name, "田中") + "、" + optional(detect.Address, "東京") + "。")
	want := []accuracy.Span{{Start: 1, End: 3, Type: detect.Name}, {Start: 4, End: 6, Type: detect.Address, Optional: true}}
	if text != "山田中、東京。" || !slices.Equal(spans, want) {
		t.Errorf("strip gives %q %v", text, spans)
	}
	if got := plain(values("a"+mark(detect.Name, "b")+"c", func(inspect.Type, string) string { return "xyz" })); got != "axyzc" {
		t.Errorf("values gives %q", got)
	}
	up := outside("a"+mark(detect.Name, "b")+"c", strings.ToUpper)
	if text, spans := strip(up); text != "ABC" || len(spans) != 1 || spans[0].Type != detect.Name {
		t.Errorf("outside gives %q %v", text, spans)
	}
	if n := columns(mark(detect.Name, "山田") + "ab ｱ"); n != 8 {
		t.Errorf("columns gives %d, want 8", n)
	}
}

func TestWriting(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{halfKana("", "ガギパヴー・　ンァ"), "ｶﾞｷﾞﾊﾟｳﾞｰ･ ﾝｧ"},
		{hiragana("ヤマダ　ヶ"), "やまだ　ゖ"},
		{kanji(1203), "千二百三"},
		{kanji(10), "十"},
		{kanji(61), "六十一"},
		{fullWidth(nil, "", "A-1 あ"), "Ａ－１　あ"},
		{ean("490123456789"), "4901234567894"},
		{luhnDigit("411111111111111"), "1"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestSets holds what readers of the corpus lean on.
func TestSets(t *testing.T) {
	sets := benchmark()
	if Digest(sets) != Digest(Sets(Options{})) {
		t.Error("two runs differ")
	}
	if Digest(sets) == Digest(Sets(Options{Seed: 1})) {
		t.Error("the seed changes nothing")
	}
	ids, types := map[string]bool{}, map[inspect.Type]int{}
	for _, s := range sets {
		for _, d := range s.Documents {
			if ids[d.ID] {
				t.Fatalf("%s stands twice", d.ID)
			}
			ids[d.ID] = true
			if strings.ContainsAny(d.Text, string([]rune{markBegin, markMiddle, markEnd})) || strings.Contains(d.Text, "%!") || !utf8.ValidString(d.Text) {
				t.Errorf("%s: the text is broken", d.ID)
			}
			if d.Twin != "" && !ids[d.Twin] && !strings.HasPrefix(d.ID, "clean-") {
				t.Errorf("%s is the twin of nothing", d.ID)
			}
			if (*d.People > 0) == (d.Twin != "") {
				t.Errorf("%s: %d persons, twin of %q", d.ID, *d.People, d.Twin)
			}
			named := 0
			for i, g := range d.Spans {
				if i > 0 && g.Start < d.Spans[i-1].End {
					t.Errorf("%s: spans overlap", d.ID)
				}
				if !g.Optional {
					types[g.Type]++
				}
				if g.Type == detect.Name && d.Twin != "" {
					t.Errorf("%s: a benign twin has a name", d.ID)
				}
				if g.Type == detect.Name {
					named++
				}
			}
			if d.Twin == "" && named == 0 && *d.People > 0 && d.Kind != "cards-odd" {
				t.Errorf("%s: persons without names", d.ID)
			}
		}
	}
	for _, detector := range detect.Builtin() {
		for _, of := range detector.Types() {
			if types[of] < 10 {
				t.Errorf("%s stands %d times in the corpus, want 10 or more", of, types[of])
			}
		}
	}
}

// TestCheckDigits holds the generator's arithmetic against the detectors'.
func TestCheckDigits(t *testing.T) {
	g := newGen(1, "check", 0)
	for range 200 {
		for name, value := range map[string]string{
			"my-number": g.myNumber(), "corporate-number": g.corporate(), "driver-licence": g.licence(), "luhn": g.card(""),
			"ean": g.jan(),
		} {
			valid, _ := detect.Check(name)
			if !valid([]byte(value)) {
				t.Fatalf("%s: %s is not valid", name, value)
			}
		}
		valid, _ := detect.Check("mod97")
		if s := strings.ReplaceAll(g.iban(), " ", ""); !valid([]byte(s[4:] + s[:4])) {
			t.Fatalf("IBAN %s is not valid", s)
		}
		valid, _ = detect.Check("luhn")
		if s := luhnBroken(g); len(s) != 16 || valid([]byte(s)) {
			t.Fatalf("%s is valid", s)
		}
	}
}

func BenchmarkSets(b *testing.B) {
	for b.Loop() {
		Sets(Options{})
	}
}

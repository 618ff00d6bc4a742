package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// said is a context that gives every value the same labels.
type said struct{ own, near Label }

func (s said) label(int) (own, near Label) { return s.own, s.own | s.near }
func (s said) columns() (Label, bool)      { return s.own | s.near, false }

// numberBlock folds text and gathers the evidence that d asks for.
func numberBlock(t testing.TB, d Detector, text string, s said) *Block {
	t.Helper()
	var patterns []match.Pattern
	if v, ok := d.(Vocabulary); ok {
		patterns = v.Patterns()
	}
	set, err := match.Compile(patterns, match.Options{Engine: match.Portable})
	if err != nil {
		t.Fatal(err)
	}
	b := &Block{Text: []byte(normal.String(text)), context: s}
	set.Scan(b.Text, &b.Evidence)
	return b
}

// sighting is a text and the one finding expected in it: the value, its type
// and bounds of its confidence. An empty value means that nothing is found at
// or above hi.
type sighting struct {
	text      string
	own, near Label
	value     string
	kind      Type
	lo, hi    float32
}

func checkSightings(t *testing.T, d Detector, list []sighting) {
	t.Helper()
	for i, s := range list {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			b := numberBlock(t, d, s.text, said{s.own, s.near})
			var found []Finding
			d.Find(b, func(f Finding) {
				if s.value != "" || f.Confidence >= s.hi {
					found = append(found, f)
				}
			})
			if s.value == "" {
				for _, f := range found {
					t.Errorf("%q: found %q (%s, %.2f), want nothing from %.2f", s.text, b.Text[f.Start:f.End], f.Type, f.Confidence, s.hi)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%q: %d findings, want 1", s.text, len(found))
			}
			f := found[0]
			if got := string(b.Text[f.Start:f.End]); got != s.value || f.Type != s.kind {
				t.Errorf("%q: found %q as %s, want %q as %s", s.text, got, f.Type, s.value, s.kind)
			}
			if f.Confidence < s.lo || s.hi > 0 && f.Confidence > s.hi {
				t.Errorf("%q: confidence %.2f, want %.2f to %.2f", s.text, f.Confidence, s.lo, s.hi)
			}
			if f.Canon == "" || f.Detector != d.ID() {
				t.Errorf("%q: detector %q, canonical form %q", s.text, f.Detector, f.Canon)
			}
		})
	}
}

// digitRich is text full of digits that are nobody's: a log, prices, hashes,
// versions, coordinates, addresses of machines.
var digitRich = strings.Repeat(`2024-05-17T08:12:44.103Z INFO 10.20.30.40:51234 GET /v1/items/84723 200 5123 "curl/8.5.0" rt=0.0231
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 size=1048576 uuid=550e8400-e29b-41d4-a716-446655440000
github.com/example/module v1.22.333 h1:kAcNyJ9Pp1mQ5Zk0= 97.5% 1,234,567 円 35.681236,139.767125 #4f46e5 rgba(0,0,0,.85)
margin:0 16px;width:calc(100% - 24px);transform:translate3d(0,-50%,0);flex:1 1 280px}.col-12{order:12}1.05 2.10 3.15 4.20
平成の売上は前年比12.5%増の1,234億円、2,345店舗(3月末)。ISBN 978-4-00-310101-8 型番 AB-1203-C44 100×200×300mm
`, 40)

func TestDetectorsFindNothingInDigitRichTextAndAllocateNothing(t *testing.T) {
	for _, d := range NumberDetectors() {
		t.Run(d.ID(), func(t *testing.T) {
			b := numberBlock(t, d, digitRich, said{})
			d.Find(b, func(f Finding) {
				t.Errorf("found %q as %s with %.2f", b.Text[f.Start:f.End], f.Type, f.Confidence)
			})
			if n := testing.AllocsPerRun(5, func() { d.Find(b, func(Finding) {}) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func BenchmarkDetectorOnDigitRichText(b *testing.B) {
	for _, d := range NumberDetectors() {
		b.Run(d.ID(), func(b *testing.B) {
			blk := numberBlock(b, d, digitRich, said{})
			b.SetBytes(int64(len(blk.Text)))
			b.ReportAllocs()
			for b.Loop() {
				d.Find(blk, func(Finding) {})
			}
		})
	}
}

// FuzzDetectors holds that no text makes a detector panic, and that findings
// lie within the text and name what is there.
func FuzzDetectors(f *testing.F) {
	for _, s := range []string{"03-1234-5678", "+81 (0)90-1234-5678", "4-6-5 3782 822463 10005", "昭和元年12月25日", "a@b.co.jp",
		"品川 300 あ 12-34", "P<JPN", "T1234567890123", "(0", "+(", "元年1", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6"} {
		f.Add(s, uint64(0))
		f.Add(s, uint64(LPhone|LBirth))
	}
	set, err := match.Compile(birthdate{}.Patterns(), match.Options{Engine: match.Portable})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, labels uint64) {
		b := &Block{Text: []byte(normal.String(text)), context: said{own: Label(labels)}}
		set.Scan(b.Text, &b.Evidence)
		for _, d := range NumberDetectors() {
			d.Find(b, func(f Finding) {
				if f.Start < 0 || f.Start >= f.End || f.End > len(b.Text) {
					t.Errorf("%s: %d:%d in %d bytes", d.ID(), f.Start, f.End, len(b.Text))
				}
				if f.Confidence <= 0 || f.Confidence > 1 {
					t.Errorf("%s: confidence %v", d.ID(), f.Confidence)
				}
			})
		}
	})
}

package detect

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// layout is a context that knows only what the layout says.
type layout struct {
	labels Label
	table  bool
}

func (layout) label(int) (own, near Label) { return 0, 0 }
func (l layout) columns() (Label, bool)    { return l.labels, l.table }

func TestHint(t *testing.T) {
	word := match.Hit{Start: 1000, End: 1006, Payload: Payload(ClassHint, bitOf(LPension))}
	other := match.Hit{Start: 2000, End: 2006, Payload: Payload(ClassHint, bitOf(LBank))}
	offsets := []int32{10, 999 - hintAhead, 960, 1010, 1000 + hintReach, 1001 + hintReach, 2010}
	for _, c := range []struct {
		name    string
		context contextual
		hits    []match.Hit
		want    string
	}{
		{"prose", nil, []match.Hit{word, other}, "..+++.."},
		{"no word", nil, []match.Hit{other}, "......."},
		{"column of another block", layout{LPension, true}, nil, "+++++++"},
		{"header in this block", layout{0, true}, []match.Hit{other, word}, "+++++++"},
		{"table without it", layout{LBank, true}, []match.Hit{other}, "......."},
		{"field", layout{LPension, false}, nil, "+++++++"},
	} {
		b := &Block{context: c.context}
		b.Hits = c.hits
		h := b.hint(LPension)
		got := ""
		for _, i := range offsets {
			if h.at(i) {
				got += "+"
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestBitOf(t *testing.T) {
	for _, l := range []Label{LName, LPhone, LCompany} {
		if Label(1)<<bitOf(l) != l {
			t.Errorf("bit of %b is %d", l, bitOf(l))
		}
	}
}

// Numbers in a column vouch for each other.
func TestKin(t *testing.T) {
	numbers := []string{"407182936459", "829304716252", "317492085638", "123456789018", "621498320257", "876543210989"}
	confidence := func(list []string) (least, most float32) {
		b := numberBlock(t, myNumber{}, strings.Join(list, "\n"), said{})
		least = 1
		myNumber{}.Find(b, func(f Finding) { least, most = min(least, f.Confidence), max(most, f.Confidence) })
		return least, most
	}
	if least, _ := confidence(numbers[:4]); least > .3 {
		t.Errorf("four numbers: %.2f, want low", least)
	}
	if least, _ := confidence([]string{numbers[0], numbers[1], numbers[2], numbers[4], "456712830950"}); least < .8 {
		t.Errorf("five numbers that all pass: %.2f, want high", least)
	}
	random := []string{numbers[0], "407182936450", "407182936451", "407182936452", "407182936453"}
	if _, most := confidence(random); most > .1 {
		t.Errorf("one of five passes: %.2f, want very low", most)
	}
	same := []string{numbers[0], numbers[0], numbers[0], numbers[0], numbers[0], numbers[0]}
	if _, most := confidence(same); most > .3 {
		t.Errorf("one number repeated: %.2f, want low", most)
	}
}

// Ranges of runs are those that one look after the other finds.
func TestGovernedRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var set []uint64
	for range 2000 {
		var runs []match.Run
		for at, n := int32(0), r.IntN(300); len(runs) < n; at += int32(r.IntN(1 + r.IntN(200))) {
			runs = append(runs, match.Run{Start: at, End: at + 1})
			at++
		}
		h := hint{bit: 7, last: -1 << 20}
		for at, n := int32(0), r.IntN(20); len(h.hits) < n; at += int32(r.IntN(2000)) {
			h.hits = append(h.hits, match.Hit{Start: at, Payload: uint32(6 + r.IntN(2))})
		}
		set = h.governed(set, runs)
		for i, run := range runs {
			want := false
			for _, hit := range h.hits {
				want = want || hit.Payload == h.bit && run.Start >= hit.Start-hintAhead && run.Start <= hit.Start+hintReach
			}
			if got := set[i>>6]>>(i&63)&1 != 0; got != want {
				t.Fatalf("run %d at %d with hits %v: %v", i, run.Start, h.hits, got)
			}
		}
		for i := len(runs); i < 64*len(set); i++ {
			if set[i>>6]>>(i&63)&1 != 0 {
				t.Fatalf("there is no run %d of %d", i, len(runs))
			}
		}
	}
}

package detect

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// TestRunSets compares the sets of runs with what they say they are.
func TestRunSets(t *testing.T) {
	defer func() { runVectors = bestVectors }()
	for runVectors = noVectors; runVectors <= bestVectors; runVectors++ {
		testRunSets(t)
	}
}

func testRunSets(t *testing.T) {
	if startsZero != size20+1 || runSets > 32 {
		t.Fatalf("sets from %d to %d", startsZero, runSets)
	}
	r := rand.New(rand.NewPCG(5, 6))
	const between = "-.: ab+(TZ,年/\"xe0和元・"
	var text []byte
	var runs []match.Run
	for len(runs) < 150 {
		for range r.IntN(4) {
			c := between[r.IntN(len(between))]
			if !isDigit(c) {
				text = append(text, c)
			}
		}
		if n := len(text); n > 0 && isDigit(text[n-1]) {
			text = append(text, '/')
		}
		from := len(text)
		for range 1 + r.IntN(23) {
			text = append(text, '0'+byte(r.IntN(10)))
		}
		runs = append(runs, match.Run{Start: int32(from), End: int32(len(text))})
	}
	for n := range runs {
		b := &Block{Text: text, Evidence: match.Evidence{Runs: runs[:n]}}
		words := b.runWords()
		var count [size20 + 1]int
		for i, r := range b.Runs {
			at := func(set runSet) bool { return words[i/64][set]>>(i%64)&1 != 0 }
			size := r.End - r.Start
			sized := runSet(size)
			if size > 13 {
				sized = size14
			}
			if size > 19 {
				sized = size20
			}
			count[sized]++
			left := byte(',')
			if r.Start > 0 {
				left = text[r.Start-1]
			}
			for set, want := range map[runSet]bool{
				anyRun: true, sized: true,
				startsZero: text[r.Start] == '0', startsOne: text[r.Start] == '1',
				behindPlus: left == '+' || left == '(', behindUpper: isUpper(left), behindWide: left == ' ' || left >= 0x80,
				beforeDate: int(r.End) < len(text) && dateNext[text[r.End]],
				behindEra:  eraTail(text, int(r.Start)), beforeMore: goesOn(text, r.End),
				closeBy: i%64 == 63 || i+1 == len(b.Runs) || b.Runs[i+1].Start-r.End <= runReach,
				amid:    r.Start > 0 && isLetter(left) && int(r.End) < len(text) && isLetter(text[r.End]),
			} {
				if at(set) != want {
					t.Fatalf("run %d of %q: set %d", i, text, set)
				}
			}
			if at(inWord) && startsHere(text, r) {
				t.Fatalf("run %d of %q begins a number", i, text)
			}
		}
		for size := runSet(1); size <= size20; size++ {
			got := 0
			for k := range words {
				got += bits.OnesCount64(words[k][size])
			}
			if got != count[size] || b.lacks(anyOf(size)) != (got == 0) {
				t.Fatalf("%d of size %d, want %d", got, size, count[size])
			}
		}
		all := b.choose(nil, func(s span, _ uint64) uint64 { return s.in(anyRun) })
		for i := range n {
			if got := all.next(i); got != i {
				t.Fatalf("next of %d is %d", i, got)
			}
		}
		if got := all.next(0); got != -1 {
			t.Fatalf("%d behind the last of %d", got, n)
		}
	}
}

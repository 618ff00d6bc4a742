package match

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// same compares evidence without telling nil from empty.
func same(got, want *Evidence) error {
	if err := sameList("hit", got.Hits, want.Hits); err != nil {
		return err
	}
	if err := sameList("run", got.Runs, want.Runs); err != nil {
		return err
	}
	return sameList("at", got.Ats, want.Ats)
}

func sameList[T comparable](what string, got, want []T) error {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Errorf("%s %d is %v, want %v", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d %ss, want %d", len(got), what, len(want))
	}
	return nil
}

// agree scans the texts with every variant and compares with the first.
func agree(t *testing.T, p []Pattern, texts ...[]byte) {
	t.Helper()
	want := make([]Evidence, len(texts))
	for i, v := range variants() {
		set := v.must(t, p, Options{})
		for k, text := range texts {
			if i == 0 {
				set.Scan(text, &want[k])
				continue
			}
			var got Evidence
			set.Scan(text, &got)
			if err := same(&got, &want[k]); err != nil {
				t.Errorf("%s: text %d of %d bytes: %v", v.name, k, len(text), err)
			}
			if each := set.AtEach(nil, text, offsets(len(text))); !slices.Equal(each, want[k].Hits) {
				t.Errorf("%s: text %d of %d bytes: AtEach gives %d hits, Scan %d", v.name, k, len(text), len(each), len(want[k].Hits))
			}
		}
	}
}

func TestEnginesAgreeOnCorpora(t *testing.T) {
	r := seeded(1)
	lits := append(names(r, 300), keywords...)
	var p []Pattern
	for i, l := range lits {
		p = append(p, Pattern{l, i%2 == 0, uint32(i)})
	}
	for _, c := range corpora {
		t.Run(c.name, func(t *testing.T) { agree(t, p, corpus(c.make, 3*chunkSize+77, lits)) })
	}
}

// Every length from nothing to a few blocks, so that a literal, a run and an
// "@" meet every place a block can end.
func TestEveryLength(t *testing.T) {
	p := literals(true, "氏名", "Tel", "様", "\xe6", "123", "tel12")
	text := []byte(strings.Repeat("氏名TEL123@様", 20))
	var texts [][]byte
	for n := range text {
		texts = append(texts, text[:n], text[n:])
	}
	agree(t, p, texts...)
}

// A group of hundreds of literals with a common prefix, nested and not, is
// searched by halving.
func TestLargeGroup(t *testing.T) {
	r := seeded(2)
	var lits []string
	for range 500 {
		l := []byte("prefix")
		for range r.IntN(6) {
			l = append(l, "abC"[r.IntN(3)])
		}
		lits = append(lits, string(l))
	}
	var p []Pattern
	for i, l := range lits {
		p = append(p, Pattern{l, i%3 == 0, uint32(i)})
	}
	text := strings.Join(lits, "") + strings.ToUpper(strings.Join(lits[:50], "")) + "prefix"
	agree(t, p, []byte(text))
}

func TestIndexHoldsEveryKey(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100, 5000, 60000} {
		keys, refs := make([]uint64, n), make([]uint32, n)
		for i := range n {
			keys[i], refs[i] = mix(uint64(i)*0x010001), uint32(i+1)
		}
		x := newIndex(keys, refs)
		for i := range n {
			if got := x.find(keys[i]); got != refs[i] {
				t.Fatalf("%d keys: key %d leads to %d, want %d", n, i, got, refs[i])
			}
		}
		strange := 0
		for i := range 10000 {
			if x.find(mix(uint64(i)*0x010001+0x77)) != 0 {
				strange++
			}
		}
		if strange > 0 {
			t.Errorf("%d keys: %d of 10000 strange keys found", n, strange)
		}
	}
}

func fuzzPatterns(lits string) []Pattern {
	var p []Pattern
	for i, l := range strings.Split(lits, "\n") {
		if l != "" && len(p) < 100 {
			fold := l[0]&1 != 0
			p = append(p, Pattern{l, fold, uint32(i)})
		}
	}
	return p
}

func seedFuzz(f *testing.F) {
	for _, c := range cases {
		var lits []string
		for _, p := range c.patterns {
			lits = append(lits, p.Literal)
		}
		f.Add(strings.Join(lits, "\n"), []byte(c.text))
	}
	f.Add("a\naa\naaa\nAAAA\nb", []byte(strings.Repeat("aAa", 100)))
	f.Add("様\n東京\n東京都", []byte(strings.Repeat("東京都様", 30)))
}

func FuzzEnginesAgree(f *testing.F) {
	seedFuzz(f)
	f.Fuzz(func(t *testing.T, lits string, text []byte) {
		if len(lits) > 500 || len(text) > 2000 {
			t.Skip()
		}
		agree(t, fuzzPatterns(lits), text)
	})
}

// Neither stage of the filter may lose a match.
func FuzzFilterNeverDrops(f *testing.F) {
	seedFuzz(f)
	f.Fuzz(func(t *testing.T, lits string, text []byte) {
		p := fuzzPatterns(lits)
		table := newTable(p)
		filter, wide := newFilter(table), newHalfMarks(table)
		filter.deal(table)
		padded := append(bytes.Clone(text), make([]byte, slack)...)
		for i := range text {
			for _, x := range p {
				if !hasPrefix(text[i:], x) {
					continue
				}
				if filter.marks.at(padded, i) == 0 || wide.at(padded, i) == 0 {
					t.Fatalf("marks drop %q at %d", x.Literal, i)
				}
				if filter.passes(load(padded[i:])) == 0 {
					t.Fatalf("bit sets drop %q at %d", x.Literal, i)
				}
			}
		}
	})
}

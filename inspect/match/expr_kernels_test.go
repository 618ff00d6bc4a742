package match

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
)

// FuzzExpressionKernelsEqualGo runs the kernels of expressions beside their
// specifications.
func FuzzExpressionKernelsEqualGo(f *testing.F) {
	for i, e := range exprCases {
		f.Add(e, exprCases[(i+7)%len(exprCases)], []byte(strings.Repeat(exprTexts[i%len(exprTexts)], 5)))
	}
	f.Fuzz(func(t *testing.T, a, b string, text []byte) {
		x, err := newExprs(exprsOf(a, b))
		if err != nil || len(a)+len(b) > 200 {
			t.Skip()
		}
		shapesEqualGo(t, x, text)
		pairEqualsApart(t, x, text)
		walkEqualsGo(t, x, text)
	})
}

func TestExpressionKernelsEqualGo(t *testing.T) {
	x, err := newExprs(exprsOf(exprCases...))
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte(strings.Join(exprTexts, " ")), 20)
	shapesEqualGo(t, x, text)
	pairs := slices.ContainsFunc(vectors, func(k kernels) bool { _, ok := k.(pairer); return ok })
	if offsets := pairEqualsApart(t, x, text); pairs && offsets < len(text)/50 {
		t.Errorf("only %d offsets marked together", offsets)
	}
	walks := slices.ContainsFunc(vectors, func(k kernels) bool { _, ok := k.(walker); return ok })
	if walked := walkEqualsGo(t, x, text); walks && walked < len(text) {
		t.Errorf("only %d walks went through", walked)
	}
	for i, e := range exprCases {
		x, err := newExprs(exprsOf(e, exprCases[(i+1)%len(exprCases)]))
		if err != nil {
			t.Fatal(err)
		}
		shapesEqualGo(t, x, text)
		walkEqualsGo(t, x, text)
	}
}

// shapesEqualGo compares what each kernel marks. AVX-512 has no second look.
func shapesEqualGo(t *testing.T, x *exprs, text []byte) {
	t.Helper()
	for _, k := range append(slices.Clone(vectors), portable{}) {
		for base := 1; base+blockSize+slack <= len(text); {
			blocks := min((len(text)-base-slack)/blockSize, chunkSize/blockSize)
			part := text[base-1:]
			var want []uint32
			for i := range blocks * blockSize {
				ok := x.fine.at(part[i:]) != 0
				if fmt.Sprintf("%T", k) == "match.avx512" {
					ok = x.marks.at(part, i+1) != 0
				}
				if ok {
					want = append(want, uint32(base+i))
				}
			}
			if got := k.shapes([]uint32{7}, &x.marks, &x.fine, part, blocks, base); got[0] != 7 || !slices.Equal(got[1:], want) {
				t.Fatalf("%T marks from %d on: %d offsets, want %d", k, base, len(got)-1, len(want))
			}
			base += blocks * blockSize
		}
	}
}

// pairEqualsApart compares what kernels mark of literals and expressions together with what
// they mark of each.
func pairEqualsApart(t *testing.T, x *exprs, text []byte) (offsets int) {
	t.Helper()
	table := newTable(literals(true, append(names(seeded(3), 500), keywords...)...))
	f := newFilter(table)
	f.deal(table)
	for _, k := range vectors {
		pair, ok := k.(pairer)
		if !ok {
			continue
		}
		if p, ok := k.(preparer); ok {
			p.prepare(f, table)
		}
		for base := 1; base+blockSize+slack <= len(text); {
			blocks := min((len(text)-base-slack)/blockSize, chunkSize/blockSize)
			var got, want scratch
			e := exprScan{exprs: x, found: []uint32{7}}
			pair.both(&got, f, &e, text, blocks, base)
			k.literals(&want, f, text[base:], blocks, base)
			if starts := k.shapes([]uint32{7}, &x.marks, &x.fine, text[base-1:], blocks, base); !slices.Equal(e.found, starts) {
				t.Fatalf("%T marks %d expressions together from %d on, %d alone", k, len(e.found)-1, base, len(starts)-1)
			}
			if !slices.Equal(got.found, want.found) {
				t.Fatalf("%T marks %d literals together from %d on, %d alone", k, len(got.found), base, len(want.found))
			}
			offsets += len(got.found) + len(e.found) - 1
			base += blocks * blockSize
		}
	}
	return offsets
}

// walkEqualsGo runs the machines of expressions from every offset, side by side and
// one by one, and returns how many walks of all the kernels went through.
func walkEqualsGo(t *testing.T, x *exprs, text []byte) (walked int) {
	t.Helper()
	machines := slices.Clone(x.ahead)
	for _, e := range x.back {
		if e.machine != nil {
			machines = append(machines, e.machine)
		}
	}
	var all []uint32
	for i := range text {
		all = append(all, uint32(i))
	}
	for _, k := range vectors {
		walker, ok := k.(walker)
		if !ok {
			continue
		}
		var w walk
		for _, m := range machines {
			if got, want := walker.choose(nil, all, text, &m.first), choose(nil, all, text, &m.first); !slices.Equal(got, want) {
				t.Fatalf("%T chooses %d offsets, want %d", k, len(got), len(want))
			}
			for starts := range slices.Chunk(all[:max(len(all)-4*lanes, 0)], batchSize-3) {
				w.run(walker, m, text, starts)
				for slot, i := range starts {
					if w.matched[slot]&again != 0 {
						continue
					}
					walked++
					var ends ends
					matched, _ := m.match(text, int(i), &ends)
					same := matched == w.matched[slot] && w.touched[slot/64]>>(slot%64)&1 != 0 == (matched != 0)
					for set := matched; set != 0; set &= set - 1 {
						k := bits.TrailingZeros32(set)
						same = same && ends[k] == w.ends[slot][k]
					}
					if !same {
						t.Fatalf("%T at %d: matched %b up to %v, want %b up to %v", k, i, w.matched[slot], w.ends[slot], matched, ends)
					}
				}
			}
		}
	}
	return walked
}

package normal

import (
	"math/rand/v2"
	"testing"
)

// random returns a map over n output bytes and, beside it, the same as a list.
func random(r *rand.Rand, n int, base int64) (*Map, []int64) {
	var m Map
	m.Reset(base)
	list := make([]int64, 0, n)
	in := base
	for len(list) < n {
		ow, iw, units := 1+r.IntN(4), r.IntN(5), 1+r.IntN(4)
		if r.IntN(3) == 0 {
			ow, iw = 1, 1
		}
		in += int64(r.IntN(3)) // something dropped
		m.Step(len(list), in, ow, iw)
		for range units {
			for range ow {
				list = append(list, in)
			}
			in += int64(iw)
		}
	}
	return &m, list[:n]
}

func equal(t *testing.T, what string, m *Map, want []int64) {
	t.Helper()
	for i, w := range want {
		if got := m.Origin(i); got != w {
			t.Fatalf("%s: offset %d leads to %d, want %d", what, i, got, w)
		}
	}
}

func TestMapAgainstList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var want []int64
	var joined Map
	for range 300 {
		in, list := random(r, 60, 10)
		equal(t, "Step", in, list)

		var whole Map
		whole.Set(in)
		equal(t, "Set", &whole, list)

		n := r.IntN(50)
		whole.Drop(n)
		equal(t, "Drop", &whole, list[n:])

		outer, mids := random(r, 30, int64(r.IntN(8)))
		want = want[:0]
		for _, mid := range mids {
			if mid >= 60 {
				break
			}
			want = append(want, list[mid])
		}
		joined.Join(outer, in, len(want))
		equal(t, "Join", &joined, want)

		// A text made of pieces of in's output.
		var out Map
		want = want[:0]
		out.Reset(in.base)
		for at := r.IntN(5); at < 50; {
			n := 1 + r.IntN(9)
			if r.IntN(2) == 0 {
				out.Copy(len(want), in, at, n)
				want = append(want, list[at:at+n]...)
			} else {
				ow := 1 + r.IntN(3)
				out.Unit(len(want), ow, in, at, n)
				for range ow {
					want = append(want, list[at])
				}
			}
			at += n + r.IntN(2)
		}
		equal(t, "Copy and Unit", &out, want)
	}
}

// TestCursor compares spans that mostly ascend with Origin and End.
func TestCursor(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		m, _ := random(r, 200, 10)
		if r.IntN(2) == 0 { // mostly a byte for each
			m = &Map{base: 7}
			for out, in := r.IntN(40), int64(70); out < 220 && r.IntN(9) > 0; {
				m.Step(out, in, 1, 3)
				m.Step(out+1, in+3, 1, 1)
				n := 1 + r.IntN(40)
				out, in = out+n, in+int64(n)+2
			}
		}
		c := m.Cursor()
		for from := 0; from < 190; from += r.IntN(12) - 1 {
			from = max(from, 0)
			to := from + 1 + r.IntN(20)
			if start, end := c.Span(from, to); start != m.Origin(from) || end != m.End(to) {
				t.Fatalf("[%d, %d) comes from [%d, %d), want [%d, %d)", from, to, start, end, m.Origin(from), m.End(to))
			}
		}
	}
}

package normal

import (
	"math/rand/v2"
	"testing"
)

func TestUnitsEqualSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		n := 1 + r.IntN(200)
		kinds := make([]byte, n+UnitsBehind)
		for i := range kinds {
			kinds[i] = []byte{1 | 1<<2, 3 | 2<<2, 3 | 1<<2, 2 | 2<<2}[r.IntN(4)]
			if i > 0 && r.IntN(5) > 0 {
				kinds[i] = kinds[i-1]
			}
		}
		var got, want Map
		got.Step(0, 7, 3, 2)
		want.Step(0, 7, 3, 2)
		out, in := 6, int64(11)
		taken := got.Units(out, in, kinds, n)
		for _, k := range kinds[:n] {
			want.Step(out, in, int(k&3), int(k>>2))
			out, in = out+int(k&3), in+int64(k>>2)
		}
		if in != 11+int64(taken) {
			t.Fatalf("%d bytes taken, want %d", taken, in-11)
		}
		for i := range out {
			if got.Origin(i) != want.Origin(i) || i > 0 && got.End(i) != want.End(i) {
				t.Fatalf("offset %d of %d characters leads to %d and %d, want %d and %d", i, n, got.Origin(i), got.End(i), want.Origin(i), want.End(i))
			}
		}
		if len(got.segs) > len(want.segs) {
			t.Fatalf("%d segments, want %d", len(got.segs), len(want.segs))
		}
	}
}

package normal

import (
	"math/rand/v2"
	"testing"
)

// Every byte is put at every place of a stretch, in noise.
func TestStructureEqualsThatOfEachByte(t *testing.T) {
	wide := useWide
	defer func() { useWide = wide }()
	for _, useWide = range []bool{wide, false} {
		compareStructure(t)
	}
}

func compareStructure(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m []Structure
	b := make([]byte, 5*Stretch+7)
	for c := range 256 {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		for i := range Stretch {
			b[Stretch+i] = byte(c)
			m = StructureOf(m, b)
			if len(m) != 6 {
				t.Fatalf("%d stretches", len(m))
			}
			for k, got := range m {
				if want := structureOf(b[k*Stretch : min(len(b), (k+1)*Stretch)]); got != want {
					t.Fatalf("%q is marked %x, want %x", b[k*Stretch:], got, want)
				}
			}
		}
	}
}

func TestWithin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	open := uint64(0)
	in := false
	for range 1000 {
		quotes := r.Uint64() & r.Uint64() & r.Uint64()
		got := Within(quotes, open)
		for i := range 64 {
			if quotes>>i&1 != 0 {
				in = !in
			}
			if got>>i&1 != 0 != in {
				t.Fatalf("%x gives %x, at %d it is %v", quotes, got, i, in)
			}
		}
		open = Open(got)
	}
}

func BenchmarkStructure(b *testing.B) {
	text := make([]byte, 32<<10)
	var m []Structure
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m = StructureOf(m, text)
	}
}

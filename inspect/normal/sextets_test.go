package normal

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every byte ends a stretch, or does not, at every place.
func TestSextetPrefixEndsAtTheFirstOther(t *testing.T) {
	for c := range 256 {
		for at := range 3*vectorSize + 9 {
			b := bytes.Repeat([]byte{'A'}, 3*vectorSize+9)
			b[at] = byte(c)
			want := len(b)
			if Sextet[c] == 0 {
				want = at
			}
			eachWidth(func() {
				if got := SextetPrefix(b); got != want {
					t.Fatalf("%q at %d: %d, want %d", byte(c), at, got, want)
				}
			})
		}
	}
}

// eachWidth runs f with the widest vectors, and with those of 32 bytes alone.
func eachWidth(f func()) {
	defer func(w bool) { useWide = w }(useWide)
	for f(); useWide; f() {
		useWide = false
	}
}

// Each eight bytes are told of as byte by byte, whatever the length.
func TestSextetWordsEqualThoseOfEachByte(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 3 * SextetSpan {
		b := make([]byte, n)
		for i := range b {
			if b[i] = "aZ09+/-_"[r.IntN(8)]; r.IntN(20) == 0 {
				b[i] = byte(r.Uint32())
			}
		}
		compareSextetWords(t, b)
	}
}

func compareSextetWords(t *testing.T, b []byte) {
	t.Helper()
	want := make([]uint64, (len(b)+SextetSpan-1)/SextetSpan)
	for k := range len(b) / 8 {
		if !slices.ContainsFunc(b[8*k:8*k+8], func(c byte) bool { return Sextet[c] == 0 }) {
			want[k/64] |= 1 << (k % 64)
		}
	}
	eachWidth(func() {
		if got := SextetWords(make([]uint64, len(want)), b); !slices.Equal(got, want) {
			t.Fatalf("%x, want %x in %q", got, want, b)
		}
	})
}

// Whatever the bytes are, vectors mark them as the look at each byte does.
func FuzzMarks(f *testing.F) {
	f.Add([]byte(`{"a":["b\\",1]} <a>%41QUJDREVGR0g=`))
	f.Fuzz(func(t *testing.T, b []byte) {
		compareSextetWords(t, b)
		eachWidth(func() {
			for k, got := range StructureOf(nil, b) {
				if want := structureOf(b[k*Stretch : min(len(b), (k+1)*Stretch)]); got != want {
					t.Fatalf("%q is marked %x, want %x", b[k*Stretch:], got, want)
				}
			}
		})
	})
}

func BenchmarkSextetWords(b *testing.B) {
	text := bytes.Repeat([]byte("id,name,日本語の文,MDEyMzQ1Njc4OWFiY2RlZg==\n"), 40)
	var words [8]uint64
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		SextetWords(words[:], text)
	}
}

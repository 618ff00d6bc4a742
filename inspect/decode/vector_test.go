package decode

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// samples are bytes in which vectors and plain code are compared.
func samples(seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	noise := make([]byte, 1000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	text := []byte(strings.Repeat(`{"name":"関守\"\\ 太郎","list":[1,2]}`+"\r\n\t", 20))
	both := bytes.Clone(noise)
	for range 6 {
		n := 8 + r.IntN(24)
		copy(both[r.IntN(len(both)-n):], text[r.IntN(len(text)-n):][:n])
	}
	return [][]byte{noise, text, both, noise[:64], noise[:63], nil}
}

func TestMarks(t *testing.T) {
	for seed := range uint64(50) {
		for _, b := range samples(seed) {
			var m marks
			m.read(b)
			at := 0
			for i, c := range b {
				if strings.IndexByte(`":,{}[]`, c) >= 0 {
					if at = m.between(at); at != i {
						t.Fatalf("next in %q is at %d, want %d", b, at, i)
					}
					at++
				}
			}
			if at = m.between(at); at < len(b) {
				t.Fatalf("one too many in %q at %d", b, at)
			}
		}
	}
}

// TestStringEnd compares marks with a look at each byte.
func TestStringEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 17))
	for range 2000 {
		b := make([]byte, 300)
		for i := range b {
			if b[i] = 'x'; r.IntN(9) == 0 {
				b[i] = "\\\\\\\\\\\""[r.IntN(6)]
			}
		}
		var m marks
		m.read(b)
		from := r.IntN(len(b))
		most := r.IntN(len(b) - from)
		n, escaped, closed := m.stringEnd(from, most)
		wantN, wantEscaped, wantClosed := stringEnd(b[from : from+most])
		if n != wantN || escaped != wantEscaped || closed != wantClosed {
			t.Fatalf("%d %v %v, want %d %v %v in %q", n, escaped, closed, wantN, wantEscaped, wantClosed, b[from:from+most])
		}
	}
}

// TestSkip checks that what is passed over holds no escape and no string that
// has to be looked at, and that it ends between strings.
func TestSkip(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for range 3000 {
		var b []byte
		type span struct{ from, to int }
		var strs []span
		for len(b) < 600 {
			b = append(b, `{,:1234567890`[:r.IntN(13)]...)
			from := len(b)
			body := strings.Repeat("x", r.IntN(20))
			switch r.IntN(40) {
			case 0:
				body += `\"`
			case 1:
				body += strings.Repeat("y", minValue-len(body)+r.IntN(2))
			case 2:
				body += " " + strings.Repeat("y", 100)
			}
			b = append(append(append(b, '"'), body...), '"')
			strs = append(strs, span{from, len(b)})
		}
		var m marks
		m.read(b)
		for _, s := range append(strs, span{0, 0}) {
			end := m.skip(b, s.to)
			for _, x := range strs {
				switch body := b[x.from+1 : x.to-1]; {
				case x.from < s.to || x.from >= end:
				case x.to > end:
					t.Fatalf("from %d to %d, which is in a string, of %q", s.to, end, b)
				case len(body) >= minValue && dense(body) || bytes.IndexByte(body, '\\') >= 0:
					t.Fatalf("passed over %q", body)
				}
			}
		}
	}
}

// TestSums compares the vectors with plain code.
func TestSums(t *testing.T) {
	if !useVectors {
		t.Skip("no vectors here")
	}
	r := rand.New(rand.NewPCG(14, 15))
	for n := range 400 {
		b := make([]byte, 41*n)
		for i := range b {
			b[i] = "ab%/-0123456789xyzw"[r.IntN(19)]
			if r.IntN(12) == 0 {
				b[i] = "\"\"\"\"::<, \\"[min(r.IntN(11), r.IntN(20))%10]
			}
		}
		compareSums(t, b)
	}
}

func compareSums(t *testing.T, b []byte) {
	t.Helper()
	var want marks
	useVectors = false
	want.read(b)
	useVectors = true
	eachVectors(func() {
		var got marks
		if got.read(b); !slices.Equal(got.sums, want.sums) {
			t.Fatalf("%x, want %x in %q", got.sums, want.sums, b)
		}
	})
}

// eachVectors does as told with each kind of vectors that the processor has.
func eachVectors(do func()) {
	wide, rows := useWide, useRows
	defer func() { useWide, useRows = wide, rows }()
	do()
	if wide {
		useWide, useRows = false, false
		do()
	}
}

// TestRows compares the vectors with plain code, on rows of any length at any place.
func TestRows(t *testing.T) {
	if !useVectors {
		t.Skip("no vectors here")
	}
	r := rand.New(rand.NewPCG(18, 19))
	for n := range 300 {
		var x track
		x.begin(n%40 + 1)
		for k := range n%40 + 1 {
			for i := range 2 {
				x.pairs[k][i] = [...]uint64{0, ^uint64(0), r.Uint64() | r.Uint64() | r.Uint64()}[r.IntN(3)] >> r.IntN(2) << r.IntN(20)
			}
		}
		compareRows(t, &x)
	}
	for n := range 3000 { // one row, nearly, among few bits
		var x track
		x.begin(9)
		for k := range 9 {
			x.pairs[k] = [2]uint64{r.Uint64() & r.Uint64(), r.Uint64() & r.Uint64() & r.Uint64() & r.Uint64() >> (n % 64)}
		}
		from, length, step := r.IntN(8*64), minText-2+r.IntN(4), 1+n%2
		for at := from; at < min(from+length*step, 9*64); at += step {
			x.pairs[at/64][n/2%2] |= 1 << (at % 64)
		}
		compareRows(t, &x)
	}
}

// compareRows compares rows of t with what plain code finds.
func compareRows(t *testing.T, x *track) {
	t.Helper()
	for _, by := range []*rowShifts{&narrowShifts, &wideShifts} {
		useVectors = false
		x.find(by)
		want := slices.Clone(x.rows)
		useVectors = true
		eachVectors(func() {
			if x.find(by); !slices.Equal(x.rows, want) {
				t.Fatalf("%x, want %x of %x", x.rows, want, x.pairs)
			}
		})
	}
}

// FuzzVectors compares what is found in any bytes with vectors and without.
func FuzzVectors(f *testing.F) {
	if !useVectors {
		f.Skip("no vectors here")
	}
	for _, b := range samples(1) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		compareSums(t, b)
		var none traces
		narrow, wide := nextNarrow(b, 0, &none), nextWide(b, 0, &none)
		archive, _ := embedded(b, 0, &none)
		eachVectors(func() {
			var m traces
			if m.of(b); m.blocks > 0 {
				compareRows(t, &m.narrow)
				compareRows(t, &m.wide)
			}
			if got := nextNarrow(b, 0, &m); got != narrow {
				t.Fatalf("%+v, want %+v in %q", got, narrow, b)
			}
			if got := nextWide(b, 0, &m); got != wide {
				t.Fatalf("%+v, want %+v in %q", got, wide, b)
			}
			if got, _ := embedded(b, 0, &m); got != archive {
				t.Fatalf("an archive at %d, want %d in %q", got, archive, b)
			}
		})
	})
}

func TestPairBlocksEqualTable(t *testing.T) {
	if !useVectors {
		t.Skip("no vectors here")
	}
	all := make([]byte, 1, 2*256*256+64) // every pair
	for before := range 256 {
		for c := range 256 {
			all = append(all, byte(before), byte(c))
		}
	}
	blocks := (len(all) - 1) / 64
	got := make([][2]uint64, blocks)
	wide := useWide
	defer func() { useWide = wide }()
	for _, useWide = range []bool{wide, false} {
		clear(got)
		pairBlocks(&all[1], blocks, &pairs, &got[0])
		comparePairs(t, all, got)
	}
}

func comparePairs(t *testing.T, all []byte, got [][2]uint64) {
	t.Helper()
	for i := range len(got) * 64 {
		before, c := all[i], all[i+1]
		bits := pairs[0][before>>4] & pairs[1][before&15] & pairs[2][c>>4] & pairs[3][c&15]
		want := [2]bool{bits&7 != 0, bits&^7 != 0}
		if m := got[i/64]; m[0]>>(i%64)&1 != 0 != want[0] || m[1]>>(i%64)&1 != 0 != want[1] {
			t.Fatalf("%02x %02x: %x, want %v", before, c, m, want)
		}
	}
}

// TestPlausible checks that no text of minText bytes is passed over, wherever
// it stands.
func TestPlausible(t *testing.T) {
	check := func(b []byte, at int) {
		t.Helper()
		var m traces
		m.of(b)
		start, end := plausible(b, at, &m)
		for i := at; i+minText <= start; i++ {
			utf, cp := mixedRun(b[i:], utf8Char), mixedRun(b[i:], cp932Char)
			if (i == 0 || utf8.RuneStart(b[i])) && min(utf, len(b)-i) >= minText || cp >= minText {
				t.Fatalf("text at %d overlooked, found %d to %d of %q", i, start, end, b)
			}
		}
		if start < len(b) && end-start < minText {
			t.Fatalf("a stretch of %d bytes", end-start)
		}
	}
	for seed := range uint64(300) {
		for _, b := range samples(seed) {
			check(b, 0)
			check(b, min(len(b), int(seed%70)))
		}
	}
}

// TestHoldsText checks that what reads as text is not refused, wherever it stands.
func TestHoldsText(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	held := 0
	for range 40000 {
		b := make([]byte, minText+r.IntN(8))
		for i := range b {
			b[i] = "aZ 0\t\x82\xa0\x93\xfa\xc3\xe3\x81\xb2\xf0\x9f\x98\x80"[r.IntN(17)]
		}
		for i := range b {
			if mixedRun(b[i:], utf8Char) >= minText || mixedRun(b[i:], cp932Char) >= minText {
				if held++; !holdsText(b) {
					t.Fatalf("%q is text from %d on", b, i)
				}
			}
		}
	}
	if held < 20 {
		t.Fatalf("only %d were text", held)
	}
}

func BenchmarkNoise(b *testing.B) {
	noise := samples(1)[0]
	noise = bytes.Repeat(noise, 32)
	var m traces
	b.SetBytes(int64(len(noise)))
	for b.Loop() {
		m.of(noise)
		nextNarrow(noise, 0, &m)
		embedded(noise, 0, &m)
		nextWide(noise, 0, &m)
	}
}

// TestUnbase64EqualsPlain compares the vectors with plain code on either
// alphabet, with every byte that is no base64 at every place of a block.
func TestUnbase64EqualsPlain(t *testing.T) {
	if !useVectors {
		t.Skip("no vectors here")
	}
	wide := useWide
	defer func() { useVectors, useWide = true, wide }()
	check := func(b []byte) {
		t.Helper()
		by := func(vectors, wide bool) (int, []byte) {
			useVectors, useWide = vectors, wide
			return normal.SextetPrefix(b), unbase64(nil, b)
		}
		m, want := by(false, false)
		for _, wide := range []bool{wide, false} {
			if n, got := by(true, wide); n != m || !bytes.Equal(got, want) {
				t.Fatalf("%q: %d characters and %x, want %d and %x", b, n, got, m, want)
			}
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
	for n := range 400 {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		check(b)
		if n > 100 {
			b[r.IntN(n)] = byte(n)
			check(b)
		}
	}
	b := bytes.Repeat([]byte("AZaz09+/-_mM"), 8)
	for c := range 256 {
		at := c * 7 % len(b)
		was := b[at]
		b[at] = byte(c)
		check(b)
		b[at] = was
	}
}

func BenchmarkMarks(b *testing.B) {
	text := bytes.Repeat(samples(1)[1], 60)
	var m marks
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.read(text)
	}
}

func BenchmarkUnbase64(b *testing.B) {
	text := bytes.Repeat([]byte("AZaz09+/-_mM"), 2000)
	dst := make([]byte, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		decodeGroups(dst, text)
	}
}

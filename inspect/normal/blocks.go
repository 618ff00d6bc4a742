package normal

import "math/bits"

// foldTables are what vectors fold by. A byte of ASCII or one that leads a character
// is suspect, that is: may have to be folded, if it equals what stands at its low
// seven bits in first; and E3, which leads all kana, if what stands at the low six
// bits of the two bytes behind it in second and third has a bit in common.
type foldTables struct {
	first         [128]byte
	second, third [64]byte
	kana          [2][64]byte // the second and third byte of kana by the third of the half-width one
	constants     [11]uint32  // each four times
}

var foldSets = func() (t foldTables) {
	for i := range t.first {
		t.first[i] = byte(i) ^ 1 // no byte with these bits
		if isControl(byte(i)) {
			t.first[i] = byte(i)
		}
	}
	suspect := func(first, last int) {
		for c := first; c <= last; c++ {
			if i := c & 127; t.first[i] != byte(i) { // DEL stays: FF leads nothing
				t.first[i] = byte(c)
			}
		}
	}
	suspect(0xc2, 0xe2)
	suspect(0xea, 0xea)
	suspect(0xef, 0xff)
	const space, wave, marks, squared = 1, 2, 4, 8
	t.second[0x00] = space | wave // U+3000, U+301C
	t.third[0x00] = space
	t.third[0x1c] = wave | marks
	t.second[0x02] = marks // U+3099 to U+309C
	for i := 0x19; i < 0x1c; i++ {
		t.third[i] = marks
	}
	for i := range t.third {
		t.third[i] |= squared
	}
	for i := 0x05; i <= 0x0f; i++ {
		t.second[i] = squared // U+3140 to U+33FF
	}
	i := 0x21
	for _, full := range halfwidth {
		b := string(full)
		t.kana[0][i&63], t.kana[1][i&63] = b[1], b[2]
		i++
	}
	for i, c := range []byte{0xe3, 0xef, 0xbc, 0xbd, 0xbe, 0x80, 0x81, 0x9e, 0xa1, 0x60, 0x40} {
		t.constants[i] = 0x01010101 * uint32(c)
	}
	return t
}()

const (
	wideSize  = 64 // of a block
	wideAhead = 2  // bytes that are looked at behind it
	maxNarrow = 64

	thirds = 0x9249249249249249 // every third bit
)

// narrowBlock tells which characters of a block, by the bits of their first bytes,
// took three bytes and take one now.
type narrowBlock struct {
	at    int // of the block
	leads uint64
}

// blocks folds what vectors can, from pos on, up to something that they cannot or
// to where they need more. There is room for all that is left.
func (f *folder) blocks() {
	calm := 0 // behind here the last false alarm is far
	var narrow [maxNarrow]narrowBlock
	for len(f.src)-f.pos >= wideSize+wideAhead {
		at, from := len(f.dst), f.pos
		read, written, n := foldBlocks(&f.dst[:at+1][at], &f.src[from], len(f.src)-from, &narrow)
		f.dst, f.pos = f.dst[:at+written], from+read
		end := f.pos
		for end < len(f.src) && f.src[end]&0xc0 == 0x80 {
			end++ // the rest of a character that is plain
		}
		// Text with many false alarms is better looked at one by one.
		near := min(end+1, len(f.src))
		if f.pos < calm {
			near = min(end+vectorSize, len(f.src))
		}
		end = plainUntil(f.src, end, near)
		f.take(end)
		f.trace(narrow[:n], at, from)
		if end < near {
			return
		}
		calm = end + 2*vectorSize
	}
}

// trace records what stands in dst from offset at on, for src from offset from on.
func (f *folder) trace(narrow []narrowBlock, at, from int) {
	start := from
	plain := f.in.Identity() && len(narrow) > 0
	if plain {
		f.out.Step(at, f.in.base+int64(f.from+from), 1, 1)
	}
	for _, b := range narrow {
		for leads := b.leads; leads != 0; {
			i := bits.TrailingZeros64(leads)
			n := bits.TrailingZeros64(^(leads>>i)&thirds) / 3 // in a row
			leads &= ^uint64(0) << (i + 3*n)
			i += start + b.at
			switch {
			case plain:
				f.out.step3(at+i-from, f.in.base+int64(f.from+i), n)
			case i > from:
				f.out.Copy(at, f.in, f.from+from, i-from)
			}
			if at += i - from; !plain {
				f.narrowed(at, i, n)
			}
			at, from = at+n, i+3*n
		}
	}
	if f.pos > from && !plain {
		f.out.Copy(at, f.in, f.from+from, f.pos-from)
	}
}

// narrowed records that n characters of three bytes in src from offset from on are
// single bytes from at on.
func (f *folder) narrowed(at, from, n int) {
	for from += f.from; n > 0; {
		origin, width, k := f.in.triples(from, n, &f.out.hint)
		if k == 0 {
			f.out.Unit(at, 1, f.in, from, 3)
			k = 1
		} else {
			f.out.Step(at, origin, 1, width)
		}
		at, from, n = at+k, from+3*k, n-k
	}
}

package normal

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkWide compares what vectors fold with what is folded without, and where both
// lead through in.
func checkWide(t *testing.T, src []byte, in *Map) {
	t.Helper()
	var narrow Map
	want := foldScalar(nil, src, in, &narrow)
	eachWidth(func() {
		var out Map
		got := Fold(nil, src, in, 0, &out)
		if !bytes.Equal(got, want) {
			t.Fatalf("%q folds to %q, by vectors to %q", src, want, got)
		}
		for i := 0; i <= len(want); i++ {
			if i < len(want) && !utf8.RuneStart(want[i]) {
				continue
			}
			if a, b := narrow.Origin(i), out.Origin(i); a != b || i > 0 && narrow.End(i) != out.End(i) {
				t.Fatalf("%q: offset %d leads to %d and %d, by vectors to %d and %d", src, i, a, narrow.End(i), b, out.End(i))
			}
		}
	})
}

// foldScalar is Fold without vectors, one character after the other.
func foldScalar(dst, src []byte, in, out *Map) []byte {
	if in == nil {
		in = &identity
	}
	out.Reset(in.origin(0, &out.hint))
	f := folder{dst: room(dst, len(src)), src: src, in: in, out: out, mark: -1}
	for f.pos < len(src) {
		start, from := len(f.dst), f.pos
		f.take(plainUntil(src, from, len(src)))
		if n := f.pos - from; n > 0 {
			f.out.Copy(start, f.in, from, n)
		} else {
			f.one()
		}
	}
	return f.dst
}

// TestWideEqualsScalar puts every character where vectors fold.
func TestWideEqualsScalar(t *testing.T) {
	var got, want []byte
	for _, fill := range []string{"a", "あ"} {
		base := strings.Repeat(fill, 150/len(fill))
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if !utf8.ValidRune(r) || r > 0xffff && r%16 != 0 {
				continue
			}
			at := len(fill) * (int(r) % 29 % (len(base) / len(fill)))
			b := []byte(base[:at] + string(r) + base[at:])
			want = foldScalar(want[:0], b, nil, new(Map))
			eachWidth(func() {
				if got = Fold(got[:0], b, nil, 0, nil); !bytes.Equal(got, want) {
					t.Fatalf("U+%04X at %d: %q, by vectors %q", r, at, want, got)
				}
			})
		}
	}
	pieces := []string{"a", "　", "０９０", "（２０２６年）", "ﾔﾏﾀﾞﾀﾛｳ", "漢字", "①", "é", "→", "～", "\x00", "\n", "｡｢ｱﾞﾊﾟ", "か\u3099", "﹣", "\uff00", "ￗ｟￠"}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		var b []byte
		var in Map
		in.Reset(9)
		for from := int64(9); len(b) < 300; {
			p := pieces[rnd.IntN(len(pieces))]
			if rnd.IntN(3) > 0 {
				p = strings.Repeat("漢", rnd.IntN(30))
			}
			for _, r := range p {
				n := utf8.RuneLen(r)
				in.Step(len(b), from, n, (n+1)/2)
				from += int64(n+1) / 2
				b = utf8.AppendRune(b, r)
			}
		}
		checkWide(t, b, &in)
		checkWide(t, b, nil)
	}
}

func FuzzWide(f *testing.F) {
	f.Add([]byte("山田　ﾀﾞ①０９０〜\u200b１² plain text, 12"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		b = []byte(strings.ToValidUTF8(string(b), ""))
		checkWide(t, bytes.Repeat(b, 1+300/(len(b)+1)), nil)
	})
}

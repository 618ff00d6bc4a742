package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// withVectors runs f with all vectors that the machine has, with those of AVX2, and
// without any.
func withVectors(f func(kind string)) {
	defer func(v, w bool) { useVectors, useWide = v, w }(useVectors, useWide)
	f("as it is")
	useWide = false
	f("narrow")
	useVectors = false
	f("plain")
}

// veinText is text of random size amid which something stands that is looked for.
func veinText(r *rand.Rand) []byte {
	const customers = "名簿: 山田 太郎,東京都千代田区1-2,090-0000-0000,taro@example.jp; Hanako Sato, phone 03-0000-0000\n"
	cells := ""
	for range r.IntN(10) {
		cells += `"` + base64.StdEncoding.EncodeToString([]byte(customers[6:17+r.IntN(8)])) + `", class="a" `
	}
	some := []string{
		"plain words, nothing more. ", "社内の連絡、次回は来週です。", `{"id":12,"state":"open","k":["a","b"]},`, "a=b&c==d\n- x--y\n", "\n",
		strings.Repeat("xn--wgv71a119e ", r.IntN(9)), "\nbegin 644 a.txt\n#0V%T\n`\nend\n", "\n-----BEGIN PGP MESSAGE-----\n", cells,
		hex.EncodeToString([]byte(customers)), strings.Join(strings.Split(customers, ""), " "), strings.Join(strings.Split(customers, ""), "・"),
		`["` + strings.Join(strings.Split(customers, ""), `","`) + `"]`, strings.Repeat(`\u95a2\u5b88`, 30), string(turned([]byte(customers))),
		strings.Repeat("\u200b\u200c", 200), strings.Repeat("\U000E0041", 60), "“quoted”…", strings.Repeat(`"1":230,"2":176,`, 20),
	}
	var b []byte
	for size := 40 + r.IntN(9000); len(b) < size; {
		b = append(b, some[min(r.IntN(len(some)), r.IntN(len(some)))]...)
	}
	return b
}

func TestSurvey(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 400 {
		b := veinText(r)
		encloses := -1
		if kind, at := enclosure(b[min(part.HeadSize/2, len(b)):], false); kind != nil {
			encloses = at + part.HeadSize/2
		}
		withVectors(func(kind string) {
			s := surveyOf(b)
			if want := normal.SignsOf(b) & surveySigns; s.signs != want {
				t.Fatalf("%s: signs %b, want %b: %q", kind, s.signs, want, b)
			}
			if want := bytes.Count(b, []byte(punycodeMark)); s.punycode != want {
				t.Fatalf("%s: %d in Punycode, want %d: %q", kind, s.punycode, want, b)
			}
			if s.encloses != encloses {
				t.Fatalf("%s: encloses at %d, want %d: %q", kind, s.encloses, encloses, b)
			}
			var cells cellCount
			for i, c := range b {
				if c == '=' {
					cells.mark(b, i)
				}
				if sign := normal.SignsOf(b[i:i+1]) & surveySigns; s.pages[pageOf(i)]&sign != sign {
					t.Fatalf("%s: no sign of %q at %d", kind, c, i)
				}
			}
			if s.cells != cells {
				t.Fatalf("%s: cells %v, want %v: %q", kind, s.cells, cells, b)
			}
		})
	}
}

// traced notes what is handed on.
type traced struct {
	part.Emitter
	out *strings.Builder
}

func (e traced) Child(p part.Part) error {
	e.out.WriteString(p.Path + ": ")
	_, err := io.Copy(e.out, p.Body)
	return err
}

// sameVeins checks that the same is found in b with vectors as without.
func sameVeins(t *testing.T, b []byte) (found bool) {
	t.Helper()
	var first string
	withVectors(func(kind string) {
		var out strings.Builder
		if err := Veins(traced{out: &out}, b); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = out.String()
		}
		if first != out.String() {
			t.Fatalf("%s: %q, otherwise %q, in %q", kind, out.String(), first, b)
		}
	})
	return first != ""
}

func TestVeinsWithAndWithoutVectors(t *testing.T) {
	r, n := rand.New(rand.NewPCG(23, 24)), 0
	for range 300 {
		if sameVeins(t, veinText(r)) {
			n++
		}
	}
	if n < 50 || n > 290 {
		t.Errorf("something in %d of them", n)
	}
}

func FuzzVeinsWithVectors(f *testing.F) {
	r := rand.New(rand.NewPCG(25, 26))
	for range 10 {
		f.Add(veinText(r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) <= blockSize {
			sameVeins(t, bytes.ToValidUTF8(b, []byte("?")))
		}
	})
}

// compareStretches checks that no mark in b that is found without vectors is passed over
// with them. Those that look at three bytes find fewer of what is none.
func compareStretches(t *testing.T, b []byte) {
	t.Helper()
	for ; len(b) > 0; b = b[min(pageSize, len(b)):] {
		var want stretches
		signs, _ := want.plain(b[:min(len(b), pageSize+1)])
		withVectors(func(kind string) {
			var s stretches
			moreSigns, more := s.of(b)
			if moreSigns != signs || s.ends != want.ends {
				t.Fatalf("%s: %b, %x, want %b, %x in %q", kind, moreSigns, s.ends, signs, want.ends, b)
			}
			for k, m := range want.marks {
				if more>>k&1 == 0 {
					s.marks[k] = 0
				}
				for m &^= s.marks[k]; m != 0; m &= m - 1 {
					at := k*normal.Stretch + bits.TrailingZeros64(m)
					if !slices.ContainsFunc(append(surveyMarks(), "="), func(mark string) bool { return bytes.HasPrefix(b[at:], []byte(mark)[:min(3, len(mark))]) }) {
						continue
					}
					t.Fatalf("%s: passed over %q at %d in %q", kind, b[at:min(at+3, len(b))], at, b)
				}
			}
		})
	}
}

func TestStretches(t *testing.T) {
	r := rand.New(rand.NewPCG(29, 30))
	all := append(surveyMarks(), "=", "x", "\n", "n", "-", "\u3042", "\xff\xaa\xbd", "b", "(\x00", "\t+%&\\\"\b")
	for range 500 {
		b := []byte{}
		for size := r.IntN(2*pageSize + 200); len(b) < size; {
			if r.IntN(3) > 0 {
				b = append(b, byte(r.Uint32()))
				continue
			}
			word := all[r.IntN(len(all))]
			b = append(b, word[:1+r.IntN(len(word))]...)
		}
		compareStretches(t, b)
	}
}

// compareGlances checks that a glance of b with vectors is as it is without.
func compareGlances(t *testing.T, b *[veinStep]byte) {
	t.Helper()
	var want glance
	want.plain(b)
	withVectors(func(kind string) {
		var g glance
		g.at(b[:])
		if g.outside &= ofNotations | ofLoose; g.high != 0 {
			g.outside = 0
		}
		if g != want {
			t.Fatalf("%s: %x, want %x of %q", kind, g, want, *b)
		}
	})
}

func TestGlances(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	const often = "\xe3\xe3\xe3\xe4\x80\x81\x82\x82\x83\x97\x9c\xa0\xbb\xb7%&U\\\",@_"
	for n := range 3000 {
		var b [veinStep]byte
		for i := range b {
			switch b[i] = byte(r.Uint32()); {
			case n%3 == 1:
				b[i] &= 0x7f
			case n%3 == 2 && r.IntN(2) == 0:
				b[i] = often[r.IntN(len(often))]
			}
		}
		compareGlances(t, &b)
	}
	for c := range 256 { // sets
		compareGlances(t, (*[veinStep]byte)(bytes.Repeat([]byte{byte(c)}, veinStep)))
	}
	var b [veinStep]byte
	for at := 0; at < 3<<16; at++ { // kana, kanji and what they share their leads with
		i := at % 64 * 3
		b[i], b[i+1], b[i+2] = byte(0xe2+at>>16), byte(at>>8), byte(at)
		if at%64 == 63 {
			compareGlances(t, &b)
			compareGlances(t, (*[veinStep]byte)(append(b[80:], b[:80]...)))
		}
	}
}

// compareWordMarks checks that with vectors every word is marked in b that is without.
func compareWordMarks(t *testing.T, b []byte) {
	t.Helper()
	for _, marks := range []*wordMarks{glimpseMarks, mirrorMarks, unseenMarks} {
		var want []int
		for i := range b {
			var rest [64 + wordStart - 1]byte
			copy(rest[:], b[i:])
			if marks.plain.of(&rest)&1 != 0 {
				want = append(want, i)
			}
		}
		withVectors(func(kind string) {
			left := want
			for i := range marks.in(b, 0, len(b)) {
				if len(left) > 0 && left[0] == i {
					left = left[1:]
				}
			}
			if len(left) > 0 {
				t.Fatalf("%s: passed over at %d in %q", kind, left[0], b)
			}
		})
	}
}

func FuzzGlances(f *testing.F) {
	r := rand.New(rand.NewPCG(33, 34))
	for range 10 {
		f.Add(veinText(r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		compareStretches(t, b)
		compareWordMarks(t, b[:min(len(b), 4*glimpse)])
		for ; len(b) > 0; b = b[min(veinStep, len(b)):] {
			var one [veinStep]byte
			copy(one[:], b)
			compareGlances(t, &one)
		}
	})
}

// TestGlanceApart checks that no character is overlooked that may stand between
// all others.
func TestGlanceApart(t *testing.T) {
	withVectors(func(kind string) {
		b := make([]byte, veinStep)
		for r := range rune(utf8.MaxRune + 1) {
			if !utf8.ValidRune(r) || !separates(utf8.RuneError, r) {
				continue
			}
			n := utf8.EncodeRune(b[70:], r)
			copy(b[3:], b[70:70+n])
			var g glance
			if g.at(b); g.apart>>3&1 == 0 || g.further>>6&1 == 0 {
				t.Fatalf("%s: %U passed over", kind, r)
			}
			clear(b)
		}
	})
}

// TestWordMarks checks that no word is passed over, wherever it stands.
func TestWordMarks(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	for range 300 {
		b := bytes.Repeat([]byte("東京 te mo-0 "), 1+r.IntN(60))
		word := mirrored[r.IntN(len(mirrored))]
		at := r.IntN(len(b) - len(word))
		copy(b[at:], word)
		withVectors(func(kind string) {
			for i := range glimpseMarks.in(b, r.IntN(at+1), len(b)) {
				if i == at {
					return
				}
			}
			t.Fatalf("%s: %q at %d passed over in %q", kind, word, at, b)
		})
		compareWordMarks(t, b)
	}
}

// TestWordMarksAreFew checks that hardly more is marked than has to be.
func TestWordMarksAreFew(t *testing.T) {
	b := []byte(strings.Repeat("東京都千代田区1-2-3、090-1234-5678 です。the mail address in this letter was sent to 神奈川県\n", 20))
	withVectors(func(kind string) {
		n := 0
		for range glimpseMarks.in(b, 0, len(b)) {
			n++
		}
		if n > len(b)/50 {
			t.Fatalf("%s: %d of %d", kind, n, len(b))
		}
	})
}

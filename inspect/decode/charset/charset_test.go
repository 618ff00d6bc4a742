package charset

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

var peers = map[Charset]encoding.Encoding{
	CP932:     japanese.ShiftJIS,
	EUCJP:     japanese.EUCJP,
	ISO2022JP: japanese.ISO2022JP,
	UTF16LE:   unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	UTF16BE:   unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	UTF32LE:   utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM),
	UTF32BE:   utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
	Latin1:    charmap.Windows1252,
	UTF8:      encoding.Nop,
}

// encode writes text in c, leaving out what c cannot write.
func encode(t testing.TB, c Charset, text string) []byte {
	t.Helper()
	if out, err := peers[c].NewEncoder().Bytes([]byte(text)); err == nil {
		return out
	}
	known := map[rune]rune{}
	text = strings.Map(func(r rune) rune {
		if _, ok := known[r]; !ok {
			known[r] = r
			if _, err := peers[c].NewEncoder().String(string(r)); err != nil {
				known[r] = -1
			}
		}
		return known[r]
	}, text)
	out, err := peers[c].NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryCharacter checks each character that x/text can write, one by one
// and all in a row, forwards and through the map.
func TestEveryCharacter(t *testing.T) {
	for c, enc := range peers {
		t.Run(c.String(), func(t *testing.T) {
			var all []byte
			var want []byte
			var m normal.Map
			e := enc.NewEncoder()
			for r := rune(' '); r <= 0x2ffff; r++ {
				if !utf8.ValidRune(r) || c == ISO2022JP && r > 0xff60 && r < 0xffa0 {
					continue
				}
				src, err := e.Bytes([]byte(string(r)))
				if err != nil {
					continue
				}
				back, err := enc.NewDecoder().Bytes(src)
				if err != nil {
					t.Fatal(err)
				}
				d := Decoder{Charset: c}
				m.Reset(0)
				got, n, ok := d.Decode(nil, src, 0, true, &m)
				if !ok || n != len(src) || !bytes.Equal(got, back) {
					t.Fatalf("U+%04X: % x reads as %q (%v), want %q", r, src, got, ok, back)
				}
				all = append(all, src...)
				want = append(want, back...)
			}
			d := Decoder{Charset: c}
			m.Reset(0)
			got, n, ok := d.Decode(nil, all, 0, true, &m)
			if !ok || n != len(all) || !bytes.Equal(got, want) {
				t.Fatalf("all in a row: %d of %d bytes, %v", n, len(all), ok)
			}
		})
	}
}

// TestEveryPair checks that what x/text calls invalid is invalid here.
func TestEveryPair(t *testing.T) {
	for _, c := range []Charset{CP932, EUCJP} {
		for pair := 0x8000; pair <= 0xffff; pair++ {
			src := []byte{byte(pair >> 8), byte(pair)}
			back, _ := peers[c].NewDecoder().Bytes(src)
			var m normal.Map
			d := Decoder{Charset: c}
			got, _, ok := d.Decode(nil, src, 0, true, &m)
			want := !bytes.ContainsRune(back, 0xfffd)
			if src[0] == 0x80 || src[1] == 0x80 {
				want = ok // C1 controls: x/text lets one through
			}
			if ok != want || ok && src[1] != 0x80 && src[0] != 0x80 && !bytes.Equal(got, back) {
				t.Errorf("%v: % x reads as %q (%v), x/text says %q", c, src, got, ok, back)
			}
		}
	}
}

const sample = "氏名,ﾌﾘｶﾞﾅ,電話番号\r\n山田太郎,ﾔﾏﾀﾞ ﾀﾛｳ,090-1234-5678\r\n渡邊 花子,東京都千代田区霞が関１−２−３ Ω×é\r\n"

// TestDecodeInPieces cuts a text anywhere: text and origins stay the same.
func TestDecodeInPieces(t *testing.T) {
	for c := range peers {
		src := encode(t, c, strings.ReplaceAll(sample, "ｶﾞ", "カ"))
		var whole normal.Map
		d := Decoder{Charset: c}
		want, _, _ := d.Decode(nil, src, 100, true, &whole)
		for cut := 1; cut < len(src); cut++ {
			var m normal.Map
			m.Reset(100)
			d := Decoder{Charset: c}
			got, n, ok := d.Decode(nil, src[:cut], 100, false, &m)
			if !ok || cut-n > 3 {
				t.Fatalf("%v cut at %d: %d taken, %v", c, cut, n, ok)
			}
			got, rest, ok := d.Decode(got, src[n:], 100+int64(n), true, &m)
			if !ok || n+rest != len(src) || !bytes.Equal(got, want) {
				t.Fatalf("%v cut at %d: %q", c, cut, got)
			}
			for i := range got {
				if m.Origin(i) != whole.Origin(i) {
					t.Fatalf("%v cut at %d: offset %d leads to %d, whole to %d", c, cut, i, m.Origin(i), whole.Origin(i))
				}
			}
		}
	}
}

// TestOrigin decodes from each origin on and finds the same text.
func TestOrigin(t *testing.T) {
	for c := range peers {
		if c == ISO2022JP {
			continue // needs its escape sequences
		}
		src := encode(t, c, sample)
		var m, none normal.Map
		d := Decoder{Charset: c}
		text, _, _ := d.Decode(nil, src, 0, true, &m)
		for i := range string(text) {
			rest, _, _ := d.Decode(nil, src[m.Origin(i):], 0, true, &none)
			if !bytes.Equal(rest, text[i:]) {
				t.Fatalf("%v: offset %d leads to %d, which reads %.20q, want %.20q", c, i, m.Origin(i), rest, text[i:])
			}
		}
	}
}

func TestDetect(t *testing.T) {
	for _, text := range []string{
		sample,
		"山田太郎",
		"東京都千代田区",
		"お世話になっております。先日の件ですが、よろしくお願いいたします。",
		"id,name\n1,佐藤 健一\n2,鈴木 美咲\n",
		"ヤマダ タロウ",
		"氏名: 高橋 翔太\n携帯: 080-1111-2222\n",
	} {
		for c := range peers {
			if c == Latin1 {
				continue
			}
			if c == ISO2022JP && strings.Contains(text, "ｶﾞ") {
				text = strings.NewReplacer("ﾌﾘｶﾞﾅ", "フリガナ", "ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ").Replace(text)
			}
			src := encode(t, c, text)
			if g := Detect(src, true, true, ""); g.Charset != c && !(g.Ambiguous && g.Other == c) {
				t.Errorf("%.20q in %v is taken for %+v", text, c, g)
			}
		}
	}
	for _, c := range []struct {
		text string
		want Charset
	}{
		{"caf\xe9 cr\xe8me, d\xe9j\xe0 vu, na\xefve", Latin1},
		{"M\xfcller, Stra\xdfe 5", Latin1},
		{"plain ASCII", UTF8},
		{"\xd4\xcf\xc0\xde \xc0\xdb\xb3,\xbb\xc4\xb3 \xb9\xdd\xbc\xde\n", CP932}, // ﾔﾏﾀﾞ ﾀﾛｳ,ｻﾄｳ ｹﾝｼﾞ
		{"\xef\xbb\xbfabc", UTF8},
		{"Zażółć gęślą jaźń", UTF8},
		{"Привет, мир", UTF8},
	} {
		if g := Detect([]byte(c.text), true, true, ""); g.Charset != c.want || g.Sure < Doubtful {
			t.Errorf("%q is taken for %+v, want %v", c.text, g, c.want)
		}
	}
}

func TestDetectBinary(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		b := make([]byte, 64+r.IntN(SampleSize))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if g := Detect(b, true, true, ""); g.Sure >= Doubtful {
			t.Fatalf("%d random bytes are taken for %+v", len(b), g)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for c := range peers {
		f.Add(byte(c), encode(f, c, sample))
	}
	f.Fuzz(func(t *testing.T, which byte, src []byte) {
		c := Charset(which % byte(len(names)))
		Detect(src, true, which&0x80 != 0, "")
		d := Decoder{Charset: c}
		var m normal.Map
		var text []byte
		for at := 0; at < len(src); {
			out, n, ok := d.Decode(text, src[at:], int64(at), true, &m)
			text = out
			if n < 0 || n > len(src)-at || ok != (n == len(src)-at) {
				t.Fatalf("%v: took %d of %d, %v", c, n, len(src)-at, ok)
			}
			at += n + 1
		}
		if !utf8.Valid(text) {
			t.Errorf("%v: not UTF-8: %q", c, text)
		}
		last := int64(0)
		for i := range text {
			o := m.Origin(i)
			if o < last || o >= int64(len(src)) {
				t.Fatalf("%v: offset %d leads from %d to %d of %d", c, i, last, o, len(src))
			}
			last = o
		}
	})
}

// FuzzPeers writes texts by x/text and compares what is read of them.
func FuzzPeers(f *testing.F) {
	for c := range peers {
		f.Add(byte(c), strings.Repeat(sample, 3))
	}
	f.Fuzz(func(t *testing.T, which byte, text string) {
		c := Charset(which % byte(len(names)))
		text = strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || c == ISO2022JP && r > 0xff60 && r < 0xffa0 {
				return -1 // x/text and the standard differ
			}
			return r
		}, strings.ToValidUTF8(text, ""))
		src := encode(t, c, text)
		want, err := peers[c].NewDecoder().Bytes(src)
		if err != nil {
			t.Fatal(err)
		}
		d := Decoder{Charset: c}
		if got, n, ok := d.Decode(nil, src, 0, true, nil); !ok || n != len(src) || !bytes.Equal(got, want) {
			t.Fatalf("%v: % x reads as %q, x/text says %q", c, src, got, want)
		}
	})
}

// BenchmarkDecode reads the Japanese corpora: of a line that is repeated the
// processor would foresee every branch.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"C1", "C2"} {
		kind, err := corpus.Find(name)
		if err != nil {
			b.Fatal(err)
		}
		text := string(kind.Text(256 << 10))
		for _, c := range []Charset{UTF8, CP932, EUCJP, ISO2022JP, UTF16LE, UTF16BE} {
			src := encode(b, c, text)
			b.Run(name+"/"+c.String(), func(b *testing.B) {
				var m normal.Map
				var dst []byte
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					d := Decoder{Charset: c}
					for at := 0; at < len(src); { // in chunks, as a window does
						m.Reset(0)
						end := min(at+32<<10, len(src))
						n := 0
						dst, n, _ = d.Decode(dst[:0], src[at:end], 0, end == len(src), &m)
						at += n
					}
				}
			})
		}
	}
}

// BenchmarkDetect judges another text each time: of the last few the verdict is
// known.
func BenchmarkDetect(b *testing.B) {
	kind, err := corpus.Find("C1")
	if err != nil {
		b.Fatal(err)
	}
	text := string(kind.Text(256 << 10))
	for _, c := range []Charset{UTF8, CP932, EUCJP, UTF16LE} {
		src := encode(b, c, text)
		b.Run(c.String(), func(b *testing.B) {
			at := 0
			for b.Loop() {
				Detect(src[at:], false, true, "")
				if at += SampleSize; at+SampleSize > len(src) {
					at = 0
				}
			}
		})
	}
}

// What is said to be likely text is what Detect says so of.
func TestIsLikely(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	text := []byte("山田 太郎様 resumé, ｶﾅ; 東京都千代田区\r\n")
	sjis := []byte("\x8e\x52\x93\x63\x91\xbe\x98\x59\x97\x6c\x81\x40\x93\x8c\x8b\x9e")
	yes := 0
	for range 8000 {
		b := make([]byte, 12+r.IntN(140))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		switch r.IntN(6) {
		case 0:
			copy(b[r.IntN(len(b)):], text)
		case 1:
			for k := 0; k < len(b); k += len(sjis) {
				copy(b[k:], sjis)
			}
			b[r.IntN(len(b))] = byte(r.IntN(256))
		case 2: // few control characters
			for i := range b {
				if b[i] < ' ' && r.IntN(8) > 0 {
					b[i] |= 0x60
				}
			}
		case 4: // pairs of EUC-JP
			for i := range b {
				if r.IntN(4) > 0 {
					b[i] = 0xa1 + byte(r.IntN(0x5e))
				}
			}
		case 3: // UTF-16
			for i := range b {
				b[i] = [2]byte{0x4e + byte(r.IntN(0x20)), byte(1 + r.IntN(255))}[i&1]
			}
		}
		for _, whole := range []bool{true, false} {
			got := IsLikely(b, whole) // first: what Detect finds is remembered
			if want := Detect(b, whole, true, "").Sure >= Likely; got != want {
				t.Fatalf("%x: likely %v, want %v", b, got, want)
			}
			if got {
				yes++
			}
		}
	}
	if yes < 400 {
		t.Fatalf("only %d were likely", yes)
	}
}

// A piece of a long text may begin or end amid a character, and texts of few languages have
// characters of three bytes.
func TestDetectUTF8OfPieces(t *testing.T) {
	for _, text := range []string{"東京都千代田区の山田太郎様、", "Příliš žluťoučký kůň, ", "Съешь ещё этих мягких булок. "} {
		text = strings.Repeat(text, 30)
		for at := range 12 {
			if g := Detect([]byte(text[at:]), true, true, ""); g.Charset != UTF8 || g.Sure < 1 || g.Ambiguous {
				t.Errorf("%q from %d: %v", text[:20], at, g)
			}
			if g := Detect([]byte(text[:len(text)-at]), true, true, ""); g.Charset != UTF8 || g.Sure < 1 || g.Ambiguous {
				t.Errorf("%q without the last %d: %v", text[:20], at, g)
			}
		}
	}
	// Half-width kana in Shift_JIS look like continuations.
	kana := encode(t, CP932, strings.Repeat("ｱｲｳｴｵ ﾔﾏﾀﾞ ﾀﾛｳ, 1234 ", 20))
	if g := Detect(kana, true, true, ""); g.Charset != CP932 {
		t.Errorf("half-width kana are %v", g)
	}
}

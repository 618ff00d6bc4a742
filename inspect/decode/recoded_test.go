package decode

import (
	"bytes"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// each writes every byte of s by a format.
func each(format, s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func spell85(s string) string {
	var b bytes.Buffer
	w := ascii85.NewEncoder(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestSpelled(t *testing.T) {
	long := strings.Repeat(customers, 1+9000/len(customers))
	for name, write := range map[string]func(string) string{
		"hexadecimal":              func(s string) string { return hex.EncodeToString([]byte(s)) },
		"hexadecimal with 0x":      func(s string) string { return each("0x%02X, ", s) },
		"hexadecimal with slashes": func(s string) string { return each(`\x%02x`, s) },
		"hexadecimal with colons":  func(s string) string { return each("%02x:", s) },
		"hexdump":                  func(s string) string { return hex.Dump([]byte(s)) },
		"decimal":                  func(s string) string { return each("%d,", s) },
		"bits":                     func(s string) string { return each("%08b ", s) },
		"base32":                   func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) },
		"base32 in lower case":     func(s string) string { return strings.ToLower(base32.StdEncoding.EncodeToString([]byte(s))) },
		"ascii85":                  spell85,
		"ascii85 with marks":       func(s string) string { return "<~" + spell85(s) + "~>" },
	} {
		t.Run(name, func(t *testing.T) {
			inspect(t, part.Part{}, write(customers)).Find(person)
			// What stands at the end, beyond the head, is read too.
			inspect(t, part.Part{}, write(long+person+"。終わり")).Find(person + "。終わり")
		})
	}
}

// TestSpelledEnds puts text behind what is spelled: it is read as it stands.
func TestSpelledEnds(t *testing.T) {
	first := strings.Repeat("abcdefghijklmnop 0123456789\n", 200)
	for name, s := range map[string]string{
		"hexadecimal": hex.EncodeToString([]byte(first)),
		"decimal":     each("%d,", first),
		"base32":      base32.StdEncoding.EncodeToString([]byte(first)),
		"ascii85":     spell85(first),
		"hexdump":     hex.Dump([]byte(first)),
	} {
		x := inspect(t, part.Part{}, s+"\n"+customers)
		if !x.Has(person) {
			t.Errorf("%s: what stands behind it was lost", name)
		}
	}
}

func TestNotSpelled(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("4980127345612094\n", 40),
		strings.Repeat("12,34,56,78,90\n", 40),
		strings.Repeat("090-1234-5678\n", 40),
		strings.Repeat("a", 5000),
		"DEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEF",
		"TOKEN2345ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	} {
		if f := inspect(t, part.Part{}, s).Find(s[:12]); f.Format != "text" {
			t.Errorf("%.20q is read as %s", s, f.Format)
		}
	}
}

func TestEscapes(t *testing.T) {
	for _, format := range []string{"&#%d;", "&#x%x;", `\u{%x}`, "U+%04X ", "%%u%04X", `\u%04x`} {
		var b strings.Builder
		for _, r := range strings.Repeat(customers, 3) {
			fmt.Fprintf(&b, format, r)
		}
		if !inspect(t, part.Part{}, b.String()).Has(person) {
			t.Errorf("%s is not read", format)
		}
	}
	for _, format := range []string{`\x%02x`, `\%03o`, "%%%02X"} {
		if !inspect(t, part.Part{}, each(format, strings.Repeat(customers, 3))).Has(person) {
			t.Errorf("%s is not read", format)
		}
	}
	for _, c := range []struct{ in, out string }{
		{`a\x41b`, "aAb"}, {`\x4`, `\x4`}, {"&amp;&#12354;&", "&あ&"}, {"&nosuch;", "&nosuch;"}, {"%41%4", "A%4"},
		{`\u3042\ud867\ude3d`, "あ𩸽"}, {`\u{29e3d}`, "𩸽"}, {"U+3042", "あ"}, {"U+", "U+"}, {`\`, `\`}, {`\343\201\202`, "あ"},
	} {
		if got := through(unescapes, []byte(c.in), true); string(got) != c.out {
			t.Errorf("%q reads %q", c.in, got)
		}
	}
}

func TestSpaced(t *testing.T) {
	for _, sep := range []string{" ", "　", ".", "_", "\n", "\x00", "\u0336", "|"} {
		var b strings.Builder
		for _, r := range customers + customers {
			b.WriteString(string(r) + sep)
		}
		if !inspect(t, part.Part{}, b.String()).Has(person) {
			t.Errorf("%q between characters is not taken out", sep)
		}
	}
	for _, s := range []string{
		strings.Repeat("1,2,3,4,5,6,7,8,9\n", 20), strings.Repeat("I am a cat. As yet I have no name.\n", 20),
		strings.Repeat("a@", 400), strings.Repeat(". ", 400), customers,
	} {
		if between([]byte(s)) != '\uFFFD' {
			t.Errorf("%.20q is taken for spaced", s)
		}
	}
}

func TestTwice(t *testing.T) {
	var b strings.Builder
	for i := range len(customers) {
		b.WriteRune(rune(customers[i]))
	}
	inspect(t, part.Part{}, b.String()).Find(person)
	if (twice{}).Match(&part.Part{}, []byte("Ångström, façade, naïve, Übergröße, señor, garçon, château")) {
		t.Error("text of western languages is taken for UTF-8 of UTF-8")
	}
}

func TestUndeclaredUTF7(t *testing.T) {
	if !shifts([]byte("+boCQUA-,+XwBgYA-,+bzVbVw-,+ZeVnLA-")) {
		t.Error("shifts to kanji are not seen")
	}
	for _, s := range []string{"1+1-2, a+b-c, x+yz1-, +81-90-1234", strings.Repeat("a+AbCd-e+Zz09-", 20)} {
		if shifts([]byte(s)) {
			t.Errorf("%.20q is taken for UTF-7", s)
		}
	}
}

func TestMarkless(t *testing.T) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	io.WriteString(w, strings.Repeat(customers, 3)+"終")
	w.Close()
	inspect(t, part.Part{}, b.String()).Find(person)
}

func le2(n int) string { return string([]byte{byte(n), byte(n >> 8)}) }

func TestAsides(t *testing.T) {
	name := "\x1f\x8b\x08\x18\x00\x00\x00\x00\x00\x03a.txt\x00" + customers + "\x00"
	empty := "\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	inspect(t, part.Part{}, name+empty).Find(person)
	extra := "ab" + le2(len(customers)) + customers
	inspect(t, part.Part{}, "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x03"+le2(len(extra))+extra+empty).Find(person)
	frame := "\x51\x2a\x4d\x18" + le2(len(customers)) + "\x00\x00" + customers
	inspect(t, part.Part{}, frame+"\x28\xb5\x2f\xfd\x00\x58\x01\x00\x00").Find(person)
}

func FuzzRecodings(f *testing.F) {
	f.Add([]byte("0x41,42 43"), true)
	f.Add([]byte("&#12354;\\u{3042}%u3042U+3042 \\343"), false)
	f.Add([]byte("<~87cURD]i,\"Ebo80~>"), true)
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		steps := []recoding{unescapes, once, closeUp(' ')}
		for i := range notations {
			steps = append(steps, notations[i].recoding())
		}
		for _, s := range steps {
			dst, used := s(nil, b, whole)
			if used < 0 || used > len(b) || len(dst) > 4*len(b)+64 || whole && len(b) > 0 && used == 0 {
				t.Fatalf("%d of %d bytes taken, %d made", used, len(b), len(dst))
			}
		}
		spelling(b)
		between(b)
		guess(b)
		shifts(b)
	})
}

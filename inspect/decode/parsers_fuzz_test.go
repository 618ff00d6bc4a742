package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// FuzzVeins looks for other notations amid anything: what it looks at stays as it
// is, and it takes no more time the stranger the text is.
func FuzzVeins(f *testing.F) {
	for _, s := range []string{
		customers, "see " + hex.EncodeToString([]byte(customers)) + " there", "x=" + base64.StdEncoding.EncodeToString([]byte(customers)) + ";",
		strings.Join(strings.Split(customers, ""), " "), strings.Join(strings.Split(customers, ""), `","`),
		strings.Repeat(`\u95a2\u5b88`, 30), strings.Repeat("&#x95a2;%E5%AE%88", 30), strings.Repeat("xn--wgv71a119e ", 10),
		"q=1\n" + strings.Repeat("72 101 108 108 111 32 ", 20), strings.Repeat("a=b\n", 40), strings.Repeat("\u200b\u200c", 60), string(turned([]byte(customers))),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 { // a block is no larger
			return
		}
		b = bytes.ToValidUTF8(b, []byte("?"))
		before := bytes.Clone(b)
		start := time.Now()
		if err := Veins(nobody{}, b); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(b), d)
		}
		if !bytes.Equal(b, before) {
			t.Error("the text was changed")
		}
	})
}

// FuzzNotations takes the further notations apart in two steps: each uses no more
// than it was given, and writes no more than its notation can stand for.
func FuzzNotations(f *testing.F) {
	for _, s := range []string{customers, "12398 23450", "nm=QNzY<ZMX>D9", "NM&qnZy;B1a%^M", "QED8WEX0 9EM7", "2NEpo7TZRRrLZSi2U", "T8dgcjRGkZ3aysdN"} {
		f.Add([]byte(s), uint16(7))
	}
	all := moreNotations()
	f.Fuzz(func(t *testing.T, src []byte, cut uint16) {
		src = src[:min(len(src), 4<<10)]
		for i := range all {
			n := &all[i]
			at := min(int(cut), len(src))
			out, used := n.step(nil, src[:at], false)
			if used < 0 || used > at {
				t.Fatalf("%s: used %d of %d", n.name, used, at)
			}
			out, more := n.step(out, src[used:], true)
			if more < 0 || used+more > len(src) {
				t.Fatalf("%s: used %d and %d of %d", n.name, used, more, len(src))
			}
			if len(out) > 4*len(src)+8 {
				t.Errorf("%s: %d bytes of %d", n.name, len(out), len(src))
			}
		}
	})
}

// FuzzMasked hides text by a byte. Read with or without, it ends and leads back.
func FuzzMasked(f *testing.F) {
	f.Add([]byte(customers), byte(0x5a))
	f.Add([]byte(strings.Repeat("name,phone\nTaro,090-0000-0001\n", 12)), byte(0xff))
	f.Fuzz(func(t *testing.T, b []byte, key byte) {
		for i := range b {
			b[i] ^= key
		}
		if k := maskOf(b); k != 0 {
			for _, c := range b[:min(len(b), maskedHead)] {
				if c ^= k; c < ' ' && !strings.ContainsRune("\t\n\r", rune(c)) || c == 0x7f {
					t.Fatal("a control is taken for text")
				}
			}
		}
		readFirst(t, masked{}, b)
	})
}

// FuzzRegional reads anything in the encodings of the neighbours.
func FuzzRegional(f *testing.F) {
	f.Add([]byte(encode(f, korean.EUCKR, strings.Repeat("이름과 전화 번호, 주소\n", 8))))
	f.Add([]byte(encode(f, simplifiedchinese.GB18030, strings.Repeat("姓名和电话号码，地址\n", 8))))
	f.Add([]byte(encode(f, traditionalchinese.Big5, strings.Repeat("姓名和電話號碼，地址\n", 8))))
	f.Fuzz(func(t *testing.T, b []byte) { readFirst(t, regional{}, b) })
}

// readFirst reads b by the reader, if it takes it, else by all others.
func readFirst(t *testing.T, r part.Reader, b []byte) {
	start := time.Now()
	parttest.Read(t, append([]part.Reader{r}, Readers()...), part.Part{Body: bytes.NewReader(b), Size: int64(len(b))},
		part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("%d bytes took %v", len(b), d)
	}
}

// FuzzBinHex decodes a line whole and in two: lines mean nothing in BinHex.
func FuzzBinHex(f *testing.F) {
	f.Add([]byte(":$f*TEQKPH#jdH@4bF'pZ!!!!!!!!!!!!!!!!:"), uint16(9))
	f.Add([]byte(":!J!!!3!!N!\"!:"), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		if len(b) > 16<<10 {
			return
		}
		var whole, cutting binHex
		want, more := whole.line(nil, b)
		at := min(int(cut), len(b))
		got, on := cutting.line(nil, b[:at])
		if on {
			got, on = cutting.line(got, b[at:])
		}
		if !bytes.Equal(got, want) || on != more {
			t.Errorf("%d bytes in one piece, %d in two", len(want), len(got))
		}
		if len(want) > 255*len(b) {
			t.Errorf("%d bytes of %d", len(want), len(b))
		}
	})
}

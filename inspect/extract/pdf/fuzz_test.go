package pdf

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func FuzzReader(f *testing.F) {
	f.Add(withContents(stream("", hello)))
	f.Add(withContents(stream("/Filter [/ASCIIHexDecode /LZWDecode]", "800b6050220c0c8501>")))
	f.Add(withContents(stream("/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 4 >>", deflated("\x04abcd\x03efgh"))))
	f.Add(pageWith(plainFont, "BT /F1 10 Tf 1 0 0 1 50 700 Tm [(Name) -2000 (Phone)] TJ ET BI /W 1 ID x EI /X Do"))
	font, below := composite("/90ms-RKSJ-H", "Japan1")
	f.Add(pageWith(font, "BT /F1 10 Tf <8ad68ee7> Tj ET", below))
	font, below = composite("7 0 R", "Japan1")
	f.Add(pageWith(font, "BT /F1 10 Tf <0001> Tj ET", below, stream("", toUnicode)))
	f.Add(rich())
	for _, b := range encrypted(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l := part.Limits{Bytes: 4 << 20, Entries: 100, Time: 5 * time.Second}
		start := time.Now()
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}, l)
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// FuzzPasswords changes files that need a password, with both at hand.
func FuzzPasswords(f *testing.F) {
	for name, b := range encrypted(f) {
		if strings.HasPrefix(name, "locked") {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l := part.Limits{Bytes: 4 << 20, Entries: 100, Time: 5 * time.Second}
		p := part.Part{Body: bytes.NewReader(body), Size: int64(len(body)), Passwords: []string{"own", "user"}}
		start := time.Now()
		parttest.Read(t, readers(), p, l)
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	var content bytes.Buffer
	content.WriteString("BT /F1 10 Tf 12 TL 50 800 Td ")
	for range 50 {
		content.WriteString("[(Seki) -20 (mori Taro)] TJ 200 0 Td (090-0000-0001) Tj -200 -12 Td ")
	}
	content.WriteString("ET")
	body := withContents(stream("/Filter /FlateDecode", deflated(content.String())))
	b.SetBytes(int64(content.Len()))
	b.ReportAllocs()
	for b.Loop() {
		parttest.Read(b, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}, part.Limits{})
	}
}

package decode

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestOpaque(t *testing.T) {
	noise := strings.Repeat("\x00\x93\xf1\x07\x11\xfe", 500)
	for _, c := range []struct{ name, body, format, reason string }{
		{"png", "\x89PNG\r\n\x1a\n" + noise, "png", "unknown-format"},
		{"jpeg", "\xff\xd8\xff\xe1" + noise, "jpeg", "unknown-format"},
		{"zip", "PK\x03\x04\x14\x00\x00\x00" + noise, "zip", "unknown-format"},
		{"zip with a password", "PK\x03\x04\x14\x00\x01\x00" + noise, "zip", "encrypted"},
		{"pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise, "pdf", "unknown-format"},
		{"pdf with a password", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise + "trailer <</Encrypt 5 0 R>>", "pdf", "encrypted"},
		{"none", noise, "binary", "unknown-format"},
		{"utf-8 in it", noise + customers + noise, "binary", "unknown-format"},
		{"cp932 in it", noise + encode(t, japanese.ShiftJIS, customers) + noise, "binary", "unknown-format"},
		{"utf-16 in it", noise + encode(t, encodings["utf-16le"], customers) + noise, "binary", "unknown-format"},
		{"across blocks", strings.Repeat(noise, 10) + strings.Repeat("x", chunk-30000-40) + customers + noise, "binary", "unknown-format"},
	} {
		x := inspect(t, part.Part{}, c.body)
		if got := x.Parts[0]; got.Format != c.format || strings.Join(got.Skips, " ") != c.reason {
			t.Errorf("%s: %s %v", c.name, got.Format, got.Skips)
		}
		if len(c.body) > len(noise)+len(customers) && !x.Has("090-0000-0001") {
			t.Errorf("%s: text in it is not found:\n%s", c.name, x)
		}
	}
}

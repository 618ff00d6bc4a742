package decode

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestContentEncodings(t *testing.T) {
	for _, c := range []struct {
		declared []string
		applied  []string
	}{
		{[]string{"gzip"}, []string{"gzip"}},
		{[]string{"x-gzip"}, []string{"gzip"}},
		{[]string{"deflate"}, []string{"deflate"}},
		{[]string{"deflate"}, []string{"raw deflate"}},
		{[]string{"br"}, []string{"br"}},
		{[]string{"zstd"}, []string{"zstd"}},
		{[]string{"identity"}, nil},
		{[]string{"gzip", "identity", "br"}, []string{"gzip", "br"}},
		{[]string{"br", "zstd", "deflate", "gzip"}, []string{"br", "zstd", "deflate", "gzip"}},
		{[]string{"gzip", "gzip"}, []string{"gzip", "gzip"}},
		{nil, []string{"gzip"}},
		{nil, []string{"zstd"}},
		{nil, []string{"deflate"}},
		{nil, []string{"gzip", "zstd", "deflate", "gzip"}},
		{nil, []string{"base64"}},
		{nil, []string{"gzip", "base64", "base64"}},
		{[]string{"gzip"}, []string{"gzip", "gzip"}},
	} {
		body := encode(t, japanese.ShiftJIS, customers)
		for _, a := range c.applied {
			body = compress(t, a, body)
		}
		x := inspect(t, part.Part{Encodings: c.declared, Name: "c.csv.gz"}, body)
		if x.Find(person); len(x.Skips()) > 0 {
			t.Errorf("%v applied, %v declared: %v", c.applied, c.declared, x.Skips())
		}
	}
}

func TestBrokenContentEncodings(t *testing.T) {
	text := customers
	for i := range 2000 {
		text += fmt.Sprintf("%d,%x\n", i, i*i*i*7919)
	}
	for _, c := range []struct {
		name, declared, body string
		reason               part.Reason
	}{
		{"declared, but plain", "gzip", text, part.DecodeError},
		{"declared br, but plain", "br", text, part.DecodeError},
		{"unknown", "pack200-gzip", text, part.UnknownFormat},
		{"truncated", "gzip", compress(t, "gzip", text)[:5000], part.Truncated},
		{"truncated br", "br", compress(t, "br", text)[:5000], part.Truncated},
		{"truncated zstd", "zstd", compress(t, "zstd", text)[:5000], part.Truncated},
		{"not declared and truncated", "", compress(t, "gzip", text)[:5000], part.Truncated},
		{"damaged", "gzip", compress(t, "gzip", text)[:5000] + "xxxxxxxxxxxxxxxx" + compress(t, "gzip", text)[5016:], part.DecodeError},
	} {
		var declared []string
		if c.declared != "" {
			declared = []string{c.declared}
		}
		x := inspect(t, part.Part{Encodings: declared}, c.body)
		if !x.Has(person) && c.declared != "zstd" || !strings.Contains(strings.Join(x.Skips(), " "), string(c.reason)) {
			t.Errorf("%s: %v\n%s", c.name, x.Skips(), x)
		}
	}
}

func TestGzipMembersAndTrailer(t *testing.T) {
	x := inspect(t, part.Part{}, compress(t, "gzip", "first\n")+compress(t, "gzip", customers)+"\x00\x00\x00")
	if s := x.Find(person); !strings.HasPrefix(s.Text(), "first\n") || len(x.Parts) != 2 {
		t.Errorf("members:\n%s", x)
	}
	x = inspect(t, part.Part{}, compress(t, "gzip", "first\n")+customers)
	if s := x.Find(person); s.Path != "upload » trailing data" {
		t.Errorf("trailer:\n%s", x)
	}
}

func TestBomb(t *testing.T) {
	zeros := strings.Repeat("\x00", 64<<20)
	for _, name := range []string{"gzip", "br", "zstd"} {
		body := compress(t, name, zeros)
		x := inspect(t, part.Part{Encodings: []string{name}}, body)
		if !strings.Contains(strings.Join(x.Skips(), " "), string(part.Bomb)) {
			t.Errorf("%s: 64 MiB of zeros in %d bytes pass: %v", name, len(body), x.Skips())
		}
	}
}

func TestDepth(t *testing.T) {
	body := customers
	for range 20 {
		body = compress(t, "gzip", body)
	}
	x := inspect(t, part.Part{}, body)
	if got := x.Skips(); len(got) != 1 || got[0] != string(part.TooDeep) {
		t.Errorf("twenty layers: %v", got)
	}
}

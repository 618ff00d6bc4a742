package runs

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
)

func wide(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestAppend(t *testing.T) {
	in := "\x01\x00\x02\x00" + wide("関守 太郎さん") + "\x07\x00" + wide("東京都千代田区霞が関") + "\x00\x00" + wide("門番花子") + "\x00\x00\xff\xfe\x01customer@example.com\x00\x02\x03" +
		"\x8a\xd6\x8e\xe7\x91\xbe\x98\x59\x82\xb3\x82\xf1\x00\x00\x01\x00\x02" + wide("Owner 7") + "\x00\x00abc\x00"
	got := string(Append(nil, []byte(in), codepage.Japanese))
	want := []string{"関守 太郎さん\n", "東京都千代田区霞が関\n", "門番花子\n", "customer@example.com\n", "関守太郎さん\n", "Owner 7\n"}
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not in %q", w, got)
		}
	}
	if strings.Contains(got, "abc") {
		t.Errorf("three letters are no run: %q", got)
	}
}

func TestAppendNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 64<<10)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	if n := len(Append(nil, b, codepage.Unknown)); n > len(b)/8 {
		t.Errorf("%d bytes of text in %d of noise", n, len(b))
	}
}

package decode

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// FuzzReaders reads anything under any declaration: it must end, within the
// budget, with pieces that are UTF-8 and lead back into the part.
func FuzzReaders(f *testing.F) {
	kinds := []string{"", "application/json", "application/x-www-form-urlencoded", "text/html",
		"multipart/form-data; boundary=XX", "gzip", "deflate", "br", "zstd", "base64", "quoted-printable"}
	seed := func(kind byte, s string) { f.Add(kind, []byte(s)) }
	for i, s := range []string{
		customers, `{"a":[{"b":"\u9580\ud83d\ude00"},"` + strings.Repeat("x\\n", 40) + `"]}`,
		"a=%E9%96%80&b=+x&c=%0A1%0A", "<a b='&#x9580;'><![CDATA[x]]><!-- y --><script>1<2</script>",
		"p\r\n--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nv\r\n--XX--\r\ne",
		compress(f, "gzip", customers), compress(f, "deflate", customers), compress(f, "br", customers),
		compress(f, "zstd", customers), compress(f, "base64", customers), "=E9=96=80=\r\nx",
	} {
		seed(byte(i), s)
		seed(0, s)
	}
	for _, e := range encodings {
		seed(0, encode(f, e, customers))
	}
	seed(0, "\x00\x01\x02"+encode(f, japanese.ShiftJIS, customers))
	seed(0, "7z\xbc\xaf\x27\x1c\x06\xf1\x07\x01")
	seed(0, "Rar!\x1a\x07\x01\x00abcd\x05\x04\x00\x00\x00")
	seed(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+strings.Repeat("\x09\x08\x10\x00", 300))
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		p := part.Part{Path: "upload", Body: strings.NewReader(string(body)), Size: int64(len(body)), Role: part.Role(kind >> 5)}
		if k := kinds[int(kind&31)%len(kinds)]; strings.Contains(k, "/") {
			p.MediaType = k
		} else if k != "" {
			p.Encodings = []string{k}
		}
		start := time.Now()
		parttest.Read(t, Readers(), p, part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// FuzzChunks reads the same bytes in small pieces: the text must be the same.
func FuzzChunks(f *testing.F) {
	for _, e := range encodings {
		f.Add([]byte(encode(f, e, customers)))
	}
	f.Add([]byte(`{"a":"` + strings.Repeat("\\u9580\\n", 100) + `"}`))
	f.Add([]byte("--XX\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nv\r\n--XX--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		whole := inspect(t, part.Part{}, string(body))
		x := parttest.Read(t, Readers(), part.Part{Body: &dripping{body}, Size: -1}, part.Limits{})
		if x.String() != whole.String() {
			t.Errorf("in pieces:\n%s\nwhole:\n%s", x, whole)
		}
	})
}

// dripping gives seven bytes at a time.
type dripping struct{ b []byte }

func (d *dripping) Read(p []byte) (int, error) {
	return strings.NewReader(string(d.next(len(p)))).Read(p)
}

func (d *dripping) next(n int) []byte {
	n = min(n, 7, len(d.b))
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

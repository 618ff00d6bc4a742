package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func tarFile(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		h.Mode = 0o600
		if h.Typeflag != tar.TypeSymlink {
			h.Size = int64(len(customers))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte(customers))
		}
	}
	w.Close()
	return b.Bytes()
}

// tarV7 is a member as programs wrote it before POSIX, without a mark.
func tarV7(name, body string) []byte {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "000600 \x00000000 \x00000000 \x00")
	copy(h[124:], fmt.Sprintf("%011o %011o ", len(body), 0))
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	h = append(h, body...)
	return append(h, make([]byte, (512-len(body)%512)%512+1024)...)
}

func TestTar(t *testing.T) {
	long := "門番花子/" + strings.Repeat("長い", 60) + ".csv"
	cp932, _ := japanese.ShiftJIS.NewEncoder().String("名簿/表.csv")
	plain := tarFile(t, &tar.Header{Name: "a.csv"})
	for _, c := range []struct {
		name, path, text, skips string
		body                    []byte
	}{
		{"pax, long name", long, "門番花子/", "", tarFile(t, &tar.Header{Name: long, Format: tar.FormatPAX})},
		{"GNU, long name", long, "門番花子/", "", tarFile(t, &tar.Header{Name: long, Format: tar.FormatGNU})},
		{"GNU, CP932", "名簿/表.csv", "名簿/表.csv", "", tarFile(t, &tar.Header{Name: cp932, Format: tar.FormatGNU})},
		{"V7", "a.csv", "", "", tarV7("a.csv", customers)},
		{"V7, CP932", "名簿/表.csv", "", "", tarV7(cp932, customers)},
		{"link", "a", "/home/門番", "", tarFile(t, &tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/home/門番"}, &tar.Header{Name: "a"})},
		{"comment", "a", "取扱注意", "", tarFile(t, &tar.Header{Name: "a", PAXRecords: map[string]string{"comment": "取扱注意"}})},
		{"two", "trailing data » b", "", "", append(tarV7("a", "x"), tarV7("b", customers)...)},
		{"text behind", "trailing data", "", "", append(tarV7("a", "x"), customers...)},
		{"no end", "a.csv", "", "", plain[:1024]},
		{"cut off", "a.csv", "", "truncated truncated", plain[:512+len(customers)-1]},
		{"damaged", "trailing data", "", "decode-error", append(append(tarV7("a", "x")[:1024], bytes.Repeat([]byte("#"), 512)...), customers...)},
	} {
		x := inspect(t, c.body)
		if s := x.Find(person); s.Path != "upload » "+c.path || skips(x) != c.skips {
			t.Errorf("%s: found in %s, skipped %q:\n%s", c.name, s.Path, skips(x), x)
		}
		if c.text != "" && x.Find(c.text).Role != part.FileName {
			t.Errorf("%s: names:\n%s", c.name, x)
		}
	}
}

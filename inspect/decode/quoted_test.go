package decode

import (
	"bufio"
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestQuotedPrintable(t *testing.T) {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(customers))
	w.Close()
	inspect(t, part.Part{}, b.String()).Find(person)
	inspect(t, part.Part{Encodings: []string{"quoted-printable"}}, b.String()).Find(person)
}

func TestQuotedBreaks(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"a=\r\nb", "ab"}, {"a=\nb", "ab"}, {"a= \t\r\nb", "ab"}, {"a= b", "a= b"}, {"a=", "a"}, {"a==41", "a=A"},
		{"=e9=96=80", "門"}, {"=E9=96=8", "\xe9\x96=8"}, {"a=\r", "a=\r"}, {"x" + strings.Repeat("=41", 20000), "x" + strings.Repeat("A", 20000)},
	} {
		for _, size := range []int{16, 4096} {
			got, err := io.ReadAll(iotest.OneByteReader(&quotedReader{src: bufio.NewReaderSize(strings.NewReader(c.in), max(size, 256))}))
			if string(got) != c.out || err != nil {
				t.Errorf("%.20q reads %.40q, %v", c.in, got, err)
			}
		}
	}
}

package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract/image"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// builder writes PDF files: one object after another from number 1 on, which
// is the catalogue.
type builder struct {
	bytes.Buffer
	at []int
}

func (b *builder) object(body string) {
	if b.Len() == 0 {
		b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	}
	b.at = append(b.at, b.Len())
	fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", len(b.at), body)
}

func (b *builder) finish(trailer string) []byte {
	x := b.Len()
	fmt.Fprintf(b, "xref\n0 %d\n0000000000 65535 f \n", len(b.at)+1)
	for _, at := range b.at {
		fmt.Fprintf(b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(b.at)+1, trailer, x)
	return b.Bytes()
}

// file writes a whole file of such objects.
func file(objects ...string) []byte {
	var b builder
	for _, o := range objects {
		b.object(o)
	}
	return b.finish("")
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

const (
	catalogue = "<< /Type /Catalog /Pages 2 0 R >>"
	onePage   = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
	plainFont = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
)

// page writes a file of one page with one font, /F1, and more objects from
// number 6 on.
func pageWith(font, content string, more ...string) []byte {
	return file(append([]string{catalogue, onePage,
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		stream("", content), font}, more...)...)
}

func readers() []part.Reader { return slices.Concat(Readers(), image.Readers(), decode.Readers()) }

// inspect reads body as a stream and from a ReaderAt, and checks that both come
// to the same.
func inspect(t testing.TB, body []byte) *parttest.Tree {
	t.Helper()
	size := int64(len(body))
	a := parttest.Read(t, readers(), part.Part{Body: io.LimitReader(bytes.NewReader(body), size), Size: size}, part.Limits{})
	b := parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: size}, part.Limits{})
	if a.String() != b.String() {
		t.Errorf("as a stream:\n%s\nfrom a ReaderAt:\n%s", a, b)
	}
	return b
}

// text returns what was read from the part of that path.
func text(t testing.TB, x *parttest.Tree, path string) string {
	t.Helper()
	for _, p := range x.Parts {
		if p.Path == "upload"+part.Separator+path {
			return p.Text()
		}
	}
	t.Fatalf("no part %q:\n%s", path, x)
	return ""
}

// check reads a file and compares its first page with want.
func check(t *testing.T, body []byte, want string) {
	t.Helper()
	x := inspect(t, body)
	if got := strings.TrimSuffix(text(t, x, "page 1"), "\n"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s := x.Parts[0].Skips; len(s) > 0 {
		t.Errorf("skipped: %v", s)
	}
}

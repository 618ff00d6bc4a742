package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const person = "門番 花子"

const customers = "氏名,電話\n関守 太郎,090-0000-0001\n" + person + ",080-0000-0002\n"

func readers() []part.Reader { return append(Readers(), decode.Readers()...) }

// inspect reads body as a stream and from a ReaderAt, and checks that both come
// to the same.
func inspect(t testing.TB, body []byte) *parttest.Tree {
	t.Helper()
	return inspectWithin(t, body, part.Limits{})
}

func inspectWithin(t testing.TB, body []byte, l part.Limits) *parttest.Tree {
	t.Helper()
	size := int64(len(body))
	stream := parttest.Read(t, readers(), part.Part{Body: io.LimitReader(bytes.NewReader(body), size), Size: size}, l)
	at := parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: size}, l)
	if stream.String() != at.String() {
		t.Errorf("as a stream:\n%s\nfrom a ReaderAt:\n%s", stream, at)
	}
	return at
}

type file struct{ name, body string }

func zipped(t testing.TB, method uint16, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: method}
		m, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		m.Write([]byte(f.body))
	}
	w.SetComment("コメント")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func FuzzReaders(f *testing.F) {
	f.Add(zipped(f, zip.Deflate, book()...))
	f.Add(zipped(f, zip.Store, book()...))
	f.Add(zipped(f, zip.Store, file{"a.csv", customers}))
	f.Add(zipped(f, zip.Store, file{"word/document.xml", "<w:p><w:t>x</w:t><![CDATA[y]]><!-- z --></w:p>"}))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "a", Size: 3, Mode: 0o600})
	w.Write([]byte("abc"))
	w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, body []byte) {
		l := part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second}
		size := int64(len(body))
		start := time.Now()
		parttest.Read(t, readers(), part.Part{Body: io.LimitReader(bytes.NewReader(body), size), Size: size}, l)
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: size}, l)
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", size, d)
		}
	})
}

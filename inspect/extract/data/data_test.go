package data

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const person = "門番 花子"

func readers() []part.Reader {
	return append(append(Readers(), table.Reader{}), decode.Readers()...)
}

// inspect reads body as a stream and from a ReaderAt, and checks that both come
// to the same.
func inspect(t testing.TB, mediaType, body string) *parttest.Tree {
	t.Helper()
	size := int64(len(body))
	p := part.Part{MediaType: mediaType, Body: io.LimitReader(strings.NewReader(body), size), Size: size}
	stream := parttest.Read(t, readers(), p, part.Limits{})
	p.Body = strings.NewReader(body)
	at := parttest.Read(t, readers(), p, part.Limits{})
	if stream.String() != at.String() {
		t.Errorf("as a stream:\n%s\nfrom a ReaderAt:\n%s", stream, at)
	}
	return at
}

// holds checks that a part of that path holds each of the texts.
func holds(t *testing.T, x *parttest.Tree, path string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		found := false
		for _, s := range x.Parts {
			found = found || s.Path == path && strings.Contains(s.Text(), text)
		}
		if !found {
			t.Errorf("%q is not in %s:\n%s", text, path, x)
		}
	}
}

func example(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzReaders(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.*")
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			f.Add("", b)
		}
	}
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		start := time.Now()
		parttest.Read(t, readers(), part.Part{MediaType: mediaType, Body: bytes.NewReader(body), Size: int64(len(body))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// BenchmarkMatch is what it costs to know that a small body is none of these
// formats, which every upload pays.
func BenchmarkMatch(b *testing.B) {
	for name, body := range map[string]string{
		"json": `{"name":"` + person + `","tel":"090-0000-0001","note":"` + strings.Repeat("a few words ", 40) + `"}`,
		"csv":  strings.Repeat("1001,関守 太郎,セキモリ タロウ,090-0000-0001\r\n", 60),
	} {
		b.Run(name, func(b *testing.B) {
			p := &part.Part{MediaType: "application/json; charset=utf-8"}
			head := []byte(body)[:min(len(body), part.HeadSize)]
			readers := Readers()
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range readers {
					if r.Match(p, head) {
						b.Fatal(r.Name())
					}
				}
			}
		})
	}
}

package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// sink is an Emitter that reads each member and drops it.
type sink struct{ n int64 }

func (*sink) Text(part.Text) error           { return nil }
func (*sink) Format(string, string)          {}
func (*sink) Skip(part.Reason, bool, string) {}
func (s *sink) Child(p part.Part) error {
	n, err := io.Copy(io.Discard, p.Body)
	s.n += n
	return err
}

// BenchmarkRead measures the readers alone, in bytes of the members.
func BenchmarkRead(b *testing.B) {
	var small, large, tarred bytes.Buffer
	for _, z := range []struct {
		to *bytes.Buffer
		n  int
	}{{&small, 10}, {&large, 100000}} {
		w := zip.NewWriter(z.to)
		f, _ := w.Create("名簿.csv")
		io.WriteString(f, strings.Repeat(customers, z.n))
		w.Close()
	}
	w := tar.NewWriter(&tarred)
	for range 100 {
		w.WriteHeader(&tar.Header{Name: "名簿.csv", Mode: 0o600, Size: int64(len(customers))})
		io.WriteString(w, customers)
	}
	w.Close()
	for _, c := range []struct {
		name   string
		reader part.Reader
		body   []byte
	}{
		{"zip-small", Zip{}, small.Bytes()},
		{"zip-large", Zip{}, large.Bytes()},
		{"tar-100", tarArchive{}, tarred.Bytes()},
		{"7z-lzma2", sevenZip{}, load(b, "lzma2.7z")},
		{"lzh-lh5", lzh{}, load(b, "lh5.lzh")},
		{"rar-stored", rar{}, rar5Archive(rar5File("a", strings.Repeat(customers, 10), false))},
		{"cab-mszip", cab{}, load(b, "mszip.cab")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := &sink{}
				p := part.Part{Body: bytes.NewReader(c.body), Size: int64(len(c.body))}
				if err := c.reader.Read(b.Context(), &p, s, part.NewBudget(part.Limits{}, p.Size)); err != nil || s.n < 100 {
					b.Fatal(s.n, err)
				}
				b.SetBytes(s.n)
			}
		})
	}
}

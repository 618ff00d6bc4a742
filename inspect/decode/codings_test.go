package decode

import (
	"os"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Compressed files are known by their marks, or declared, and named for what is
// in them.
func TestCompressedFiles(t *testing.T) {
	for _, c := range []struct{ file, declared, name, path string }{
		{"list.bz2", "bzip2", "名簿.csv.bz2", "名簿.csv"},
		{"list.xz", "xz", "名簿.csv.XZ", "名簿.csv"},
		{"list.lzma", "lzma", "a.tlz", "a.tar"},
		{"list.lz", "", "a.csv.lz", "a.csv"},
		{"list.lz4", "lz4", "a.csv.lz4", "a.csv"},
		{"legacy.lz4", "lz4", "", "lz4"},
		{"list.Z", "compress", "a.csv.Z", "a.csv"},
		{"list.zst", "zstd", ".zst", ".zst"},
		{"list.gz", "x-gzip", "a.TGZ", "a.tar"},
	} {
		b, err := os.ReadFile("codec/testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		x := inspect(t, part.Part{Name: c.name}, string(b))
		if s := x.Find("門番 次郎,090-0000-0001"); s.Path != "upload » "+c.path || len(x.Skips()) > 0 {
			t.Errorf("%s: in %s, %v", c.file, s.Path, x.Skips())
		}
		if c.declared == "" {
			continue
		}
		x = inspect(t, part.Part{Encodings: []string{c.declared}}, string(b))
		if x.Find("門番 次郎,090-0000-0001"); len(x.Skips()) > 0 {
			t.Errorf("%s, declared: %v", c.file, x.Skips())
		}
	}
}

package archive

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const person = "門番 花子"

const customers = "氏名,電話\n関守 太郎,090-0000-0001\n" + person + ",080-0000-0002\n"

func readers() []part.Reader { return append(Readers(), decode.Readers()...) }

func inspectStream(t testing.TB, body []byte) *parttest.Tree {
	t.Helper()
	size := int64(len(body))
	return parttest.Read(t, readers(), part.Part{Body: io.LimitReader(bytes.NewReader(body), size), Size: size}, part.Limits{})
}

func inspectAt(t testing.TB, body []byte) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}, part.Limits{})
}

// inspect reads body in both ways, and checks that they come to the same.
func inspect(t testing.TB, body []byte) *parttest.Tree {
	t.Helper()
	stream, at := inspectStream(t, body), inspectAt(t, body)
	if stream.String() != at.String() {
		t.Errorf("as a stream:\n%s\nfrom a ReaderAt:\n%s", stream, at)
	}
	return at
}

func skips(x *parttest.Tree) string { return strings.Join(x.Skips(), " ") }

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFiles reads archives that the formats' own programs made.
func TestFiles(t *testing.T) {
	list, code := load(t, "list.csv"), load(t, "code.bin")
	unread := map[string]string{
		"encrypted.7z": "encrypted", "encrypted-header.7z": "encrypted", "aes.zip": "encrypted", "zipcrypto.zip": "encrypted",
		"swap4.7z": "unknown-format", "ppmd.zip": "unknown-format", "lh2.lzh": "unknown-format",
	}
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) < 30 {
		t.Fatal(names, err)
	}
	for _, path := range names {
		name := filepath.Base(path)
		format := strings.TrimPrefix(filepath.Ext(name), ".")
		if format == "csv" || format == "bin" || format == "md" {
			continue
		}
		x := inspect(t, load(t, name))
		if x.Parts[0].Format != format {
			t.Errorf("%s is taken for %s", name, x.Parts[0].Format)
		}
		if reason := unread[name]; reason != "" {
			for _, got := range x.Skips() {
				if got != reason {
					t.Errorf("%s: %s", name, got)
				}
			}
			if len(x.Skips()) == 0 || x.Has(person) {
				t.Errorf("%s is not told to be %s:\n%s", name, reason, x)
			}
			if name != "encrypted-header.7z" && !x.Has("list.csv") {
				t.Errorf("%s: no names:\n%s", name, x)
			}
			continue
		}
		met := 0
		for _, p := range x.Parts {
			switch {
			case strings.HasSuffix(p.Path, "list.csv"):
				if !bytes.Equal(p.Own, list) || len(p.Skips) > 0 {
					t.Errorf("%s: %s: %d of %d bytes, %v", name, p.Path, len(p.Own), len(list), p.Skips)
				}
				met++
			case strings.HasSuffix(p.Path, "code.bin"):
				if !bytes.Equal(p.Own, code) {
					t.Errorf("%s: %s: %d of %d bytes", name, p.Path, len(p.Own), len(code))
				}
				met++
			}
		}
		if want := 2 - strings.Count(format, "zip"); met != want || len(x.Parts[0].Skips) > 0 {
			t.Errorf("%s: %d members of %d, %v", name, met, want, x.Parts[0].Skips)
		}
	}
}

// TestCutOffFiles cuts the same archives short: what is missing is told.
func TestCutOffFiles(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.*")
	for _, path := range names {
		name := filepath.Base(path)
		switch filepath.Ext(name) {
		case ".csv", ".bin", ".md":
			continue
		}
		body := load(t, name)
		for _, n := range []int{len(body) * 9 / 10, len(body) / 2, 40} {
			if x := inspect(t, body[:n]); len(x.Skips()) == 0 {
				t.Errorf("%s, %d of %d bytes:\n%s", name, n, len(body), x)
			}
		}
	}
}

// TestDamagedFiles changes single bytes: nothing may panic, or take long.
func TestDamagedFiles(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.*")
	for _, path := range names {
		body := load(t, filepath.Base(path))
		start := time.Now()
		for at := 0; at < len(body); at += 1 + len(body)/40 {
			damaged := bytes.Clone(body)
			damaged[at] ^= 0x55
			parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(damaged), Size: int64(len(damaged))},
				part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v", path, d)
		}
	}
}

// TestTrailing puts something behind each kind of archive.
func TestTrailing(t *testing.T) {
	for _, name := range []string{"lzma2.7z", "lh5.lzh", "stored.cab", "bzip2.zip"} {
		x := inspect(t, append(load(t, name), customers...))
		if x.Find("関守 太郎,090-0000-0001").Path != "upload » trailing data" {
			t.Errorf("%s:\n%s", name, x)
		}
	}
}

func FuzzArchives(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.*")
	for _, path := range names {
		f.Add(load(f, filepath.Base(path)))
	}
	f.Add(rar4Archive(rar4File("a", customers, 0)))
	f.Add(rar5Archive(rar5File("a", customers, false)))
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

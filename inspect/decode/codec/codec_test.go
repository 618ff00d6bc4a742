package codec

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode reads what b stands for and what follows it.
func decode(c *Codec, b []byte) (out, rest []byte, err error) {
	src := bufio.NewReader(bytes.NewReader(b))
	r, release, err := c.Open(src)
	if err == nil {
		out, err = io.ReadAll(r)
	}
	if release != nil {
		release()
	}
	rest, _ = io.ReadAll(src)
	return out, rest, err
}

// lzma2 is LZMA2 without a container, with a window of 4 KiB.
var lzma2 = Codec{Name: "lzma2", Rest: true, Open: func(src *bufio.Reader) (io.Reader, func(), error) {
	r, err := NewLZMA2(src, []byte{0}, -1)
	return r, nil, err
}}

var files = []struct {
	codec *Codec
	name  string
	multi bool // files may be joined
}{
	{&Gzip, "list.gz", true}, {&Zstd, "list.zst", true}, {&Bzip2, "list.bz2", true}, {&XZ, "list.xz", true},
	{&LZMA, "list.lzma", false}, {&LZMA, "list4k.lzma", false}, {&lzma2, "list.lzma2", false},
	{&Lzip, "list.lz", true}, {&LZ4, "list.lz4", true}, {&LZ4, "legacy.lz4", true},
	{&Compress, "list.Z", false}, {&Compress, "list9.Z", false}, {&Deflate64, "list.deflate64", false},
}

func TestFiles(t *testing.T) {
	want := file(t, "list.csv")
	const behind = "what stands behind the end: 関守 太郎"
	for _, f := range files {
		b := file(t, f.name)
		out, _, err := decode(f.codec, b)
		if err != nil || !bytes.Equal(out, want) {
			t.Errorf("%s: %d of %d bytes, %v", f.name, len(out), len(want), err)
		}
		if f.codec.Match != nil && !f.codec.Match(b) {
			t.Errorf("%s is not known by its mark", f.name)
		}
		if f.codec.Rest {
			if out, rest, err := decode(f.codec, append(bytes.Clone(b), behind...)); err != nil || !bytes.Equal(out, want) || string(rest) != behind {
				t.Errorf("%s, with more behind: %d bytes, then %q, %v", f.name, len(out), rest, err)
			}
		}
		if f.multi {
			if out, _, err := decode(f.codec, append(bytes.Clone(b), b...)); err != nil || len(out) != 2*len(want) {
				t.Errorf("%s, twice: %d bytes, %v", f.name, len(out), err)
			}
		}
		// However the bytes come in and are taken out.
		src := bufio.NewReaderSize(iotest.OneByteReader(bytes.NewReader(b)), 16)
		r, release, err := f.codec.Open(src)
		if err == nil {
			out, err = io.ReadAll(iotest.OneByteReader(r))
		}
		if release != nil {
			release()
		}
		if err != nil || !bytes.Equal(out, want) {
			t.Errorf("%s, bytewise: %d bytes, %v", f.name, len(out), err)
		}
	}
}

func TestCutOff(t *testing.T) {
	want := file(t, "list.csv")
	for _, f := range files {
		if f.codec == &Compress {
			continue // it has no end mark
		}
		b := file(t, f.name)
		for _, n := range []int{len(b) / 2, len(b) - 1} {
			out, _, err := decode(f.codec, b[:n])
			if err == nil || !bytes.HasPrefix(want, out) {
				t.Errorf("%s cut at %d: %d bytes, %v", f.name, n, len(out), err)
			}
		}
	}
}

func TestZstdAndLZ4Skippable(t *testing.T) {
	skip := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc")
	for _, name := range []string{"list.zst", "list.lz4"} {
		c := &Zstd
		if strings.HasSuffix(name, "4") {
			c = &LZ4
		}
		b := append(append(bytes.Clone(skip), file(t, name)...), skip...)
		if out, _, err := decode(c, b); err != nil || !bytes.Equal(out, file(t, "list.csv")) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}

// Headers that ask for much memory get none.
func TestWindows(t *testing.T) {
	for _, c := range []struct {
		name  string
		codec *Codec
		body  string
	}{
		{"lzma", &LZMA, "\x5d\x00\x00\x00\x40\xff\xff\xff\xff\xff\xff\xff\xff\x00abcdefgh"},
		{"lzip", &Lzip, "LZIP\x01\x1d\x00abcdefghijklmnop"},
		{"xz", &XZ, "\xfd7zXZ\x00\x00\x00\xff\x12\xd9\x41\x02\x00\x21\x01\x24\x00\x00\x00" + "\x00\x00\x00\x00"},
		{"zstd", &Zstd, "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00a"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := decode(c.codec, []byte(c.body))
		runtime.ReadMemStats(&after)
		if err == nil || c.name != "xz" && !errors.Is(err, ErrWindow) {
			t.Errorf("%s: %v", c.name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s takes %d bytes", c.name, n)
		}
	}
	if _, err := NewLZMA2(bufio.NewReader(strings.NewReader("\x00")), []byte{40}, -1); !errors.Is(err, ErrWindow) {
		t.Errorf("lzma2: %v", err)
	}
}

func FuzzCodecs(f *testing.F) {
	for i, c := range files {
		f.Add(i, file(f, c.name))
	}
	f.Fuzz(func(t *testing.T, which int, b []byte) {
		c := files[uint(which)%uint(len(files))].codec
		src := bufio.NewReader(bytes.NewReader(b))
		r, release, err := c.Open(src)
		if err == nil {
			_, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
		}
		if release != nil {
			release()
		}
		if err != nil && fmt.Sprint(err) == "" {
			t.Error("an error without a word")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, f := range files {
		body := file(b, f.name)
		b.Run(f.name, func(b *testing.B) {
			b.SetBytes(int64(len(file(b, "list.csv"))))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := decode(f.codec, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

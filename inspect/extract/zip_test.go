package extract

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestZipBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 40<<20)
	bomb := string(zipped(t, zip.Deflate, file{"0", zeros}))
	for range 2 {
		bomb = string(zipped(t, zip.Deflate, file{"a.zip", bomb}, file{"b.zip", bomb}))
	}
	x := inspect(t, []byte(bomb))
	if !strings.Contains(strings.Join(x.Skips(), " "), string(part.Bomb)) {
		t.Errorf("not stopped: %v", x.Skips())
	}
	many := make([]file, 300)
	for i := range many {
		many[i] = file{fmt.Sprint(i), "x"}
	}
	x = inspectWithin(t, zipped(t, zip.Store, many...), part.Limits{Entries: 100})
	if len(x.Skips()) == 0 || x.Skips()[0] != string(part.TooMany) {
		t.Errorf("entries: %v", x.Skips())
	}
}

// localFile returns a member with its sizes in the header, as most programs write
// it, without a directory.
func localFile(name string, flags, method uint16, body []byte) []byte {
	h := make([]byte, 30, 30+len(name)+len(body))
	copy(h, "PK\x03\x04")
	le := binary.LittleEndian
	le.PutUint16(h[4:], 20)
	le.PutUint16(h[6:], flags)
	le.PutUint16(h[8:], method)
	le.PutUint32(h[14:], crc32.ChecksumIEEE(body))
	le.PutUint32(h[18:], uint32(len(body)))
	le.PutUint32(h[22:], uint32(len(body)))
	le.PutUint16(h[26:], uint16(len(name)))
	return append(append(h, name...), body...)
}

var end = append([]byte("PK\x05\x06"), make([]byte, 18)...)

func join(pieces ...[]byte) []byte { return bytes.Join(pieces, nil) }

func TestZip(t *testing.T) {
	cp932, _ := japanese.ShiftJIS.NewEncoder().String("名簿/表.csv")
	text, _ := japanese.ShiftJIS.NewEncoder().String(customers)
	inner := zipped(t, zip.Deflate, file{"in.csv", customers})
	hidden := localFile("b.csv", 0, 0, []byte(customers))
	for _, c := range []struct {
		name  string
		body  []byte
		path  string
		skips string
	}{
		{"streamed", zipped(t, zip.Deflate, file{"x/", ""}, file{"x/名簿.csv", customers}), "upload » x/名簿.csv", ""},
		{"stored, streamed", zipped(t, zip.Store, file{"a.csv", customers}, file{"b.csv", customers + "PK\x07\x08" + customers}), "upload » a.csv", ""},
		{"cp932 names", join(localFile(cp932, 0, 0, []byte(text)), end), "upload » 名簿/表.csv", ""},
		{"nested", zipped(t, zip.Store, file{"in.zip", string(inner)}), "upload » in.zip » in.csv", ""},
		{"no directory", localFile("b.csv", 0, 0, []byte(customers)), "upload » b.csv", "truncated"},
		{"cut off", zipped(t, zip.Store, file{"a.csv", customers})[:len(customers)+33], "upload » a.csv", "truncated truncated"},
		{"behind the end", join(zipped(t, zip.Store, file{"a", "x"}), hidden, end), "upload » trailing data » b.csv", ""},
		{"text behind", join(zipped(t, zip.Store, file{"a", "x"}), []byte(customers)), "upload » trailing data", ""},
		{"between members", join(localFile("a", 0, 0, []byte("x")), []byte(customers), localFile("b", 0, 0, []byte("y")), end), "upload » between members", ""},
		{"not in the directory", join(hidden, zipped(t, zip.Store, file{"a", "x"})), "upload » b.csv", ""},
		{"encrypted", join(localFile("secret.csv", 1, 8, []byte("??????????????????")), hidden, end), "upload » b.csv", "encrypted encrypted"},
		{"encrypted with AES", join(localFile("secret.csv", 1, 99, []byte("????")), hidden, end), "upload » b.csv", "encrypted encrypted"},
		{"unknown method", join(localFile("p.csv", 0, 98, []byte("????")), hidden, end), "upload » b.csv", "unknown-format unknown-format"},
		{"damaged", join(localFile("p.csv", 0, 8, []byte("\xff\xff\xff\xff")), hidden, end), "upload » b.csv", "decode-error decode-error"},
		{"more than deflate", join(localFile("p.csv", 0, 8, []byte("\x03\x00"+customers)), end), "upload » trailing data", ""},
	} {
		x := inspect(t, c.body)
		s := x.Find(person)
		if got := strings.Join(x.Skips(), " "); s.Path != c.path || got != c.skips {
			t.Errorf("%s: found in %s, skipped %q, want %s and %q:\n%s", c.name, s.Path, got, c.path, c.skips, x)
		}
	}
	x := inspect(t, zipped(t, zip.Deflate, file{"門番花子.txt", "x"}))
	if s := x.Find("門番花子"); s.Role != part.FileName || !x.Has("コメント") {
		t.Errorf("names:\n%s", x)
	}
}

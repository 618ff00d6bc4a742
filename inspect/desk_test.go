package inspect

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// A reader that says which bytes its format begins with takes nothing else.
func checkStarts(t *testing.T, readers []part.Reader, head []byte, mediaType string) {
	for _, r := range readers {
		m, ok := r.(part.Marked)
		if !ok || m.Starts() == "" || strings.IndexByte(m.Starts(), head[0]) >= 0 {
			continue
		}
		p := part.Part{Path: "body", Body: strings.NewReader(string(head)), Size: int64(len(head)), MediaType: mediaType}
		if r.Match(&p, head) {
			t.Errorf("%s matches what begins with %q", r.Name(), head[0])
		}
	}
}

func FuzzStarts(f *testing.F) {
	readers := append(extract.Readers(), decode.Readers()...)
	for _, s := range []string{
		"PK\x03\x04", "\x1f\x8b\x08", "BEGIN:VCARD\n", "\xef\xbb\xbfBEGIN:VCALENDAR\n", "\xff\xfed\x00n\x00:\x00 \x00",
		"# a\nversion: 1\ndn: cn=a\n", "From a@b.example Mon\nFrom: a\n", "070701", "!<arch>\n", "%PDF-1.4", "\x00{\\rtf1",
		" \n<?xml version=\"1.0\"?>", "\xbb\xbf<a xmlns", "7z\xbc\xaf\x27\x1c", "-----BEGIN PKCS7-----", "12\nFrom: a",
	} {
		f.Add([]byte(s), "application/octet-stream")
	}
	f.Fuzz(func(t *testing.T, head []byte, mediaType string) {
		if len(head) > 0 {
			checkStarts(t, readers, head[:min(len(head), part.HeadSize)], mediaType)
		}
	})
}

// The same over every file that the readers' own tests have.
func TestStartsOfFiles(t *testing.T) {
	readers := append(extract.Readers(), decode.Readers()...)
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "testdata") || strings.Contains(path, "fuzz") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			return err
		}
		seen++
		checkStarts(t, readers, b[:min(len(b), part.HeadSize)], "")
		return nil
	})
	if err != nil || seen < 10 {
		t.Fatal(seen, err)
	}
}

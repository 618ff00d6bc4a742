package ocr

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// program writes a program that does what a script says.
func program(t *testing.T, script string) []string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	path := filepath.Join(t.TempDir(), "recognise")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{path, "stdin", "stdout"}
}

// picture is a PNG file as far as anybody looks.
func picture(n int) string {
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00", n)
}

func scan(t *testing.T, c Config, body string) *inspect.Report {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := inspect.New(inspect.Spec{}, inspect.Options{Readers: r.Readers(append(extract.Readers(), decode.Readers()...))})
	if err != nil {
		t.Fatal(err)
	}
	return s.Scan(context.Background(), []part.Part{{Path: "a.png", Name: "a.png", Body: strings.NewReader(body), Size: int64(len(body))}}, inspect.ScanOptions{})
}

func TestRecognise(t *testing.T) {
	said := program(t, "cat >/dev/null; echo '山 田 太 郎 様 090-1234-5601'")
	if r := scan(t, Config{Command: said}, picture(5000)); r.Total["PHONE"] != 1 || r.Total["NAME"] != 1 || r.Coverage.Reasons[part.UnknownFormat] != 1 {
		t.Errorf("found %v, not read %v", r.Total, r.Coverage.Reasons)
	}
	for name, c := range map[string]struct {
		config Config
		size   int
		detail string
	}{
		"too large":  {Config{Command: said, Bytes: 3000}, 5000, "too large"},
		"an icon":    {Config{Command: said}, 100, "png"},
		"fails":      {Config{Command: program(t, "exit 3")}, 5000, "not recognised"},
		"too slow":   {Config{Command: program(t, "exec sleep 60"), Time: 50 * time.Millisecond}, 5000, "not recognised"},
		"talks much": {Config{Command: program(t, "exec yes")}, 5000, "not recognised"},
	} {
		r := scan(t, c.config, picture(c.size))
		told := ""
		for _, p := range r.Parts {
			told += p.Detail + "; "
		}
		if len(r.Total) > 0 || r.Coverage.Reasons[part.UnknownFormat] == 0 || !strings.Contains(told, c.detail) {
			t.Errorf("%s: found %v; %s", name, r.Total, told)
		}
	}
}

func TestNew(t *testing.T) {
	for _, c := range []Config{{}, {Command: []string{"/no/such/program"}}} {
		if _, err := New(c); !errors.Is(err, ErrCommand) {
			t.Errorf("%v: %v", c.Command, err)
		}
	}
}

func TestCloseUp(t *testing.T) {
	if got := closeUp([]byte("山 田 太 郎 090 1234 a b\n")); !bytes.Equal(got, []byte("山田太郎 090 1234 a b\n")) {
		t.Errorf("%q", got)
	}
}

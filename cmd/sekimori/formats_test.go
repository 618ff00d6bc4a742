package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormats sends lists in files that processes of their own read, as they do
// unless the configuration says otherwise: each is stopped for the people in it,
// and goods in the same shape pass. One is a scanned page, read by a program that
// stands in for one that recognises characters; others are encrypted, with the
// password in the message.
func TestFormats(t *testing.T) {
	people := customers(12).csv()
	recognise := filepath.Join(t.TempDir(), "recognise")
	check(t, os.WriteFile(recognise, fmt.Appendf(nil, "#!/bin/sh\nIFS= read -r first\ncase \"$first\" in *PNG*) ;; *) exit 1 ;; esac\ncat <<'END'\n%s\nEND\n", people), 0o755))
	in := install(t, fmt.Sprintf("[inspect]\npasswords = true\n[inspect.ocr]\ncommand = [%q]\n", recognise)).start()

	const evasions = "../../testdata/evasion"
	file := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(evasions, name))
		check(t, err)
		return b
	}
	const list, outside = "customer-list-outside", "https://www.dropbox.com/upload"
	for name, c := range map[string]struct {
		body []byte
		rule string // "" if it passes
	}{
		"7z":             {file("made/7z.7z"), list},
		"7z of goods":    {file("made/twin-7z.7z"), ""},
		"lzh":            {file("made/lzh.lzh"), list},
		"lzh of goods":   {file("made/twin-lzh.lzh"), ""},
		"xlsx":           {file("files/office-files--a-workbook.xlsx"), list},
		"pdf":            {file("files/pdf--text.pdf"), list},
		"rar":            {file("files/archives--rar-4-stored"), list},
		"a scanned page": {scannedPDF(), list},
		"7z, locked":     {file("made/7z-encrypted.7z"), "unreadable-outside"},
		"xlsx, locked":   {file("made/xlsx-password.xlsx"), "unreadable-outside"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := in.curl(c.body, "--data-binary", "@-", "-H", "Content-Type: application/octet-stream", outside)
			in.stoppedBy(t, status, answer, c.rule)
		})
	}
	for _, name := range []string{"7z-encrypted.7z", "7z-encrypted-names.7z", "xlsx-password.xlsx", "pdf-password.pdf"} {
		t.Run("password for "+name, func(t *testing.T) {
			path, err := filepath.Abs(filepath.Join(evasions, "made", name))
			check(t, err)
			status, answer := in.curl(nil, "-F", "text=お世話になっております。パスワードは himitsu です。", "-F", "file=@"+path, outside)
			in.stoppedBy(t, status, answer, list)
		})
	}
	if _, metrics := in.get("/metrics"); !strings.Contains(metrics, "\nsekimori_reader_processes_total ") || strings.Contains(metrics, "\nsekimori_reader_processes_total 0\n") {
		t.Error("no process has read anything")
	}
}

// stoppedBy checks that an upload was stopped by that rule, or that it passed if
// rule is "".
func (in *site) stoppedBy(t *testing.T, status, answer, rule string) {
	t.Helper()
	if rule == "" {
		if status != "200" {
			t.Errorf("status %s: %.300s", status, answer)
		}
		return
	}
	all := in.events("--kind", "decision")
	if last := all[len(all)-1]; status != "403" || last.Rule != rule {
		t.Errorf("status %s, stopped by %q for %q, not read: %v", status, last.Rule, last.Clause, last.Coverage)
	}
}

// scannedPDF is a page that shows nothing but a picture, of which only a program
// can tell what is on it.
func scannedPDF() []byte {
	const side = 160
	pixels := make([]byte, side*side)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range pixels {
		pixels[i] = byte(r.Uint32())
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	for i, o := range []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /P 5 0 R >> >> >>",
		"<< /Length 29 >>\nstream\nq 595 0 0 842 0 0 cm /P Do Q \nendstream",
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %[1]d /BitsPerComponent 8 /ColorSpace /DeviceGray /Length %d >>\nstream\n%s\nendstream", side, len(pixels), pixels)} {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("trailer\n<< /Root 1 0 R >>\n")
	return b.Bytes()
}

package mapi

import (
	"context"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestLines(t *testing.T) {
	var b Bag
	sjis, _ := japanese.ShiftJIS.NewEncoder().Bytes([]byte("門番\r\n花子"))
	b.Add(0x3a1c, String, "", wide("090-0000-0001\x00"))
	b.Add(DisplayName, String8, "", sjis)
	b.Add(internetPage, Integer, "", []byte{0x2c, 0xc4, 0, 0}) // ISO-2022-JP, which the name is not in
	b.Add(0x8001, String|Multiple, "担当", wide("関守"))
	b.Add(0x6001, String, "", wide("090-0000-0001"))
	b.Add(0x6002, String, "", wide("別"))
	b.Add(0x6003, Binary, "", append([]byte{0, 1, 2}, "x@example.com"...))
	b.Add(Body, String, "", wide("not here"))
	want := "Name: 門番  花子\nMobile phone: 090-0000-0001\n担当: 関守\nProperty 6002: 別\nProperty 6003: x@example.com\n"
	if got := string(b.Lines()); got != want {
		t.Errorf("%q", got)
	}
}

func TestNamed(t *testing.T) {
	if got := Named(0x00062004, 0x8083); got != "E-mail" {
		t.Errorf("%q", got)
	}
	if got := Named(0x00020329, 0x8083); got != "" {
		t.Errorf("of another set: %q", got)
	}
}

type children map[string]string

func (c children) Child(p part.Part) error {
	var b strings.Builder
	buf := make([]byte, 64)
	for {
		n, err := p.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	c[p.Path] = p.MediaType + "|" + b.String()
	return nil
}
func (children) Text(part.Text) error           { return nil }
func (children) Format(string, string)          {}
func (children) Skip(part.Reason, bool, string) {}

func TestGive(t *testing.T) {
	var b Bag
	b.Add(Body, String, "", wide("plain"))
	b.Add(HTML, Binary, "", []byte("<p>\x8a\xd6\x8e\xe7\x91\xbe\x98\x59\x82\xb3\x82\xf1"))
	b.Add(internetPage, Integer, "", []byte{0xa4, 3, 0, 0})
	b.Add(CompressedRTF, Binary, "", append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00MELA\x00\x00\x00\x00"), "{\\rtf1}"...))
	b.Add(0x6001, Binary, "", make([]byte, maxRuns+1))
	got := children{}
	if err := b.Give(context.Background(), got, part.NewBudget(part.Limits{}, 1)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"body": "text/plain; charset=utf-8|plain", "HTML body": "text/html; charset=utf-8|<p>関守太郎さん",
		"RTF body": "|{\\rtf1}"} {
		if got[path] != want {
			t.Errorf("%s: %q", path, got[path])
		}
	}
	if len(got["property 6001"]) != maxRuns+2 {
		t.Errorf("a large property: %d bytes", len(got["property 6001"]))
	}
}

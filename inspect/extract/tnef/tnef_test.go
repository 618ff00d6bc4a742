package tnef

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func le4(v int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }
func le2(v int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(v))) }

func attribute(level, id int, value string) string {
	sum := 0
	for i := range len(value) {
		sum += int(value[i])
	}
	return string([]byte{byte(level)}) + le2(id) + le2(0) + le4(len(value)) + value + le2(sum)
}

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b) + "\x00\x00"
}

// value is a property of variable length.
func value(kind, id int, name, v string) string {
	return le2(kind) + le2(id) + name + le4(1) + le4(len(v)) + v + strings.Repeat("\x00", (4-len(v)%4)%4)
}

const start = signature + "\x01\x00"

func read(t testing.TB, s string) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, append(Readers(), decode.Readers()...), part.Part{Body: strings.NewReader(s), Size: int64(len(s))},
		part.Limits{Bytes: 4 << 20, Entries: 200, Time: 5 * time.Second})
}

func sample() string {
	sjis := func(s string) string {
		b, _ := japanese.ShiftJIS.NewEncoder().String(s)
		return b
	}
	set := "\x04\x20\x06\x00" + strings.Repeat("\x00", 12)
	props := le4(5) +
		le2(3) + le2(0x3fde) + le4(50220) +
		value(0x1e, 0x1000, "", sjis("本文 関守 太郎")+"\x00") +
		value(0x1f, 0x8001, set+le4(0)+le4(0x8083), wide("hanako@example.com")) +
		value(0x1f, 0x8002, set+le4(1)+le4(len(wide("担当")))+wide("担当")+strings.Repeat("\x00", 2), wide("門番 花子")) +
		value(0x102, 0x1013, "", "<p>html body</p>")
	people := le4(1) + le4(2) + value(0x1f, 0x3001, "", wide("受信 一郎")) + value(0x1e, 0x3003, "", "to@example.com\x00")
	inner := start + attribute(levelMessage, attBody, "inner 090-0000-0002\x00")
	return start + attribute(levelMessage, attCodePage, le4(932)+le4(0)) +
		attribute(levelMessage, attSubject, sjis("件名")+"\x00") +
		attribute(levelMessage, attMAPIProps, props) +
		attribute(levelMessage, attRecipients, people) +
		attribute(levelAttachment, attRendData, strings.Repeat("\x00", 14)) +
		attribute(levelAttachment, attAttachTitle, "MEIBO~1.CSV\x00") +
		attribute(levelAttachment, attAttachData, "氏名,電話\n関守 太郎,090-0000-0001\n") +
		attribute(levelAttachment, attAttachment, le4(1)+value(0x1f, 0x3707, "", wide("名簿.csv"))) +
		attribute(levelAttachment, attRendData, strings.Repeat("\x00", 14)) +
		attribute(levelAttachment, attAttachment, le4(1)+value(0x0d, 0x3701, "", strings.Repeat("i", 16)+inner))
}

func TestRead(t *testing.T) {
	x := read(t, sample())
	for text, path := range map[string]string{
		"Subject: 件名\n": "properties", "本文 関守 太郎": "» body", "E-mail: hanako@example.com": "properties",
		"担当: 門番 花子": "properties", "html body": "HTML body", "Name: 受信 一郎\nE-mail: to@example.com": "recipients",
		"関守 太郎,090-0000-0001": "» 名簿.csv", "inner 090-0000-0002": "attachment 2 » body",
	} {
		if s := x.Find(text); !strings.HasSuffix(s.Path, path) {
			t.Errorf("%q was found in %s", text, s.Path)
		}
	}
	if len(x.Skips()) > 0 || x.Parts[0].Format != "tnef" {
		t.Errorf("%v as %s", x.Skips(), x.Parts[0].Format)
	}
}

func TestFaults(t *testing.T) {
	whole := sample()
	broken := start + attribute(levelMessage, attMAPIProps, le4(2)+value(0x1e, 0x1000, "", "090-0000-0003")+le2(0x99)+le2(1))
	for name, c := range map[string]struct{ body, want, text string }{
		"cut off":      {whole[:len(whole)-300], "truncated", "関守 太郎"},
		"no attribute": {start + "\x09garbage.", "decode-error", ""},
		"property":     {broken, "decode-error", "090-0000-0003"},
		"padding":      {whole + "\r\n\x00\x00\x00\x00\x00\x00\x00\x00", "", "関守 太郎"},
	} {
		x := read(t, c.body)
		if got := strings.Join(x.Skips(), " "); got != c.want || !x.Has(c.text) {
			t.Errorf("%s: %q\n%s", name, got, x)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample()))
	f.Add([]byte(start + attribute(levelMessage, attMAPIProps, le4(1<<30)+le2(0x1003)+le2(1)+le4(1<<30))))
	f.Fuzz(func(t *testing.T, b []byte) {
		begin := time.Now()
		read(t, string(bytes.Clone(b)))
		if d := time.Since(begin); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(b), d)
		}
	})
}

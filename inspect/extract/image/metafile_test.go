package image

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
)

// emfRecord writes one, padded to a multiple of four.
func emfRecord(kind uint32, body string) string {
	body += strings.Repeat("\x00", (4-len(body)%4)%4)
	b := le.AppendUint32(nil, kind)
	return string(le.AppendUint32(b, uint32(8+len(body)))) + body
}

func u32(values ...uint32) string {
	var b []byte
	for _, v := range values {
		b = le.AppendUint32(b, v)
	}
	return string(b)
}

// emfFile writes a metafile of such records.
func emfFile(records ...string) string {
	head := strings.Repeat("\x00", 32) + " EMF" + strings.Repeat("\x00", 44)
	return emfRecord(1, head) + strings.Join(records, "") + emfRecord(emfEOF, u32(0, 0, 20))
}

// drawn is a text at a place.
func drawn(kind uint32, x, y uint32, options uint32, n int, s string) string {
	return emfRecord(kind, strings.Repeat("\x00", 28)+u32(x, y, uint32(n), 76, options, 0, 0, 0, 0, 0)+s)
}

func TestEMF(t *testing.T) {
	text := func(x, y uint32, s string) string {
		return drawn(emfText, x, y, 0, len([]rune(s)), wide(le, s))
	}
	plus := "\x1c\x40" + "\x00\x00" + u32(12+28+8, 28+8) + u32(0, 0, 4, 0, 0x41, 0, 0) + wide(le, "図の文字")
	small := u32(5, 40, 3, textNoRect|textSmall, 1, 0, 0) + "abc"
	poly := strings.Repeat("\x00", 28) + u32(2) +
		u32(0, 60, 2, 120, 0, 0, 0, 0, 0, 0) + u32(9, 60, 2, 124, 0, 0, 0, 0, 0, 0) + wide(le, "甲乙") + wide(le, "丙丁")
	body := emfFile(
		text(0, 10, "氏名"), text(50, 10, "電話"), text(0, 20, "関守 太郎"), text(50, 20, "090-0000-0001"),
		text(0, 30, "0"), text(5, 30, "8"), text(10, 30, "0"),
		drawn(emfText, 0, 35, textGlyphs, 2, "\x01\x00\x02\x00"), emfRecord(emfSmallText, small), emfRecord(emfPoly, poly),
		emfRecord(emfComment, u32(uint32(4+len(plus)))+"EMF+"+plus), emfRecord(76, strings.Repeat("x", 80)))
	x := inspect(t, body)
	const want = "氏名\t電話\n関守 太郎\t090-0000-0001\n080\nabc\n甲乙\t丙丁\n図の文字\n"
	if p := x.Find("関守"); p.Text() != want || !strings.HasSuffix(p.Path, "» text") {
		t.Errorf("%s: %q", p.Path, p.Text())
	}
	if got := strings.Join(x.Skips(), " "); got != "unknown-format" || x.Parts[0].Format != "emf" {
		t.Errorf("%s, %s\n%s", x.Parts[0].Format, got, x)
	}
	for n := range len(body) {
		inspect(t, body[:n]) // cut off anywhere
	}
}

func TestWMF(t *testing.T) {
	call := func(kind uint16, b string) string {
		b += strings.Repeat("\x00", len(b)%2)
		return u32(uint32(6+len(b))/2) + string(le.AppendUint16(nil, kind)) + b
	}
	u16 := func(values ...uint16) string {
		var b []byte
		for _, v := range values {
			b = le.AppendUint16(b, v)
		}
		return string(b)
	}
	name, err := japanese.ShiftJIS.NewEncoder().String("関守 太郎")
	if err != nil {
		t.Fatal(err)
	}
	calls := call(wmfText, u16(uint16(len(name)))+name+strings.Repeat("\x00", len(name)%2)+u16(20, 0)) +
		call(wmfExtText, u16(20, 50, 13, 2, 0, 0, 0, 0)+"090-0000-0001") +
		call(wmfExtText, u16(30, 50, 2, textGlyphs)+"xx") +
		call(wmfFont, strings.Repeat("\x00", 13)+"\x80"+strings.Repeat("\x00", 36)) + call(wmfEOF, "")
	head := u16(1, 9, 0x300) + u32(uint32(18+len(calls))/2) + u16(0) + u32(30) + u16(0)
	for kind, body := range map[string]string{"plain": head + calls, "placeable": placeable + strings.Repeat("\x00", 18) + head + calls} {
		x := inspect(t, body)
		if p := x.Find("関守"); p.Text() != "関守 太郎\t090-0000-0001\n" || x.Parts[0].Format != "wmf" {
			t.Errorf("%s: %q\n%s", kind, p.Text(), x)
		}
		for n := range len(body) {
			inspect(t, body[:n])
		}
	}
}

func FuzzMetafile(f *testing.F) {
	f.Add(emfFile(drawn(emfText, 0, 10, 0, 2, wide(le, "氏名")), emfRecord(emfComment, u32(16)+"EMF+"+strings.Repeat("\x00", 12))))
	f.Add("\x01\x00\x09\x00\x00\x03" + strings.Repeat("\x00", 12) + u32(6) + "\x21\x05" + "\x02\x00ab\x00\x00")
	f.Fuzz(func(t *testing.T, body string) { inspect(t, body) })
}

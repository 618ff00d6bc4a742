package rtf

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

func read(t testing.TB, rtf string) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, append(Readers(), decode.Readers()...),
		part.Part{Body: strings.NewReader(rtf), Size: int64(len(rtf))}, part.Limits{Time: 5 * time.Second})
}

// escaped writes text in CP932 as RTF has it, byte by byte. Second bytes that
// are ASCII stay as they are, as Word writes them.
func escaped(t testing.TB, s string) string {
	t.Helper()
	raw, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range raw {
		switch {
		case c == '\\' || c == '{' || c == '}':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x80:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\'%02x`, c)
		}
	}
	return b.String()
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ rtf, path, want string }{
		"plain":        {`{\rtf1\ansi 090-0000-0001}`, "body", "090-0000-0001"},
		"cp932 bytes":  {`{\rtf1\ansi\ansicpg932 ` + escaped(t, "関守 太郎、表示") + `}`, "body", "関守 太郎、表示"},
		"font charset": {`{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f3\fnil\fcharset128 \'82\'6c;}}\f0 caf\'e9 {\f3 ` + escaped(t, "門番") + `}}`, "body", "café 門番"},
		"cyrillic":     {`{\rtf1\ansi{\fonttbl{\f1\fcharset204 A;}}\f1 \'cf\'f0\'e8}`, "body", "При"},
		"unicode":      {`{\rtf1\ansi\uc1\u-26642?\u23432 ?{\uc2\u38272\'96\'e5}x}`, "body", "韮守門x"},
		"pair":         {`{\rtf1\u-10174?\u-8375?}`, "body", "𠭉"},
		"table":        {`{\rtf1\trowd\intbl a\par b\cell c\cell\row\pard d\par e}`, "body", "a b\tc\t\nd\ne"},
		"hidden":       {`{\rtf1 a{\v 090-0000-0002}{\deleted gone}}`, "body", "a090-0000-0002gone"},
		"link":         {`{\rtf1{\field{\*\fldinst HYPERLINK "mailto:x@example.com"}{\fldrslt y}}}`, "body", "x@example.com"},
		"symbols":      {`{\rtf1 a\~b\_c\-d\tab e\{\}\\}`, "body", "a b-cd\te{}\\"},
		"header":       {`{\rtf1\ansicpg932{\header ` + escaped(t, "秘") + `}b}`, "headers and footers", "秘"},
		"footnote":     {`{\rtf1 a{\footnote note 1}b}`, "footnotes", "note 1"},
		"comment":      {`{\rtf1 a{\*\annotation remark}b}`, "comments", "remark"},
		"info":         {`{\rtf1{\info{\title T}{\author ` + `A B}}b}`, "properties", "A B"},
		"unknown":      {`{\rtf1{\*\custom secret}b}`, "other text", "secret"},
		"broken quote": {`{\rtf1 a\'zz090}`, "body", "090"},
	} {
		x := read(t, c.rtf)
		got := x.Find(c.want)
		if !strings.HasSuffix(got.Path, c.path) {
			t.Errorf("%s: found in %s", name, got.Path)
		}
		if len(x.Skips()) > 0 {
			t.Errorf("%s: %v", name, x.Skips())
		}
	}
}

func TestNotText(t *testing.T) {
	x := read(t, `{\rtf1{\fonttbl{\f0 Secret Font;}}{\colortbl;\red0;}{\stylesheet{\s1 Secret Style;}}{\*\generator Secret;}text}`)
	if x.Has("Secret") {
		t.Errorf("text of structures:\n%s", x)
	}
}

func TestHTML(t *testing.T) {
	x := read(t, `{\rtf1\ansi\ansicpg932\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}`+
		`{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 `+escaped(t, "関守")+`{\*\htmltag4 &amp;}\htmlrtf }not this\htmlrtf0 {\*\htmltag72 </p>}}`)
	if got := x.Find("関守&"); got.Format != "markup" {
		t.Errorf("read as %s", got.Format)
	}
	if x.Has("not this") {
		t.Error("what stands for other programs is text")
	}
}

func TestObject(t *testing.T) {
	file := "氏名,電話\n関守 太郎,090-0000-0001\n"
	native := "\x02\x00customers.csv\x00C:\\customers.csv\x00\x00\x00\x03\x00\x05\x00\x00\x00a.csv" +
		string([]byte{byte(len(file)), 0, 0, 0}) + file
	object := "\x01\x05\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00Package\x00" + strings.Repeat("\x00", 8) +
		string([]byte{byte(len(native)), 0, 0, 0}) + native
	for name, notation := range map[string]string{
		"hex":    hex.EncodeToString([]byte(object)),
		"binary": fmt.Sprintf(`\bin%d %s`, len(object), object),
	} {
		x := read(t, `{\rtf1 a{\object\objemb{\*\objclass Package}{\*\objdata `+notation+`}{\result b}}}`)
		if s := x.Find("関守 太郎"); !strings.HasSuffix(s.Path, "customers.csv") {
			t.Errorf("%s: found in %s", name, s.Path)
		}
	}
}

func TestPictures(t *testing.T) {
	metafile := "\x01\x00\x09\x00" + strings.Repeat("\x00", 30) + "text in a metafile" + "\x00\x00"
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 30)
	x := read(t, `{\rtf1{\pict\wmetafile8 `+hex.EncodeToString([]byte(metafile))+`}{\*\shppict{\pict{\*\picprop secret}\pngblip{\*\blipuid 00ff}`+
		hex.EncodeToString([]byte(png))+`}}}`)
	if s := x.Find("text in a metafile"); !strings.HasSuffix(s.Path, "other text") {
		t.Errorf("found in %s", s.Path)
	}
	last := x.Parts[len(x.Parts)-1]
	if !strings.HasSuffix(last.Path, "picture 2") || last.Format != "png" || string(last.Own) != png {
		t.Errorf("%s", x)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ rtf, want string }{
		"cut off":  {`{\rtf1 090-0000-0001 {\b`, "truncated"},
		"deep":     {`{\rtf1` + strings.Repeat(`{\b `, 100000) + "090-0000-0001" + strings.Repeat("}", 100000) + "}", ""},
		"trailing": {`{\rtf1 a}` + "090-0000-0001", ""},
		"bin":      {`{\rtf1 090-0000-0001 \bin100000000000 x}`, "truncated"},
	} {
		x := read(t, c.rtf)
		x.Find("090-0000-0001")
		if got := strings.Join(x.Skips(), " "); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg932{\fonttbl{\f3\fcharset128 x;}}\f3\'8a\'d6\u23432 ?{\*\objdata 0105}{\header h}\trowd\cell\row}`))
	f.Add([]byte(`{\rtf1\fromhtml1{\*\htmltag <p>}\htmlrtf x\htmlrtf0 }`))
	f.Add([]byte(`{\rtf1{\pict\bin3 abc}\u-10174?\u-8375?}trailing`))
	f.Fuzz(func(t *testing.T, b []byte) {
		start := time.Now()
		parttest.Read(t, append(Readers(), decode.Readers()...), part.Part{Body: bytes.NewReader(b), Size: int64(len(b))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(b), d)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	line := escaped(b, "関守 太郎 東京都千代田区") + `\cell 090-0000-0001\cell\row` + "\n"
	rtf := `{\rtf1\ansi\ansicpg932 ` + strings.Repeat(line, 2000) + "}"
	b.SetBytes(int64(len(rtf)))
	for b.Loop() {
		read(b, rtf)
	}
}

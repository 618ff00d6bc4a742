package ole

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
)

func put4(b []byte, at, v int) { binary.LittleEndian.PutUint32(b[at:], uint32(v)) }

func put2(b []byte, at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }

// word97File makes the streams of a document: texts by the place of their length
// in the header, in pieces of 7 characters that are wide and narrow by turns if
// they can be.
func word97File(flags int, texts map[int]string) files {
	head := make([]byte, 1024)
	put2(head, 0, word97)
	put2(head, 2, 0xc1)
	put2(head, 6, 0x0411)
	put2(head, 0x0a, flags)
	var body []byte
	var cps, pcds []byte
	cp := 0
	for _, s := range sections97 {
		all := []rune(texts[s.count])
		put4(head, s.count, len(all))
		for n := 0; len(all) > 0; n++ {
			run := all[:min(7, len(all))]
			all = all[len(run):]
			at := len(head) + len(body)
			narrow := n%2 == 0 && !strings.ContainsFunc(string(run), func(r rune) bool { return r > 0x7f })
			if narrow {
				body = append(body, string(run)...)
				at = at*2 | 1<<30
			} else {
				body = append(body, wide(string(run))...)
			}
			cps = binary.LittleEndian.AppendUint32(cps, uint32(cp))
			pcds = append(append(append(pcds, 0, 0), le4(at)...), 0, 0)
			cp += len(run)
		}
	}
	cps = binary.LittleEndian.AppendUint32(cps, uint32(cp))
	clx := "\x01\x02\x00ab\x02" + le4(len(cps)+len(pcds)) + string(cps) + string(pcds)
	put4(head, 0x1a2, 0)
	put4(head, 0x1a6, len(clx))
	return files{"WordDocument": string(head) + string(body), "1Table": clx + wide("変更者の名前です") + "\x00\x00"}
}

func TestWord(t *testing.T) {
	f := word97File(0x1200, map[int]string{
		0x4c: "本文 " + person + "\r" + "see \x13HYPERLINK \"mailto:x@example.com\"\x14mail\x15 090-0000-0001\r" + "a\x07b\x07\x07c\x07d\x07\x07",
		0x50: "脚注の文", 0x54: "ヘッダーの文", 0x5c: "コメントの文", 0x60: "end note", 0x64: "テキスト ボックス", 0x68: "box in header",
	})
	f["ObjectPool/_1/\x01Ole10Native"] = ole10("customers.csv", "氏名\n門番 花子\n")
	f["ObjectPool/_2/Workbook"] = workbook8("", []string{"中"}, rec(recLabel, at(0, 0, 0)+u16(2, "embedded cell")))
	x := inspect(t, compoundFile(f))
	expect(t, x, "", map[string]string{person: "» body", "x@example.com": "» body", "a\tb\t\nc\td\t\n": "» body", "脚注の文": "footnotes",
		"ヘッダーの文": "headers and footers", "コメントの文": "comments", "end note": "endnotes", "テキスト ボックス": "text boxes",
		"box in header": "text boxes in headers", "門番 花子": "customers.csv", "embedded cell": "ObjectPool » _2 » 中",
		"変更者の名前です": "other text"})
	if x.Parts[0].Format != "doc" {
		t.Errorf("told as %s", x.Parts[0].Format)
	}
}

// What was deleted from a document that was saved fast is still in it.
func TestWordDeleted(t *testing.T) {
	f := word97File(0x1200, map[int]string{0x4c: person})
	f["WordDocument"] += strings.Repeat("\x00", 16) + wide("消した090-0000-0009番")
	expect(t, inspect(t, compoundFile(f)), "", map[string]string{person: "» body", "消した090-0000-0009番": "other text"})
}

// ole10 makes the stream of a file that was packed.
func ole10(name, data string) string {
	s := "\x02\x00" + name + "\x00C:\\" + name + "\x00\x00\x00\x03\x00" + le4(4) + "tmp\x00" + le4(len(data)) + data
	return le4(len(s)) + s
}

// Rows end where the formats of paragraphs say so: here a cell is empty.
func TestWordRows(t *testing.T) {
	f := word97File(0x1200, map[int]string{0x4c: strings.Repeat(person, 2)})
	main := []byte(f["WordDocument"][:1024])
	text := "a\x07\x07b\x07\x07" + "c\rd\x07\x07e\x07\x07"
	main = append(main, text...)
	main = append(main, make([]byte, 2048-len(main))...)
	page := make([]byte, 512)
	ends := []int{1024 + 5, 1024 + 6, 1024 + 13, 1024 + 14}
	put4(page, 0, 1024)
	for i, end := range ends {
		put4(page, 4*(i+1), end)
		page[4*(len(ends)+1)+13*i] = 200 + byte(i)*8
		formats := "\x00\x03\x00\x00\x16\x24\x01" // the size in the second byte
		if i%2 == 1 {
			formats = "\x05\x00\x00\x16\x24\x01\x17\x24\x01"
		}
		copy(page[2*(200+8*i):], formats)
	}
	page[511] = byte(len(ends))
	main = append(main, page...)
	clx := "\x02" + le4(16) + le4(0) + le4(len(text)) + "\x00\x00" + le4(1024*2|1<<30) + "\x00\x00"
	plc := le4(1024) + le4(1024+len(text)) + le4(2048/512)
	put4(main, 0x4c, len(text))
	put4(main, 0x1a2, 0)
	put4(main, 0x1a6, len(clx))
	put4(main, 0x102, len(clx))
	put4(main, 0x106, len(plc))
	x := inspect(t, compoundFile(files{"WordDocument": string(main), "1Table": clx + plc}))
	x.Find("a\t\tb\t\nc d\t\te\t\n")
}

func TestOldWord(t *testing.T) {
	text, _ := japanese.ShiftJIS.NewEncoder().String(person + "\r表示\r")
	head := make([]byte, 0x300)
	put2(head, 0, word6)
	put2(head, 2, 0x68)
	put2(head, 6, 0x0411)
	put4(head, 0x18, len(head))
	put4(head, 0x1c, len(head)+len(text))
	put4(head, 0x34, len(text))
	x := inspect(t, compoundFile(files{"WordDocument": string(head) + text}))
	expect(t, x, "", map[string]string{person + "\n表示": "» body"})
	put2(head, 0, word2)
	put2(head, 2, 0x2d)
	x = inspect(t, append(bytes.Clone(head), text...))
	expect(t, x, "", map[string]string{person: "other text of the document"})
	if x.Parts[0].Format != "doc" {
		t.Errorf("told as %s", x.Parts[0].Format)
	}
}

func TestWordFaults(t *testing.T) {
	whole := word97File(0x1200, map[int]string{0x4c: strings.Repeat(person, 1000)})
	for name, c := range map[string]struct {
		change func(main, table string) (string, string)
		want   string
	}{
		"encrypted": {func(m, s string) (string, string) { return m[:0x0b] + "\x13" + m[0x0c:], s }, "encrypted"},
		"no table":  {func(m, s string) (string, string) { return m, "" }, "decode-error"},
		"cut off":   {func(m, s string) (string, string) { return m[:4000], s }, "truncated"},
		"no pieces": {func(m, s string) (string, string) { return m, strings.Repeat("\x00", len(s)) }, "decode-error"},
		"short":     {func(m, s string) (string, string) { return m[:20], s }, "truncated"},
	} {
		m, s := c.change(whole["WordDocument"], whole["1Table"])
		x := inspect(t, compoundFile(files{"WordDocument": m, "1Table": s}))
		if got := strings.Join(x.Skips(), " "); got != c.want {
			t.Errorf("%s: %q\n%s", name, got, x)
		}
		if name[:2] == "no" && !x.Has(person) {
			t.Errorf("%s: nothing was read\n%s", name, x)
		}
	}
}

// Pages of formats may hold anything.
func TestWordPages(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	page := make([]byte, 512)
	for range 20000 {
		for i := range page {
			page[i] = byte(r.Uint32())
			if i&1 == 0 {
				page[i] |= byte(r.Uint32()) & 0xf0
			}
		}
		d := &wordDocument{}
		d.paragraphs(page, false)
		d.paragraphs(page, true)
		if len(d.tables) > 2*255 {
			t.Fatalf("%d paragraphs in a page", len(d.tables))
		}
	}
}

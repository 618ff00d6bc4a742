package archive

import (
	"bytes"
	"compress/flate"
	"hash/crc32"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// entry is a member as its local header describes it, and, where that differs,
// as the directory does.
type entry struct {
	name, body    string
	flags, method uint16
	extra         string
	descriptor    string // behind the body; the header then has no sizes
	hidden        bool   // the directory does not name it
	listed        *entry // what the directory says instead
	at            int    // its place; of listed, how far that is off
}

// zipFile makes a zip file of its pieces.
func zipFile(before string, entries []*entry, comment string) []byte {
	b := []byte(before)
	for _, e := range entries {
		e.at = len(b)
		h := make([]byte, 30)
		copy(h, sigLocal)
		h[4] = 20
		le.PutUint16(h[6:], e.flags)
		le.PutUint16(h[8:], e.method)
		if e.flags&8 == 0 {
			le.PutUint32(h[14:], crc32.ChecksumIEEE([]byte(e.body)))
			le.PutUint32(h[18:], uint32(len(e.body)))
			le.PutUint32(h[22:], uint32(len(e.body)))
		}
		le.PutUint16(h[26:], uint16(len(e.name)))
		le.PutUint16(h[28:], uint16(len(e.extra)))
		b = append(b, h...)
		b = append(b, e.name+e.extra+e.body+e.descriptor...)
	}
	start, n := len(b), 0
	for _, e := range entries {
		if e.hidden {
			continue
		}
		n++
		at := e.at
		if e.listed != nil {
			e = e.listed
			at += e.at
		}
		h := make([]byte, 46)
		copy(h, sigDirectory)
		le.PutUint16(h[8:], e.flags)
		le.PutUint16(h[10:], e.method)
		le.PutUint32(h[20:], uint32(len(e.body)))
		le.PutUint32(h[24:], uint32(len(e.body)))
		le.PutUint16(h[28:], uint16(len(e.name)))
		le.PutUint16(h[30:], uint16(len(e.extra)))
		le.PutUint32(h[42:], uint32(at))
		b = append(b, h...)
		b = append(b, e.name+e.extra...)
	}
	h := make([]byte, 22)
	copy(h, sigEnd)
	le.PutUint16(h[8:], uint16(n))
	le.PutUint16(h[10:], uint16(n))
	le.PutUint32(h[12:], uint32(len(b)-start))
	le.PutUint32(h[16:], uint32(start))
	le.PutUint16(h[20:], uint16(len(comment)))
	return append(append(b, h...), comment...)
}

func deflated(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func field(id uint16, body string) string {
	b := le.AppendUint16(nil, id)
	b = le.AppendUint16(b, uint16(len(body)))
	return string(b) + body
}

func descriptor(signature string, n int) string {
	b := append([]byte(signature), 1, 2, 3, 4)
	b = le.AppendUint32(b, uint32(n))
	return string(le.AppendUint32(b, uint32(n)))
}

func number(n int) string { return string(le.AppendUint32(nil, uint32(n))) }

func TestZip(t *testing.T) {
	cp932, _ := japanese.ShiftJIS.NewEncoder().String("名簿/表.csv")
	euc, _ := japanese.EUCJP.NewEncoder().String("顧客名簿.csv")
	comment, _ := japanese.ShiftJIS.NewEncoder().String("取扱注意の書類です")
	unicode := func(name string) string {
		return field(0x7075, "\x01"+number(int(crc32.ChecksumIEEE([]byte(name))))+"顧客.csv")
	}
	secret := strings.Repeat("?PK", 100)
	packed := deflated(customers)
	x := &entry{name: "x", body: "x"}
	for _, c := range []struct {
		name    string
		entries []*entry
		path    string // of the part that holds the list
		text    string // found anywhere
		skips   string
	}{
		{"stored", []*entry{{name: "a.csv", body: customers}}, "a.csv", "a.csv", ""},
		{"CP932 name", []*entry{{name: cp932, body: customers}}, "名簿/表.csv", "名簿/表.csv", ""},
		{"EUC name", []*entry{{name: euc, body: customers}}, "顧客名簿.csv", "顧客名簿.csv", ""},
		{"UTF-8 name", []*entry{{name: "顧客.csv", flags: 0x800, body: customers}}, "顧客.csv", "", ""},
		{"name in an extra field", []*entry{{name: "??.csv", extra: unicode("??.csv"), body: customers}}, "顧客.csv", "??.csv", ""},
		{"text in an extra field", []*entry{{name: "a", extra: field(0x4242, customers), body: "x"}}, "names", "", ""},
		{"comment", []*entry{x}, "", "取扱注意の書類です", ""},
		{"deflated", []*entry{{name: "a", method: 8, body: packed}}, "a", "", ""},
		{"more than deflated", []*entry{{name: "a", method: 8, body: deflated("x") + customers}}, "trailing data", "", ""},
		{"a path upwards", []*entry{{name: "../../a", body: customers}}, "../../a", "", ""},
		{"twice one name", []*entry{{name: "a", body: "x"}, {name: "a", body: customers}}, "a", "", ""},
		{"streamed", []*entry{{name: "a", method: 8, flags: 8, body: packed, descriptor: descriptor(sigSpan, len(packed))}, x}, "a", "", ""},
		{"streamed, no signature", []*entry{{name: "a", method: 8, flags: 8, body: packed, descriptor: descriptor("", len(packed))}, x}, "a", "", ""},
		{"streamed, stored", []*entry{{name: "a", flags: 8, body: customers, descriptor: descriptor(sigSpan, len(customers))}, x}, "a", "", ""},
		{"streamed, stored, no signature", []*entry{{name: "a", flags: 8, body: customers, descriptor: descriptor("", len(customers))}, x}, "a", "", ""},
		{"streamed, encrypted", []*entry{{name: "a", method: 8, flags: 9, body: secret, descriptor: descriptor(sigSpan, len(secret))}, {name: "b", body: customers}}, "b", "", "encrypted encrypted"},
		{"streamed, encrypted, no signature", []*entry{{name: "a", method: 8, flags: 9, body: secret, descriptor: descriptor("", len(secret))}, {name: "b", body: customers}}, "b", "", "encrypted encrypted"},
		{"AES", []*entry{{name: "a", method: 99, flags: 1, body: secret}, {name: "b", body: customers}}, "b", "", "encrypted encrypted"},
		{"not in the directory", []*entry{{name: "a", body: customers, hidden: true}, x}, "a", "", ""},
		{"other name in the directory", []*entry{{name: "a", body: customers, listed: &entry{name: "顧客.csv", body: customers}}}, "a", "顧客.csv", ""},
		{"nested", []*entry{{name: "in.zip", body: string(zipFile("", []*entry{{name: "in.csv", body: customers}}, ""))}}, "in.zip » in.csv", "", ""},
		{"damaged", []*entry{{name: "a", method: 8, body: "\xff\xff\xff\xff"}, {name: "b", body: customers}}, "b", "", "decode-error decode-error"},
		{"between members", []*entry{{name: "a", body: "x", descriptor: customers}, x}, "between members", "", ""},
		{"wrong method", []*entry{{name: "a", method: 97, body: secret}, {name: "b", body: customers}}, "b", "", "unknown-format unknown-format"},
	} {
		tail := ""
		if c.name == "comment" {
			tail = comment
		}
		got := inspect(t, zipFile("", c.entries, tail))
		if s := skips(got); s != c.skips {
			t.Errorf("%s: skipped %q, want %q:\n%s", c.name, s, c.skips, got)
		}
		if c.text != "" {
			got.Find(c.text)
		}
		if c.path == "" {
			continue
		}
		if p := got.Find(person); p.Path != "upload » "+c.path {
			t.Errorf("%s: found in %s:\n%s", c.name, p.Path, got)
		}
	}
}

// The directory may describe members that the local headers hide.
func TestZipDirectory(t *testing.T) {
	packed := deflated(customers)
	inner := zipFile("", []*entry{{name: "in.csv", method: 8, body: packed}}, "")
	for _, c := range []struct {
		name    string
		entries []*entry
	}{
		{"other method", []*entry{{name: "a", body: packed, listed: &entry{name: "a", method: 8, body: packed}}}},
		{"larger", []*entry{{name: "a", method: 8, body: packed[:20], descriptor: packed[20:], listed: &entry{name: "a", method: 8, body: packed}}}},
		{"within another", []*entry{{name: "a", method: 97, body: string(inner), listed: &entry{name: "in.csv", method: 8, body: packed, at: 31}}}},
	} {
		body := zipFile("", c.entries, "")
		x := inspectAt(t, body)
		if !x.Has(person) {
			t.Errorf("%s is not found:\n%s", c.name, x)
		}
		if x := inspectStream(t, body); !x.Has(person) && len(x.Skips()) == 0 {
			t.Errorf("%s, as a stream, is neither found nor told:\n%s", c.name, x)
		}
	}
}

// As in "A better zip bomb" by David Fifield, many members share their data.
func TestZipOverlap(t *testing.T) {
	const n, header = 200, 31
	zeros := deflated(strings.Repeat("\x00", 10<<20))
	var entries []*entry
	body := ""
	for i := n - 1; i > 0; i-- { // headers whose extra field reaches to the data
		h := make([]byte, 30)
		copy(h, sigLocal)
		h[8] = 8
		le.PutUint32(h[18:], uint32(len(zeros)))
		le.PutUint16(h[26:], 1)
		le.PutUint16(h[28:], uint16((i-1)*header))
		body += string(h) + "n"
	}
	first := &entry{name: "n", method: 8, extra: body, body: zeros}
	entries = append(entries, first)
	all := zipFile("", entries, "")
	// A directory that lists them all.
	end := bytes.LastIndex(all, []byte(sigDirectory))
	out := append([]byte(nil), all[:end]...)
	for i := range n {
		h := append([]byte(nil), all[end:end+46]...)
		le.PutUint16(h[30:], 0)
		le.PutUint32(h[42:], uint32(i*header))
		out = append(append(out, h...), 'n')
	}
	out = append(out, all[len(all)-22:]...)
	x := inspectAt(t, out)
	if !strings.Contains(skips(x), string(part.Bomb)) {
		t.Errorf("not stopped: %v", skips(x))
	}
}

func TestZipEmptyAndSplit(t *testing.T) {
	if x := inspect(t, zipFile("", nil, "")); skips(x) != "" || x.Parts[0].Format != "zip" {
		t.Errorf("empty:\n%s", x)
	}
	whole := zipFile("", []*entry{{name: "a", body: customers + customers}}, "")
	if x := inspect(t, append([]byte(sigSpan), whole[:len(customers)+40]...)); !strings.Contains(skips(x), "truncated") || !x.Has(person) {
		t.Errorf("first volume:\n%s", x)
	}
	if x := inspect(t, append([]byte(sigNoSpan), whole...)); !x.Has(person) || skips(x) != "" {
		t.Errorf("one volume after all:\n%s", x)
	}
	end := bytes.LastIndex(whole, []byte(sigEnd))
	whole[end+4] = 3
	if x := inspect(t, whole); !strings.Contains(skips(x), "truncated") {
		t.Errorf("last volume:\n%s", x)
	}
}

func TestZipBombs(t *testing.T) {
	bomb := zipFile("", []*entry{{name: "0", method: 8, body: deflated(strings.Repeat("\x00", 40<<20))}}, "")
	for range 2 {
		packed := deflated(string(bomb))
		bomb = zipFile("", []*entry{{name: "a.zip", method: 8, body: packed}, {name: "b.zip", method: 8, body: packed}}, "")
	}
	if x := inspect(t, bomb); !strings.Contains(skips(x), string(part.Bomb)) {
		t.Errorf("not stopped: %s", skips(x))
	}
	many := make([]*entry, 300)
	for i := range many {
		many[i] = &entry{name: "n", body: "x"}
	}
	body := zipFile("", many, "")
	x := parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}, part.Limits{Entries: 100})
	if !strings.HasPrefix(skips(x), string(part.TooMany)) {
		t.Errorf("entries: %s", skips(x))
	}
}

func TestZipCutOff(t *testing.T) {
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"no directory", zipFile("", []*entry{{name: "b.csv", body: customers, hidden: true}}, "")[:35+len(customers)]},
		{"in a member", zipFile("", []*entry{{name: "b.csv", body: customers + customers}}, "")[:40+len(customers)]},
		{"in the directory", zipFile("", []*entry{{name: "b.csv", body: customers}}, "")[:60+len(customers)]},
	} {
		if x := inspect(t, c.body); !x.Has(person) || !strings.Contains(skips(x), "truncated") {
			t.Errorf("%s:\n%s", c.name, x)
		}
	}
}

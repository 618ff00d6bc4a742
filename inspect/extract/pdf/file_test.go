package pdf

import (
	"bytes"
	"compress/lzw"
	"encoding/ascii85"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const hello = "BT /F1 10 Tf 50 700 Td (Taro 090-0000-0001) Tj ET"

const found = "Taro 090-0000-0001"

func withContents(contents string) []byte {
	return file(catalogue, onePage,
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>", contents, plainFont)
}

func TestFilters(t *testing.T) {
	var eighty5, packed bytes.Buffer
	w := ascii85.NewEncoder(&eighty5)
	w.Write([]byte(hello))
	w.Close()
	z := lzw.NewWriter(&packed, lzw.MSB, 8) // as with EarlyChange 0
	z.Write([]byte(hello))
	z.Close()
	rows := ""
	for len(rows) < len(hello)*11/10+11 {
		at := len(rows) / 11 * 10
		if at >= len(hello) {
			break
		}
		rows += "\x00" + (hello + strings.Repeat(" ", 10))[at:at+10]
	}
	for name, c := range map[string]string{
		"flate":         stream("/Filter /FlateDecode", deflated(hello)),
		"raw deflate":   stream("/Filter [/Fl]", deflated(hello)[2:]),
		"no checksum":   stream("/Filter /FlateDecode", strings.TrimSuffix(deflated(hello), deflated(hello)[len(deflated(hello))-4:])),
		"hex":           stream("/Filter /ASCIIHexDecode", hex.EncodeToString([]byte(hello))+">"),
		"ascii85":       stream("/Filter /ASCII85Decode", eighty5.String()+"~>"),
		"lzw":           stream("/Filter /LZWDecode /DecodeParms << /EarlyChange 0 >>", packed.String()),
		"run length":    stream("/Filter /RunLengthDecode", string(rune(len(hello)-1))+hello+"\x80"),
		"two":           stream("/Filter [/AHx /FlateDecode]", hex.EncodeToString([]byte(deflated(hello)))+">"),
		"png predictor": stream("/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 10 >>", deflated(rows)),
		"identity":      stream("/Filter /Crypt", hello),
	} {
		t.Run(name, func(t *testing.T) { check(t, withContents(c), found) })
	}
}

// TestStructure reads files whose tables are of all kinds, or wrong.
func TestStructure(t *testing.T) {
	whole := withContents(stream("", hello))
	packed := packedFile(t)
	for name, body := range map[string][]byte{
		"whole":             whole,
		"cross-reference":   packed,
		"no startxref":      bytes.ReplaceAll(whole, []byte("startxref"), []byte("nothing--")),
		"no trailer":        whole[:bytes.Index(whole, []byte("xref\n"))],
		"wrong offsets":     bytes.ReplaceAll(whole, []byte("00000 n"), []byte("00007 n")),
		"shifted":           bytes.Replace(whole, []byte("1 0 obj"), []byte("         1 0 obj"), 1),
		"no table, packed":  packed[:bytes.LastIndex(packed, []byte("startxref"))],
		"bytes before":      append([]byte("HTTP/1.1 200 OK\r\n\x00\r\n\r\n"), whole...),
		"wrong length":      bytes.Replace(whole, []byte("/Length 49"), []byte("/Length 7 "), 1),
		"length elsewhere":  bytes.Replace(whole, []byte("/Length 49"), []byte("/Length 99 0 R"), 1),
		"ends of line":      bytes.ReplaceAll(whole, []byte("endobj\n"), []byte("endobj\r")),
		"replaced page":     append(bytes.Clone(whole), "\n4 0 obj\n"+stream("", hello)+"\nendobj\nxref\n4 1\n"+fmt.Sprintf("%010d", len(whole)+1)+" 00000 n \ntrailer << /Size 6 /Root 1 0 R /Prev "+startOf(whole)+" >>\nstartxref\n"+fmt.Sprint(len(whole)+len("\n4 0 obj\n"+stream("", hello)+"\nendobj\n"))+"\n%%EOF\n"...),
		"catalogue unnamed": bytes.Replace(whole, []byte("/Root 1 0 R"), []byte("           "), 1),
	} {
		t.Run(name, func(t *testing.T) {
			x := inspect(t, body)
			if !strings.Contains(text(t, x, "page 1"), found) {
				t.Errorf("not found:\n%s", x)
			}
		})
	}
}

func startOf(file []byte) string {
	rest := file[bytes.LastIndex(file, []byte("startxref"))+len("startxref"):]
	return strings.Fields(string(rest))[0]
}

// packedFile writes a file whose objects are in an object stream and whose table
// is a stream.
func packedFile(t *testing.T) []byte {
	t.Helper()
	objects := []string{catalogue, onePage,
		"<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Resources << /Font << /F1 4 0 R >> >> >>", plainFont}
	var head, body string
	for i, o := range objects {
		head += fmt.Sprintf("%d %d ", i+1, len(body))
		body += o + "\n"
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	at := map[int]int{}
	put := func(n int, s string) { at[n] = b.Len(); fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, s) }
	put(5, stream(fmt.Sprintf("/Type /ObjStm /N 4 /First %d /Filter /FlateDecode", len(head)), deflated(head+body)))
	put(6, stream("/Filter /FlateDecode", deflated(hello)))
	table := "\x00\x00\x00\x00"
	for i := range 4 {
		table += "\x02\x00\x05" + string(rune(i))
	}
	for n := 5; n <= 7; n++ {
		if n == 7 {
			at[n] = b.Len()
		}
		table += "\x01" + string([]byte{byte(at[n] >> 8), byte(at[n])}) + "\x00"
	}
	start := b.Len()
	put(7, stream("/Type /XRef /W [1 2 1] /Size 8 /Root 1 0 R /Filter /FlateDecode", deflated(table)))
	fmt.Fprintf(&b, "startxref\n%d\n%%%%EOF\n", start)
	return b.Bytes()
}

// TestBounds reads files made to take long or grow large.
func TestBounds(t *testing.T) {
	bomb := deflated(strings.Repeat("(0) Tj ", 40<<20/7))
	many := make([]string, 0, 16)
	for i := range 12 {
		many = append(many, stream(fmt.Sprintf("/Type /XObject /Subtype /Form /Resources << /XObject << /X %d 0 R >> >>", 7+i), strings.Repeat("/X Do ", 100)))
	}
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"bomb":             {withContents(stream("/Filter /FlateDecode", bomb)), "bomb"},
		"pages in a ring":  {file(catalogue, "<< /Type /Pages /Kids [2 0 R 2 0 R] >>"), "decode-error"},
		"no pages":         {file(catalogue), "decode-error"},
		"tables in a ring": {[]byte("%PDF-1.4\nxref\n0 0\ntrailer << /Prev 9 >>\nstartxref\n9\n%%EOF"), "decode-error"},
		"brackets":         {withContents(stream("", strings.Repeat("[", 1<<20))), ""},
		"nested brackets":  {append([]byte("%PDF-1.4\n1 0 obj\n"), strings.Repeat("<<", 1<<20)...), "truncated"},
		"laughs": {file(append([]string{catalogue, onePage,
			"<< /Type /Page /Contents 4 0 R /Resources << /XObject << /X 6 0 R >> >> >>", stream("", "/X Do"), plainFont}, many...)...), "too-large"},
		"itself": {file(catalogue, onePage, "<< /Type /Page /Contents 4 0 R /Resources << /XObject << /X 4 0 R >> >> >>",
			stream("/Subtype /Form /Resources << /XObject << /X 4 0 R >> >>", "/X Do /X Do")), ""},
		"length of itself": {[]byte("%PDF-1.4\n1 0 obj << /Length 1 0 R >> stream\nx\nendstream endobj"), "decode-error"},
		"empty":            {[]byte("%PDF-1.4"), "decode-error"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			l := part.Limits{Time: 20 * time.Second}
			if c.want == "too-large" {
				l.Bytes = 2 << 20
			}
			x := parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(c.body), Size: int64(len(c.body))}, l)
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("took %v", d)
			}
			if got := strings.Join(x.Parts[0].Skips, " "); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	for head, want := range map[string]bool{
		"%PDF-1.4\n": true, "\n\n%PDF-1.4\n1 0 obj": true, "\x00\x01%PDF-1.4": true,
		"HTTP junk\r\n%PDF-1.4\n1 0 obj":                                true,
		"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\n1 0 obj": false,
		"--b\r\n\r\n\x00\x01%PDF-1.4\n1 0 obj":                          false,
		"{\"file\":\"%PDF-1.4\\n1 0 obj":                                false,
		"a mail about the mark %PDF- in files":                          false, "PDF": false, "": false,
	} {
		if got := (reader{}).Match(&part.Part{}, []byte(head)); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

package image

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const person = "門番 花子"

func readers() []part.Reader { return append(Readers(), decode.Readers()...) }

func inspect(t testing.TB, body string) *parttest.Tree {
	t.Helper()
	p := part.Part{Body: io.LimitReader(strings.NewReader(body), int64(len(body))), Size: int64(len(body))}
	return parttest.Read(t, readers(), p, part.Limits{})
}

func wide(o binary.AppendByteOrder, s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = o.AppendUint16(b, u)
	}
	return string(b)
}

// byteOrder is what binary.LittleEndian and binary.BigEndian both are.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

type field struct {
	tag, kind uint16
	value     string
}

// directoryAt writes a directory that stands at offset at, and what its fields
// point to behind it.
func directoryAt(o byteOrder, at int, fields ...field) []byte {
	b := o.AppendUint16(nil, uint16(len(fields)))
	behind := at + 2 + 12*len(fields) + 4
	var values []byte
	for _, f := range fields {
		b = o.AppendUint16(o.AppendUint16(b, f.tag), f.kind)
		b = o.AppendUint32(b, uint32(len(f.value)/int(sizes[f.kind])))
		if len(f.value) <= 4 {
			b = append(b, (f.value + "\x00\x00\x00\x00")[:4]...)
			continue
		}
		b = o.AppendUint32(b, uint32(behind+len(values)))
		values = append(values, f.value...)
	}
	return append(o.AppendUint32(b, 0), values...)
}

// tiff writes a TIFF file with a directory, one of EXIF and one of places.
func tiffOf(o byteOrder, fields ...field) string {
	head := "II*\x00\x08\x00\x00\x00"
	if o == byteOrder(binary.BigEndian) {
		head = "MM\x00*\x00\x00\x00\x08"
	}
	u32 := func(v int) string { return string(o.AppendUint32(nil, uint32(v))) }
	const room = 2048
	exif := directoryAt(o, 8+room, field{tagUserComment, 7, "UNICODE\x00" + wide(o, "撮影 "+person)})
	gps := directoryAt(o, 8+2*room, field{1, 2, "N\x00"}, field{2, 5, u32(35) + u32(1) + u32(30) + u32(1) + u32(36) + u32(1)})
	all := append(fields, field{tagExif, 4, u32(8 + room)}, field{tagGPS, 4, u32(8 + 2*room)})
	pad := func(b []byte) string { return string(b) + strings.Repeat("\x00", room-len(b)) }
	return head + pad(directoryAt(o, 8, all...)) + pad(exif) + string(gps)
}

func segment(kind byte, s string) string {
	return "\xff" + string([]byte{kind}) + string(binary.BigEndian.AppendUint16(nil, uint16(len(s)+2))) + s
}

func pngChunk(kind, s string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(s)))
	b = append(b, kind+s...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func box(kind, s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)+8))) + kind + s
}

const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><dc:creator>` + person + `</dc:creator></rdf:RDF></x:xmpmeta>`

// examples holds a picture of each format, with what is to be found in it by
// path.
func examples(t testing.TB) map[string]struct {
	body string
	want map[string]string
} {
	sjis, err := japanese.ShiftJIS.NewEncoder().String("撮影者は" + person + "です")
	if err != nil {
		t.Fatal(err)
	}
	jis, _ := japanese.ISO2022JP.NewEncoder().String(person)
	little := tiffOf(binary.LittleEndian, field{315, 2, sjis + "\x00"}, field{40093, 1, wide(binary.LittleEndian, person+"\x00")}, field{700, 1, xmp})
	big := tiffOf(binary.BigEndian, field{270, 2, person + "\x00"}, field{272, 2, "X\x00"}, field{37510, 7, "JIS\x00\x00\x00\x00\x00" + jis})
	iptc := "\x1c\x01\x5a\x00\x03\x1b%G\x1c\x02\x78\x00\x0d" + person + "\x1c\x02\x5a\x80\x02\x00\x09東京都"
	resource := "8BIM\x04\x04\x00\x00" + string(binary.BigEndian.AppendUint32(nil, uint32(len(iptc)))) + iptc
	data := strings.Repeat("\x00\xfe\x03\x9c", 300)
	webp := "WEBP" + "VP8X\x0a\x00\x00\x00" + strings.Repeat("\x00", 10)
	for _, c := range [][2]string{{"EXIF", little}, {"XMP ", xmp + " "[:len(xmp)&1]}} {
		webp += c[0] + string(binary.LittleEndian.AppendUint32(nil, uint32(len(c[1])))) + c[1]
	}
	infe := func(id byte, kind string) string {
		return box("infe", "\x02\x00\x00\x00\x00"+string([]byte{id})+"\x00\x00"+kind+"\x00")
	}
	ftyp := box("ftyp", "heic\x00\x00\x00\x00mif1heic")
	heif := func(from int) string {
		item := func(id byte, at, n int) string {
			b := []byte{0, id, 0, 0, 0, 1}
			return string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, uint32(at)), uint32(n)))
		}
		iloc := box("iloc", "\x00\x00\x00\x00\x44\x00\x00\x02"+item(1, from, len(big)+4)+item(2, from+len(big)+4, len(xmp)))
		return ftyp + box("meta", "\x00\x00\x00\x00"+box("iinf", "\x00\x00\x00\x00\x00\x02"+infe(1, "Exif")+infe(2, "mime"))+iloc)
	}
	heic := heif(len(heif(0))+8) + box("mdat", "\x00\x00\x00\x00"+big+xmp+data)
	comment := map[string]string{"upload » comment": person}
	return map[string]struct {
		body string
		want map[string]string
	}{
		"jpeg": {"\xff\xd8" + segment(0xe1, exifMark+"\x00"+little) + segment(0xe1, xmpMark+xmp) + segment(0xed, resourceMark+resource) + segment(0xfe, person) +
			"\xff\xda\x00\x02" + data + "\xff\xd9", map[string]string{"upload » comment": person, "upload » XMP": "creator: " + person,
			"upload » IPTC": "Caption: " + person + "\nCity: 東京都\n", "upload » EXIF": "Artist: 撮影者は" + person + "です\nAuthor: " + person + "\nUserComment: 撮影 " + person + "\nGPSLatitudeRef: N\nGPSLatitude: 35.51\n"}},
		"jpeg, other order": {"\xff\xd8\xff" + segment(0xe1, exifMark+"\x00"+big) + "\xff\xda" + data, map[string]string{"upload » EXIF": "ImageDescription: " + person + "\nModel: X\nUserComment: " + person + "\nUserComment: 撮影 " + person}},
		"png": {"\x89PNG\r\n\x1a\n" + pngChunk("IHDR", "0123456789abc") + pngChunk("tEXt", "Author\x00"+sjis) + pngChunk("zTXt", "Comment\x00\x00"+deflated("圧縮 "+person)) +
			pngChunk("iTXt", "Title\x00\x01\x00ja\x00題\x00"+deflated("国際 "+person)) + pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp) + pngChunk("eXIf", big) + pngChunk("IDAT", data) + pngChunk("IEND", ""),
			map[string]string{"upload » text": "Author: 撮影者は" + person, "upload » XMP": "creator: " + person, "upload » EXIF": "ImageDescription: " + person}},
		"gif":  {"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xfe\x0d" + person + "\x00!\xff\x0bXMP DataXMP" + xmp[:0] + string([]byte{byte(len(xmp))}) + xmp + "\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;", comment},
		"webp": {"RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(webp)))) + webp, map[string]string{"upload » EXIF": "Author: " + person, "upload » XMP": "creator: " + person}},
		"tiff": {little, map[string]string{"upload » EXIF": "Author: " + person, "upload » XMP": "creator: " + person}},
		"heif": {heic, map[string]string{"upload » EXIF": "ImageDescription: " + person, "upload » XMP": "creator: " + person}},
		"psd":  {"8BPS\x00\x01" + strings.Repeat("\x00", 20) + "\x00\x00\x00\x00" + string(binary.BigEndian.AppendUint32(nil, uint32(len(resource)))) + resource + data, map[string]string{"upload » IPTC": "Caption: " + person}},
	}
}

func TestPictures(t *testing.T) {
	for name, c := range examples(t) {
		x := inspect(t, c.body)
		format, _, _ := strings.Cut(name, ",")
		if x.Parts[0].Format != format {
			t.Errorf("%s: format %s", name, x.Parts[0].Format)
		}
		for path, text := range c.want {
			found := false
			for _, s := range x.Parts {
				found = found || s.Path == path && strings.Contains(s.Text(), text)
			}
			if !found {
				t.Errorf("%s: %q is not in %s:\n%s", name, text, path, x)
			}
		}
		last := x.Parts[len(x.Parts)-1]
		if last.Path != "upload » picture" || last.Format != format || strings.Contains(last.Text(), "花子") {
			t.Errorf("%s: what is left:\n%s", name, x)
		}
		if got := strings.Join(x.Skips(), " "); got != "unknown-format" {
			t.Errorf("%s: skipped %q:\n%s", name, got, x)
		}
		for cut := 8; cut < len(c.body); cut += 1 + len(c.body)/50 {
			inspect(t, c.body[:cut])
		}
	}
}

func TestHiddenBehindPicture(t *testing.T) {
	x := inspect(t, examples(t)["png"].body+"氏名: "+person+", 電話 090-0000-0001")
	if s := x.Find("090-0000-0001"); s.Path != "upload » picture" {
		t.Errorf("found in %s", s.Path)
	}
}

func FuzzReaders(f *testing.F) {
	for _, c := range examples(f) {
		f.Add([]byte(c.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// TestFieldsOverOneAnother reads a file whose fields all show to the same bytes:
// some kilobytes say a hundred megabytes.
func TestFieldsOverOneAnother(t *testing.T) {
	o := binary.LittleEndian
	const n = 2000
	b := o.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), n)
	for range n {
		b = o.AppendUint16(o.AppendUint16(b, 700), 1)
		b = o.AppendUint32(o.AppendUint32(b, 60_000), 100)
	}
	b = append(b, strings.Repeat("x", 50_000)...)
	x := inspect(t, string(b))
	if got := strings.Join(x.Skips(), " "); !strings.Contains(got, "bomb") {
		t.Errorf("skipped %q", got)
	}
}

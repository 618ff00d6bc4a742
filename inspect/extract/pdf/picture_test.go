package pdf

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// scanned writes a file of one page that shows one picture.
func scanned(picture string, more ...string) []byte {
	return file(append([]string{catalogue, "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>",
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /P 5 0 R >> >> >>",
		stream("", "q 600 0 0 800 0 0 cm /P Do Q"), picture}, more...)...)
}

// picture writes a picture of w by h.
func picture(w, h int, dict, data string) string {
	return stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d %s", w, h, dict), data)
}

// seen returns the bytes of the part of that path, and checks that it is a picture
// that was not read, of that format.
func seen(t *testing.T, x *parttest.Tree, path, format string) []byte {
	t.Helper()
	for _, p := range x.Parts {
		if p.Path == "upload"+part.Separator+path {
			if p.Role != part.Pixels || p.Format != format || strings.Join(p.Skips, " ") != "unknown-format" || p.Text() != "" {
				t.Errorf("%s: role %d, %s, %v, %q", path, p.Role, p.Format, p.Skips, p.Text())
			}
			return p.Own
		}
	}
	t.Fatalf("no part %q:\n%s", path, x)
	return nil
}

// TestPixels makes pictures of samples in many codings: each shows black, white,
// white, black.
func TestPixels(t *testing.T) {
	const grey = "/BitsPerComponent 8 /ColorSpace /DeviceGray"
	for name, c := range map[string]struct{ dict, data string }{
		"grey":        {grey, "\x00\xff\xff\x00"},
		"deflated":    {grey + " /Filter /FlateDecode", deflated("\x00\xff\xff\x00")},
		"one bit":     {"/BitsPerComponent 1 /ColorSpace /DeviceGray", "\x40\x80"},
		"two bits":    {"/BitsPerComponent 2 /ColorSpace /DeviceGray", "\x30\xc0"},
		"four bits":   {"/BitsPerComponent 4 /ColorSpace [/CalGray << >>]", "\x0f\xf0"},
		"16 bits":     {"/BitsPerComponent 16 /ColorSpace /DeviceGray", "\x00\xff\xff\x00\xff\xff\x00\x00"},
		"the inverse": {grey + " /Decode [1 0]", "\xff\x00\x00\xff"},
		"a mask":      {"/ImageMask true", "\x40\x80"},
		"colours":     {"/BitsPerComponent 8 /ColorSpace /DeviceRGB", "\x00\x00\x00\xff\xff\xff\xff\xff\xff\x00\x00\x00"},
		"inks":        {"/BitsPerComponent 8 /ColorSpace /DeviceCMYK", "\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\x00"},
		"one ink":     {"/BitsPerComponent 8 /ColorSpace [/Separation /Black /DeviceGray 6 0 R]", "\xff\x00\x00\xff"},
		"a profile":   {"/BitsPerComponent 8 /ColorSpace [/ICCBased 6 0 R]", "\x00\x00\x00\xff\xff\xff\xff\xff\xff\x00\x00\x00"},
		"a palette":   {"/BitsPerComponent 4 /ColorSpace [/Indexed /DeviceRGB 2 <ff0000ffffff000000>]", "\x21\x12"},
		"cut off":     {grey, "\x00\xff"}, // the rest of the page is white
	} {
		t.Run(name, func(t *testing.T) {
			x := inspect(t, scanned(picture(2, 2, c.dict, c.data), stream("/N 3", "profile")))
			m, err := png.Decode(bytes.NewReader(seen(t, x, "page 1 picture 1", "png")))
			if err != nil || m.Bounds().Dx() != 2 || m.Bounds().Dy() != 2 {
				t.Fatal(m, err)
			}
			var got []uint8
			for i := range 4 {
				got = append(got, color.GrayModel.Convert(m.At(i%2, i/2)).(color.Gray).Y)
			}
			want := []uint8{0, 255, 255, 0}
			if name == "cut off" {
				want[3] = 255
			}
			if !bytes.Equal(got, want) {
				t.Errorf("shades %v", got)
			}
			if s := strings.Join(x.Parts[0].Skips, " "); s != "unknown-format" {
				t.Errorf("the file: %q", s)
			}
		})
	}
}

// TestCodedPictures hands on what other programs decode.
func TestCodedPictures(t *testing.T) {
	fax := seen(t, inspect(t, scanned(picture(16, 9, "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 16 >>", "\x00\x10\x01"))), "page 1 picture 1", "tiff")
	le := binary.LittleEndian
	tags := map[uint16]uint32{}
	for b := fax[10:]; len(b) >= 12 && len(tags) < int(le.Uint16(fax[8:])); b = b[12:] {
		tags[le.Uint16(b)] = le.Uint32(b[8:])
	}
	if at := tags[tiffOffsets]; tags[tiffWidth] != 16 || tags[tiffHeight] != 9 || tags[tiffCompression] != 4 || tags[tiffCounts] != 3 || string(fax[at:]) != "\x00\x10\x01" {
		t.Errorf("%v of %q", tags, fax)
	}
	body := scanned(picture(16, 9, "/Filter /JBIG2Decode /DecodeParms << /JBIG2Globals 6 0 R >>", "page"), stream("", "globals "))
	if b := string(seen(t, inspect(t, body), "page 1 picture 1", "jbig2")); b != "\x97JB2\r\n\x1a\n\x01\x00\x00\x00\x01globals page" {
		t.Errorf("%q", b)
	}
	x := inspect(t, scanned(picture(16, 9, "/Filter /JPXDecode", "\x00\x00\x00\x0cjP  \r\n\x87\n"+strings.Repeat("\x00", 90))))
	if p := x.Parts[len(x.Parts)-1]; p.Format != "jpeg2000" || strings.Join(p.Skips, " ") != "unknown-format" {
		t.Errorf("JPEG 2000:\n%s", x)
	}
}

// TestWhichPictures tells which pictures are handed on: all of a scanned page, and
// large ones beside text, wherever they are shown, once.
func TestWhichPictures(t *testing.T) {
	const grey = "/BitsPerComponent 8 /ColorSpace /DeviceGray"
	large := picture(300, 300, grey, strings.Repeat("\x80\x01", 45000))
	small := picture(30, 30, grey, strings.Repeat("\x80\x01", 450))
	words := "BT /F1 10 Tf 50 700 Td (" + strings.Repeat("words ", 30) + ") Tj ET "
	twoPages := func(picture string, content ...string) []byte {
		return file(catalogue, "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 600 800] /Resources << /XObject << /P 7 0 R >> >> >>",
			"<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>", "<< /Type /Page /Parent 2 0 R /Contents 6 0 R >>",
			stream("", content[0]), stream("", content[1]), picture)
	}
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"beside text":           {twoPages(large, words+"q 60 0 0 80 0 0 cm /P Do Q", words+"/P Do"), "page 1 picture 1"},
		"a sign beside text":    {twoPages(small, words+"q 60 0 0 80 0 0 cm /P Do Q", words), ""},
		"a sign on its own":     {twoPages(small, words, "/P Do"), "page 2 picture 1"},
		"that no page shows":    {twoPages(large, words, words), "object 7"},
		"amid the content":      {twoPages(small, words, "BI /W 2 /H 2 /BPC 8 /CS /G ID \x00\x01\x02\xff EI"), "page 2 picture 1"},
		"of a mask":             {scanned(picture(300, 300, grey+" /SMask 6 0 R", strings.Repeat("\x00", 90000)), large), "page 1 picture 1, page 1 picture 2"},
		"larger than may be":    {scanned(picture(1<<20, 1<<20, grey, "\x80\x00\x00\x01")), ""},
		"of an unknown coding":  {scanned(picture(2, 2, "/BitsPerComponent 3 /ColorSpace /DeviceGray", "\x80\x00\x00\x01")), ""},
		"of an unknown colours": {scanned(picture(2, 2, "/ColorSpace [/Indexed [/Indexed]]", "\x80\x00\x00\x01")), ""},
	} {
		var got []string
		x := inspect(t, c.body)
		for _, p := range x.Parts {
			if p.Role == part.Pixels {
				got = append(got, strings.TrimPrefix(p.Path, "upload"+part.Separator))
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q\n%s", name, got, x)
		}
	}
}

// TestTextAsPixels finds texts that pretend to be pictures.
func TestTextAsPixels(t *testing.T) {
	const list = "name,phone\nTaro,090-0000-0001\nHanako,080-0000-0002\nJiro,070-0000-0003\nSaburo,090-0000-0004\n"
	const dict = "/BitsPerComponent 8 /ColorSpace /DeviceGray"
	for name, body := range map[string][]byte{
		"on a page":        scanned(picture(10, 5, dict, list)),
		"deflated":         scanned(picture(10, 5, dict+" /Filter /FlateDecode", deflated(list))),
		"on no page":       file(catalogue, onePage, "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>", stream("", hello), picture(10, 5, dict, list)),
		"amid the content": pageWith(plainFont, "BI /W 10 /H 5 /BPC 8 /CS /G ID "+list+" EI"),
	} {
		if x := inspect(t, body); !x.Has("090-0000-0001") || !x.Has("Hanako") {
			t.Errorf("%s:\n%s", name, x)
		}
	}
}

// viewer reads pictures to their end, as recognising characters does.
type viewer struct{}

func (viewer) Name() string                      { return "viewer" }
func (viewer) Match(p *part.Part, _ []byte) bool { return p.Role == part.Pixels }
func (viewer) Read(_ context.Context, p *part.Part, e part.Emitter, _ *part.Budget) error {
	e.Format("png", "")
	io.Copy(io.Discard, p.Body) // an error is the picture's
	return nil
}

func FuzzPixels(f *testing.F) {
	f.Add(2, 2, "/BitsPerComponent 8 /ColorSpace /DeviceGray", "\x00\xff\xff\x00")
	f.Add(3, 2, "/BitsPerComponent 4 /ColorSpace [/Indexed /DeviceRGB 2 <ff0000ffffff000000>]", "\x21\x12")
	f.Add(3, 2, "/BitsPerComponent 1 /ColorSpace [/ICCBased 6 0 R] /Decode [1 0] /SMask 5 0 R", "\x21\x12")
	f.Add(16, 9, "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 16 >>", "\x00\x10\x01")
	f.Add(16, 9, "/Filter /JBIG2Decode /DecodeParms << /JBIG2Globals 6 0 R >>", "page")
	f.Fuzz(func(t *testing.T, w, h int, dict, data string) {
		body := scanned(picture(w, h, dict, data), stream("/N 3", "profile"))
		p := part.Part{Body: bytes.NewReader(body), Size: int64(len(body))}
		parttest.Read(t, slices.Concat(Readers(), []part.Reader{viewer{}}, decode.Readers()), p, part.Limits{Bytes: 4 << 20, Entries: 100})
	})
}

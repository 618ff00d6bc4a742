package pdf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// rich writes a file with everything that carries text besides pages.
func rich() []byte {
	title, _ := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String("顧客名簿")
	return rooted("/AcroForm 6 0 R /Outlines 9 0 R /Metadata 11 0 R /Names << /EmbeddedFiles << /Names [(a) 12 0 R] >> /JavaScript << /Names [(s) << /S /JavaScript /JS (app.alert\\('03-0000-0003'\\)) >>] >> >>",
		fmt.Sprintf("/Info << /Title <%x> /Author (Taro \\200) >>", title),
		onePage,
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots [7 0 R 8 0 R 14 0 R 15 0 R] /Resources << /Font << /F1 5 0 R >> >> >>",
		stream("", "BT /F1 10 Tf 1 0 0 1 50 700 Tm (Phone) Tj ET"), plainFont,
		"<< /Fields [7 0 R] /XFA [(template) 16 0 R] >>",
		"<< /Type /Annot /Subtype /Widget /FT /Ch /Opt [[(a) (Nanako)] (Hachiro)] /T (phone) /V (090-0000-0001) /Rect [120 695 220 715] /AP << /N 17 0 R >> >>",
		"<< /Type /Annot /Subtype /Text /Contents (note 080-0000-0002) /Rect [0 0 1 1] >>",
		"<< /First 10 0 R >>", "<< /Title (Chapter of Hanako) /Parent 9 0 R /Next 10 0 R >>",
		stream("/Type /Metadata /Subtype /XML", "<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc>metadata of Jiro</dc></x:xmpmeta>"),
		"<< /Type /Filespec /F (list.csv) /EF << /F 13 0 R >> /Desc (list of customers) >>",
		stream("/Type /EmbeddedFile /Filter /FlateDecode", deflated("name,phone\nSaburo,070-0000-0004\n")),
		"<< /Type /Annot /Subtype /Link /A << /S /URI /URI (mailto:shiro@example.jp) >> >>",
		"<< /Type /Annot /Subtype /FileAttachment /FS << /F (memo.txt) /EF << /F 18 0 R >> >> >>",
		stream("", "<template>form of Goro</template>"),
		stream("/Type /XObject /Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 5 0 R >> >>", "BT /F1 10 Tf 2 5 Td (090-0000-0001) Tj ET"),
		stream("/Type /EmbeddedFile", "memo of Rokuro"),
		"<< /Type /Page /Contents 20 0 R >>", stream("", "BT /F1 10 Tf (removed page) Tj ET"),
		stream("", "nobody leads here"),
		"<< /PieceInfo << /Program (kept for itself) >> /S /GoTo /D (a destination) >>",
	)
}

// rooted writes a file whose catalogue and trailer have more entries.
func rooted(catalog, trailer string, objects ...string) []byte {
	var b builder
	b.object("<< /Type /Catalog /Pages 2 0 R " + catalog + " >>")
	for _, o := range objects {
		b.object(o)
	}
	return b.finish(trailer)
}

func TestDocument(t *testing.T) {
	x := inspect(t, rich())
	for path, want := range map[string]string{
		"page 1":                 "Phone\t090-0000-0001\nphone\nnote 080-0000-0002\nmailto:shiro@example.jp\n",
		"form":                   "phone: 090-0000-0001\nphone: a\nphone: Nanako\nphone: Hachiro\n",
		"bookmarks":              "Chapter of Hanako\n",
		"properties":             "Author: Taro •\nTitle: 顧客名簿\n",
		"scripts":                "app.alert('03-0000-0003')",
		"list.csv":               "name,phone\nSaburo,070-0000-0004\n",
		"attachment description": "list of customers",
		"page 1 memo.txt":        "memo of Rokuro",
		"page 2":                 "removed page\n",
		"object 21":              "nobody leads here",
		"other strings":          "kept for itself\n",
	} {
		if got := text(t, x, path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	for _, s := range []string{"metadata of Jiro", "form of Goro"} {
		x.Find(s)
	}
	if s := x.Skips(); len(s) > 0 {
		t.Errorf("skipped: %v", s)
	}
}

// TestAround reads files that stand before, behind and in another.
func TestAround(t *testing.T) {
	whole := string(withContents(stream("", hello)))
	for name, body := range map[string]string{
		"before":  "name,phone\nHanako,080-0000-0002 and something more\n" + "\x00\x01" + whole,
		"behind":  whole + "PK\x01 Hanako,080-0000-0002 and something more\x00\x00\x00\x00",
		"comment": strings.Replace(whole, "2 0 obj", "% Hanako,080-0000-0002 and something more\n2 0 obj", 1),
		"older":   whole + strings.TrimPrefix(whole, "%PDF-1.7\n") + "\n",
		"stream":  strings.Replace(whole, "2 0 obj", "99 0 obj\n<< /Length 54 >>\nstream\nHanako,080-0000-0002 and something more, not listed yet\nendstream\nendobj\n2 0 obj", 1),
	} {
		t.Run(name, func(t *testing.T) {
			x := inspect(t, []byte(body))
			if !x.Has(found) || name != "older" && !x.Has("080-0000-0002") {
				t.Errorf("not found:\n%s", x)
			}
		})
	}
}

func TestPictures(t *testing.T) {
	body := file(catalogue, "<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>",
		"<< /Type /Page /Contents 4 0 R /Resources << /XObject << /P 5 0 R >> >> >>", stream("", "q 100 0 0 100 0 0 cm /P Do Q"),
		stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /Filter /DCTDecode", "\xff\xd8\xff\xe0\x00\x10JFIF\x00 taken by Taro with a camera \xff\xd9"),
		"<< /Type /Page /Contents 7 0 R >>", stream("", hello))
	x := inspect(t, body)
	if got := strings.Join(x.Parts[0].Skips, " "); got != "unknown-format" {
		t.Errorf("told %q", got)
	}
	if p := x.Find("taken by Taro"); !strings.HasSuffix(p.Path, "page 1 picture 1 » picture") {
		t.Errorf("the picture is %q", p.Path)
	}
	if got := text(t, x, "page 2"); got != found+"\n" {
		t.Errorf("page 2 is %q", got)
	}
}

func TestHardlyAnyText(t *testing.T) {
	picture := stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /Filter /CCITTFaxDecode", "xx")
	page := func(content string) []byte {
		return file(catalogue, "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>",
			"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /P 5 0 R >> >> >>", stream("", content), picture)
	}
	for content, want := range map[string]string{
		"q 600 0 0 800 0 0 cm /P Do Q BT /F1 10 Tf (No. 17) Tj ET":                               "unknown-format unknown-format", // the file, and the picture
		"q 60 0 0 80 0 0 cm /P Do Q BT /F1 10 Tf (No. 17) Tj ET":                                 "",
		"q 600 0 0 800 0 0 cm /P Do Q BT /F1 10 Tf (" + strings.Repeat("words ", 30) + ") Tj ET": "",
		strings.Repeat("0 0 m 5 5 l 9 0 l f ", 60):                                               "unknown-format",
		"0 0 m 5 5 l S": "",
	} {
		x := inspect(t, page(content))
		if got := strings.Join(x.Skips(), " "); got != want {
			t.Errorf("%.60s: told %q, want %q", content, got, want)
		}
	}
}

// encrypted returns the files of testdata/encrypted by their names.
func encrypted(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/encrypted/*.pdf")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	all := map[string][]byte{}
	for _, n := range names {
		if all[strings.TrimSuffix(filepath.Base(n), ".pdf")], err = os.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestEncrypted(t *testing.T) {
	for name, body := range encrypted(t) {
		t.Run(name, func(t *testing.T) {
			x := inspect(t, body)
			got := strings.Join(x.Skips(), " ")
			switch {
			case strings.HasPrefix(name, "locked"):
				if got != "encrypted" || len(x.Parts) != 1 {
					t.Errorf("told %q:\n%s", got, x)
				}
			default:
				if text(t, x, "page 1") != found+"\n" || text(t, x, "properties") != "Title: Taro\n" || got != "" {
					t.Errorf("told %q:\n%s", got, x)
				}
			}
		})
	}
}

// TestPasswords opens the files that need a password, by the user's and by the
// owner's.
func TestPasswords(t *testing.T) {
	for name, body := range encrypted(t) {
		if !strings.HasPrefix(name, "locked") {
			continue
		}
		open := func(passwords ...string) *parttest.Tree {
			return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body)), Passwords: passwords}, part.Limits{})
		}
		for _, right := range []string{"user", "own"} {
			if x := open("wrong", right, "other"); text(t, x, "page 1") != found+"\n" || len(x.Skips()) > 0 {
				t.Errorf("%s as %s:\n%s", name, right, x)
			}
		}
		if x := open("use", "users", "User", "関守", strings.Repeat("user", 64)); strings.Join(x.Skips(), " ") != "encrypted" || x.Has(found) {
			t.Errorf("%s with others:\n%s", name, x)
		}
	}
}

// TestEncryptedAttachments reads a file of which only the attachments are
// encrypted.
func TestEncryptedAttachments(t *testing.T) {
	x := inspect(t, rooted("/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>",
		"/Encrypt << /Filter /Standard /V 4 /R 4 /Length 128 /P -4 /O (12345678901234567890123456789012) /U (12345678901234567890123456789012) "+
			"/CF << /StdCF << /CFM /AESV2 >> >> /StmF /Identity /StrF /Identity /EFF /StdCF >>",
		onePage, "<< /Type /Page /Contents 4 0 R >>", stream("", hello), plainFont,
		"<< /Type /Filespec /F (list.csv) /EF << /F 7 0 R >> >>", stream("/Type /EmbeddedFile", "0123456789abcdef0123456789abcdef")))
	if got := strings.Join(x.Skips(), " "); !x.Has(found) || got != "encrypted" {
		t.Errorf("told %q:\n%s", got, x)
	}
}

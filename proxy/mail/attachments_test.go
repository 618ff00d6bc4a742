package mail

import (
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

func held(t testing.TB, spool *hold.Spool, whole string) *Message {
	t.Helper()
	in := &Reader{R: strings.NewReader(whole)}
	b, err := spool.Hold(t.Context(), in, hold.Options{Expect: -1})
	if err != nil {
		return nil
	}
	t.Cleanup(func() { b.Close() })
	return &Message{Fields: Fields(in.Header), Headed: len(in.Header), Size: in.Size, Body: b, Eight: in.Eight}
}

func spool(t testing.TB) *hold.Spool {
	t.Helper()
	s, err := hold.Open(hold.Config{Dir: t.TempDir(), DigestKey: []byte("key of these tests")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const mixed = `Subject: x
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain

the text
--inner
Content-Type: multipart/related; boundary=rel

--rel
Content-Type: text/html

<img src=cid:1>
--rel
Content-Type: image/png; name=logo.png
Content-ID: <1>
Content-Transfer-Encoding: base64

bG9nbw==
--rel--
--inner--

--outer
Content-Type: text/csv; name="=?iso-2022-jp?B?GyRCTD5Kahsoei5jc3Y=?="
Content-Disposition: attachment;
 filename*=utf-8''%E5%90%8D%E7%B0%BF.csv
Content-Transfer-Encoding: base64

5ZCN5YmN
LOmbu+ipsQ==
--outer
Content-Type: application/octet-stream

two
lines
--outer--
epilogue
`

func TestTakeOut(t *testing.T) {
	m := held(t, spool(t), crlf(mixed))
	taken, err := TakeOut(m)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for i := range taken.Files {
		f := &taken.Files[i]
		b, err := io.ReadAll(f.Decode(io.NewSectionReader(m.Body, f.From, f.To-f.From)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f.Name+"="+string(b))
	}
	if want := []string{"名簿.csv=名前,電話", "attachment-2=two\r\nlines"}; !slices.Equal(files, want) {
		t.Errorf("files %q, want %q", files, want)
	}
	fields, r := taken.Without(m, "注意: two files are behind a link")
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var head strings.Builder
	for _, f := range fields {
		head.WriteString(f.Raw)
	}
	left, err := mail.ReadMessage(strings.NewReader(head.String() + "\r\n" + string(b)))
	if err != nil {
		t.Fatal(err)
	}
	_, params, _ := mime.ParseMediaType(left.Header.Get("Content-Type"))
	parts := multipart.NewReader(left.Body, params["boundary"])
	var types []string
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		types = append(types, p.Header.Get("Content-Type"))
		if len(types) == 2 {
			f := File{Encoding: "base64"}
			if note, err := io.ReadAll(f.Decode(p)); err != nil || !strings.HasPrefix(string(note), "注意") {
				t.Errorf("note %q, %v", note, err)
			}
		}
	}
	if want := []string{"multipart/alternative; boundary=inner", "text/plain; charset=utf-8"}; !slices.Equal(types, want) {
		t.Errorf("left %q, want %q", types, want)
	}
	for _, want := range []string{"logo.png", "the text", "epilogue", "preamble"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s was taken out too", want)
		}
	}
}

func TestTakeOutOfOtherMessages(t *testing.T) {
	s := spool(t)
	for name, c := range map[string]struct {
		message string
		files   []string
		err     error
	}{
		"plain text":         {"Subject: x\n\nhello\n", nil, nil},
		"no header":          {"hello", nil, nil},
		"only a file":        {"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nYQ==\n", []string{"a.pdf"}, nil},
		"signed":             {"Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n", nil, ErrSealed},
		"signed further in":  {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pkcs7-mime\n\nx\n--b--\n", nil, ErrSealed},
		"no boundary":        {"Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n", nil, errParts},
		"cut short":          {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment; filename=\"../../a b.txt\"\n\nx", []string{"a b.txt"}, nil},
		"a malformed type":   {"Content-Type: multipart/mixed; boundary=\"b\"; x=(\n\n--b\nContent-Disposition: attachment\n\nx\n--b--\n", []string{"attachment-1"}, nil},
		"a message within":   {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\nz\n--b--\n", []string{"attachment-1.eml"}, nil},
		"nothing in a part":  {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n--b\n\nx\n--b--\n", []string{"attachment-1"}, nil},
		"too deep":           {"Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=b\n\n", 30), nil, errParts},
		"a picture attached": {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png; name=\"=?utf-8?B?5YaZ55yfLnBuZw==?=\"\nContent-ID: <1>\n\nx\n--b--\n", []string{"写真.png"}, nil},
	} {
		taken, err := TakeOut(held(t, s, crlf(c.message)))
		if name == "too deep" && err == nil {
			continue // the same boundary delimits the outermost one
		}
		if err != c.err {
			t.Errorf("%s: %v, want %v", name, err, c.err)
			continue
		}
		var names []string
		if err == nil {
			for _, f := range taken.Files {
				names = append(names, f.Name)
			}
		}
		if !slices.Equal(names, c.files) {
			t.Errorf("%s: %q, want %q", name, names, c.files)
		}
	}
}

// Whatever a message looks like: what is left and what was taken lie in it, in
// order and apart, and nothing of a file is left.
func FuzzTakeOut(f *testing.F) {
	f.Add(crlf(mixed))
	f.Add("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\n--b--")
	f.Add("Content-Type: application/pdf\r\n\r\nx")
	s := spool(f)
	f.Fuzz(func(t *testing.T, whole string) {
		m := held(t, s, whole)
		if m == nil {
			return
		}
		taken, err := TakeOut(m)
		if err != nil {
			return
		}
		end := int64(m.Headed)
		for _, file := range taken.Files {
			if file.From < end || file.To < file.From || file.To > int64(len(whole)) || file.Name == "" || strings.ContainsAny(file.Name, "/\\\r\n\x00") {
				t.Fatalf("%q: file %+v", whole, file)
			}
			end = file.To
			for _, k := range taken.kept {
				if k.from < file.To && file.From < k.to {
					t.Fatalf("%q: %+v stays in %+v", whole, file, taken.kept)
				}
			}
		}
		_, r := taken.Without(m, "note")
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
	})
}

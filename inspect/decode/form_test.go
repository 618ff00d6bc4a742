package decode

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestForm(t *testing.T) {
	for name, enc := range encodings {
		if strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") || strings.HasSuffix(name, "bom") {
			continue
		}
		body := "id=7&name=" + url.QueryEscape(encode(t, enc, person)) + "&tel=090-0000-0001+x"
		x := inspect(t, part.Part{MediaType: "application/x-www-form-urlencoded"}, body)
		s := x.Find("name=" + person + "\ntel=090-0000-0001 x")
		if name == "iso-2022-jp" {
			continue
		}
		if got := string(s.Bytes(person)); got != url.QueryEscape(encode(t, enc, person))+"" && got != url.QueryEscape(encode(t, enc, person))+"&" {
			t.Errorf("%s: the value leads to %q", name, got)
		}
		if s.Layout != part.Form || len(x.Skips()) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
	}
	inspect(t, part.Part{}, url.PathEscape(customers)).Find(person)
	inspect(t, part.Part{}, `{"a":{"b":"`+url.QueryEscape(customers)+`"}}`).Find(person)
	x := inspect(t, part.Part{Role: part.Query}, "q=%E9%96%80%E7%95%AA&x")
	x.Find("q=門番\nx")
}

func TestFormValues(t *testing.T) {
	long := strings.Repeat(customers, 1000)
	b64 := base64.StdEncoding.EncodeToString([]byte(customers))
	for name, value := range map[string]string{
		"lines":           url.QueryEscape(customers),
		"base64":          url.QueryEscape(b64),
		"base64, plus":    b64,
		"base64url":       base64.RawURLEncoding.EncodeToString([]byte(customers)),
		"long":            url.QueryEscape(long),
		"long base64":     url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(long))),
		"long bare":       base64.StdEncoding.EncodeToString([]byte(long)),
		"json":            url.QueryEscape(`{"name":"` + person + `","n":"\u9580\u756a"}`),
		"data URL":        url.QueryEscape("data:text/csv;base64," + b64),
		"cp932 in base64": base64.StdEncoding.EncodeToString([]byte(encode(t, japanese.ShiftJIS, customers))),
	} {
		x := inspect(t, part.Part{MediaType: "application/x-www-form-urlencoded"}, "a=1&file="+value+"&b=end")
		if s := x.Find(person); !strings.HasPrefix(s.Path, "upload » file") || !x.Has("b=end") || len(x.Skips()) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
	}
}

// Fields of a form that are no documents of their own cost no allocation each.
func TestShortFieldsAllocateNothing(t *testing.T) {
	const fields = 1000
	body := []byte(strings.Repeat("field12=value+345%20x&", fields))
	c := &counting{}
	n := testing.AllocsPerRun(5, func() {
		p := part.Part{Body: newBytesReader(body), Size: int64(len(body))}
		if err := (form{}).Read(t.Context(), &p, c, part.NewBudget(part.Limits{}, p.Size)); err != nil {
			t.Fatal(err)
		}
	})
	if n > fields/4 { // a pool may be empty
		t.Errorf("%.0f allocations for %d fields", n, fields)
	}
}

func TestCurlDeclaresEverythingForm(t *testing.T) {
	for _, body := range []string{`{"name":"` + person + `"}`, customers, "mail=a+b@example.jp, tel +81 90 0000 0001\n"} {
		x := inspect(t, part.Part{MediaType: "application/x-www-form-urlencoded"}, body)
		if x.Parts[0].Reader == "form" {
			t.Errorf("%q is read as a form", body)
		}
	}
}

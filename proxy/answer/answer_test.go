package answer

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

func request(fields ...string) *http.Request {
	r, _ := http.NewRequest("POST", "https://a.example/", nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	return r
}

func TestFormat(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	for _, c := range []struct {
		want   Format
		fields []string
	}{
		{HTML, []string{"Accept", browser}},
		{HTML, []string{"Accept", browser, "Sec-Fetch-Mode", "navigate"}},
		{JSON, []string{"Accept", browser, "Sec-Fetch-Mode", "cors"}},
		{JSON, []string{"Accept", browser, "X-Requested-With", "XMLHttpRequest"}},
		{JSON, []string{"Accept", "application/json, text/plain, */*"}},
		{JSON, []string{"Accept", "application/vnd.api+json"}},
		{JSON, []string{"Accept", "text/html;q=0.1, application/json"}},
		{HTML, []string{"Accept", "application/json;q=0.5", "Accept", "text/html"}},
		{Text, []string{"Accept", "text/plain"}},
		{Text, []string{"Accept", "text/html;q=0"}},
		{Text, []string{"Accept", "*/*"}},
		{JSON, []string{"Accept", "*/*", "Content-Type", "application/json; charset=utf-8"}},
		{Text, nil},
	} {
		if got := formatFor(request(c.fields...)); got != c.want {
			t.Errorf("%q: %d, want %d", c.fields, got, c.want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for in, want := range map[string]string{
		"ja": "ja", "ja-JP": "ja", "en-GB,en;q=0.9": "en", "ja,en;q=0.5": "ja", "en;q=0.5,ja;q=0.6": "ja",
		"en,ja;q=0.9": "en", "fr": "en", "fr,ja;q=0.1": "ja", "ja;q=0,en;q=0.1": "en", "*": "ja", "de,*;q=0.1": "ja",
		"ja;q=x": "ja", ";;;,": "ja en", "": "ja en", strings.Repeat("fr,", 10000): "en",
	} {
		var fields []string
		if in != "" {
			fields = []string{in}
		}
		var got []string
		for _, l := range languages(fields) {
			got = append(got, string(l))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%.40q: %v, want %s", in, got, want)
		}
	}
}

var full = Answer{
	Kind: Warned, Incident: "SK-7F3K-9Q2M", Host: "a.example", Rule: "r1",
	Title: map[string]string{"ja": "顧客名簿<1>", "en": "Customer list<1>"}, Say: map[string]string{"ja": "承認が必要です。"},
	Found:   []Found{{"NAME", 120, "csv"}, {"STAFF_CODE", 1, ""}},
	Unread:  []string{"encrypted"},
	Confirm: "TOKEN", Valid: 10 * time.Minute,
	Contact: map[string]string{"ja": "情シス <内線1234>", "en": "help desk"},
}

func written(t *testing.T, a Answer, r *http.Request) (*http.Response, string) {
	t.Helper()
	resp := a.Response(r)
	b, err := io.ReadAll(resp.Body)
	if err != nil || int64(len(b)) != resp.ContentLength {
		t.Fatalf("%d bytes of %d, %v", len(b), resp.ContentLength, err)
	}
	return resp, string(b)
}

func TestPage(t *testing.T) {
	for lang, want := range map[string][]string{
		"ja": {`lang="ja"`, "送信前に確認", "顧客名簿&lt;1&gt;", "承認が必要です。", "氏名: 120", "(csv)", "STAFF_CODE: 1", "暗号化", "SK-7F3K-9Q2M", "情シス &lt;内線1234&gt;", `value="TOKEN"`, ConfirmPath},
		"en": {`lang="en"`, "before you send", "Customer list&lt;1&gt;", "承認が必要です。", "Names: 120", "encrypted", "help desk", "SK-7F3K-9Q2M"},
	} {
		resp, page := written(t, full, request("Accept", "text/html", "Accept-Language", lang))
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: %q is missing", lang, w)
			}
		}
		if resp.StatusCode != 403 || resp.Header.Get("Sekimori-Incident") != "SK-7F3K-9Q2M" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", lang, resp.StatusCode, resp.Header)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("policy: %s", csp)
		}
		wellFormed(t, page)
	}
}

// wellFormed checks what accessibility and the content policy need: a title, a
// language, a label for each input, no script, nothing from elsewhere.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	var stack []string
	labels, inputs := map[string]bool{}, []string{}
	void := map[string]bool{"meta": true, "input": true, "br": true, "link": true}
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF || len(stack) != 0 {
				t.Errorf("page: %v, open: %v", z.Err(), stack)
			}
			for _, id := range inputs {
				if !labels[id] {
					t.Errorf("input %q has no label", id)
				}
			}
			return
		case html.StartTagToken:
			tok := z.Token()
			if tok.Data == "script" || tok.Data == "link" || tok.Data == "img" {
				t.Errorf("<%s> in the page", tok.Data)
			}
			attr := map[string]string{}
			for _, a := range tok.Attr {
				attr[a.Key] = a.Val
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "src" {
					t.Errorf("attribute %s in the page", a.Key)
				}
			}
			switch {
			case tok.Data == "label":
				labels[attr["for"]] = true
			case tok.Data == "textarea" || tok.Data == "input" && attr["type"] != "hidden":
				inputs = append(inputs, attr["id"])
			}
			if !void[tok.Data] {
				stack = append(stack, tok.Data)
			}
		case html.EndTagToken:
			tok := z.Token()
			if len(stack) == 0 || stack[len(stack)-1] != tok.Data {
				t.Fatalf("</%s> closes %v", tok.Data, stack)
			}
			stack = stack[:len(stack)-1]
		}
	}
}

func TestJSON(t *testing.T) {
	resp, text := written(t, full, request("Accept", "application/json", "Accept-Language", "en"))
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	if m["error"] != "warned" || m["incident"] != "SK-7F3K-9Q2M" || m["rule"] != "r1" || m["status"] != 403.0 ||
		m["confirm"].(map[string]any)["token"] != "TOKEN" || m["confirm"].(map[string]any)["valid_seconds"] != 600.0 {
		t.Errorf("%v", m)
	}
	if strings.ContainsAny(text, "<>") || resp.Header.Get("Content-Type") != "application/json" {
		t.Error("not safe to be sniffed")
	}
}

func TestTextInBothLanguages(t *testing.T) {
	_, text := written(t, full, request())
	for _, w := range []string{"送信前に確認", "before you send", "Sekimori-Confirm: TOKEN", "氏名: 120 (csv)", "Names: 120 (csv)"} {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in %s", w, text)
		}
	}
}

// Every kind is said whole in both languages, and no language leaks into the
// other.
func TestTexts(t *testing.T) {
	kana := regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
	for kind, tx := range texts {
		if http.StatusText(tx.status) == "" {
			t.Errorf("%s: status %d", kind, tx.status)
		}
		for l, s := range tx.say {
			if s.title == "" || s.what == "" {
				t.Errorf("%s, %s: not whole", kind, l)
			}
			if japanese := kana.MatchString(s.title + s.what + s.do); japanese != (l == Japanese) {
				t.Errorf("%s, %s: other language", kind, l)
			}
		}
		if len(tx.say) != 2 {
			t.Errorf("%s: %d languages", kind, len(tx.say))
		}
		for _, accept := range []string{"text/html", "application/json", "text/plain"} {
			resp, text := written(t, Answer{Kind: kind}, request("Accept", accept))
			if resp.StatusCode != tx.status || text == "" {
				t.Errorf("%s: %d", kind, resp.StatusCode)
			}
			if accept == "text/html" {
				wellFormed(t, text)
			}
		}
	}
	for name, m := range map[string]map[string]map[Lang]string{"types": typeNames, "reasons": reasonNames} {
		for k, v := range m {
			if v[Japanese] == "" || v[English] == "" {
				t.Errorf("%s: %s is not said in both languages", name, k)
			}
		}
	}
}

func TestFurtherFields(t *testing.T) {
	resp, _ := written(t, Answer{Kind: "hold-full", Retry: 1500 * time.Millisecond, Close: true, Header: http.Header{"X": {"1"}}}, request())
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "2" || resp.Header.Get("Connection") != "close" || resp.Header.Get("X") != "1" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := written(t, Answer{Kind: "never heard of"}, request()); resp.StatusCode != 403 {
		t.Errorf("an unknown kind: %d", resp.StatusCode)
	}
}

// TestNoEmptyHeading: a page that asks for nothing but the form above says no "what
// to do now" over nothing.
func TestNoEmptyHeading(t *testing.T) {
	a := Answer{Kind: HeldBack, Incident: "SK-7F3K-9Q2M", Confirm: "TOKEN", Valid: 10 * time.Minute}
	for _, contact := range []map[string]string{nil, {"ja": "情シス", "en": "help desk"}} {
		a.Contact = contact
		for lang, heading := range map[string]string{"ja": "<h2>次にすること</h2>", "en": "<h2>What to do now</h2>"} {
			_, page := written(t, a, request("Accept", "text/html", "Accept-Language", lang))
			if strings.Contains(page, heading) != (contact != nil) || !strings.Contains(page, "SK-7F3K-9Q2M") {
				t.Errorf("%s, contact %v: %s", lang, contact, page)
			}
		}
	}
}

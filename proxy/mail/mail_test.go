package mail

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestSameMessage(t *testing.T) {
	base := "To: a@b.example\r\nSubject: s\r\nDate: 1\r\nContent-Type: multipart/mixed; boundary=\"B\"\r\n\r\npreamble\r\n--B\r\nContent-Type: text/plain\r\nContent-ID: <1>\r\n\r\ntext\r\n--B--\r\n"
	sum := func(m string) string {
		head, _, _ := strings.Cut(m, "\r\n\r\n")
		msg := &Message{Fields: Fields([]byte(head + "\r\n")), Headed: len(head) + 4}
		var b bytes.Buffer
		if err := msg.same(&b, strings.NewReader(m)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	re := func(old, new string) string { return strings.ReplaceAll(base, old, new) }
	for name, m := range map[string]string{
		"date": re("Date: 1", "Date: 2"), "boundary": strings.ReplaceAll(re("--B", "--CC"), `"B"`, `"CC"`), "content id": re("<1>", "<2>"),
		"number": "Message-ID: <9>\r\n" + base, "tag": re("Subject: s", "Subject: [SK-2345-6789 why] s"),
	} {
		if sum(m) != sum(base) {
			t.Errorf("another %s is taken for another message:\n%q\n%q", name, sum(m), sum(base))
		}
	}
	for name, m := range map[string]string{
		"text": re("\r\ntext", "\r\ntexts"), "subject": re(": s", ": t"), "to": re("a@", "c@"), "part's type": re("text/plain", "text/html"),
		"preamble": re("preamble", "x"), "one more part": re("--B--", "--B\r\n\r\nmore\r\n--B--"), "after the end": base + "more", "hidden behind a boundary": re("--B\r\n", "--B more\r\n"),
	} {
		if sum(m) == sum(base) {
			t.Errorf("another %s is taken for the same message", name)
		}
	}
}

// A header in pieces is the header again, and nothing in a message makes what is
// done with it fail.
func FuzzFields(f *testing.F) {
	f.Add("A: b\r\n\r\nbody\r\n")
	f.Add("Subject: =?utf-8?q?[SK-2345-6789_x]?= y\r\nTo: a@b, \"c\r\n d\" <e@f>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n")
	f.Fuzz(func(t *testing.T, whole string) {
		m := &Message{Fields: Fields([]byte(whole))}
		n := 0
		for _, f := range m.Fields {
			if whole[n:n+len(f.Raw)] != f.Raw {
				t.Fatalf("%q became %q", whole, f.Raw)
			}
			n += len(f.Raw)
			f.Value()
		}
		m.Headed = n
		if err := m.same(io.Discard, strings.NewReader(whole)); err != nil {
			t.Fatal(err)
		}
		shown(m.Fields)
		confirm(m.Fields)
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@b", `a"b\@c.example`, "x> SIZE=1@y.example", "@", "佐藤@例え.jp", "a@[IPv6:::1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := ParseAddress(s)
		if !ok {
			return
		}
		w := a.String()
		if strings.ContainsAny(w, "\r\n\x00") {
			t.Fatalf("%q became %q", s, w)
		}
		quoted := false
		for i := 0; i < len(w); i++ {
			switch {
			case quoted && w[i] == '\\':
				i++
			case w[i] == '"':
				quoted = !quoted
			case !quoted && (w[i] == ' ' || w[i] == '>' || w[i] == '<'):
				t.Fatalf("%q became %q, which ends early", s, w)
			}
		}
		if quoted {
			t.Fatalf("%q became %q, with an open quote", s, w)
		}
	})
}

// What is read is passed on as it came, or not at all.
func FuzzReader(f *testing.F) {
	f.Add("A: b\r\n\r\nbody\r\n", "x")
	f.Add("no header", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n")
	f.Add("\r\n", "A:\r\n \r\n\tb\r\n\r\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		in := &Reader{R: io.MultiReader(strings.NewReader(a), strings.NewReader(b))}
		all, err := io.ReadAll(in)
		if err != nil {
			return
		}
		whole := a + b
		if string(all) != whole || !strings.HasPrefix(whole, string(in.Header)) {
			t.Fatalf("%q: %q, header %q", whole, all, in.Header)
		}
		for i := range whole {
			if whole[i] == '\n' && (i == 0 || whole[i-1] != '\r') || whole[i] == '\r' && (i+1 == len(whole) || whole[i+1] != '\n') {
				t.Fatalf("%q passed", whole)
			}
		}
		var back strings.Builder
		for _, f := range Fields(in.Header) {
			if f.Name == "" {
				t.Fatalf("a field without a name in %q", in.Header)
			}
			back.WriteString(f.Raw)
		}
		if got := strings.TrimSuffix(string(in.Header), back.String()); got != "" && got != "\r\n" && got != string(in.Header) {
			t.Fatalf("header %q became %q", in.Header, back.String())
		}
	})
}

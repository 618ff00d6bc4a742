package smtp

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

type zone struct{}

func (zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	switch name {
	case "outside.example":
		return []*net.MX{{Host: "127.0.0.1."}}, nil
	case "null.example":
		return []*net.MX{{Host: "."}}, nil
	}
	return nil, &net.DNSError{Err: "time-out", IsTimeout: true}
}

func TestJournalOutlivesAKill(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	j, err := openJournal(name, clock)
	if err != nil {
		t.Fatal(err)
	}
	sent, _, _ := j.begin(key{1})
	_ = sent
	if _, _, err := j.begin(key{1}); err != errBusy {
		t.Errorf("the same at once: %v", err)
	}
	had, _, _ := j.begin(key{2})
	j.accept(had)
	told, _, _ := j.begin(key{3})
	j.accept(told)
	j.heard(told)
	not, _, _ := j.begin(key{4})
	j.forget(not)
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "a 0102") // cut short
	f.Close()

	j, err = openJournal(name, clock)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[byte]byte{1: sending, 2: accepted, 3: 0, 4: 0} {
		e, before, err := j.begin(key{k})
		if before != want || err != nil || e == nil {
			t.Errorf("message %d: %q %v, want %q", k, before, err, want)
		}
	}
	now = now.Add(keep + time.Second)
	if j, err = openJournal(name, clock); err != nil || len(j.live) != 0 {
		t.Errorf("old entries live on: %v, %v", j.live, err)
	}
}

func TestJournalStaysSmall(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(name, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range slackLines {
		e := &entry{key: key{byte(i), byte(i >> 8)}, state: accepted, at: time.Now()}
		j.live[e.key] = e
		j.forget(e)
	}
	j.lines = slackLines + 1
	e, _, _ := j.begin(key{9, 9, 9})
	j.forget(e)
	if info, err := os.Stat(name); err != nil || info.Size() > 200 {
		t.Errorf("%v %v", info.Size(), err)
	}
	if err := j.close(); err != nil {
		t.Error(err)
	}
	if _, _, err := j.begin(key{1}); err == nil {
		t.Error("a closed journal took an entry")
	}
}

func TestSameMessage(t *testing.T) {
	base := "To: a@b.example\r\nSubject: s\r\nDate: 1\r\nContent-Type: multipart/mixed; boundary=\"B\"\r\n\r\npreamble\r\n--B\r\nContent-Type: text/plain\r\nContent-ID: <1>\r\n\r\ntext\r\n--B--\r\n"
	sum := func(m string) string {
		in := &message{r: strings.NewReader(m)}
		if _, err := io.Copy(io.Discard, in); err != nil {
			t.Fatalf("%q: %v", m, err)
		}
		j := &job{fields: fields(in.header), headed: len(in.header)}
		var b bytes.Buffer
		if err := j.same(&b, strings.NewReader(m)); err != nil {
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

func FuzzMessage(f *testing.F) {
	f.Add("A: b\r\n\r\nbody\r\n", "x")
	f.Add("no header", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n")
	f.Add("\r\n", "A:\r\n \r\n\tb\r\n\r\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		in := &message{r: io.MultiReader(strings.NewReader(a), strings.NewReader(b))}
		all, err := io.ReadAll(in)
		if err != nil {
			return
		}
		whole := a + b
		if string(all) != whole || !strings.HasPrefix(whole, string(in.header)) {
			t.Fatalf("%q: %q, header %q", whole, all, in.header)
		}
		for i := range whole {
			if whole[i] == '\n' && (i == 0 || whole[i-1] != '\r') || whole[i] == '\r' && (i+1 == len(whole) || whole[i+1] != '\n') {
				t.Fatalf("%q passed", whole)
			}
		}
		j := &job{fields: fields(in.header), headed: len(in.header)}
		var back strings.Builder
		for _, f := range j.fields {
			if f.name == "" {
				t.Fatalf("a field without a name in %q", in.header)
			}
			back.WriteString(f.raw)
		}
		if got := strings.TrimSuffix(string(in.header), back.String()); got != "" && got != "\r\n" && got != string(in.header) {
			t.Fatalf("header %q became %q", in.header, back.String())
		}
		if err := j.same(io.Discard, strings.NewReader(whole)); err != nil {
			t.Fatal(err)
		}
		shown(j.fields)
		confirm(j.fields)
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@b", `a"b\@c.example`, "x> SIZE=1@y.example", "@", "佐藤@例え.jp", "a@[IPv6:::1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := parseAddress(s)
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

package mail

import (
	"bytes"
	"compress/zlib"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestMbox(t *testing.T) {
	const one = "From a@example.jp Mon Jan  1 00:00:00 2024\nFrom: a@example.jp\nTo: b@example.jp\nSubject: 1\n\n>From me: " + person + "\n>>From\n>>From x\n\n"
	const two = "From MAILER-DAEMON Mon Jan  1 00:00:00 2024\nSubject: 2\nTo: c@example.jp\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\n\n関守\n--XX--\n\n"
	for name, box := range map[string]string{"LF": one + two, "CRLF": strings.ReplaceAll(one+two, "\n", "\r\n")} {
		x := inspect(t, box)
		if len(x.Skips()) > 0 || x.Parts[0].Format != "mbox" {
			t.Errorf("%s: %s", name, x)
		}
		if !strings.Contains(x.Parts[0].Text(), "MAILER-DAEMON") {
			t.Errorf("%s: lines between messages are lost", name)
		}
		if s := x.Find(person); s.Path != "upload » message 1 » body" || !strings.HasPrefix(s.Text(), "From me: ") || !strings.Contains(s.Text(), ">From x") {
			t.Errorf("%s: first message is %q in %s", name, s.Text(), s.Path)
		}
		if s := x.Find("関守"); s.Path != "upload » message 2 » part 1" {
			t.Errorf("%s: second message is in %s", name, s.Path)
		}
	}
	for _, not := range []string{"From here on, " + person + "\n\nSubject: x\n", "From a@example.jp"} {
		if x := inspect(t, not); x.Parts[0].Format == "mbox" {
			t.Errorf("%q is taken for a mailbox", not)
		}
	}
}

func TestMboxOfManyMessages(t *testing.T) {
	x := inspect(t, strings.Repeat("From x\nSubject: 1\nTo: c@example.jp\n\n"+strings.Repeat("line of text\n", 20)+"\n", 300)+"From x\nSubject: last\nTo: c@example.jp\n\n"+person)
	if s := x.Find(person); s.Path != "upload » message 301 » body" {
		t.Errorf("found in %s", s.Path)
	}
}

func TestEMLX(t *testing.T) {
	const m = "From: a@example.jp\nSubject: x\n\n" + person + "\n"
	x := inspect(t, "45        \n"+m+"<?xml version=\"1.0\"?><plist><string>関守</string></plist>")
	if len(m) != 45 {
		t.Fatalf("message of %d bytes", len(m))
	}
	if s := x.Find(person); s.Path != "upload » message » body" || len(x.Skips()) > 0 {
		t.Errorf("%s", x)
	}
	if s := x.Find("関守"); s.Path != "upload » properties" {
		t.Errorf("%s", x)
	}
}

func TestSealed(t *testing.T) {
	sealed := func(name string) string {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	opaque := sealed("signed.p7m")
	for _, c := range []struct{ name, body, format, path, text, reason string }{
		{"signed", opaque, "pkcs7", "upload » content » body", person, ""},
		{"signed, lengths left open", sealed("signed-indefinite.p7m"), "pkcs7", "upload » content » body", person, ""},
		{"signed, in PEM", string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: []byte(opaque)})), "pkcs7", "upload » content » body", person, ""},
		{"signed, cut off", opaque[:700], "pkcs7", "upload » content » body", person, "truncated"},
		{"names of signers", opaque, "pkcs7", "upload » names in certificates", "関守 太郎", ""},
		{"detached", sealed("detached.p7s"), "pkcs7", "upload » names in certificates", "taro@example.jp", ""},
		{"compressed", compressed(t), "pkcs7", "upload » content » deflate", person, ""},
		{"enveloped", sealed("enveloped.p7m"), "pkcs7", "upload", "", "encrypted"},
		{"authenticated enveloped", sealed("authenveloped.p7m"), "pkcs7", "upload", "", "encrypted"},
		{"key store", sealed("key.p12"), "pkcs12", "upload", "", "encrypted"},
		{"PGP for a key", sealed("key.gpg"), "pgp", "upload", "", "encrypted"},
		{"PGP with a password", sealed("password.gpg"), "pgp", "upload", "", "encrypted"},
	} {
		x := inspect(t, c.body)
		if got := strings.Join(x.Skips(), " "); got != c.reason || x.Parts[0].Format != c.format {
			t.Errorf("%s: skipped %q:\n%s", c.name, got, x)
		}
		found := false
		for _, s := range x.Parts {
			found = found || s.Path == c.path && strings.Contains(s.Text(), c.text)
		}
		if !found {
			t.Errorf("%s: not in %s:\n%s", c.name, c.path, x)
		}
	}
}

// compressed makes CompressedData (RFC 3274).
func compressed(t *testing.T) string {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write([]byte(person))
	w.Close()
	der := func(v any) asn1.RawValue {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: b}
	}
	explicit := func(v any) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: der(v).FullBytes}
	}
	type algorithm struct{ ID asn1.ObjectIdentifier }
	type info struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	type data struct {
		Version   int
		Algorithm algorithm
		Info      info
	}
	b := der(info{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 9}, explicit(data{
		0, algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 3, 8}},
		info{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, explicit(z.Bytes())},
	})})
	return string(b.FullBytes)
}

func FuzzReaders(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.p*")
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte("From x\nSubject: 1\n\nx\nFrom y\nTo: z\n\n>From a\n"))
	f.Add([]byte("5\nA: b\n\nc<"))
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body))},
			part.Limits{Bytes: 1 << 20, Entries: 100, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

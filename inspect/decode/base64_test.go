package decode

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func wrap(s string, width int) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + "\n")
		s = s[width:]
	}
	return b.String() + s + "\n"
}

func TestBase64InText(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString([]byte(customers))
	long := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(customers, 5000)))
	for name, body := range map[string]string{
		"a cell":        "id,data\n1," + b64 + "\n2,end\n",
		"lines":         "Subject: x\n\n" + wrap(b64, 76) + "\nend\n",
		"long":          "x " + long + " end\n",
		"long lines":    "x\n" + wrap(long, 76) + "090-0000-0004\nend\n",
		"long CRLF":     "x\r\n" + strings.ReplaceAll(wrap(long, 64), "\n", "\r\n") + "\r\n090-0000-0004\r\nend\r\n",
		"xml":           `<?xml version="1.0"?><doc><data>` + b64 + `</data><x>end</x></doc>`,
		"xml long":      `<?xml version="1.0"?><doc><data>` + long + `</data><x>end</x></doc>`,
		"xml attribute": `<?xml version="1.0"?><doc data="` + b64 + `"><x>end</x></doc>`,
		"html image":    `<html><img src="data:text/plain;base64,` + b64 + `">end</html>`,
	} {
		x := inspect(t, part.Part{}, body)
		x.Find(person)
		x.Find("end")
		if strings.Contains(body, "0004") {
			x.Find("090-0000-0004")
		}
		if len(x.Skips()) > 0 {
			t.Errorf("%s: %v", name, x.Skips())
		}
	}
	x := inspect(t, part.Part{}, strings.Repeat("usr/local/lib/SomeThing/AnotherThing/getElementsByTagName d41d8cd98f00b204e9800998ecf8427e0a1b2c3d4e5f\n", 100))
	if len(x.Parts) > 1 {
		t.Errorf("paths and digests are taken for base64:\n%s", x)
	}
}

// The first stretch of base64 that is long enough is found, wherever it stands.
func TestFindRunEqualsEach(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	found := 0
	for range 20000 {
		b := make([]byte, r.IntN(300))
		for i := range b {
			b[i] = "aB3/-x9Z"[r.IntN(8)]
		}
		for range r.IntN(9) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = " .\n=:@\xe3"[r.IntN(7)]
			}
		}
		want := -1
		for start := 0; start < len(b) && want < 0; {
			n := normal.SextetPrefix(b[start:])
			if n >= minRun && mixed(b[start:start+n]) {
				want = start
			}
			start += n + 1
		}
		got, ok := findRun(b)
		if ok != (want >= 0) || ok && got.start != want {
			t.Fatalf("%q: found %v at %d, want %d", b, ok, got.start, want)
		}
		if ok {
			found++
		}
	}
	if found < 1000 {
		t.Fatalf("only %d were found", found)
	}
}

// pieces reads what a runReader hands out after the window has looked at it.
type pieces struct {
	run  *runReader
	have []byte
	err  error
}

func (p *pieces) Read(b []byte) (int, error) {
	for len(p.have) == 0 && p.err == nil {
		p.have, p.err = p.run.next()
	}
	n := copy(b, p.have)
	if p.have = p.have[n:]; len(p.have) > 0 || n > 0 {
		return n, nil
	}
	return n, p.err
}

// TestStraight compares base64 that is decoded before the window has looked at it with
// what comes of it after that, and what is left in the window.
func TestStraight(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for n := range 400 {
		b := make([]byte, r.IntN(4*chunk)+1)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		for range n % 4 {
			at := r.IntN(len(b))
			if n%3 == 0 {
				at = min(len(b)-1, (at+chunk/2)/chunk*chunk+r.IntN(3))
			}
			copy(b[at:], []string{"=", "==", "\n", "\x1b$B", "関守", "\x8a\xd6\x8e\xe7", "\xff", " end"}[r.IntN(8)])
		}
		read := func(straight, held bool) (decoded, rest []byte) {
			var body io.Reader = struct{ io.Reader }{bytes.NewReader(b)}
			if held {
				body = &lying{Reader: bytes.NewReader(b), all: b}
			}
			w := openWindow(&part.Part{Body: body})
			defer w.Close()
			w.fill(1)
			run := &runReader{w: w}
			d := &base64Reader{run: run}
			if !straight {
				d = &base64Reader{src: &pieces{run: run}}
			}
			s := rand.New(rand.NewPCG(uint64(n), 1))
			buf := make([]byte, chunk)
			for {
				k, err := d.Read(buf[:1+s.IntN(len(buf))])
				if decoded = append(decoded, buf[:k]...); err != nil {
					break
				}
			}
			for w.fill(chunk); len(w.text) > 0; w.fill(chunk) {
				rest = append(rest, w.text...)
				w.consume(len(w.text))
			}
			return decoded, rest
		}
		for _, held := range []bool{true, false} {
			want, wantRest := read(false, held)
			if got, rest := read(true, held); !bytes.Equal(got, want) || !bytes.Equal(rest, wantRest) {
				t.Fatalf("%d bytes and %d behind, want %d and %d", len(got), len(rest), len(want), len(wantRest))
			}
		}
	}
}

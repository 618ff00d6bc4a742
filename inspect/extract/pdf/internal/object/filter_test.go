package object

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLZW decodes the example of ISO 32000-2, 7.4.4.2, which widens its codes
// early, as far as that shows in so short a text, and one that is long enough.
func TestLZW(t *testing.T) {
	b, _ := hex.DecodeString("800B6050220C0C8501")
	if got := read(t, &lzwReader{src: byteReader(bytes.NewReader(b)), early: true}); got != "-----A---B" {
		t.Errorf("got %q", got)
	}
	want := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 400)
	for _, early := range []bool{true, false} {
		if got := read(t, &lzwReader{src: byteReader(bytes.NewReader(lzwEncode(want, early))), early: early}); got != want {
			t.Errorf("early %v: %d bytes of %d", early, len(got), len(want))
		}
	}
}

// lzwEncode is a plain encoder to test against.
func lzwEncode(s string, early bool) []byte {
	var out []byte
	var bits uint64
	held, width := 0, 9
	put := func(code int) {
		bits = bits<<width | uint64(code)
		for held += width; held >= 8; held -= 8 {
			out = append(out, byte(bits>>(held-8)))
		}
	}
	table := map[string]int{}
	reset := func() {
		clear(table)
		for i := range 256 {
			table[string([]byte{byte(i)})] = i
		}
		width = 9
	}
	next := 258
	reset()
	put(lzwClear)
	cur := ""
	for i := range len(s) {
		c := s[i : i+1]
		if _, ok := table[cur+c]; ok {
			cur += c
			continue
		}
		put(table[cur])
		table[cur+c] = next
		next++
		limit := next
		if !early {
			limit--
		}
		if limit >= 1<<width && width < 12 {
			width++
		}
		if next == 4095 {
			put(lzwClear)
			reset()
			next = 258
		}
		cur = c
	}
	put(table[cur])
	put(lzwEnd)
	return append(out, byte(bits<<(8-held)))
}

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{"48656c6C 6f>zz": "Hello", "4": "@", "": ""} {
		if got := read(t, &hexReader{src: byteReader(strings.NewReader(in))}); got != want {
			t.Errorf("hex %q: %q", in, got)
		}
	}
	for in, want := range map[string]string{"87cURDZ~>": "Hello", "z~>": "\x00\x00\x00\x00", "87cUR\nD]~>": "Hello ", "~>": ""} {
		got := read(t, &ascii85Reader{src: byteReader(strings.NewReader(in))})
		if !strings.HasPrefix(got, strings.TrimSpace(want)) {
			t.Errorf("ascii85 %q: %q", in, got)
		}
	}
	if got := read(t, &runReader{src: byteReader(strings.NewReader("\x02abc\xfex\x80rest"))}); got != "abcxxx" {
		t.Errorf("run length: %q", got)
	}
}

func TestPredictors(t *testing.T) {
	f := &File{}
	for name, c := range map[string]struct {
		p        Dict
		in, want string
	}{
		"png":  {Dict{"Predictor": 15, "Columns": 3}, "\x00abc\x01a\x01\x01\x02\x01\x01\x01\x03\x10\x10\x10\x04\x01\x01\x01", "abcabcbcd" + "Abs" + "Bct"},
		"tiff": {Dict{"Predictor": 2, "Columns": 3}, "a\x01\x01", "abc"},
		"none": {Dict{"Predictor": 1}, "abc", "abc"},
	} {
		if got := read(t, f.predict(strings.NewReader(c.in), c.p)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	var fault *part.Fault
	if _, err := io.ReadAll(f.predict(strings.NewReader("x"), Dict{"Predictor": 12, "Columns": 1 << 40})); !errors.As(err, &fault) {
		t.Errorf("an impossible predictor gives %v", err)
	}
}

// TestTruncated tells that a stream ends before its filter says so.
func TestTruncated(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	for i := range 1000 {
		fmt.Fprintln(w, i*i)
	}
	w.Close()
	cut := z.String()[:z.Len()/2]
	body := fmt.Sprintf("%%PDF-1.4\n1 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n2 0 obj << /Type /Catalog /Pages 3 0 R >> endobj", len(cut), cut)
	f, err := Open(context.Background(), part.NewBudget(part.Limits{}, 100), strings.NewReader(body), int64(len(body)), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := f.Get(Ref{Num: 1}).(*Stream)
	if !ok {
		t.Fatal("no stream")
	}
	b, err := f.Data(s)
	if why, _ := part.ReasonOf(err); why != part.Truncated || !bytes.HasPrefix(b, []byte("0\n1\n4\n9\n")) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

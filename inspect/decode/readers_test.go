package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const customers = "顧客番号,氏名,フリガナ,電話番号,住所\r\n" +
	"1001,関守 太郎,セキモリ タロウ,090-0000-0001,東京都千代田区架空町1-2-3\r\n" +
	"1002,門番 花子,モンバン ハナコ,080-0000-0002,大阪府大阪市北区架空町4-5-6\r\n" +
	"1003,見張 次郎,ミハリ ジロウ,03-0000-0003,北海道札幌市中央区架空町7-8-9\r\n"

const person = "門番 花子"

var encodings = map[string]encoding.Encoding{
	"utf-8":       encoding.Nop,
	"utf-8 bom":   unicode.UTF8BOM,
	"utf-16le":    unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":    unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-16 bom":  unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be b.": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"utf-32":      utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
	"cp932":       japanese.ShiftJIS,
	"euc-jp":      japanese.EUCJP,
	"iso-2022-jp": japanese.ISO2022JP,
}

// inspect reads a body that comes as a stream, within the default limits.
func inspect(t testing.TB, p part.Part, body string) *parttest.Tree {
	t.Helper()
	p.Body, p.Size = io.LimitReader(strings.NewReader(body), int64(len(body))), int64(len(body))
	return parttest.Read(t, Readers(), p, part.Limits{})
}

func encode(t testing.TB, e encoding.Encoding, s string) string {
	t.Helper()
	out, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func compress(t testing.TB, name, s string) string {
	t.Helper()
	var b bytes.Buffer
	switch name {
	case "gzip", "x-gzip":
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "deflate":
		w := zlib.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "raw deflate":
		w, _ := flate.NewWriter(&b, 6)
		w.Write([]byte(s))
		w.Close()
	case "br":
		w := brotli.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "zstd":
		w, _ := zstd.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(s))
	default:
		t.Fatal(name)
	}
	return b.String()
}

func TestEmpty(t *testing.T) {
	for _, declared := range []string{"", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"} {
		if x := inspect(t, part.Part{MediaType: declared}, ""); len(x.Parts) != 1 || len(x.Skips()) > 0 {
			t.Errorf("%q: %s", declared, x)
		}
	}
	if x := inspect(t, part.Part{Encodings: []string{"gzip"}}, ""); len(x.Skips()) > 0 {
		t.Errorf("empty gzip: %s", x)
	}
}

// TestSideBySide reads different things at the same time: what is pooled must
// not be shared.
func TestSideBySide(t *testing.T) {
	var bodies []string
	for _, e := range encodings {
		bodies = append(bodies, encode(t, e, customers))
	}
	for _, c := range []string{"gzip", "zstd", "deflate", "base64"} {
		bodies = append(bodies, compress(t, c, customers))
	}
	bodies = append(bodies, `{"a":"`+strings.ReplaceAll(customers, "\r\n", `\n`)+`"}`, "a="+url.QueryEscape(customers),
		"--XX\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n"+customers+"\r\n--XX--\r\n", "<a>"+customers+"</a>")
	var want []string
	for _, b := range bodies {
		want = append(want, inspect(t, part.Part{}, b).String())
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, b := range bodies {
				if got := inspect(t, part.Part{}, b).String(); got != want[i] {
					t.Errorf("beside others:\n%s\nalone:\n%s", got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

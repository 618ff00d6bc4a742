package decode

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// counting is an Emitter that reads nested parts and counts their text.
type counting struct {
	ctx     context.Context
	readers []part.Reader
	b       *part.Budget
	n       int
}

func (c *counting) Text(t part.Text) error         { c.n += len(t.Bytes); return nil }
func (c *counting) Format(string, string)          {}
func (c *counting) Skip(part.Reason, bool, string) {}
func (c *counting) Child(p part.Part) error {
	head := make([]byte, part.HeadSize)
	n := 0
	for n < len(head) {
		k, err := p.Body.Read(head[n:])
		if n += k; err != nil {
			break
		}
	}
	head = head[:n]
	p.Body = &rejoined{head, p.Body}
	for _, r := range c.readers {
		if r.Match(&p, head) {
			return r.Read(c.ctx, &p, c, c.b)
		}
	}
	return nil
}

type rejoined struct {
	head []byte
	body interface{ Read([]byte) (int, error) }
}

func (r *rejoined) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	return r.body.Read(p)
}

// BenchmarkRead measures decoding alone, in bytes of the upload as sent.
func BenchmarkRead(b *testing.B) {
	var csv, records bytes.Buffer
	enc := json.NewEncoder(&records)
	for i := range 40000 {
		fmt.Fprintf(&csv, "%d,関守 太郎,セキモリ タロウ,090-0000-%04d,東京都千代田区架空町%d-2-3,2026-01-%02d\r\n", i, i%10000, i%30, i%28+1)
		enc.Encode(map[string]any{"id": i, "name": "関守 太郎", "tel": fmt.Sprintf("090-0000-%04d", i%10000), "note": "改行\nあり \"引用\""})
	}
	utf8 := csv.String()
	noise := make([]byte, 4<<20)
	x := uint64(1)
	for i := range noise {
		x = x*6364136223846793005 + 1442695040888963407
		noise[i] = byte(x >> 56)
	}
	for _, c := range []struct{ name, mediaType, encoding, body string }{
		{"ascii", "", "", strings.Repeat("1024,Taro Yamada,taro@example.jp,2026-01-01\r\n", 100000)},
		{"utf-8", "", "", utf8},
		{"cp932", "", "", encode(b, japanese.ShiftJIS, utf8)},
		{"euc-jp", "", "", encode(b, japanese.EUCJP, utf8)},
		{"utf-16", "", "", encode(b, encodings["utf-16 bom"], utf8)},
		{"iso-2022-jp", "", "", encode(b, japanese.ISO2022JP, utf8)},
		{"json", "application/json", "", records.String()},
		{"json-plain", "application/json", "", strings.Repeat(`{"id":1024,"name":"Taro Yamada","mail":"taro@example.jp","amount":12.5},`+"\n", 60000)},
		{"json-base64", "application/json", "", `{"a":"` + base64.StdEncoding.EncodeToString([]byte(utf8)) + `"}`},
		{"form", "application/x-www-form-urlencoded", "", "a=" + url.QueryEscape(strings.ReplaceAll(strings.ToValidUTF8(utf8[:1<<20], ""), "\r\n", "&b="))},
		{"form-fields", "application/x-www-form-urlencoded", "", strings.Repeat("field12=value+345%20x&", 50000)},
		{"small-multipart", "multipart/form-data; boundary=XX", "", "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--XX--\r\n"},
		{"multipart", "multipart/form-data; boundary=XX", "", "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\n\r\n" + utf8 + "\r\n--XX--\r\n"},
		{"gzip", "", "gzip", compress(b, "gzip", utf8)},
		{"zstd", "", "zstd", compress(b, "zstd", utf8)},
		{"br", "", "br", compress(b, "br", utf8)},
		{"base64-text", "", "", base64.StdEncoding.EncodeToString([]byte(utf8))},
		{"base64-noise", "", "", base64.StdEncoding.EncodeToString(noise)},
		{"binary", "", "", string(noise)},
		{"small", "application/json", "", `{"name":"関守 太郎","tel":"090-0000-0001"}`},
		{"small-cp932", "", "", encode(b, japanese.ShiftJIS, strings.ToValidUTF8(utf8[:9000], ""))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			e := &counting{ctx: b.Context(), readers: Readers()}
			for b.Loop() {
				e.n = 0
				e.b = part.NewBudget(part.Limits{}, int64(len(c.body)))
				p := part.Part{MediaType: c.mediaType, Body: strings.NewReader(c.body), Size: int64(len(c.body))}
				if c.encoding != "" {
					p.Encodings = []string{c.encoding}
				}
				if err := e.Child(p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(e.n)*float64(b.N)/1e6/b.Elapsed().Seconds(), "MB/s-text")
		})
	}
}

package speed

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/bench/load"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// BenchmarkBodies scans bodies of 10 KiB with the default rules: the kinds that
// bench proxy sends, and such as make readers and detectors look harder than prose
// does. None of them should cost many times what prose costs.
func BenchmarkBodies(b *testing.B) {
	set, err := rules.Load(nil, rules.Options{Untested: true})
	if err != nil {
		b.Fatal(err)
	}
	scanner := set.Scanner()
	const size = 10 << 10
	r := rand.New(rand.NewPCG(1, 1))
	of := func(letters string) []byte {
		out := make([]byte, size)
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		return out
	}
	repeated := func(line func() string) []byte {
		var out bytes.Buffer
		for out.Len() < size {
			out.WriteString(line())
		}
		return out.Bytes()[:size]
	}
	words := strings.Fields("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua")
	english := repeated(func() string { return words[r.IntN(len(words))] + " " })
	noise, counting := make([]byte, size), make([]byte, size)
	for i := range noise {
		noise[i], counting[i] = byte(r.Uint32()), byte(i)
	}
	var utf16le []byte
	for _, c := range english[:size/2] {
		utf16le = append(utf16le, c, 0)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().Bytes(bytes.Repeat([]byte("本日の会議では、来期の予算と人員について話し合いました。\n"), size/60))
	if err != nil {
		b.Fatal(err)
	}
	bodies := []struct {
		name, media string
		body        []byte
	}{
		{"x", "", bytes.Repeat([]byte("x"), size)},
		{"zeros", "", make([]byte, size)},
		{"spaces", "", bytes.Repeat([]byte(" "), size)},
		{"newlines", "", bytes.Repeat([]byte("\n"), size)},
		{"ones", "", bytes.Repeat([]byte{0xff}, size)},
		{"counting", "", counting},
		{"JPEG start", "image/jpeg", append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"), noise[12:]...)},
		{"noise in a form", "multipart/form-data; boundary=b", fmt.Appendf(nil, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n%s\r\n--b--\r\n", noise)},
		{"UTF-16", "", utf16le},
		{"Shift_JIS", "", sjis},
		{"alphabet", "", bytes.Repeat([]byte("abcdefghij"), size/10)},
		{"hexadecimal", "", of("0123456789abcdef")},
		{"lower", "", of("abcdefghijklmnopqrstuvwxyz")},
		{"digits", "", of("0123456789")},
		{"english", "text/plain", english},
		{"lines", "text/plain", bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog.\n"), size/45)},
		{"csv", "text/csv", repeated(func() string {
			return fmt.Sprintf("%d,%s,%d,%.2f,2024-0%d-1%d\n", r.IntN(90000)+10000, words[r.IntN(len(words))], r.IntN(100), r.Float64()*100, r.IntN(9)+1, r.IntN(9))
		})},
		{"form", "application/x-www-form-urlencoded", repeated(func() string { return fmt.Sprintf("field%d=value+%d%%20x&", r.IntN(100), r.IntN(1000)) })},
		{"multipart", "multipart/form-data; boundary=b", fmt.Appendf(nil, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n%s\r\n--b--\r\n", english)},
	}
	for _, kind := range load.Kinds {
		bodies = append(bodies, struct {
			name, media string
			body        []byte
		}{kind, "application/octet-stream", load.Body(kind, size)})
	}
	for _, k := range bodies {
		b.Run(k.name, func(b *testing.B) {
			b.SetBytes(int64(len(k.body)))
			for b.Loop() {
				scanner.Scan(context.Background(), []part.Part{{Path: "body", MediaType: k.media, Body: bytes.NewReader(k.body), Size: int64(len(k.body))}},
					inspect.ScanOptions{UntilDecided: true})
			}
		})
	}
}

package speed

import (
	"bytes"
	"context"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// BenchmarkEncodings inspects the Japanese corpora in the encodings that Japanese
// text comes in. What counts is the time for a character, by the processor's
// clock: that of UTF-8 is what the others are to be compared with.
func BenchmarkEncodings(b *testing.B) {
	set, err := rules.Load(nil, rules.Options{Untested: true})
	if err != nil {
		b.Fatal(err)
	}
	scanner := set.Scanner()
	for _, name := range []string{"C1", "C2"} {
		c, err := corpus.Find(name)
		if err != nil {
			b.Fatal(err)
		}
		text := c.Text(1 << 20)
		for _, e := range []struct {
			name string
			encoding.Encoding
		}{
			{"UTF-8", encoding.Nop}, {"CP932", japanese.ShiftJIS}, {"EUC-JP", japanese.EUCJP},
			{"ISO-2022-JP", japanese.ISO2022JP},
			{"UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
			{"UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
		} {
			b.Run(name+"/"+e.name, func(b *testing.B) {
				src, err := encoding.ReplaceUnsupported(e.NewEncoder()).Bytes(text)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(src)))
				start, records := cpuTime(), 0
				for b.Loop() {
					records = scanner.Scan(context.Background(), []part.Part{{Path: c.FileName, Name: c.FileName,
						Body: bytes.NewReader(src), Size: int64(len(src))}}, inspect.ScanOptions{}).Records
				}
				b.ReportMetric(float64(cpuTime()-start)/float64(b.N)/float64(utf8.RuneCount(text)), "cpu-ns/char")
				b.ReportMetric(float64(records), "records")
			})
		}
	}
}

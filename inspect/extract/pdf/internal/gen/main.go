// Gen makes the tables of package glyph: the text of each character identifier
// of Adobe's CJK collections and of each name in the Adobe Glyph List. Its
// argument is a folder with clones of the repositories that SOURCES.md names.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", ".", "folder with agl-aglfn and mapping-resources-pdf")
	out := flag.String("out", "data", "folder for the tables")
	flag.Parse()
	for _, c := range glyph.Collections {
		if err := collection(*from, *out, c); err != nil {
			log.Fatal(err)
		}
	}
	if err := names(*from, *out); err != nil {
		log.Fatal(err)
	}
}

// collection writes one line a CID.
func collection(from, out, ordering string) error {
	b, err := os.ReadFile(filepath.Join(from, "mapping-resources-pdf/pdf2unicode/Adobe-"+ordering+"-UCS2"))
	if err != nil {
		return fmt.Errorf("reading a collection: %w", err)
	}
	m := glyph.ParseCMap(b, nil)
	var all []string
	for cid := range 1 << 16 {
		text := strings.Map(notSelector, m.Text(uint32(cid), 2))
		if text == "\ufffd" || strings.ContainsAny(text, "\n\t") {
			text = ""
		}
		all = append(all, text)
	}
	return write(out, ordering, strings.TrimRight(strings.Join(all, "\n"), "\n"))
}

// notSelector drops variation selectors: which form of a kanji a glyph has does
// not matter.
func notSelector(r rune) rune {
	if r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef {
		return -1
	}
	return r
}

// names writes name and text, one glyph a line.
func names(from, out string) error {
	var all strings.Builder
	for _, file := range []string{"glyphlist.txt"} {
		b, err := os.ReadFile(filepath.Join(from, "agl-aglfn", file))
		if err != nil {
			return fmt.Errorf("reading glyph names: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			name, codes, ok := strings.Cut(strings.TrimSpace(line), ";")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			all.WriteString(name + "\t")
			for code := range strings.FieldsSeq(codes) {
				n, err := strconv.ParseUint(code, 16, 32)
				if err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
				if n < 0xe000 || n > 0xf8ff { // private use says nothing
					all.WriteRune(rune(n))
				}
			}
			all.WriteByte('\n')
		}
	}
	return write(out, "glyphs", all.String())
}

func write(out, name, text string) error {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := z.EncodeAll([]byte(text), nil)
	log.Printf("%-8s %7d bytes from %d", name, len(packed), len(text))
	return os.WriteFile(filepath.Join(out, name+".zst"), packed, 0o644)
}

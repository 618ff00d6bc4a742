// Package glyph tells which characters the codes in a PDF's text stand for: by
// the CMaps in the file, by the predefined ones, by the names of glyphs, by the
// encodings of simple fonts, and by what embedded font programs say of their
// glyphs.
//
// The tables in data are made by the generator in ../gen from the sources that
// SOURCES.md names. Each is unpacked at its first use and then shared. All
// functions may be used concurrently; a CMap is read-only once parsed.
package glyph

import (
	"embed"
	"strings"

	"github.com/klauspost/compress/zstd"
)

//go:generate go run ../gen

//go:embed data/*.zst
var files embed.FS

// lines unpacks a table of lines.
func lines(name string) []string {
	packed, err := files.ReadFile("data/" + name + ".zst")
	if err != nil {
		return nil
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil
	}
	defer z.Close()
	text, err := z.DecodeAll(packed, nil)
	if err != nil {
		panic("glyph: damaged table " + name) // it is part of the program
	}
	return strings.Split(string(text), "\n")
}

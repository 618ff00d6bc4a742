// Package decode turns what a client sent into text in UTF-8: content
// encodings, forms, JSON, markup, plain text in any of the usual Japanese and
// Western encodings, and what text there is in bytes of no known format.
//
// All readers stream: memory is constant but for single values of a few
// kilobytes. Text is handed on in pieces of at most 64 KiB, cut at line ends
// where there are any and else where folding does not care.
//
// Readers do not enter parts in the budget: whoever implements part.Emitter
// does, for each Child.
package decode

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers in order of trial, to be put after those of
// package extract. The last one takes anything, so every part has a reader.
func Readers() []part.Reader {
	return slices.Concat([]part.Reader{declaredEncoding{}}, foundEncodings(), []part.Reader{
		multipart{},
		mail{},
		utf7{},
		framed{},
		legacy{},
		flowed{},
		enclosed{},
		form{},
		jsonText{},
		headers{},
		quoted{},
		markup{},
		spelled{},
		escapes{},
		spaced{},
		struck{},
		twice{},
		ebcdic{},
		text{},
		regional{},
		masked{},
		guessed{},
		opaque{},
	})
}

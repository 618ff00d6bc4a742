// Package decode turns what a client sent into text in UTF-8: content
// encodings, forms, JSON, markup, character sets.
package decode

import "github.com/sekimori-dlp/sekimori/inspect/part"

// Readers returns the readers in order of trial, to be put after those of
// package extract. The last one takes anything.
func Readers() []part.Reader { return nil }

package office

import (
	"bufio"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// How an embedded font is hidden from font programs (ECMA-376 part 4, 2.8.1): its
// first 32 bytes are mixed with a key, those behind are its table of tables as they
// were.
const (
	tableSize  = 16
	firstTable = 12 + 2*tableSize // that is not hidden
	tablesSeen = 4
	fontMark   = "\x00\x01\x00\x00\x00"
)

// isFont reports whether a member is a font that is hidden in this way.
func isFont(name string, start []byte) bool {
	if !strings.HasSuffix(name, ".odttf") || len(start) < firstTable+tablesSeen*tableSize {
		return false
	}
	for i := range tablesSeen {
		for _, c := range start[firstTable+i*tableSize:][:4] { // the table's name
			if c < ' ' || c > '~' {
				return false
			}
		}
	}
	return true
}

// font is the member with the mark that fonts begin with, so that it is known as
// one; all behind is inspected like that of any other.
func font(p part.Part, head *bufio.Reader) part.Part {
	_, _ = head.Discard(len(fontMark)) // of what was looked at
	p.Body, p.Size = io.MultiReader(strings.NewReader(fontMark), head), -1
	return p
}

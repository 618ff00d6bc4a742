package image

import (
	"bytes"
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pixels takes pictures that readers of documents made of a document's pixels,
// part.Pixels: there is nothing in them but what can be seen, so they are told as
// not inspected, by the name of their format, and not read.
type pixels struct{}

func (pixels) Name() string { return "picture" }

func (pixels) Match(p *part.Part, _ []byte) bool { return p.Role == part.Pixels }

// JBIG2 is how files of JBIG2 begin (ITU-T T.88, annex D.4).
const JBIG2 = "\x97JB2\r\n\x1a\n"

func (pixels) Read(_ context.Context, p *part.Part, e part.Emitter, _ *part.Budget) error {
	var head [8]byte
	n, _ := p.Body.Read(head[:])
	switch {
	case isPNG(head[:n]):
		e.Format("png", "")
	case isTIFF(head[:n]):
		e.Format("tiff", "")
	case bytes.HasPrefix(head[:n], []byte(JBIG2)):
		e.Format("jbig2", "")
	}
	e.Skip(part.UnknownFormat, false, "a picture")
	return nil
}

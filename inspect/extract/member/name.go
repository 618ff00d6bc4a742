package member

import (
	"bytes"
	"context"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// DecodeName reads a name, or a comment, whose encoding is not told: CP932 from
// Japanese Windows, UTF-8 or EUC-JP from elsewhere.
func DecodeName(b []byte) string {
	return charset.Text(b, charset.Detect(b, true, false, "").Charset)
}

// Trailing hands on what stands behind the end of an archive, unless it is
// padding.
func Trailing(ctx context.Context, e part.Emitter, r io.Reader) error {
	var buf [4096]byte
	for {
		n, err := r.Read(buf[:])
		if behind := bytes.TrimLeft(buf[:n], "\x00"); len(behind) > 0 {
			rest := r
			if err != nil {
				rest = failing{err}
			}
			return e.Child(part.Part{Path: "trailing data", Body: io.MultiReader(bytes.NewReader(behind), rest), Size: -1})
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return part.Stop(ctx, e, err, true)
		}
	}
}

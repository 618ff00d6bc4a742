package part

import (
	"bytes"
	"io"
)

// HeldSize is how much of a nested part is held in memory, at most, for a
// format that has to be read from any place.
const HeldSize = 64 << 20

// Anywhere makes the Body of p readable at any place: as it is, if it can be,
// else from memory. The reader is valid until the reader of p returns. A Body
// that is neither and is larger than limit bytes (0: HeldSize) gives a Fault
// TooLarge. Where a Body ends in an error, what came before it is given, with
// the error.
func Anywhere(p *Part, limit int64) (io.ReaderAt, int64, error) {
	if at, ok := p.Body.(io.ReaderAt); ok && p.Size > 0 {
		return at, p.Size, nil
	}
	if h, ok := p.Body.(Held); ok {
		if all, ok := h.Bytes(); ok {
			return bytes.NewReader(all), int64(len(all)), nil
		}
	}
	if limit == 0 {
		limit = HeldSize
	}
	held, err := io.ReadAll(io.LimitReader(p.Body, limit+1))
	if int64(len(held)) > limit {
		return nil, 0, &Fault{Reason: TooLarge, Detail: "too large to be read out of order"}
	}
	return bytes.NewReader(held), int64(len(held)), err
}

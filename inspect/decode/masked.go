package decode

import (
	"context"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// masked reads text of which every byte was changed by exclusive or with the
// same one: the cipher of those who have none. It is known by what comes of it
// being text; there are no more than 255 ways to try.
type masked struct{}

func (masked) Name() string { return "masked" }

// maskedHead is how much is tried, minMasked the least that shows anything.
const (
	maskedHead = 512
	minMasked  = 128
	maxMasked  = 1 << 20 // read so
)

func (masked) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && len(head) >= minMasked && sniff(head) == nil && maskOf(head) != 0
}

// maskOf returns the byte that unmasks head, 0 if there is none.
func maskOf(head []byte) byte {
	head = head[:min(len(head), maskedHead)]
	var plain [maskedHead]byte
next:
	for key := 1; key < 256; key++ {
		for i, c := range head {
			c ^= byte(key)
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
				continue next
			}
			plain[i] = c
		}
		if familiar(plain[:len(head)]) && reads(plain[:len(head)]) {
			return byte(key)
		}
	}
	return 0
}

// familiar reports whether b has the signs that text is parted by, as often as
// text has them.
func familiar(b []byte) bool {
	n := 0
	for _, c := range b {
		switch c {
		case ' ', ',', '\n', '\t', ';', ':', '"', '-', '@', '.', '/':
			n++
		}
	}
	return n*24 >= len(b)
}

func (masked) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	start, err := io.ReadAll(io.LimitReader(p.Body, maxMasked))
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	if over := b.Spend(ctx, len(start)); over != nil {
		return part.Stop(ctx, e, over, false)
	}
	plain := make([]byte, len(start))
	key := maskOf(start)
	for i, c := range start {
		plain[i] = c ^ key
	}
	if err := e.Child(part.Part{Path: "unmasked", Role: p.Role, Body: newBytesReader(plain), Size: int64(len(plain))}); err != nil {
		return err
	}
	whole := *p // it may be chance: it counts as what it is
	whole.Body = io.MultiReader(newBytesReader(start), p.Body)
	return opaque{}.Read(ctx, &whole, e, b)
}

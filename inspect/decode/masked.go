package decode

import (
	"context"
	"io"
	mathbits "math/bits"

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
	fewKinds   = 12      // of bytes: what has fewer is no text
)

func (masked) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && len(head) >= minMasked && sniff(head) == nil && maskOf(head) != 0
}

// maskOf returns the byte that unmasks head, 0 if there is none.
func maskOf(head []byte) byte {
	head = head[:min(len(head), maskedHead)]
	var (
		counts [256]uint16
		groups [8]uint32 // by their upper three bits, the lower five that occur
	)
	for n, c := range head {
		if n == maskedHead/8 && !unmaskable(&groups) {
			return 0 // noise
		}
		counts[c]++
		groups[c>>5] |= 1 << (c & 31)
	}
	kinds := 0
	for _, g := range groups {
		kinds += mathbits.OnesCount32(g)
	}
	var plain [maskedHead]byte
	for key := 1; key < 256; key++ {
		// These become control characters, of which text has three.
		low := groups[key>>5]
		if mathbits.OnesCount32(low) > 3 || counts[key^0x7f] > 0 {
			continue
		}
		for _, c := range [...]int{'\t', '\n', '\r'} {
			low &^= 1 << ((c ^ key) & 31)
		}
		if low != 0 {
			continue
		}
		n := 0
		for _, c := range separators {
			n += int(counts[c^byte(key)])
		}
		if n*24 < len(head) {
			continue
		}
		for i, c := range head {
			plain[i] = c ^ byte(key)
		}
		if out := plain[:len(head)]; (kinds >= fewKinds || magical(out)) && reads(out) {
			return byte(key)
		}
	}
	return 0
}

// unmaskable reports whether bytes that occur so may become text.
func unmaskable(groups *[8]uint32) bool {
	for _, g := range groups {
		if mathbits.OnesCount32(g) <= 3 {
			return true
		}
	}
	return false
}

// separators are the signs that text is parted by.
var separators = [...]byte{' ', ',', '\n', '\t', ';', ':', '"', '-', '@', '.', '/'}

// familiar reports whether b has separators as often as text has them.
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

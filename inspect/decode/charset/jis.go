package charset

import (
	"sync"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// plane holds the two-byte characters of an encoding by lead byte less 0x80 and
// trail byte, 0 where there is none. One more row, single, is by the bytes that
// are characters by themselves.
type plane [129][256]packed

const single = 128

// load fills a plane from x/text: rows of lead, all trails, each pair behind
// prefix.
func load(enc encoding.Encoding, prefix string) *plane {
	p := new(plane)
	for c := range rune(0x80) {
		p[single][c] = pack(c, 1)
	}
	dec := enc.NewDecoder()
	src, dst := make([]byte, 0, 4), make([]byte, 16)
	for lead := 0x81; lead <= 0xfe; lead++ {
		for trail := 0x40; trail <= 0xfe; trail++ {
			src = append(append(src[:0], prefix...), byte(lead), byte(trail))
			dec.Reset()
			n, used, err := dec.Transform(dst, src, true)
			if err != nil || used != len(src) {
				continue
			}
			// One character, and not U+FFFD: the pair is assigned.
			if r := []rune(string(dst[:n])); len(r) == 1 && r[0] != 0xfffd {
				p[lead-0x80][trail] = pack(r[0], len(src))
			}
		}
	}
	return p
}

// The planes of EUC-JP and ISO-2022-JP, made when first needed: about a
// millisecond each.
var (
	jis0208 = sync.OnceValue(func() *plane { return load(japanese.EUCJP, "") })
	jis0212 = sync.OnceValue(func() *plane { return load(japanese.EUCJP, "\x8f") })
)

// halfKana returns the half-width katakana of JIS X 0201 for 0xa1 to 0xdf, which
// took in bytes.
func halfKana(c byte, in int) packed { return pack(0xff61+rune(c)-0xa1, in) }

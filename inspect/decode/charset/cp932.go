package charset

import (
	"sync"

	"golang.org/x/text/encoding/japanese"
)

// shiftJIS is Shift_JIS with Microsoft's extensions (WHATWG Encoding Standard,
// section 12.3). Half-width katakana are single bytes.
var shiftJIS = pairing{
	plane: sync.OnceValue(func() *plane {
		p := load(japanese.ShiftJIS, "")
		for c := 0xa1; c <= 0xdf; c++ {
			p[single][c] = halfKana(byte(c), 1)
		}
		return p
	}),
	leads: ranges{first: 0x81, firstSize: 0x1f, second: 0xe0, secondSize: 0x1d},
	other: func(b []byte) (packed, bool) {
		return 0, len(b) == 1 && b[0] > 0x80 && b[0] < 0xfd && b[0] != 0xa0
	},
}

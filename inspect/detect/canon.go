package detect

import (
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// variants tells which characters of the Basic Multilingual Plane dict.Fold
// changes: few do, and a bit is sooner looked up than a map.
var variants = sync.OnceValue(func() *[1 << 10]uint64 {
	var set [1 << 10]uint64
	for r := rune(0x80); r < 1<<16; r++ {
		if dict.Fold(r) != r {
			set[r>>6] |= 1 << (r & 63)
		}
	}
	return &set
})

// appendNameCanon appends what nameCanon makes of t.
func appendNameCanon(b, t []byte) []byte {
	set := variants()
	for i := 0; i < len(t); {
		c := t[i]
		if c < utf8.RuneSelf {
			switch {
			case c == ' ' || c == '=' || c == ',' || c == '.':
			case isUpper(c):
				b = append(b, c|0x20)
			default:
				b = append(b, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(t[i:])
		switch {
		case r == '・':
		case r < 1<<16 && set[r>>6]>>(r&63)&1 == 0:
			b = append(b, t[i:i+n]...)
		default:
			b = utf8.AppendRune(b, dict.Fold(r))
		}
		i += n
	}
	return b
}

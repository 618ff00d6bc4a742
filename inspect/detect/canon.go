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

// appendNameCanon appends the canonical form of the name t: without spaces and
// dots, variants of characters as one. Words in Latin letters stand in the order
// of the alphabet and initials are left out, so that Taro Yamada, YAMADA Taro
// and "Yamada, Taro" are one.
func appendNameCanon(b, t []byte) []byte {
	if len(t) > 0 && isLetter(t[0]) {
		if c, ok := appendLatinCanon(b, t); ok {
			return c
		}
	}
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
		r, n := letterAt(t, i)
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

// appendLatinCanon is appendNameCanon for two to four words of ASCII letters; it
// reports whether t is that.
func appendLatinCanon(b, t []byte) ([]byte, bool) {
	var words [4][]byte
	n, at := 0, 0
	for i := 0; i <= len(t); i++ {
		if i < len(t) && t[i] != ' ' && t[i] != ',' && t[i] != '.' {
			if t[i] >= utf8.RuneSelf || t[i] == '=' {
				return b, false
			}
			continue
		}
		if i-at > 1 {
			if n == len(words) {
				return b, false
			}
			words[n] = t[at:i]
			n++
		}
		at = i + 1
	}
	if n < 2 {
		return b, false
	}
	for i := 1; i < n; i++ {
		for k := i; k > 0 && lessFolded(words[k], words[k-1]); k-- {
			words[k], words[k-1] = words[k-1], words[k]
		}
	}
	for _, w := range words[:n] {
		for _, c := range w {
			if isUpper(c) {
				c |= 0x20
			}
			b = append(b, c)
		}
	}
	return b, true
}

// lessFolded compares two words of ASCII characters, letters of both cases as one.
func lessFolded(a, b []byte) bool {
	for i := range min(len(a), len(b)) {
		if x, y := a[i]|0x20, b[i]|0x20; x != y {
			return x < y
		}
	}
	return len(a) < len(b)
}

package decode

import (
	"bytes"
	"math/bits"
)

// mirrorPairs are like pairs: of the first two bytes of the words of mirrored, and
// of the two behind them. Ends of mail addresses have the low three bits: a dot is rare.
var mirrorPairs = func() (t [2][4][16]byte) {
	for i, word := range mirrored {
		bit := byte(0x40) << (i % 2)
		switch {
		case word[0] >= 0x80:
		case word[0] == '-':
			bit = 0x40
		case word[len(word)-1] == '.':
			bit = 1 << (i % 3)
		default:
			bit = 8 << (i % 3)
		}
		for pair := range t {
			for k := range 2 {
				at := 2*pair + k
				if at >= len(word) { // anything may follow
					for half := range 16 {
						t[pair][2*k][half] |= bit
						t[pair][2*k+1][half] |= bit
					}
					continue
				}
				t[pair][2*k][word[at]>>4] |= bit
				t[pair][2*k+1][word[at]&15] |= bit
			}
		}
	}
	return t
}()

// A larger text is looked at in part first: glimpse bytes in each glimpseStep.
const (
	glimpse     = 8*64 + 1 // whole blocks, and the byte before them
	glimpseStep = 2048
)

// backwards reports whether b holds text that is written backwards.
func backwards(b []byte) bool {
	if len(b) > 2*glimpseStep {
		seen := false
		for at := 0; at < len(b) && !seen; at += glimpseStep {
			seen = mirrors(b[at:min(at+glimpse, len(b))], 1)
		}
		if !seen {
			return false
		}
	}
	return mirrors(b, minMirrored)
}

// mirrors reports whether least of the words stand in b, written backwards.
func mirrors(b []byte, least int) bool {
	n, at := 0, 0
	if useVectors {
		const block, most = 64, 8
		var first, second [most + 1][2]uint64
		for len(b)-at > block {
			blocks := min((len(b)-at-1)/block, most)
			pairBlocks(&b[at+1], blocks, &mirrorPairs[0], &first[0])
			pairBlocks(&b[at+1], blocks, &mirrorPairs[1], &second[0])
			second[blocks] = [2]uint64{}
			for k := range blocks {
				f, s, next := &first[k], &second[k], &second[k+1]
				m := f[0]&(s[0]>>2|next[0]<<62) | f[1]&(s[1]>>2|next[1]<<62)
				for ; m != 0; m &= m - 1 {
					if n += mirroredAt(b, at+k*block+bits.TrailingZeros64(m)); n == least {
						return true
					}
				}
			}
			at += blocks*block - 2 // whose second pair was out of sight
		}
	}
	for ; at < len(b); at++ {
		if n += mirroredAt(b, at); n == least {
			return true
		}
	}
	return false
}

// mirroredAt is 1 if one of the words stands at offset i, written backwards.
func mirroredAt(b []byte, i int) int {
	for _, word := range mirroredBy[b[i]] {
		if bytes.HasPrefix(b[i:], word) && turnedWord(word, b[:i], b[i+len(word):]) {
			return 1
		}
	}
	return 0
}

// mirroredBy lists mirrored by first bytes.
var mirroredBy = func() (by [256][][]byte) {
	for _, word := range mirrored {
		by[word[0]] = append(by[word[0]], word)
	}
	return by
}()

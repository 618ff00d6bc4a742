package normal

// KeyEnds finds keys of JSON by their last three bytes, taking some for them that
// end alike.
type KeyEnds struct {
	// Of the byte before the quotation mark, of that before it, and of that before
	// this: a bit for each way to end. The highest one is that of bytes beyond ASCII.
	ends [3][128]byte
	// The same by the low and by the high half of a byte: those that both have, and
	// maybe more.
	halves [3][2][16]byte
}

// NewKeyEnds makes them of at least one key, each of three bytes or more.
func NewKeyEnds(keys []string) *KeyEnds {
	k := &KeyEnds{}
	for n, key := range keys {
		for i := range k.ends {
			k.ends[i][key[len(key)-1-i]&0x7F] |= 1 << (n % 7)
		}
	}
	for i := range k.halves {
		low, high := &k.halves[i][0], &k.halves[i][1]
		for c := range 256 {
			e := k.end(i, byte(c))
			low[c&15] |= e
			high[c>>4] |= e
		}
	}
	return k
}

// Next returns the offset of the first colon of b from i on behind what may be one of
// the keys and its quotation mark, or behind white space; len(b) if there is none.
func (k *KeyEnds) Next(b []byte, i int) int {
	for ; i < min(4, len(b)); i++ {
		if b[i] == ':' {
			return i
		}
	}
	for n := (len(b) - i) / wideSize; useVectors && n > 0; n = (len(b) - i) / wideSize {
		to := i + n*wideSize
		if i += keyBlocks(&b[i], n, k); i == to {
			break
		}
		if k.endsAt(b, i) {
			return i
		}
		i++
	}
	for i < len(b) && !k.endsAt(b, i) {
		i++
	}
	return i
}

// endsAt reports whether Next returns i, 4 at least.
func (k *KeyEnds) endsAt(b []byte, i int) bool {
	return b[i] == ':' && (b[i-1] <= ' ' || b[i-1] == '"' && k.MayEnd(b[i-4:]))
}

// MayEnd reports whether the three bytes of b may end one of the keys.
func (k *KeyEnds) MayEnd(b []byte) bool {
	return k.end(0, b[2])&k.end(1, b[1])&k.end(2, b[0]) != 0
}

// end is what ends[i] says of a byte.
func (k *KeyEnds) end(i int, c byte) byte { return k.ends[i][c&0x7F] | c&0x80 }

package normal

// KeyEnds finds keys of JSON by their last three bytes, taking some for them that
// end alike.
type KeyEnds struct {
	// Of the byte before the quotation mark, of that before it, and of that before
	// this: a bit for each way to end. The highest one is that of bytes beyond ASCII.
	ends [3][128]byte
}

// NewKeyEnds makes them of at least one key, each of three bytes or more.
func NewKeyEnds(keys []string) *KeyEnds {
	k := &KeyEnds{}
	for n, key := range keys {
		for i := range k.ends {
			k.ends[i][key[len(key)-1-i]&0x7F] |= 1 << (n % 7)
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
	if n := (len(b) - i) / wideSize; useWide && n > 0 {
		to := i + n*wideSize
		if i += keyBlocks(&b[i], n, &k.ends); i < to {
			return i
		}
	}
	for ; i < len(b); i++ {
		if b[i] == ':' && (b[i-1] <= ' ' || b[i-1] == '"' && k.MayEnd(b[i-4:])) {
			return i
		}
	}
	return i
}

// MayEnd reports whether the three bytes of b may end one of the keys.
func (k *KeyEnds) MayEnd(b []byte) bool {
	m := byte(0xFF)
	for i := range k.ends {
		c := b[2-i]
		m &= k.ends[i][c&0x7F] | c&0x80
	}
	return m != 0
}

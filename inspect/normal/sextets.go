package normal

// Sextet is 1 for the characters of base64 and base64url (RFC 4648).
var Sextet = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_':
			t[i] = 1
		}
	}
	return t
}()

// SextetPrefix returns how many characters of base64 or base64url b begins with.
func SextetPrefix(b []byte) int {
	i := 0
	for i < min(8, len(b)) { // most words end here
		if Sextet[b[i]] == 0 {
			return i
		}
		i++
	}
	if n := (len(b) - i) / vectorSize; n > 0 && useVectors {
		k := sextetBlocks(&b[i], n)
		if i += k; k < n*vectorSize {
			return i
		}
	}
	if last := len(b) - vectorSize; last >= 0 && useVectors && sextetBlocks(&b[last], 1) == vectorSize {
		return len(b)
	}
	for i < len(b) && Sextet[b[i]] != 0 {
		i++
	}
	return i
}

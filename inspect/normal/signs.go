package normal

// Signs tells which of some ASCII characters a text has, a bit each. Most ways to
// write something need one of them, and most texts have few: what one pass finds
// out saves the passes of all who would look for their own.
type Signs uint16

// The signs.
const (
	Backslash Signs = 1 << iota
	Percent
	Ampersand
	Plus
	Quote // "
	Equals
	Backspace
	Dash
	Tab
	Comma
	Semicolon
	Bar
)

const signed = "\\%&+\"=\b-\t,;|" // in the order of the bits

// signTables are those of the lower eight signs and of the others: a byte is one
// of them if it has a bit in both tables of a pair, that of its low and that of
// its high half.
var signTables = func() (t [4][16]byte) {
	for i := range len(signed) {
		c, at := signed[i], i/8*2
		t[at][c&15] |= 1 << (i % 8)
		t[at+1][c>>4] |= 1 << (i % 8)
	}
	return t
}()

var signOf = func() (t [256]Signs) {
	for i := range len(signed) {
		t[signed[i]] = 1 << i
	}
	return t
}()

// SignsOf returns the signs that b has.
func SignsOf(b []byte) (s Signs) {
	if n := len(b) / vectorSize; n > 0 && useVectors {
		s = signBlocks(&b[0], n)
		b = b[n*vectorSize:]
	}
	for _, c := range b {
		s |= signOf[c]
	}
	return s
}

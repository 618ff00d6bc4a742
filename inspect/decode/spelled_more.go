package decode

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"math/bits"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Alphabets of further notations: Z85 (ZeroMQ RFC 32), that of RFC 1924 as git
// and Python use it, base45 (RFC 9285), and those in which a text is one number.
const (
	alphabetZ85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
	alphabetB85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
	alphabet45  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	alphabet58  = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	alphabet62  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// codePoints is the notation of characters, not bytes, by their numbers.
const codePoints = "code points"

// moreNotations are tried after those that are more usual.
func moreNotations() []notation {
	return []notation{
		{name: codePoints, chars: chars("0123456789", " \t\r\n,;[]"), share: 24, step: uncode},
		{name: "z85", chars: chars(alphabetZ85, "\r\n"), fits: isAscii85, step: unbase85(alphabetZ85)},
		{name: "base85", chars: chars(alphabetB85, "\r\n"), fits: isAscii85, step: unbase85(alphabetB85)},
		{name: "base45", chars: chars(alphabet45, "\r\n"), fits: isAscii85, step: unbase45},
		{name: "base58", chars: chars(alphabet58, "\r\n"), share: 56, step: asNumber(alphabet58), whole: true},
		{name: "base62", chars: chars(alphabet62, "\r\n"), share: 56, step: asNumber(alphabet62), whole: true},
	}
}

// digitsOf holds the value of each character of an alphabet, outside for others.
func digitsOf(alphabet string) *[256]byte {
	var t [256]byte
	for i := range t {
		t[i] = outside
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	return &t
}

// unbase85 takes five characters a group of four bytes.
func unbase85(alphabet string) recoding {
	digits := digitsOf(alphabet)
	return func(dst, src []byte, last bool) ([]byte, int) {
		used, n := 0, 0
		var v uint64
		for i, c := range src {
			if digits[c] == outside {
				continue
			}
			v = v*85 + uint64(digits[c])
			if n++; n == 5 {
				dst = append(dst, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
				v, n, used = 0, 0, i+1
			}
		}
		if last {
			if used = len(src); n > 1 {
				for k := n; k < 5; k++ {
					v = v*85 + 84
				}
				dst = append(dst, []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8)}[:n-1]...)
			}
		}
		return dst, used
	}
}

var digits45 = digitsOf(alphabet45)

// unbase45 takes three characters a pair of bytes.
func unbase45(dst, src []byte, last bool) ([]byte, int) {
	used := 0
	var group [3]int
	n := 0
	for i, c := range src {
		if digits45[c] == outside {
			continue
		}
		group[n] = int(digits45[c])
		if n++; n == 3 {
			v := group[0] + 45*group[1] + 2025*group[2]
			dst = append(dst, byte(v>>8), byte(v))
			n, used = 0, i+1
		}
	}
	if last {
		if used = len(src); n == 2 {
			dst = append(dst, byte(group[0]+45*group[1]))
		}
	}
	return dst, used
}

// maxNumber is the longest text that is read as one number: that takes as many
// steps as its length squared.
const maxNumber = 12 << 10

// asNumber takes all of a text as one number, whose bytes it stands for. It writes
// nothing where the first of them are neither text nor of a known format.
func asNumber(alphabet string) recoding {
	digits := digitsOf(alphabet)
	base := uint64(len(alphabet))
	squares := sync.OnceValue(func() []*big.Float { return squaresOf(base) })
	return func(dst, src []byte, _ bool) ([]byte, int) {
		if len(src) > maxNumber {
			return dst, len(src)
		}
		// The value and the number of digits that make up one step.
		const most = 10 // base 62 to this power is below 2 to the 63rd
		n, scale, step := new(big.Int), new(big.Int), new(big.Int)
		var v uint64
		power, count := uint64(1), 0
		enter := func() {
			n.Mul(n, scale.SetUint64(power))
			n.Add(n, step.SetUint64(v))
			v, power = 0, 1
		}
		for i, c := range src {
			if digits[c] == outside {
				continue
			}
			v, power = v*base+uint64(digits[c]), power*base
			if count++; count%most == 0 {
				enter()
			}
			if count == leadDigits {
				rest := src[i+1:]
				left := len(rest) - bytes.Count(rest, []byte{'\n'}) - bytes.Count(rest, []byte{'\r'})
				if lead := leadOf(n, squares(), left); !promising(lead) {
					return dst, len(src)
				}
			}
		}
		enter()
		return append(dst, n.Bytes()...), len(src)
	}
}

// The first leadBytes bytes of a number are known from its first leadDigits digits
// and how many follow.
const (
	leadBytes  = 48
	leadDigits = 70
)

const leadPrecision = 8*leadBytes + 128

// squaresOf returns base, its square, the square of that and so on, as far as
// maxNumber needs them.
func squaresOf(base uint64) (all []*big.Float) {
	f := new(big.Float).SetPrec(leadPrecision).SetUint64(base)
	for range bits.Len(maxNumber) {
		all = append(all, f)
		f = new(big.Float).Mul(f, f)
	}
	return all
}

// leadOf returns the first bytes of the number that begins with the digits n and
// has further ones.
func leadOf(n *big.Int, squares []*big.Float, further int) []byte {
	f := new(big.Float).SetPrec(leadPrecision).SetInt(n)
	for k := 0; further > 0; k, further = k+1, further>>1 {
		if further&1 != 0 {
			f.Mul(f, squares[k])
		}
	}
	fraction := new(big.Float)
	size := f.MantExp(fraction) // in bits
	if size <= 8*leadBytes {
		return n.Bytes() // it has no more
	}
	first := (size-1)%8 + 1 // bits of the first byte
	whole, _ := f.SetMantExp(fraction, 8*(leadBytes-1)+first).Int(nil)
	lead := whole.Bytes()
	if lead[len(lead)-1] == 0xff { // zeros, to which the further digits have not been added
		lead = whole.Add(whole, big.NewInt(1)).Bytes()
	}
	return lead
}

// uncode takes numbers as those of characters: of UTF-16, or of Unicode.
func uncode(dst, src []byte, last bool) ([]byte, int) {
	used, v, n := 0, 0, 0
	high := rune(0)
	put := func() {
		r := rune(min(v, utf8.MaxRune+1))
		switch {
		case r >= 0xD800 && r < 0xDC00:
			high = r
			return
		case r >= 0xDC00 && r < 0xE000 && high > 0:
			r = (high-0xD800)<<10 + (r - 0xDC00) + 0x10000
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r > 0x30000:
			r = 0 // which no text has
		}
		high = 0
		dst = utf8.AppendRune(dst, r)
	}
	for i, c := range src {
		if d := c - '0'; d < 10 {
			v, n = min(v*10+int(d), 1<<24), n+1
			continue
		}
		if n > 0 {
			put()
		}
		v, n, used = 0, 0, i+1
	}
	if last {
		if n > 0 {
			put()
		}
		used = len(src)
	}
	return dst, used
}

// readsCode reports whether characters by their numbers are a text, with the
// signs that part it, unlike prices and quantities.
func readsCode(b []byte) bool { return reads(b) && familiar(b) && bytes.IndexByte(b, 0) < 0 }

// looseBase64 returns b without what stands between pieces of base64 in it:
// spaces, line ends, the ends of strings and their joints, percent-encoding.
func looseBase64(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '%' && i+2 < len(b) && unhex[b[i+1]] < 16 && unhex[b[i+2]] < 16:
			dst = append(dst, unhex[b[i+1]]<<4|unhex[b[i+2]])
			i += 2
		case c == '"' || c == '\'':
			// What stands between two strings is of the program.
			for k := i + 1; k < min(i+24, len(b)); k++ {
				if b[k] == '"' || b[k] == '\'' {
					i = k
					break
				}
				if b[k] >= '0' && sextet[b[k]] != outside {
					break
				}
			}
		case c == '\\' && i+1 < len(b):
			i++ // \n
		case sextet[c] != outside:
			dst = append(dst, c)
		}
	}
	return dst
}

// loosely tells the bytes that base64 in pieces is made of.
var loosely = func() (t [256]bool) {
	for c := range t {
		t[c] = sextet[c] != outside
	}
	for _, c := range " \t\r\n\"'=,;\\%" {
		t[c] = true
	}
	return t
}()

// inLines reports whether b is base64 with at most two line ends.
func inLines(b []byte) bool {
	for breaks := 0; ; breaks++ {
		n := normal.SextetPrefix(b)
		if b = bytes.TrimLeft(b[n:], "\r\n"); n == 0 || breaks > 2 {
			return false
		}
		if len(b) == 0 {
			return true
		}
	}
}

// loose looks for base64 that is cut into short pieces. Letters of both cases
// and digits in it stand as often as chance has it, unlike in words.
func (s *seeker) loose(at int) bool {
	head := s.b[at:min(at+veinHead, len(s.b))]
	if len(head) < veinHead || at < s.triedLoose {
		return false
	}
	if !capitals(head) || inLines(head) {
		return false // words, or in one piece or long lines, where it is found as such
	}
	upper, lower, digits := 0, 0, 0
	for _, c := range head {
		switch {
		case !loosely[c]:
			return false
		case c >= 'a' && c <= 'z':
			lower++
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= '0' && c <= '9':
			digits++
		}
	}
	if upper < len(head)/6 || lower < len(head)/6 || digits < 4 {
		return false
	}
	start, end := at, at
	for start > 0 && loosely[s.b[start-1]] {
		start--
	}
	for end < len(s.b) && loosely[s.b[end]] {
		end++
	}
	s.triedLoose = end
	step := func(dst, src []byte, _ bool) ([]byte, int) {
		return append(dst, unbase64(nil, looseBase64(nil, src))...), len(src)
	}
	for range 4 { // the end of the words before it may look like its start
		if out, _ := step(nil, s.b[start:min(end, start+veinProbe)], true); end-start >= minVeined && worthwhile(out, true) {
			s.found = vein{"base64", start, end, step, no}
			return true
		}
		k := bytes.IndexAny(s.b[start:min(end, start+veinHead)], " \n\"'")
		if k < 0 {
			break
		}
		start += k + 1
	}
	return false
}

// capitals reports whether four of the first 32 bytes of head are from "@" to
// "_": of base64 in pieces more than ten are, of words hardly one.
func capitals(head []byte) bool {
	const tops = 0x8080808080808080
	n := 0
	for i := 0; i < 32; i += 8 {
		x := binary.LittleEndian.Uint64(head[i:])
		n += bits.OnesCount64(x << 1 &^ (x << 2) &^ x & tops)
	}
	return n >= minTops
}

// minTops is how many of them there are.
const minTops = 4

// minVeined is the least length of base64 in pieces.
const minVeined = 160

// numberedHead is how near a key of such an object ends.
const numberedHead = 24

// numbered looks for an object whose values are bytes: {"0":230,"1":176}.
// The first of its keys that is met is no nearer than k.
func (s *seeker) numbered(at, k int) bool {
	if at < s.triedNumbered {
		return false
	}
	for head := s.b[at:min(at+numberedHead, len(s.b))]; !bytes.HasPrefix(head[k:], []byte(`,"`)); k++ {
		if k+2 >= len(head) {
			return false
		}
	}
	start, end := at+k, at+k
	for end < len(s.b) && numbering[s.b[end]] {
		end++
	}
	s.triedNumbered = end
	if least := end - 4*minSingles; least < start && (least < 0 || !numbering[s.b[(least+start)/2]] || !numbering[s.b[start-1]]) {
		return false // most objects: too little before it
	}
	for start > 0 && numbering[s.b[start-1]] {
		start--
	}
	if end-start < 4*minSingles {
		return false
	}
	if out, _ := numberedBytes(nil, s.b[at+k:min(at+k+veinProbe, len(s.b))], true); len(out) < minSingles || !reads(out) {
		return false
	}
	s.found = vein{"bytes", start, end, numberedBytes, no}
	return true
}

// numbering tells the bytes of such an object.
var numbering = func() (t [256]bool) {
	for _, c := range "0123456789:,\"{ -" {
		t[c] = true
	}
	return t
}()

// numberedBytes takes the values of keys that are numbers, as bytes.
func numberedBytes(dst, src []byte, _ bool) ([]byte, int) {
	for rest := src; ; {
		k := bytes.Index(rest, []byte(`":`))
		if k < 0 {
			return dst, len(src)
		}
		rest = rest[k+2:]
		v, n := 0, 0
		negative := len(rest) > 0 && rest[0] == '-'
		if negative {
			rest = rest[1:]
		}
		for n < min(3, len(rest)) && rest[n] >= '0' && rest[n] <= '9' {
			v = v*10 + int(rest[n]-'0')
			n++
		}
		if n > 0 {
			if negative {
				v = -v
			}
			dst = append(dst, byte(v))
		}
	}
}

// mayCarry reports whether b may begin with a character that is not of languages.
func mayCarry(b []byte) bool {
	if len(b) == 0 || b[0] < 0xe2 || b[0] > 0xe3 && b[0] < 0xed {
		return false // most text
	}
	return b[0] != 0xe3 || len(b) > 1 && b[1] < 0x81
}

// carriers are the ranges of characters that bytes are written in, one each.
// Where a range begins is found by trying.
func (s *seeker) carried(at int) bool {
	const sample, variety = 48, 10
	if r, _ := utf8.DecodeRune(s.b[at:]); ofLanguages(r) || at < s.triedCarried {
		return false // most text
	}
	low, high, n := rune(utf8.MaxRune), rune(0), 0
	var seen [256]bool
	kinds := 0
	for rest := s.b[at:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		rest = rest[size:]
		if ofLanguages(r) {
			return false
		}
		low, high = min(low, r), max(high, r)
		if !seen[r&255] {
			seen[r&255] = true
			kinds++
		}
		if n++; n == sample {
			break
		}
	}
	if n < sample || high-low > 255 || kinds < variety {
		return false
	}
	s.triedCarried = at + 16*veinStep // trying costs
	start := at
	for start > 0 {
		r, size := utf8.DecodeLastRune(s.b[:start])
		if r < low-256 || r > high+256 {
			break
		}
		start -= size
	}
	for base := low; base >= max(0, high-255) && base >= low-128; base-- {
		step := func(dst, src []byte, _ bool) ([]byte, int) {
			i := 0
			for i < len(src) {
				r, size := utf8.DecodeRune(src[i:])
				if r < base || r > base+255 {
					break
				}
				dst = append(dst, byte(r-base))
				i += size
			}
			return dst, i
		}
		if out, _ := step(nil, s.b[start:min(len(s.b), start+2*veinProbe)], true); reads(out) && familiar(out) {
			_, used := step(nil, s.b[start:], true)
			s.found = vein{"characters for bytes", start, start + used, step, no}
			return true
		}
	}
	return false
}

// ofLanguages reports the characters that are letters of languages, and those of
// their scripts.
func ofLanguages(r rune) bool {
	return r < 0x2000 || r >= 0x3040 && r < 0xD7A4 || r >= 0xFF00 && r < 0x10000
}

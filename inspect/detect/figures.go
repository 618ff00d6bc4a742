package detect

import (
	"math/bits"
	"slices"
)

// figures are shapes of numbers that may be of a type in demand, though nothing is
// said of them. A shape may let more through than the detector that has it.
type figures uint8

const (
	figureTwelve    figures = 1 << iota // twelve digits or three groups of four, with the check digit of a My Number or licence
	figureCard                          // twelve to nineteen digits, or groups as on cards
	figurePassport                      // seven digits behind letters, or the end of a birth date in a machine readable zone
	figureResidence                     // eight digits between capitals
	figureSSN                           // three, two and four digits
	figureIBAN                          // digits behind a country, with the check digits
)

// at reports whether the number that begins at offset i of t has one of the shapes. ahead
// tells which bytes from there on are digits. If it has none, no other number begins
// before offset end.
func (f figures) at(t []byte, i int, ahead uint64) (is bool, end int) {
	if ahead&(1<<(fours+1)-1) == fourFours && inFoursAt(t, i) {
		if f&figureCard == 0 {
			return false, i + fours
		}
		d := foursAt(t, i)
		return isCard(d[:]), i + fours
	}
	return f.one(t, i, min(bits.TrailingZeros64(^ahead), longRun)), i
}

// one is at for a number of so many digits, that is not four groups of four.
func (f figures) one(t []byte, i, size int) bool {
	end := i + size
	if size >= 2 && i >= 2 && isUpper(t[i-1]) && isUpper(t[i-2]) && f&figureIBAN != 0 {
		var c [maxIBAN]byte
		if n, _ := readIBAN(t, i-2, &c); n > 0 {
			return true
		}
	}
	switch {
	case size == 3:
		return f&figureSSN != 0 && end+8 <= len(t) && (t[end] == '-' || t[end] == ' ') && t[end+3] == t[end] && issuedSSN(socialAt(t, i))
	case size == 4:
		return f&(figureTwelve|figureCard) != 0 && f.grouped(t, i)
	case size == 7:
		return f&figurePassport != 0 && i >= 2 && (isUpper(t[i-1]) && isUpper(t[i-2]) ||
			end < len(t) && zoneSex(t[end]) && (isUpper(t[i-1]) || t[i-1] == '<'))
	case size == 8:
		return f&figureResidence != 0 && i >= 2 && end+2 <= len(t) &&
			isUpper(t[i-1]) && isUpper(t[i-2]) && isUpper(t[end]) && isUpper(t[end+1])
	case size == 12 && f&figureTwelve != 0 && twelve(t[i:end]):
		return true
	case size >= 12 && size < longRun:
		return f&figureCard != 0 && isCard(t[i:end])
	}
	return false
}

// digitsFrom returns how many digits stand at offset i of t, longRun if there are as many
// or more.
func digitsFrom(t []byte, i int) int {
	n := 0
	for n < longRun && i+n < len(t) && isDigit(t[i+n]) {
		n++
	}
	return n
}

// socialAt returns the digits of three groups of three, two and four at i.
func socialAt(t []byte, i int) []byte {
	return append(append(append(make([]byte, 0, 9), t[i:i+3]...), t[i+4:i+6]...), t[i+7:i+11]...)
}

// twelve reports whether twelve digits may be a My Number or the number of a licence.
func twelve(d []byte) bool { return validMyNumber(d) || isLicence(d) }

// grouped reports whether groups of digits that begin with four at offset i have one
// of the shapes.
func (f figures) grouped(t []byte, i int) bool {
	var d [16]byte
	n := copy(d[:], t[i:i+4])
	at := i + 4
	for range 2 {
		next := nextGroup(t, at)
		if next < 0 {
			return false
		}
		size := digitsFrom(t, next)
		if size < 4 || size > 6 {
			return false
		}
		n += copy(d[n:], t[next:next+size])
		at = next + size
	}
	return f&figureCard != 0 && t[i] >= '2' && t[i] != '7' && t[i] != '9' ||
		f&figureTwelve != 0 && n == 12 && twelve(d[:n])
}

// nextGroup returns where the digits begin that belong to those before offset i, -1
// if none do.
func nextGroup(t []byte, i int) int {
	for k := i; k < len(t) && k <= i+longestGap; k++ {
		if isDigit(t[k]) {
			if gapKind(t[i:k]) == 0 {
				return -1
			}
			return k
		}
	}
	return -1
}

// inFoursAt reports whether four groups of four digits at offset i of t are held together
// by one sign, and no further digits may belong to them: a card or nothing, see inFours.
func inFoursAt(t []byte, i int) bool {
	g := t[i : i+fours]
	sign := g[4]
	if g[9] != sign || g[14] != sign || separatorOf[sign]&(sepHyphen|sepSpace|sepDot|sepUnderscore) == 0 {
		return false
	}
	from, to := i, i+fours
	for from > 0 && i-from <= longestGap && betweenGroups[t[from-1]] {
		from--
	}
	for to < len(t) && to-i-fours <= longestGap && betweenGroups[t[to]] {
		to++
	}
	return (from == 0 || !isDigit(t[from-1])) && (to == len(t) || !isDigit(t[to]))
}

// longestGap is how many bytes may stand between two groups of digits; see gapKind.
const longestGap = 12

// fours is the length of four groups of four digits, with what holds them together;
// fourFours are its digits, a bit each.
const (
	fours     = 19
	fourFours = 0x7bdef
)

// foursAt returns their digits.
func foursAt(t []byte, i int) (d [16]byte) {
	for k := range d {
		d[k] = t[i+k+k/4]
	}
	return d
}

// betweenGroups are the bytes that gapKind knows.
var betweenGroups = func() (is [256]bool) {
	for c := range is {
		is[c] = separatorOf[c] != 0
	}
	for _, c := range []byte("ー・·") {
		is[c] = true
	}
	return is
}()

// figureBlock is how many bytes have a word of marks.
const figureBlock = 64

// figureAhead is how many words more than there are blocks must be there: vectors look
// at four words together, and at the one behind them.
const figureAhead = 4

// mark marks where numbers begin that may have one of the shapes, 64 bytes to a word.
func (f *figured) mark(text []byte) []uint64 {
	blocks := (len(text) + figureBlock - 1) / figureBlock
	room := 1 + blocks + figureAhead // and one before
	for k := range f.kinds {
		f.kinds[k] = slices.Grow(f.kinds[k][:0], room)[:room]
		f.kinds[k][0] = 0
		clear(f.kinds[k][blocks:])
	}
	d, c, g := f.kinds[kindDigit][1:], f.kinds[kindCapital][1:], f.kinds[kindGap][1:]
	whole := 0
	if figureVectors {
		if whole = len(text) / figureBlock; whole > 0 {
			kindBlocks(&text[0], whole, &d[0], &c[0], &g[0])
		}
	}
	for i := whole * figureBlock; i < len(text); i += figureBlock {
		d[i/figureBlock], c[i/figureBlock], g[i/figureBlock] = kindsOf(text[i:min(len(text), i+figureBlock)])
	}
	f.marks = slices.Grow(f.marks[:0], blocks+figureAhead)[:blocks+figureAhead]
	if figureVectors && blocks > 0 {
		figureBlocks(&d[0], &c[0], &g[0], (blocks+3)/4, &f.marks[0])
	} else {
		for k := range blocks {
			f.marks[k] = figuresOf(f.kinds[kindDigit][k:k+3], f.kinds[kindCapital][k:k+3], f.kinds[kindGap][k:k+3])
		}
	}
	return f.marks[:blocks]
}

// kindsOf tells which of at most 64 bytes are digits, capitals, and in betweenGroups.
func kindsOf(b []byte) (digits, capitals, gaps uint64) {
	for i, c := range b {
		bit := uint64(1) << i
		switch {
		case isDigit(c):
			digits |= bit
		case isUpper(c):
			capitals |= bit
		case betweenGroups[c]:
			gaps |= bit
		}
	}
	return digits, capitals, gaps
}

// figuresOf marks the starts of numbers in a block. Of each kind it gets the words of the
// block before, the block and the one behind.
func figuresOf(digits, capitals, gaps []uint64) uint64 {
	digit := func(n int) uint64 { return digits[1]>>n | digits[2]<<(64-n) }
	gap := func(n int) uint64 { return gaps[1]>>n | gaps[2]<<(64-n) }
	upper := func(n int) uint64 { return capitals[1]<<n | capitals[0]>>(64-n) }

	one := digits[1] &^ (digits[1]<<1 | digits[0]>>63) // a number begins
	two := one & digit(1)
	three := two & digit(2)
	four := three & digit(3)
	five := four & digit(4)
	seven := five & digit(5) & digit(6)
	eight := seven & digit(7)
	twelve := eight & digit(8) & digit(9) & digit(10) & digit(11)

	social := three &^ digit(3) & gap(3) & digit(4) & digit(5) &^ digit(6) & gap(6) &
		digit(7) & digit(8) & digit(9) & digit(10) &^ digit(11)
	group := four &^ digit(4) & gap(4)
	groups := group & (digit(5)&digit(6)&digit(7)&digit(8)&(digit(9)|gap(9)) | gap(5))
	return twelve | seven&^digit(7) | eight&^digit(8)&upper(1) | two&upper(1)&upper(2) | social | groups
}

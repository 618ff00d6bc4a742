package decode

import (
	"bytes"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// survey is what one pass over a block of text tells those who look for veins in
// it: most text has nothing that any of them needs.
type survey struct {
	signs    normal.Signs           // of surveySigns
	pages    [maxPages]normal.Signs // by pageSize; the last speaks of all behind it, too
	rows     uint32                 // pages in which "=" stands as often as in quoted-printable, a bit each
	equals   [2]int                 // where it stood last
	cells    cellCount
	punycode int // names in Punycode
	encloses int // where an enclosure begins that is read anew, -1 if none does
	dump     int // the same of a hex dump
}

// A page is what is surveyed at once, by stretches.
const (
	pageSize = 64 * normal.Stretch
	maxPages = blockSize/pageSize + 1
)

// pageOf returns the page that i is in.
func pageOf(i int) int { return min(i/pageSize, maxPages-1) }

// surveyOf returns the survey of b.
func surveyOf(b []byte) (s survey) {
	s.encloses, s.dump = -1, -1
	var found stretches
	for at := 0; at < len(b); at += pageSize {
		signs, some := found.of(b[at:])
		s.signs |= signs
		s.pages[pageOf(at)] |= signs
		for ; some != 0; some &= some - 1 {
			k := bits.TrailingZeros64(some)
			for m := found.marks[k]; m != 0; m &= m - 1 {
				s.mark(b, at+k*normal.Stretch+bits.TrailingZeros64(m))
			}
		}
		for i := max(at, restartFrom); i < min(at+pageSize, len(b)) && s.dump < 0; i += lookStep {
			if line := found.lineAt(b, at, i); line > 0 && isDump(b[line:min(line+restartHead, len(b))]) {
				s.dump = line
			}
		}
	}
	return s
}

// punycodeMark is what names in Punycode (RFC 3492) begin with.
const punycodeMark = "xn--"

// mark notes what stands at i: "=", the "n" of a name in Punycode, or the line end
// before an enclosure.
func (s *survey) mark(b []byte, i int) {
	switch {
	case b[i] == '=':
		if i-s.equals[1] < minSpelled {
			s.rows |= 1 << pageOf(s.equals[1])
		}
		s.equals = [2]int{i, s.equals[0]}
		s.cells.mark(b, i)
	case b[i] == 'n':
		if i > 0 && bytes.HasPrefix(b[i-1:], []byte(punycodeMark)) {
			s.punycode++
		}
	case b[i] == '\n' && s.encloses < 0 && i >= part.HeadSize/2 && enclosureAt(b[i+1:]) != nil:
		s.encloses = i + 1
	}
}

// least reports whether c, which is a sign, stands at least n times in b.
func (s *survey) least(n int, b []byte, c byte, sign normal.Signs) bool {
	if s.signs&sign == 0 {
		return false
	}
	for at := 0; at < len(b) && n > 0; at += pageSize {
		if s.pages[pageOf(at)]&sign != 0 {
			n -= bytes.Count(b[at:min(at+pageSize, len(b))], []byte{c})
		}
	}
	return n <= 0
}

// stretches mark bytes of a page, a bit each.
type stretches struct {
	marks [pageStretches]uint64 // those that a survey has to look at
	ends  [pageStretches]uint64 // line ends; with wide vectors only
}

const pageStretches = pageSize / normal.Stretch

// lineAt is lineAt for a place in the page of b that is at an offset.
func (s *stretches) lineAt(b []byte, page, at int) int {
	if !useWide {
		return lineAt(b, at)
	}
	const most = lookStep / normal.Stretch
	from := (at - page) / normal.Stretch
	for k, m := range s.ends[from:min(from+most, len(s.ends))] {
		if m == 0 {
			continue
		}
		line := at + k*normal.Stretch + bits.TrailingZeros64(m) + 1
		if len(b)-line < minSpelled {
			return 0
		}
		return line
	}
	return 0
}

// surveySigns are the signs that a survey tells.
const surveySigns = normal.Backslash | normal.Percent | normal.Ampersand | normal.Plus | normal.Quote | normal.Equals | normal.Backspace

// surveyTables are what surveyBlocks looks up, by the low six bits of a byte. It
// marks "=", too.
type surveyTables struct {
	sign  [64]byte    // the sign that ends so, else what does not end so
	bit   [64]byte    // of the sign
	marks [3][64]byte // those that may be in such a place of a mark, a bit for each
}

var surveyed = func() (t surveyTables) {
	for i := range t.sign {
		t.sign[i] = ^byte(i)
	}
	for c := range byte(0x80) {
		if s := normal.SignsOf([]byte{c}) & surveySigns; s != 0 {
			t.sign[c&63], t.bit[c&63] = c, byte(s)
		}
	}
	for k, mark := range surveyMarks() {
		for place := range t.marks {
			t.marks[place][mark[place]&63] |= 1 << k
		}
	}
	return t
}()

// surveyPairs are like pairs: of the first two bytes of surveyMarks, and "=".
var surveyPairs = func() (t [4][16]byte) {
	for k, mark := range surveyMarks() {
		for place := range 2 {
			t[2*place][mark[place]>>4] |= 1 << k
			t[2*place+1][mark[place]&15] |= 1 << k
		}
	}
	t[0]['='>>4] |= 0x80
	t[1]['='&15] |= 0x80
	for half := range 16 {
		t[2][half] |= 0x80
		t[3][half] |= 0x80
	}
	return t
}()

// surveyMarks are what a survey marks, at most seven.
func surveyMarks() []string {
	all := []string{punycodeMark[1:]}
	for _, k := range enclosureList[1:] { // the first and the second begin alike
		all = append(all, "\n"+k.mark)
	}
	return all
}

// of marks the page that text begins with and returns its signs and which
// stretches have a mark.
func (s *stretches) of(text []byte) (signs normal.Signs, some uint64) {
	if !useWide {
		return normal.SignsOf(text[:min(len(text), pageSize)]) & surveySigns, s.byPairs(text)
	}
	const behind = 2 // bytes are looked at with each
	blocks := 0
	if len(text) >= normal.Stretch+behind {
		blocks = min((len(text)-behind)/normal.Stretch, pageStretches)
		signs, some = surveyBlocks(&text[0], blocks, &surveyed, s, 0)
	}
	if blocks < pageStretches {
		clear(s.ends[blocks:])
		var rest [normal.Stretch + behind]byte
		for k := blocks; k < pageStretches && k*normal.Stretch < len(text); k++ {
			clear(rest[copy(rest[:], text[k*normal.Stretch:]):])
			more, which := surveyBlocks(&rest[0], 1, &surveyed, s, k)
			signs, some = signs|more, some|which<<k
		}
	}
	return signs, some
}

// byPairs marks a page where there are no wide vectors.
func (s *stretches) byPairs(text []byte) (some uint64) {
	size := min(len(text), pageSize)
	blocks := 0
	if useVectors && len(text) > normal.Stretch {
		var where [pageStretches][2]uint64
		blocks = min((len(text)-1)/normal.Stretch, pageStretches)
		pairBlocks(&text[1], blocks, &surveyPairs, &where[0])
		for k, w := range where[:blocks] {
			s.marks[k] = w[0] | w[1]
		}
	}
	t := &surveyPairs
	for i := blocks * normal.Stretch; i < size; i++ {
		if i%normal.Stretch == 0 {
			s.marks[i/normal.Stretch] = 0
		}
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		if t[0][text[i]>>4]&t[1][text[i]&15]&t[2][next>>4]&t[3][next&15] != 0 {
			s.marks[i/normal.Stretch] |= 1 << (i % normal.Stretch)
		}
	}
	for k, m := range s.marks[:(size+normal.Stretch-1)/normal.Stretch] {
		if m != 0 {
			some |= 1 << k
		}
	}
	return some
}

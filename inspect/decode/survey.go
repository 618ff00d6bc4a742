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
		near := uint32(uint64(i-s.equals[1]-minSpelled) >> 63) // no branch, since either is usual
		s.rows |= near << pageOf(s.equals[1])
		s.equals = [2]int{i, s.equals[0]}
		if s.cells.all < minPadded || i >= minCell && !tooShort(b, i+1) {
			s.cells.mark(b, i)
		}
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
	ends  [pageStretches]uint64 // line ends
}

const pageStretches = pageSize / normal.Stretch

// lineAt is lineAt for a place in the page of b that is at an offset.
func (s *stretches) lineAt(b []byte, page, at int) int {
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

// surveyTables are what surveyAVX512 looks up, by the low six bits of a byte. It
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
	for c, s := range surveySign {
		if s != 0 {
			t.sign[c&63], t.bit[c&63] = byte(c), s
		}
	}
	for k, mark := range surveyMarks() {
		for place := range t.marks {
			t.marks[place][mark[place]&63] |= 1 << k
		}
	}
	return t
}()

// surveySign tells the sign that a byte is, one of the lower eight.
var surveySign = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(normal.SignsOf([]byte{byte(i)}) & surveySigns)
	}
	return t
}()

// surveyHalves are what surveyAVX2 looks up by the low half of a byte.
type surveyHalves struct {
	sign   [16]byte // the sign that ends so, else what does not end so
	bit    [16]byte // of the sign; of "=" the highest, too
	begins [16]byte // what begins a line of a mark and ends so, but for a dash
}

var halfSurveyed = func() (t surveyHalves) {
	for i := range t.sign {
		t.sign[i], t.begins[i] = ^byte(i), ^byte(i)
	}
	for c, s := range surveySign {
		if s != 0 {
			t.sign[c&15], t.bit[c&15] = byte(c), s
		}
	}
	t.bit['='&15] |= 0x80
	for _, mark := range surveyMarks() {
		if c := mark[1]; mark[0] == '\n' && c != '-' {
			t.begins[c&15] = c
		}
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
	if !useVectors {
		return s.plain(text[:min(len(text), pageSize+1)])
	}
	const behind = 2 // bytes are looked at with each
	blocks := 0
	if len(text) >= normal.Stretch+behind {
		blocks = min((len(text)-behind)/normal.Stretch, pageStretches)
		signs, some = surveyBlocks(&text[0], blocks, s, 0)
	}
	if blocks < pageStretches {
		clear(s.ends[blocks:])
		var rest [normal.Stretch + behind]byte
		for k := blocks; k < pageStretches && k*normal.Stretch < len(text); k++ {
			clear(rest[copy(rest[:], text[k*normal.Stretch:]):])
			more, which := surveyBlocks(&rest[0], 1, s, k)
			signs, some = signs|more, some|which<<k
		}
	}
	return signs, some
}

// plain marks a page, which one more byte may follow, where there are no vectors.
func (s *stretches) plain(text []byte) (signs normal.Signs, some uint64) {
	*s = stretches{}
	mark := func(i int) {
		s.marks[i/normal.Stretch] |= 1 << (i % normal.Stretch)
		some |= 1 << (i / normal.Stretch)
	}
	for i, c := range text[:min(len(text), pageSize)] {
		signs |= normal.Signs(surveySign[c])
		switch c {
		case '\n':
			s.ends[i/normal.Stretch] |= 1 << (i % normal.Stretch)
			if i+1 < len(text) && lineMark[text[i+1]] {
				mark(i)
			}
		case '-': // there are fewer than of the "n" before it
			if i > 0 && text[i-1] == 'n' {
				mark(i - 1)
			}
		case '=':
			mark(i)
		}
	}
	if len(text) > pageSize && text[pageSize-1] == 'n' && text[pageSize] == '-' {
		mark(pageSize - 1)
	}
	return signs, some
}

// lineMark tells what a line of a mark begins with.
var lineMark = func() (t [256]bool) {
	for _, mark := range surveyMarks() {
		t[mark[1]] = t[mark[1]] || mark[0] == '\n'
	}
	return t
}()

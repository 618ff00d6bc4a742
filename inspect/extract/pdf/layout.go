package pdf

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// page gathers what is shown on one page.
type page struct {
	text         []byte // of all runs, in the order of the content
	runs         []run
	out          []byte // lines put together
	pictures     int
	largest      float64 // area of a picture
	drawings     int     // lines and areas painted
	images       []*object.Stream
	more         bool // of them than are kept
	alternatives []string
	full         bool // of what is taken of one page
}

// run is a piece of text shown in one go: where it starts and ends, in which
// direction and how large one em is there.
type run struct {
	x, y, ex, ey float64
	dx, dy       float64 // of writing, one em long
	em           float64
	from, to     int // in page.text
	hidden       bool

	u, v, end float64 // along and across the direction of its group
}

const (
	maxRuns = 1 << 17
	maxText = 8 << 20  // of runs not assembled
	maxPage = 32 << 20 // of a page in all
)

func (p *page) add(d *document, r run) {
	if r.from == r.to || p.full {
		p.text = p.text[:r.from]
		return
	}
	p.runs = append(p.runs, r)
	if len(p.runs) >= maxRuns || len(p.text) >= maxText {
		p.assemble()
		if len(p.out) > maxPage && !p.full {
			d.fault(&part.Fault{Reason: part.TooLarge}, "a page")
			p.full = true
		}
	}
}

// assemble puts the runs together to lines, as they stand on the page: what is
// on one line is in one line, whatever the order in which it was shown. Runs of
// another direction, and those that are not to be seen, make lines of their own.
func (p *page) assemble() {
	p.stacks()
	groups := map[int][]run{}
	var order []int
	for _, r := range p.runs {
		angle := math.Atan2(r.dy, r.dx)
		key := int(math.Round(angle/(math.Pi/36)))%72 + 72
		ux, uy := math.Cos(float64(key)*math.Pi/36), math.Sin(float64(key)*math.Pi/36)
		r.u, r.end = r.x*ux+r.y*uy, r.ex*ux+r.ey*uy
		r.v = r.y*ux - r.x*uy
		if key = 2 * key; r.hidden {
			key++
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	for _, key := range order {
		p.lines(groups[key])
	}
	p.runs, p.text = p.runs[:0], p.text[:0]
}

// minStack is how many characters one below the other are vertical writing.
const minStack = 3

// stacks turns what was shown character by character from top to bottom, as
// programs write vertical lines without a vertical font, into vertical runs.
func (p *page) stacks() {
	for i := 0; i < len(p.runs); {
		n := i + 1
		for n < len(p.runs) && p.below(&p.runs[n-1], &p.runs[n]) {
			n++
		}
		if n-i >= minStack {
			for k := i; k < n; k++ {
				r := &p.runs[k]
				r.dx, r.dy = 0, -r.em
				r.ex, r.ey = r.x, r.y-r.em
			}
		}
		i = n
	}
}

// below reports whether two runs of one wide character each stand one below the
// other.
func (p *page) below(a, b *run) bool {
	for _, r := range []*run{a, b} {
		c, n := utf8.DecodeRune(p.text[r.from:r.to])
		if n != r.to-r.from || !wide(c) || math.Abs(r.dy) > 0.1*r.em || r.dx <= 0 {
			return false
		}
	}
	step := a.y - b.y
	return step > 0.7*a.em && step < 1.6*a.em && math.Abs(a.x-b.x) < 0.3*a.em && math.Abs(a.em-b.em) < 0.2*a.em
}

// lines writes out the runs of one direction.
func (p *page) lines(runs []run) {
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(b.v, a.v) })
	for len(runs) > 0 {
		n, em := 1, runs[0].em
		for n < len(runs) {
			r := &runs[n]
			em = max(em, r.em)
			if runs[n-1].v-r.v > lineStep*min(runs[n-1].em, r.em) || runs[0].v-r.v > lineSpread*em {
				break
			}
			n++
		}
		line := runs[:n]
		runs = runs[n:]
		slices.SortStableFunc(line, func(a, b run) int { return cmp.Compare(a.u, b.u) })
		p.line(line)
	}
}

// How wide a gap, in ems, is a space, and how wide one sets columns apart. Word
// spaces are a quarter of an em, less where lines are squeezed to fit; kanji
// are often spaced to fill a line.
const (
	wordGap   = 0.15
	kanjiGap  = 0.45
	columnGap = 1.5
)

// How far apart, in ems, the base lines of one line may be: from one run to the
// next lower, and in all. Raised and lowered letters are on the line, the lines
// of a text set solid are not.
const (
	lineStep   = 0.4
	lineSpread = 0.6
)

// line writes out the runs of one line from left to right.
func (p *page) line(runs []run) {
	start := len(p.out)
	var prev *run
	end := 0.0
	for i := range runs {
		r := &runs[i]
		text := p.text[r.from:r.to]
		if prev != nil {
			if r.u-prev.u < 0.2*r.em && bytes.Equal(text, p.text[prev.from:prev.to]) && prev.end-prev.u > 0.3*r.em {
				continue // shown twice to look bold
			}
			p.gap((r.u-end)/max(min(r.em, prev.em), 1e-3), text)
		}
		if !p.accent(text, prev != nil && r.u < end) {
			p.out = append(p.out, text...)
		}
		if prev == nil || r.end > end {
			end = r.end
		}
		prev = r
	}
	p.out = bytes.TrimRight(p.out, " \t")
	if len(p.out) > start {
		p.out = append(p.out, '\n')
	}
}

// accents leads from accents that stand alone to those that combine.
var accents = map[rune]rune{'`': 0x300, '´': 0x301, 'ˆ': 0x302, '˜': 0x303, '¯': 0x304, '˘': 0x306, '˙': 0x307,
	'¨': 0x308, '˚': 0x30a, '˝': 0x30b, 'ˇ': 0x30c, '¸': 0x327}

// accent puts an accent that was shown over the next letter onto it, as TeX
// makes letters with accents. It reports whether it has written next.
func (p *page) accent(next []byte, over bool) bool {
	if !over {
		return false
	}
	mark, n := utf8.DecodeLastRune(p.out)
	letter, size := utf8.DecodeRune(next)
	combining, ok := accents[mark]
	if letter == 'ı' {
		letter = 'i'
	}
	if !ok || !unicode.IsLetter(letter) {
		return false
	}
	p.out = append(p.out[:len(p.out)-n], norm.NFC.String(string([]rune{letter, combining}))...)
	p.out = append(p.out, next[size:]...)
	return true
}

// gap writes what stands between two runs.
func (p *page) gap(ems float64, next []byte) {
	if len(p.out) == 0 {
		return
	}
	last, _ := utf8.DecodeLastRune(p.out)
	first, _ := utf8.DecodeRune(next)
	limit := wordGap
	if wide(last) && wide(first) {
		limit = kanjiGap
	}
	switch {
	case ems >= columnGap:
		p.out = append(p.out, '\t')
	case last == ' ' || last == '\t' || last == '\n' || first == ' ':
	case ems > limit || ems < -2:
		p.out = append(p.out, ' ')
	}
}

// wide reports whether r is as wide as high, as kana and kanji are.
func wide(r rune) bool { return r >= 0x2e80 && r < 0xff61 || r >= 0x20000 }

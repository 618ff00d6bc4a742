package detect

import (
	"math/bits"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Once most is decided, what is left in demand are numbers that hardly any text
// holds. Each of them stands behind a word of its label or has a shape that few
// numbers have: a block with neither is passed by before its numbers are listed,
// sorted and asked for by one detector after the other.

// sparse is implemented by detectors whose values show by such signs.
type sparse interface {
	// signs returns by what values of the types in demand show, and whether by nothing
	// less.
	signs(demand Demand) (signs, bool)
}

// signs are what a text must have some of to hold certain values.
type signs struct {
	labels  Label   // words that hint at them, or columns and fields
	figures figures // shapes that they may have without a word
	words   []bool  // those of authors, by the index of their detector
}

// glimpseWords returns the words that signs are told by, of all detectors that are
// sparse.
func glimpseWords(detectors []Detector) (words []match.Pattern) {
	var labels Label
	for _, d := range detectors {
		if sp, ok := d.(sparse); ok {
			s, _ := sp.signs(d.Types())
			labels |= s.labels
		}
	}
	for _, d := range detectors {
		v, ok := d.(Vocabulary)
		if _, is := d.(sparse); !ok || !is {
			continue
		}
		for _, p := range v.Patterns() {
			switch c, n := Unpack(p.Payload); {
			case c == ClassHint && labels>>n&1 != 0, c == ClassKeyword && n&3 == hitWord:
				words = append(words, p)
			}
		}
	}
	return words
}

// signsOf joins the signs of detectors, and reports whether values of the types in
// demand show by nothing less.
func signsOf(detectors []Detector, demand Demand) (all signs, known bool) {
	for _, d := range detectors {
		sp, ok := d.(sparse)
		if !ok {
			return all, false
		}
		s, ok := sp.signs(demand)
		if !ok {
			return all, false
		}
		all.labels |= s.labels
		all.figures |= s.figures
		if s.words != nil {
			all.words = s.words
		}
	}
	return all, true
}

// maxPatience bounds for how many blocks signs are not looked for, where those before
// had some.
const maxPatience = 32

// signless reports whether the block has none of the signs of what is in demand. It is
// asked behind first. Where text after text has some it is hardly asked any more.
func (s *Session) signless() bool {
	if !s.known {
		return false
	}
	if s.wait > 0 {
		s.wait--
		return false
	}
	if s.hasSigns(&s.asked) {
		s.patience = min(max(1, 2*s.patience), maxPatience)
		s.wait = s.patience
		return false
	}
	s.patience = 0
	return true
}

// hasSigns reports whether the block has some of the signs.
func (s *Session) hasSigns(g *signs) bool {
	b := &s.block
	if labels, _ := s.view.columns(); labels&g.labels != 0 {
		return true
	}
	if s.figured.any(b.Text, g.figures) {
		return true
	}
	if g.labels == 0 && g.words == nil {
		return false
	}
	s.engine.glimpse.Scan(b.Text, &s.glimpse)
	return slices.ContainsFunc(s.glimpse.Hits, func(h match.Hit) bool {
		switch c, n := Unpack(h.Payload); c {
		case ClassHint:
			return g.labels>>n&1 != 0
		case ClassKeyword:
			return g.words != nil && g.words[n>>2]
		}
		return false
	})
}

func (card) signs(Demand) (signs, bool) { return signs{labels: LCard, figures: figureCard}, true }

func (myNumber) signs(Demand) (signs, bool) {
	return signs{labels: LMyNumber, figures: figureTwelve}, true
}

func (driver) signs(Demand) (signs, bool) {
	return signs{labels: LDriver, figures: figureTwelve}, true
}

func (passport) signs(Demand) (signs, bool) {
	return signs{labels: LPassport, figures: figurePassport}, true
}

func (residence) signs(Demand) (signs, bool) {
	return signs{labels: LResidence, figures: figureResidence}, true
}

func (pension) signs(Demand) (signs, bool)   { return signs{labels: LPension}, true }
func (insurance) signs(Demand) (signs, bool) { return signs{labels: LInsurance}, true }
func (bank) signs(Demand) (signs, bool)      { return signs{labels: LBank}, true }
func (ssn) signs(Demand) (signs, bool)       { return signs{labels: LSSN, figures: figureSSN}, true }
func (iban) signs(Demand) (signs, bool)      { return signs{figures: figureIBAN}, true }

// signs implements sparse: what is written unusually needs a word or column.
func (re *reread) signs(demand Demand) (s signs, ok bool) {
	for i := range re.spellings {
		k := &re.spellings[i]
		if slices.ContainsFunc(k.types, func(t Type) bool { return slices.Contains(demand, t) }) {
			s.labels |= k.label
		}
	}
	return s, !re.mail || !slices.Contains(demand, Email)
}

// signs implements sparse: the words in demand. What an expression matches is not
// looked for here.
func (d *customs) signs(demand Demand) (signs, bool) {
	s := signs{words: make([]bool, len(d.list))}
	for i := range d.list {
		c := &d.list[i]
		if !slices.Contains(demand, c.Type) {
			continue
		}
		if c.Pattern != "" {
			return s, false
		}
		s.words[c.index] = true
	}
	return s, true
}

// figured finds numbers by their shape: what bytes are is told a bit each, and shapes
// are looked for 64 bytes at a time. It has room to be used again.
type figured struct {
	kinds [3][]uint64 // which bytes are digits, capitals, and may stand between groups of digits
	marks []uint64    // where a number begins that may have a shape that is looked for
}

// The kinds of byte.
const (
	kindDigit = iota
	kindCapital
	kindGap
)

// any reports whether text has a number of one of the shapes.
func (f *figured) any(text []byte, shapes figures) bool {
	if shapes == 0 {
		return false
	}
	marks := f.mark(text)
	digits := f.kinds[kindDigit][1:]
	end := 0
	for k, m := range marks {
		for ; m != 0; m &= m - 1 {
			n := bits.TrailingZeros64(m)
			i := k<<6 + n
			if i < end {
				continue
			}
			var is bool
			if is, end = shapes.at(text, i, digits[k]>>n|digits[k+1]<<(64-n)); is {
				return true
			}
		}
	}
	return false
}

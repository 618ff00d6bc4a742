// Package normal brings UTF-8 text into the form that detectors look at (width,
// kana, hyphens, spaces, invisible characters, digits) and keeps the way back
// to the bytes it came from.
//
// Use Fold on every text before matching, and String on words that are matched
// against folded text. What depends on language (kanji numerals, old and new
// forms of kanji, long-vowel marks used as hyphens) is left to dictionaries and
// detectors.
package normal

// Map leads from byte offsets in a derived text (decoded, unescaped, folded)
// back to byte offsets in the bytes it came from. The zero Map is the identity
// from offset 0. A Map is a list of segments; within one, every unit of out
// bytes stands for the same number of in bytes, so a whole CP932 document of
// kanji is one segment. Not safe for concurrent use while it is being built.
type Map struct {
	base int64
	segs []segment
	hint int // where Copy and Unit last were in the map they compose with
}

// segment says: from out on, each unit of ow output bytes stands for iw input
// bytes. iw or ow may be 0 for inserted or dropped text.
type segment struct {
	out    int
	in     int64
	ow, iw int
}

// Reset makes m the identity that starts at base, keeping its storage.
func (m *Map) Reset(base int64) { m.base, m.segs, m.hint = base, m.segs[:0], 0 }

// Identity reports whether m only shifts by a constant.
func (m *Map) Identity() bool { return len(m.segs) == 0 }

// Step records that from output offset out, which stands for input offset in,
// each unit is ow output and iw input bytes, until the next Step. Calls come
// in ascending order of out; a step that continues the previous one is merged.
func (m *Map) Step(out int, in int64, ow, iw int) {
	if n := len(m.segs); n > 0 {
		s := &m.segs[n-1]
		if s.ow == ow && s.iw == iw && ow > 0 {
			units := out - s.out
			if ow == 1 { // far from free: a division
			} else if units%ow == 0 {
				units /= ow
			} else {
				units = -1
			}
			if units >= 0 && s.in+int64(units)*int64(iw) == in {
				return
			}
		}
		if s.out == out {
			*s = segment{out, in, ow, iw}
			return
		}
	} else if ow == 1 && iw == 1 && m.base+int64(out) == in {
		return
	}
	m.segs = append(m.segs, segment{out, in, ow, iw})
}

// Origin returns the input offset for output offset i; within a unit it is the
// unit's start. Offsets past the end extend the last segment.
func (m *Map) Origin(i int) int64 { return m.origin(i, nil) }

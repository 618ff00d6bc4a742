package detect

import (
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// heedful is implemented by a Sink to which it may not matter which values of a type
// are validated. What dictionaries say of the cells of a table need then not be known.
type heedful interface {
	// Heeds is asked before each block. The answer is valid for that block.
	Heeds(t Type) bool
}

// heeds reports whether it matters which values of type t are validated.
func (s *Session) heeds(t Type) bool {
	h, ok := s.sink.(heedful)
	return !ok || h.Heeds(t)
}

// named is a name that is taken[i], or of it what stands behind a gap.
type named struct{ i, start, end int32 }

// list validates the names that begin with one that the dictionaries know, or have
// one behind a gap in them.
func (k *claims) list(text []byte, words *match.Set) {
	k.named = k.named[:0]
	for i := range k.taken {
		if c := &k.taken[i]; c.kind == claimName {
			k.named = append(k.named, named{int32(i), c.start, c.end})
		}
	}
	for len(k.named) > 0 {
		k.offsets = k.offsets[:0]
		for i := range k.named {
			k.offsets = append(k.offsets, uint32(k.named[i].start))
		}
		k.hits = words.AtEach(k.hits[:0], text, k.offsets)
		hits, left := k.hits, k.named[:0]
		for _, n := range k.named {
			f := &k.taken[n.i]
			for ; len(hits) > 0 && hits[0].Start <= n.start; hits = hits[1:] {
				switch class, _ := Unpack(hits[0].Payload); class {
				case ClassSurname, ClassGiven, ClassEnglish:
					f.validated = f.validated || hits[0].End <= n.end
				}
			}
			if f.validated {
				continue
			}
			for n.start < n.end && text[n.start] != ' ' {
				n.start++
			}
			if n.start++; n.start < n.end {
				left = append(left, n)
			}
		}
		k.named = left
	}
}

// post validates the postal codes that are listed.
func (k *claims) post() {
	for i := range k.taken {
		if c := &k.taken[i]; c.kind == claimPostal {
			code, _ := eightDigits(uint64(binary.LittleEndian.Uint32(k.canon[c.from+3:]))<<32 |
				uint64(binary.LittleEndian.Uint32(k.canon[c.from:]))<<8 | '0')
			c.validated = dict.PostalListed(code)
		}
	}
}

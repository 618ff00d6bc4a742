package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// addresses finds postal addresses: Japanese ones from prefecture or
// municipality through town and block to the building, English street addresses
// of the United States, Canada and the United Kingdom, and those of other
// countries that write in Latin letters where the street's kind or a word before
// announces them.
//
// A place name alone is no address. What makes one is a block number, a listed
// town below a municipality, or a label that promises an address.
type addresses struct{}

func (addresses) ID() string    { return "address" }
func (addresses) Types() []Type { return []Type{Address} }

// placeKind tells the literals of ClassPlace apart; it stands in bits 16 to 23
// of the payload.
type placeKind uint32

const (
	placePrefecture placeKind = iota // low bits: index into dict.Prefectures
	placeCity                        // a name that dict.CityAt knows
	placeBlock                       // 丁目, 番地, 条
	placeStreet                      // Street, Ave.
	placeBox                         // P.O. Box
	placeFlat                        // Apt, Suite
	placeRue                         // Rue, Via, Calle
	placePostal                      // 〒
	placeRural                       // RR, HC, PSC
	placeAnnounced                   // address:, lives at
	placeRueEnd                      // -straat, -weg
	placeCorner                      // corner of
)

// Patterns implements Vocabulary.
func (addresses) Patterns() []match.Pattern {
	var p []match.Pattern
	add := func(text string, kind placeKind, n int) {
		p = append(p, match.Pattern{Literal: text, Payload: Payload(ClassPlace, uint32(kind)<<16|uint32(n))})
	}
	for i, name := range dict.Prefectures {
		add(name, placePrefecture, i)
	}
	seen := map[string]bool{}
	for _, name := range dict.CityNames() {
		for _, v := range placeVariants(name) {
			if !seen[v] {
				seen[v] = true
				add(v, placeCity, 0)
			}
		}
	}
	for _, w := range []string{"丁目", "番地", "番町", "地割", "番丁"} {
		add(w, placeBlock, 0)
	}
	return append(p, streetPatterns()...)
}

// Find implements Detector.
func (addresses) Find(b *Block, emit func(Finding)) {
	s := addressSearch{b: b, text: b.Text, emit: emit}
	run := 0
	for i := range b.Hits {
		h := &b.Hits[i]
		if Class(h.Payload>>24) != ClassPlace {
			continue
		}
		run = s.zips(run, int(h.Start))
		s.settle(int(h.Start))
		if int(h.Start) < s.taken {
			continue
		}
		switch placeKind(h.Payload >> 16 & 0xFF) {
		case placePrefecture, placeCity:
			s.japanese(int(h.Start))
		case placeBlock:
			s.blockOnly(int(h.Start))
		case placeStreet:
			s.street(int(h.Start), int(h.End), h.Payload&1 != 0)
		case placeBox:
			s.box(int(h.Start), int(h.End))
		case placeFlat:
			s.flat(int(h.Start), int(h.End), h.Payload&1 != 0)
		case placeRue:
			s.rue(int(h.Start), int(h.End))
		case placeRural:
			s.rural(int(h.Start), int(h.End))
		case placeRueEnd:
			s.rueEnd(int(h.Start), int(h.End))
		case placeAnnounced:
			s.announced(int(h.End), h.Payload&1 != 0)
		case placeCorner:
			s.corner(int(h.Start), int(h.End))
		}
	}
	s.zips(run, len(b.Text))
	s.settle(len(b.Text))
}

// addressSearch is one Find. It lives on the stack.
type addressSearch struct {
	b     *Block
	text  []byte
	emit  func(Finding)
	taken int
	// What the tail of an address is read behind: a flat, and in a text in small
	// letters.
	behindFlat, small bool
	// An announced address, reported unless a better one is found in it; up to
	// its end, 0 if there is none.
	from, to int
	sure     float32
}

func (s *addressSearch) report(start, end int, confidence float32, listed bool) {
	if confidence < 0.3 {
		return
	}
	s.taken = end
	s.emit(Finding{
		Type: Address, Detector: "address", Start: start, End: end,
		Confidence: min(confidence, 0.99), Validated: listed, Canon: addressCanon(s.text[start:end]),
	})
}

// addressCanon is the address without spaces, in one spelling of the
// characters that people exchange.
func addressCanon(t []byte) string {
	out := make([]byte, 0, len(t))
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRune(t[i:])
		switch {
		case r <= ' ' || r == ',' || r == '.':
		case r >= 'A' && r <= 'Z':
			out = append(out, byte(r)|0x20)
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		default:
			out = utf8.AppendRune(out, dict.Fold(r))
		}
		i += n
	}
	return string(out)
}

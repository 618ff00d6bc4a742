package detect

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// streetWords are the kinds of street of English addresses (US Postal Service
// Publication 28, Appendix C1, and those of the United Kingdom); the second
// list needs more around it, as its words are common ones.
const (
	streetWords = `Street St. St Avenue Ave. Ave Road Rd. Rd Boulevard Blvd. Blvd Drive Dr. Dr Lane Ln. Ln Court Ct. Ct Circle Cir. Cir Place Pl. Pl
 Terrace Ter. Parkway Pkwy. Pkwy Highway Hwy. Hwy Turnpike Trail Trl Broadway Alley Plaza Plz Square Sq. Crescent Close Mews Expressway Freeway Route Rte Pike Loop Causeway`
	streetMore = `Way Walk Row Path Run Pass Park Point Hill Hills Ridge View Grove Gardens Green Heights Landing Manor Meadow Meadows Mill Mills Mount Orchard Oval
 Bridge Brook Creek Crossing Crossroad Dale Field Fields Flat Flats Ford Forest Forge Forges Fork Forks Glen Glens Harbor Haven Hollow Inlet Island Isle Junction
 Keys Knoll Knolls Lake Lakes Light Lights Lodge Mission Motorway Mountain Neck Oval Overpass Parks Passage Pine Pines Plain Plains Port Prairie Ramp Ranch Rapids Rest
 River Roads Route Shoal Shoals Shore Shores Skyway Spring Springs Spur Station Stravenue Stream Summit Throughway Trace Track Trafficway Tunnel Underpass Union Valley Viaduct
 Village Ville Vista Walks Wall Ways Well Wells Bend Branch Burg Bypass Camp Canyon Cape Center Centers Cliff Cliffs Club Common Corner Corners Course Courts Cove Coves Curve Dam Divide Estate Estates Extension Extensions Fall Falls Ferry Garden Gateway Greens Groves`
)

func streetPatterns() []match.Pattern {
	var p []match.Pattern
	seen := map[string]bool{}
	add := func(text string, kind placeKind, n uint32) {
		if !seen[text] {
			seen[text] = true
			p = append(p, match.Pattern{Literal: text, Payload: Payload(ClassPlace, uint32(kind)<<16|n)})
		}
	}
	for _, w := range strings.Fields(streetWords) {
		add(" "+w, placeStreet, 1)
		add(" "+strings.ToUpper(w), placeStreet, 1)
	}
	for _, w := range strings.Fields(streetMore) {
		add(" "+w, placeStreet, 0)
	}
	for _, w := range []string{"Apt. ", "Apt ", "Suite ", "Unit ", "Apartment ", "Ste. ", "Ste ", "Flat "} {
		add(w, placeFlat, 0)
	}
	for _, w := range []string{"apt. ", "suite ", "APT ", "SUITE "} {
		add(w, placeFlat, 1)
	}
	for _, w := range []string{"corner of ", "Corner of ", "intersection of "} {
		add(w, placeCorner, 0)
	}
	for _, w := range strings.Fields(rueWords) {
		add(w+" ", placeRue, 0)
	}
	for _, w := range []string{"P.O. Box", "PO Box", "P.O.Box", "P. O. Box", "PO BOX", "P.O. BOX"} {
		add(w, placeBox, 0)
	}
	for _, w := range strings.Fields(rueEnds) {
		add(w+" ", placeRueEnd, 0)
	}
	for _, w := range []string{"po box", "p.o. box", "Post Office Box", "POB ", "Locked Bag", "GPO Box"} {
		add(w, placeBox, 0)
	}
	for _, w := range []string{"RR ", "R.R. ", "Rural Route ", "HC ", "PSC ", "CMR "} {
		add(w, placeRural, 0)
	}
	for _, w := range []string{"address:", "address is ", `address":`, `street":`, `line":`, `line1":`, `line2":`, `番地":`, "address1:", "street:", "lives at "} {
		p = append(p, cased(w, Payload(ClassPlace, uint32(placeAnnounced)<<16))...)
	}
	for _, w := range []string{"office is at ", " live at ", " living at ", "resides at ", " reside at ", "residing at ", "located at ", "address to ", "address with ", "s address "} {
		add(w, placeAnnounced, 1)
	}
	return p
}

// cased gives w as it is usually written: small, with a capital, in capitals. A
// set in which some literal folds looks at every letter of either case, which
// those of kanji need not.
func cased(w string, payload uint32) []match.Pattern {
	i := len(w) - len(strings.TrimLeft(w, " "))
	forms := []string{w, w[:i] + strings.ToUpper(w[i:i+1]) + w[i+1:], strings.ToUpper(w)}
	var p []match.Pattern
	for _, f := range forms {
		p = append(p, match.Pattern{Literal: f, Payload: payload})
	}
	return p
}

// street reads the address whose street word stands at [start,end): a house
// number up to six words before it, then flat, town, state and code.
func (s *addressSearch) street(start, end int, strong bool) {
	t := s.text
	if end < len(t) && isLatinLetter(t, end) || end+1 < len(t) && t[end] == '\'' {
		return
	}
	at := start
	words := 0
	number := -1
	for words < 7 && at > s.taken {
		// The word that ends at at.
		w := at
		for w > 0 && t[w-1] != ' ' && t[w-1] != '\n' && t[w-1] != '\t' && t[w-1] != ',' && t[w-1] != '"' && t[w-1] != '\'' && at-w < 30 {
			w--
		}
		if w == at || w < s.taken {
			break
		}
		word := t[w:at]
		if word[0] >= '0' && word[0] <= '9' {
			number = w
			if !ordinal(word) {
				break
			}
		} else if words > 0 && numberWords[string(word)] {
			number = w
			break
		} else if r, _ := utf8.DecodeRune(word); !unicode.IsUpper(r) && !nameParticles[string(word)] || notInStreets[string(word)] && !(words == 0 && len(word) == 1) {
			break // but 1301 A Street
		}
		words++
		if w == 0 || t[w-1] != ' ' {
			break
		}
		at = w - 1
	}
	if number < 0 || number == start {
		return
	}
	if !latinBorder(t, number) || houseNumber(t[number:]) == 0 && !isUpper(t[number]) {
		return
	}
	if isUpper(t[number]) && !strong {
		return // One Way
	}
	if !strong && end < len(t) && t[end] == ' ' && streetKinds[string(t[end+1:wordAt(t, end+1)])] {
		return // Harley Brook Lane
	}
	stop := end
	if stop < len(t) && t[stop] == '.' {
		stop++
	}
	tail := s.streetTail(stop)
	var c float32 = 0.55
	if strong {
		c = 0.85
	}
	own, near := s.b.Label(number)
	ns := nameSearch{b: s.b, text: t}
	left, right := ns.cellBorder(number, max(stop, tail.end))
	switch {
	case own&placeLabels != 0:
		c = 0.97
	case tail.code:
		c = 0.95
	case near&placeLabels != 0, left && right, tail.flat || tail.state:
		c = max(c+0.1, 0.8)
	case !strong && !left:
		c = 0.35
	}
	s.report(s.leading(number), max(stop, tail.end), c, tail.code)
}

// numberWords stand for the numbers of well-known buildings: One Canada Square.
var numberWords = nameSet(`One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve`)

// notInStreets are words that begin a phrase, not the name of a street.
var notInStreets = nameSet(`The A An In On At Of And For To From By With As Is Was My Our Your His Her Their This That`)

// ordinal reports whether w is 4th or 21st: part of a street's name.
func ordinal(w []byte) bool {
	if len(w) < 3 {
		return false
	}
	switch string(bytes.ToLower(w[len(w)-2:])) {
	case "st", "nd", "rd", "th":
		return true
	}
	return false
}

// houseNumber returns the length of a house number such as 12, 12B, 12-14, 0
// if t begins with none.
func houseNumber(t []byte) int {
	i := 0
	for i < len(t) && i < 6 && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	if i == 0 || i == 6 {
		return 0
	}
	for i < len(t) && i < 12 && t[i] != ' ' {
		if c := t[i]; !(c == '-' || c == '/' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'h') {
			return 0
		}
		i++
	}
	return i
}

// streetTail is what was read behind the street.
type streetTail struct {
	end               int
	flat, state, code bool
}

var flatWords = nameSet(`Apt Apt. Apartment Suite Ste Ste. Unit Floor Fl Flat Room Rm Rm. Building Bldg Bldg. N S E W NE NW SE SW N. S. E. W. North South East West #`)

var stateCodes = nameSet(`AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR AA AE AP AS GU MP VI FM MH PW`)

// streetTail reads flat, town, state and postal code behind i.
func (s *addressSearch) streetTail(i int) streetTail {
	t := s.text
	tail := streetTail{flat: s.behindFlat}
	at := i
	pending := 0 // words read since the last sure part
	for n := 0; n < 18 && at < len(t); n++ {
		gap, breaks := addressGap(t, at)
		if gap == at || breaks > 2 || breaks > 1 && !tail.flat {
			break
		}
		w := gap
		for w < len(t) && w-gap < 24 && t[w] > ' ' && t[w] != ',' && t[w] != '"' && t[w] != '\'' && t[w] != ';' && t[w] != ')' && t[w] != '<' {
			w++
		}
		if w == gap {
			break
		}
		word := t[gap:w]
		bare := bytes.TrimRight(word, ".?!:")
		switch {
		case flatWords[string(word)] || smallFlats[string(word)] && numberAhead(t[w:]):
			tail.flat = true
			at, pending = w, 0
			tail.end = w
			continue
		case tail.flat && tail.end == at && len(word) <= 6 && (word[0] >= '0' && word[0] <= '9' || word[0] == '#' || len(bare) == 1):
			at, tail.end = w, gap+len(bare)
			continue
		case stateCodes[string(bare)] && len(bare) == len(word):
			tail.state = true
			at, tail.end, pending = w, w, 0
			continue
		case codeAndTown(t, at, gap) > 0: // 10115 Berlin
			tail.code = true
			tail.end = codeAndTown(t, at, gap)
			return tail
		case zipCode(bare):
			if tail.state || pending > 0 || tail.flat {
				tail.code = true
				tail.end = gap + len(bare)
				return tail
			}
			return tail
		case ukCode(t[gap:]) > 0:
			tail.code = true
			tail.end = gap + ukCode(t[gap:])
			return tail
		case canadianCode(t[gap:]) > 0:
			tail.code = true
			tail.end = gap + canadianCode(t[gap:])
			return tail
		case eirCode(t[gap:]) > 0 && pending > 0:
			tail.code = true
			tail.end = gap + eirCode(t[gap:])
			return tail
		case australia[string(bare)] && len(bare) == len(word) && pending > 0 && digitsAhead(t[w:]) == 4,
			digitsAhead(t[w:]) == 6 && (string(bare) == "Singapore" || pending > 0 && allCities[string(bare)]):
			// Melbourne VIC 3000, Singapore 049315, Mumbai 400001
			tail.state, tail.code = true, true
			tail.end = w + 1 + digitsAhead(t[w:])
			return tail
		case provinces[string(bare)] && len(bare) == len(word) && pending > 0:
			at, pending = w, pending-1 // Toronto ON M5V 2T6
			continue
		}
		r, _ := utf8.DecodeRune(word)
		if pending >= 7 || len(bare) < len(word) && len(bare) > 3 || !unicode.IsUpper(r) && !(pending > 0 && townParticles[string(word)]) && !(tail.flat && s.small && r >= 'a') {
			return tail
		}
		pending++
		at = w
	}
	return tail
}

// zipCode reports whether w is 12345 or 12345-6789.
func zipCode(w []byte) bool {
	if len(w) != 5 && len(w) != 10 {
		return false
	}
	for i, c := range w {
		if i == 5 {
			if c != '-' {
				return false
			}
		} else if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ukCode returns the length of a British postcode (SW1A 2AA) at the start of
// t, 0 if there is none.
func ukCode(t []byte) int {
	i := 0
	upper := func() bool { return i < len(t) && t[i] >= 'A' && t[i] <= 'Z' }
	digit := func() bool { return i < len(t) && t[i] >= '0' && t[i] <= '9' }
	for i < 2 && upper() {
		i++
	}
	if i == 0 || !digit() {
		return 0
	}
	i++
	if digit() || upper() {
		i++
	}
	if i >= len(t) || t[i] != ' ' {
		return 0
	}
	i++
	if !digit() {
		return 0
	}
	i++
	for range 2 {
		if !upper() {
			return 0
		}
		i++
	}
	if i < len(t) && isLatinLetter(t, i) {
		return 0
	}
	return i
}

var provinces = nameSet(`AB BC MB NB NL NS NT NU ON PE QC SK YT NSW QLD ACT TAS`)

// canadianCode returns the length of a Canadian postal code (K1A 0B1) at the start
// of t, 0 if there is none. D, F, I, O, Q and U are not used, W and Z not first.
func canadianCode(t []byte) int {
	letter := func(i int) bool {
		return i < len(t) && isUpper(t[i]) && bytes.IndexByte([]byte("DFIOQU"), t[i]) < 0
	}
	digit := func(i int) bool { return i < len(t) && isDigit(t[i]) }
	if !letter(0) || t[0] == 'W' || t[0] == 'Z' || !digit(1) || !letter(2) || len(t) < 6 {
		return 0
	}
	i := 3
	if t[i] == ' ' || t[i] == '-' {
		i++
	}
	if !digit(i) || !letter(i+1) || !digit(i+2) || i+3 < len(t) && isLatinLetter(t, i+3) {
		return 0
	}
	return i + 3
}

// rural reads a rural route, a highway contract or a military unit with its box:
// RR 2 Box 15, HC 68 Box 23A, PSC 1234 Box 5678.
func (s *addressSearch) rural(start, end int) {
	t := s.text
	at := end
	for at < len(t) && at-end < 5 && isDigit(t[at]) {
		at++
	}
	if at == end || !latinBorder(t, start) {
		return
	}
	if at < len(t) && t[at] == ',' {
		at++
	}
	for _, w := range [...]string{" Box ", " BOX "} {
		if startsWith(t[at:], w) && at+len(w) < len(t) && isDigit(t[at+len(w)]) {
			s.box(start, at+len(w))
			return
		}
	}
}

// box reads P.O. Box 123 with what follows.
func (s *addressSearch) box(start, end int) {
	t := s.text
	at := end
	for at < len(t) && (t[at] == ' ' || t[at] == '#') && at-end < 3 {
		at++
	}
	n := at
	for n < len(t) && t[n] >= '0' && t[n] <= '9' && n-at < 8 {
		n++
	}
	if n == at || !latinBorder(t, start) {
		return
	}
	if n < len(t) && isUpper(t[n]) {
		n++ // Box 23A
	}
	tail := s.streetTail(n)
	c := float32(0.9)
	if tail.code {
		c = 0.96
	}
	s.report(s.leading(start), max(n, tail.end), c, tail.code)
}

// zips looks for a state and a ZIP code among the digit runs from the given
// one up to offset end, and reads the address back from there: 585 W Main,
// Margaretville TN 36249. It returns the run to go on from.
func (s *addressSearch) zips(run, end int) int {
	words := s.b.runWords()
	for k := run >> 6; k < len(words); k++ {
		in := words[k][5] & words[k][behindWide] &^ (1<<(run&63) - 1)
		for ; in != 0; in &= in - 1 {
			if run = k<<6 + bits.TrailingZeros64(in); int(s.b.Runs[run].Start) >= end {
				return run
			}
			s.zip(s.b.Runs[run])
		}
		run = (k + 1) << 6
	}
	return len(s.b.Runs)
}

// zip reads back the address that ends with the five digits r, if they may be a ZIP
// code.
func (s *addressSearch) zip(r match.Run) {
	t, at, stop := s.text, int(r.Start), int(r.End)
	if at < 4 || at < s.taken || t[at-1] != ' ' || !stateCodes[string(t[at-3:at-1])] || t[at-4] != ' ' && t[at-4] != ',' && t[at-4] != '\n' {
		return
	}
	if stop+5 <= len(t) && zipCode(t[at:stop+5]) {
		stop += 5
	}
	if stop < len(t) && isLatinLetter(t, stop) {
		return
	}
	start, words, number := s.backToNumber(at - 4)
	c := float32(0.55) // a town with its code
	switch {
	case words == 0:
		return
	case number:
		c = 0.93
	}
	own, near := s.b.Label(start)
	if own&placeLabels != 0 {
		c = 0.97
	} else if near&placeLabels != 0 {
		c = max(c, 0.8)
	}
	s.report(start, stop, c, true)
}

// backToNumber goes back from i over the words of an address to its house
// number. It returns where the address begins, how many words it has and
// whether there is a number.
func (s *addressSearch) backToNumber(i int) (start, words int, number bool) {
	t := s.text
	start = i
	commas := 0
	for at := i; at > s.taken && words < 12 && i-at < 100; {
		for at > s.taken && (t[at-1] == ' ' || t[at-1] == ',' || t[at-1] == '\n') {
			if t[at-1] != ' ' {
				commas++
			}
			at--
		}
		w := at
		for w > s.taken && t[w-1] > ' ' && t[w-1] != ',' && t[w-1] != '"' && t[w-1] != ':' && t[w-1] != ';' {
			w--
		}
		if w == at || commas > 3 {
			break
		}
		word := t[w:at]
		r, _ := utf8.DecodeRune(word)
		digits := r >= '0' && r <= '9'
		if !digits && !unicode.IsUpper(r) && !nameParticles[string(word)] || notInStreets[string(word)] && string(word) != "The" {
			break
		}
		words++
		if !digits && !number && commas <= 1 {
			start = w
		}
		if digits && !ordinal(word) && words > 1 {
			start = w
			if houseNumber(word) > 0 {
				number = true
				// A flat's number is not the house's: go on if one word of
				// a flat stands before.
				if p := bytes.LastIndexByte(t[:max(0, w-1)], ' '); p < 0 || !flatWords[string(t[p+1:w-1])] {
					return start, words, true
				}
			}
		}
		at = w
	}
	return start, words, number
}

// flat reads an address from its flat: Apt. 335, Suite 12, with what stands
// before and after.
func (s *addressSearch) flat(start, end int, small bool) {
	t := s.text
	n := end
	if n < len(t) && t[n] == '#' {
		n++
	}
	digits := n
	for n < len(t) && n-digits < 6 && (t[n] >= '0' && t[n] <= '9') {
		n++
	}
	if n == digits || !latinBorder(t, start) {
		return
	}
	from, _, number := s.backToNumber(start)
	if !number || small {
		if i := s.lineAbove(start); i >= 0 {
			from, number = i, true
		}
	}
	if !number && s.flatFirst(start, n) || !number && small {
		return
	}
	s.small, s.behindFlat = small, true
	tail := s.streetTail(n)
	s.small, s.behindFlat = false, false
	if !number { // a flat alone: often a field of its own beside the street
		s.report(start, max(n, tail.end), 0.35, tail.code)
		return
	}
	from = s.leading(from)
	c := float32(0.8)
	if tail.code {
		c = 0.95
	}
	own, near := s.b.Label(from)
	if own&placeLabels != 0 {
		c = 0.97
	} else if near&placeLabels != 0 {
		c = max(c, 0.85)
	}
	s.report(from, max(n, tail.end), c, tail.code)
}

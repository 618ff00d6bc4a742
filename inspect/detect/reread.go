package detect

import (
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// reread finds the values under a label that are written as their detector does not
// read them: 電話 〇九〇－一二三四－五六七八, TEL O9O-1234-5678, マイナンバー 1 2 3 4 …,
// a number that the end of a line breaks. It spells them again and asks that
// detector. Only the label makes sure that a number is meant, so there is
// nothing without one.
type reread struct {
	spellings []spelling
	labels    Label         // of the spellings
	by        [64]*spelling // by the number of the label's bit
	mail      bool          // e-mail addresses too
}

func newReread(spellings []spelling, mail bool) *reread {
	re := &reread{spellings: spellings, mail: mail}
	for i := range spellings {
		re.labels |= spellings[i].label
		re.by[bitOf(spellings[i].label)] = &spellings[i]
	}
	return re
}

func (*reread) ID() string { return "reread" }

// Types implements Detector.
func (re *reread) Types() (types []Type) {
	for i := range re.spellings {
		types = append(types, re.spellings[i].types...)
	}
	if re.mail {
		types = append(types, Email)
	}
	return types
}

// Patterns implements Vocabulary: the words that no other detector has looked for.
func (re *reread) Patterns() []match.Pattern {
	var list []match.Pattern
	for i := range re.spellings {
		switch l := re.spellings[i].label; l {
		case LPlate:
			list = append(list, hintWords(l, "車両番号", "車番", "ナンバー")...)
		case LIBAN:
			list = append(list, hintWords(l, "iban")...)
		case LAddress:
			list = append(list, match.Pattern{Literal: "住所", Payload: Payload(ClassHint, bitOf(l))})
		case LPostal:
			list = append(list, match.Pattern{Literal: "郵便番号", Payload: Payload(ClassHint, bitOf(l))})
		}
	}
	return list
}

// spelts are *spelt.
var spelts = sync.Pool{New: func() any { return new(spelt) }}

// Find implements Detector.
func (re *reread) Find(b *Block, emit func(Finding)) {
	s := spelts.Get().(*spelt)
	defer spelts.Put(s)
	if re.mail {
		for _, at := range b.Ats {
			if at > 0 && int(at)+1 < len(b.Text) && !blank(b.Text[at-1]) && !blank(b.Text[at+1]) {
				continue // most often
			}
			if f, ok := s.mail(b, int(at)); ok {
				emit(f)
			}
		}
	}
	switch c := b.context.(type) {
	case *view:
		re.cells(c, nil, b.demand, s, emit)
	case *rest:
		re.cells(c.view, c, b.demand, s, emit)
	}
	for i := range b.Hits {
		h := &b.Hits[i]
		k := re.announced(h.Payload)
		if k == nil {
			continue
		}
		start := announcedAt(b.Text, int(h.End), k)
		if start < 0 || k.asUsual(b.Text, start) {
			continue
		}
		s.spell(k, b.Text, start, len(b.Text))
		f, ok := s.value(k, b, start)
		if line := s.broken; !ok && line > 0 { // what follows was something else
			s.spell(k, b.Text, start, line)
			f, ok = s.value(k, b, start)
		}
		if ok {
			emit(f)
		}
	}
}

// asUsual reports whether the value at offset i of t is nothing but digits and signs
// as k's detector reads them.
func (k *spelling) asUsual(t []byte, i int) bool {
	if k.chars != bare {
		return false
	}
	for limit := min(len(t), i+2*maxSpelt); i < limit; i++ {
		switch c := t[i]; {
		case isDigit(c) || c > ' ' && c < utf8.RuneSelf && strings.IndexByte(k.signs, c) >= 0:
		default: // what spell ends at
			return c < utf8.RuneSelf && !isLetter(c) && separatorOf[c] == 0 && c != '\n' && c != '\r'
		}
	}
	return true
}

// announced returns the spelling of the values that a hit announces, nil if there
// are none.
func (re *reread) announced(payload uint32) *spelling {
	switch class, n := Unpack(payload); {
	case class == ClassHint:
		return re.by[n&63]
	case class == ClassPlace && placeKind(n>>16&0xFF) == placePostal:
		return re.of(LPostal)
	}
	return nil
}

// of returns the spelling for one of labels, nil if there is none.
func (re *reread) of(labels Label) *spelling {
	if labels &= re.labels; labels == 0 {
		return nil
	}
	return re.by[bits.TrailingZeros64(uint64(labels))]
}

// announcedAt returns where behind the word that ends at i its value begins, -1 if
// none does there.
func announcedAt(t []byte, i int, k *spelling) int {
	parted, words := k.label == LPostal, 0 // a separator has been passed; words behind the label
	for end := min(len(t), i+hintAhead); i < end; {
		switch c := t[i]; behindLabel[c] {
		case valueDigit:
			return i
		case valueLetter:
			if t[i-1] == ' ' && i+1 < len(t) && isDigit(t[i+1]) && alikeDigit(rune(c)) >= 0 ||
				parted && (k.chars == latin || k.chars == plated || alikeDigit(rune(c)) >= 0 || k.chars == dated && isEraLetter(c)) {
				return i
			}
			for i++; !parted && i < end && isLetter(t[i]); i++ {
			}
		case valueSpace:
			if words++; words > 3 {
				return -1
			}
			i++
		case valueParts:
			parted = true
			i++
		case valueSign:
			i++
		case valueNone:
			return -1
		default:
			r, n := utf8.DecodeRune(t[i:])
			if kana := r >= 'ぁ' && r <= 'ヺ'; kana && (!parted || k.chars <= dated) {
				parted = parted || r == 'は'
				i += n
				continue
			}
			switch {
			case r == '、' || r == '。':
				return -1
			case kanjiDigit(r) >= 0, alikeDigit(r) >= 0, parted && (k.chars == plated || k.chars == latin && alikeLetter(r) != 0):
				return i
			case k.chars == written && parted:
				if i+n < len(t) && t[i+n] == ' ' {
					return i
				}
				return -1
			case k.chars == dated && (parted || r == '千'):
				switch r {
				case '明', '大', '昭', '平', '令', '千':
					return i
				}
			}
			i += n
		}
	}
	return -1
}

// What a byte behind a label is to announcedAt.
const (
	valueNone   uint8 = iota // no value follows
	valueDigit               // it begins one
	valueLetter              // it may
	valueSpace               //
	valueParts               // it parts label and value
	valueSign                // it may stand between them
	valueOther               // no ASCII
)

var behindLabel = func() (k [256]uint8) {
	for c := range k {
		switch {
		case c >= utf8.RuneSelf:
			k[c] = valueOther
		case isDigit(byte(c)):
			k[c] = valueDigit
		case isLetter(byte(c)):
			k[c] = valueLetter
		}
	}
	for _, c := range `:="|>` + "\t" {
		k[c] = valueParts
	}
	for _, c := range "()._-" {
		k[c] = valueSign
	}
	k[' '] = valueSpace
	return k
}()

// value judges the value that was spelt from offset start of b.
func (s *spelt) value(k *spelling, b *Block, start int) (f Finding, ok bool) {
	if !s.worth(k) {
		return f, false
	}
	own, near := b.Label(start)
	if own&LInsurance != 0 && near&LBank != 0 {
		own = LBank // 記号番号 of the post bank
	}
	if own&k.label == 0 && !endsWith(b.Text[:start], "〒") {
		return f, false
	}
	return s.read(k)
}

// worth reports whether the value may be one that no detector reads as it was.
func (s *spelt) worth(k *spelling) bool {
	least := 5
	switch k.chars {
	case written:
		return s.apart()
	case dated:
		least = 3
	}
	return s.digits >= least && 3*s.posed <= 2*s.digits && (s.odd || s.apart() || k.form != "" && !s.formed(k))
}

// apart reports whether the first characters of the value stand apart.
func (s *spelt) apart() bool {
	_, n := utf8.DecodeRune(s.text[:s.n])
	return n+1 < s.n && s.text[n] == ' '
}

// formed reports whether the value begins as k's values do.
func (s *spelt) formed(k *spelling) bool {
	if s.n < len(k.form) {
		return false
	}
	for i, c := range []byte(k.form) {
		if c == '0' != isDigit(s.text[i]) {
			return false
		}
	}
	return true
}

// cells reads those cells of v's table that no column claimed. The block is what
// was left, or the whole text if that is nil.
func (re *reread) cells(v *view, left *rest, demand Demand, s *spelt, emit func(Finding)) {
	if v.mode != rows {
		return
	}
	t := &v.table
	if demand != nil && !slices.ContainsFunc(t.cols, func(c column) bool {
		k := re.of(c.label)
		return k != nil && slices.ContainsFunc(k.types, func(t Type) bool { return slices.Contains(demand, t) })
	}) {
		return // no need to part the rows into cells
	}
	t.ready(v.text)
	if left != nil {
		for _, c := range left.left {
			if k := re.of(t.cols[c.column].label); k != nil {
				s.cell(k, v.text, c.cell, left, emit)
			}
		}
	}
	first, last := len(t.cols), -1
	for i := range t.cols {
		c := &t.cols[i]
		if c.spelling = nil; c.reader == noReader && c.label&LCompany == 0 {
			c.spelling = re.of(c.label)
		}
		if c.spelling != nil {
			first, last = min(first, i), i
		}
	}
	for r, until := t.span(v.own, v.cut); r < until && last >= 0; r++ {
		row := t.row(r)
		for i := first; i <= last && i < len(row); i++ {
			if k := t.cols[i].spelling; k != nil && !t.inHeader(int(row[i].start)) {
				s.cell(k, v.text, row[i], left, emit)
			}
		}
	}
}

// cell emits the value that fills cell c of text.
func (s *spelt) cell(k *spelling, text []byte, c cell, left *rest, emit func(Finding)) {
	if c.end-c.start < 5 || s.spell(k, text, int(c.start), int(c.end)) != int(c.end) || !s.worth(k) {
		return
	}
	f, ok := s.read(k)
	if ok && left != nil {
		start := left.place(f.Start)
		if ok = start >= 0; ok {
			f.Start, f.End = start, start+f.End-f.Start
		}
	}
	if ok {
		emit(f)
	}
}

// place returns where in the rest offset i of the view's text stands, -1 if it was
// skipped.
func (r *rest) place(i int) int {
	k := sort.Search(len(r.seams), func(k int) bool { return r.seams[k].origin > i }) - 1
	if k < 0 {
		return -1
	}
	end := len(r.text)
	if k+1 < len(r.seams) {
		end = r.seams[k+1].at
	}
	if at := r.seams[k].at + i - r.seams[k].origin; at < end {
		return at
	}
	return -1
}

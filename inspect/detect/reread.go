package detect

import (
	"sort"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// reread finds the values under a label that are written as their detector does not
// read them: 電話 〇九〇－一二三四－五六七八, TEL O9O-1234-5678, マイナンバー 1 2 3 4 …,
// a number that the end of a line breaks. It spells them again and asks that
// detector. Only the label makes sure that a number is meant, so there is
// nothing without one.
type reread struct{ spellings []spelling }

func (*reread) ID() string { return "reread" }

// Types implements Detector.
func (re *reread) Types() (types []Type) {
	for i := range re.spellings {
		types = append(types, re.spellings[i].types...)
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
		case LPostal:
			list = append(list, hintWords(l, "郵便番号")...)
		}
	}
	return list
}

// Find implements Detector.
func (re *reread) Find(b *Block, emit func(Finding)) {
	var s spelt
	switch c := b.context.(type) {
	case *view:
		re.cells(c, &s, func(i int) int { return i }, emit)
	case *rest:
		re.cells(c.view, &s, c.place, emit)
	}
	for i := range b.Hits {
		h := &b.Hits[i]
		k := re.announced(h.Payload)
		if k == nil {
			continue
		}
		start := announcedAt(b.Text, int(h.End), k)
		if start < 0 {
			continue
		}
		s.spell(k, b.Text, start, len(b.Text))
		if f, ok := s.value(k, b, start); ok {
			emit(f)
		}
	}
}

// announced returns the spelling of the values that a hit announces, nil if there
// are none.
func (re *reread) announced(payload uint32) *spelling {
	class, n := Unpack(payload)
	var l Label
	switch {
	case class == ClassHint:
		l = 1 << n
	case class == ClassPlace && placeKind(n>>16&0xFF) == placePostal:
		l = LPostal
	default:
		return nil
	}
	return re.of(l)
}

// of returns the spelling for one of labels, nil if there is none.
func (re *reread) of(labels Label) *spelling {
	for i := range re.spellings {
		if re.spellings[i].label&labels != 0 {
			return &re.spellings[i]
		}
	}
	return nil
}

// announcedAt returns where behind the word that ends at i its value begins, -1 if
// none does there.
func announcedAt(t []byte, i int, k *spelling) int {
	parted, words := false, 0 // a separator has been passed; words behind the label
	for end := min(len(t), i+hintAhead); i < end; {
		switch c := t[i]; {
		case isDigit(c):
			return i
		case isLetter(c):
			if parted && (k.chars == latin || k.chars == plated || alikeDigit(rune(c)) >= 0 || k.chars == dated && isEraLetter(c)) {
				return i
			}
			i++
		case c == ' ':
			if words++; words > 3 {
				return -1
			}
			i++
		case c == ':' || c == '=' || c == '"' || c == '\t' || c == '>' || c == '|':
			parted = true
			i++
		case c == '(' || c == ')' || c == '.' || c == '_' || c == '-':
			i++
		case c < utf8.RuneSelf:
			return -1
		default:
			r, n := utf8.DecodeRune(t[i:])
			switch {
			case r == '、' || r == '。':
				return -1
			case kanjiDigit(r) >= 0, alikeDigit(r) >= 0, parted && (k.chars == plated || k.chars == latin && alikeLetter(r) != 0):
				return i
			case k.chars == dated && (parted || r == '千'):
				switch r {
				case '明', '大', '昭', '平', '令', '千':
					return i
				}
			}
			parted = parted || r == 'は'
			i += n
		}
	}
	return -1
}

// value judges the value that was spelt from offset start of b.
func (s *spelt) value(k *spelling, b *Block, start int) (f Finding, ok bool) {
	if !s.worth(k) {
		return f, false
	}
	if own, _ := b.Label(start); own&k.label == 0 {
		return f, false
	}
	return s.read(k)
}

// worth reports whether the value may be one that no detector reads as it was.
func (s *spelt) worth(k *spelling) bool {
	least := 5
	if k.chars == dated {
		least = 3
	}
	return s.digits >= least && 2*s.posed <= s.digits && (s.odd || s.apart() || k.form != "" && !s.formed(k))
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

// cells reads the cells of v's table that were not claimed by their columns. at
// leads from the view's text to the block's; it is -1 for what is not there.
func (re *reread) cells(v *view, s *spelt, at func(int) int, emit func(Finding)) {
	if v.mode != rows {
		return
	}
	t := &v.table
	t.ready(v.text)
	first, last := len(t.cols), -1
	for i := range t.cols {
		c := &t.cols[i]
		c.spelling = nil
		if c.label&LCompany == 0 && (c.reader == noReader || c.left > 0) {
			c.spelling = re.of(c.label)
		}
		if c.spelling != nil {
			first, last = min(first, i), i
		}
	}
	for r, until := t.span(v.own, v.cut); r < until && last >= 0; r++ {
		row := t.row(r)
		for i := first; i <= last && i < len(row); i++ {
			c, k := row[i], t.cols[i].spelling
			if k == nil || c.end-c.start < 5 || t.inHeader(int(c.start)) {
				continue
			}
			if end := s.spell(k, v.text, int(c.start), int(c.end)); end != int(c.end) || !s.worth(k) {
				continue
			}
			start := at(int(c.start))
			if start < 0 {
				continue
			}
			if f, ok := s.read(k); ok {
				f.Start, f.End = f.Start-int(c.start)+start, f.End-int(c.start)+start
				emit(f)
			}
		}
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

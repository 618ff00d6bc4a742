package detect

import "slices"

// Person is what tells the person of a record apart from others.
type Person struct {
	Name   string // canonical, pieces joined; "" if none
	Whole  int    // the finding that is the name as a whole, -1 if it is in pieces or there is none
	Strong []int  // findings by index whose values belong to one person, the surest first
	Weak   []int  // and those whose values people share: birth date, address
}

// strong are the types whose values belong to one person or household, the
// surest first.
var strong = []Type{MyNumber, Email, Phone, Card, Driver, Passport, Residence, Pension, Insurance, SSN, IBAN, Bank, Plate}

// StrengthOf returns the place of t among the types whose values belong to one
// person, below 16, -1 if it is none of them.
func StrengthOf(t Type) int { return slices.Index(strong, t) }

// Script tells in what a name is written, by its first characters: 0 for kanji, 1
// for kana, 2 for Latin letters.
func (f *Found) Script() int { return writing(f.Text) }

// Personal reports whether a finding of type t says something of a person.
// Types of rule authors do.
func Personal(t Type) bool { return t != Corporate && t != Service && t != TestCard }

// WithName are the types that tell a person by the name beside them only: those of
// Person.Weak.
var WithName = []Type{Birthdate, Address}

// Person describes the record's person by the findings of at least the given
// confidence, in p, whose storage it reuses.
func (r *Record) Person(confidence float32, p *Person) {
	p.Name, p.Whole, p.Strong, p.Weak = "", -1, p.Strong[:0], p.Weak[:0]
	best, surest := -1, len(strong)
	for i := range r.Found {
		f := &r.Found[i]
		switch {
		case f.Confidence < confidence:
		case f.Type == Name:
			if !f.Piece && (best < 0 || worseName(&r.Found[best], f)) {
				best = i
			}
		case slices.Contains(WithName, f.Type):
			p.Weak = append(p.Weak, i)
		default:
			rank := slices.Index(strong, f.Type)
			if rank < 0 {
				continue
			}
			p.Strong = append(p.Strong, i)
			if last := len(p.Strong) - 1; rank < surest {
				p.Strong[0], p.Strong[last], surest = p.Strong[last], p.Strong[0], rank
			}
		}
	}
	if best >= 0 {
		var pieces bool
		if p.Name, pieces = r.fullName(best); !pieces {
			p.Whole = best
		}
	}
}

// worseName reports whether b is the better writing of a person's name: kanji
// rather than kana, a whole name rather than a surname.
func worseName(a, b *Found) bool {
	kana := func(f *Found) bool { return f.Own&LKana != 0 || writing(f.Text) == 1 }
	return kana(a) && !kana(b)
}

// fullName joins the name at i with its pieces, the surname first, and reports
// whether there are any.
func (r *Record) fullName(i int) (name string, pieces bool) {
	name = r.Found[i].Canon
	for k := i + 1; k < len(r.Found); k++ {
		f := &r.Found[k]
		if f.Type != Name {
			continue
		}
		if !f.Piece {
			break
		}
		if pieces = true; f.Own&LSurname != 0 {
			name = f.Canon + name
		} else {
			name += f.Canon
		}
	}
	return name, pieces
}

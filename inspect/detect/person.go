package detect

// Person is what tells the person of a record apart from others.
type Person struct {
	Name string   // canonical, pieces joined; "" if none
	IDs  []string // canonical values that belong to one person, type first
}

// identifying are the types that tell people apart, the surest first.
var identifying = []Type{MyNumber, Email, Phone, Card, Driver, Passport, Residence, Pension, Insurance, SSN, IBAN, Bank, Birthdate, Address, Plate}

// Personal reports whether a finding of type t says something of a person.
// Types of rule authors do.
func Personal(t Type) bool { return t != Corporate && t != Service && t != TestCard }

// Person describes the record's person by the findings of at least the given
// confidence. It appends to ids[:0].
func (r *Record) Person(confidence float32, ids []string) Person {
	p := Person{IDs: ids[:0]}
	best := -1
	for i := range r.Found {
		f := &r.Found[i]
		if f.Confidence < confidence {
			continue
		}
		if f.Type == Name {
			if !f.Piece && (best < 0 || worseName(&r.Found[best], f)) {
				best = i
			}
			continue
		}
		for _, t := range identifying {
			if t == f.Type {
				p.IDs = append(p.IDs, string(t)+":"+f.Canon)
				break
			}
		}
	}
	if best >= 0 {
		p.Name = r.fullName(best)
	}
	return p
}

// worseName reports whether b is the better writing of a person's name: kanji
// rather than kana, a whole name rather than a surname.
func worseName(a, b *Found) bool {
	kana := func(f *Found) bool { return f.Own&LKana != 0 || writing(f.Text) == 1 }
	return kana(a) && !kana(b)
}

// fullName joins the name at i with its pieces, the surname first.
func (r *Record) fullName(i int) string {
	name := r.Found[i].Canon
	for k := i + 1; k < len(r.Found); k++ {
		f := &r.Found[k]
		if f.Type != Name {
			continue
		}
		if !f.Piece {
			break
		}
		if f.Own&LSurname != 0 {
			name = f.Canon + name
		} else {
			name += f.Canon
		}
	}
	return name
}

package detect

// NumberDetectors returns the detectors of numbers and identifiers: cards, telephone
// numbers, e-mail addresses, birth dates and the numbers that authorities,
// banks and insurers give to people. None needs a dictionary.
func NumberDetectors() []Detector {
	return []Detector{
		card{}, phone{}, email{}, birthdate{}, myNumber{}, corporate{}, driver{}, passport{},
		residence{}, pension{}, insurance{}, bank{}, plate{}, ssn{}, iban{}, circuit{}, kanjiDates{}, newReread(numberSpellings, true),
	}
}

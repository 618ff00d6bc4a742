package detect

import "testing"

func TestPassport(t *testing.T) {
	checkSightings(t, passport{}, []sighting{
		{text: "旅券番号 TK8462913", own: LPassport, value: "TK8462913", kind: Passport, lo: .95},
		{text: "TK8462913", value: "TK8462913", kind: Passport, hi: .3},
	})
	checkSightings(t, passport{}, []sighting{
		{text: "TK84629131", own: LPassport, hi: .01},
		{text: "ATK8462913", own: LPassport, hi: .01},
		{text: "tk8462913", own: LPassport, hi: .01},
		{text: "MZ8462913", own: LOrder, hi: .01},
	})
}

func TestPassportZone(t *testing.T) {
	const zone = "P<JPNYAMADA<<TARO<<<<<<<<<<<<<<<<<<<<<<<<<<<\nTK84629138JPN8503057F3103049<<<<<<<<<<<<<<02\n"
	b := numberBlock(t, passport{}, zone, said{})
	found := map[Type]string{}
	passport{}.Find(b, func(f Finding) {
		if !f.Validated || f.Confidence < .95 {
			t.Errorf("%s: %.2f", f.Type, f.Confidence)
		}
		found[f.Type] = f.Canon
	})
	if found[Passport] != "TK8462913" || found[Birthdate] != "19850305" || len(found) != 2 {
		t.Errorf("found %v", found)
	}
	broken := "TK84629137JPN8503057F3103049<<<<<<<<<<<<<<02" // a check digit is off
	b = numberBlock(t, passport{}, broken, said{})
	passport{}.Find(b, func(f Finding) { t.Errorf("found %s in a broken zone", f.Type) })
}

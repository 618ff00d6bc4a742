package detect

import "testing"

// TestOtherWritings reads numbers in writings that are less usual, which only their
// label makes sure.
func TestOtherWritings(t *testing.T) {
	checkSightings(t, residence{}, []sighting{
		{text: "在留カード番号：AB 12345678 CD", value: "AB 12345678 CD", kind: Residence, own: LResidence, near: LResidence, lo: .9},
		{text: "在留カード番号：ab12345678cd", value: "ab12345678cd", kind: Residence, own: LResidence, near: LResidence, lo: .9},
		{text: "在留中の ab12345678cd"},
	})
	checkSightings(t, passport{}, []sighting{
		{text: "passport: TZ 1234567", value: "TZ 1234567", kind: Passport, own: LPassport, near: LPassport, lo: .9},
		{text: "パスポート tk1234567", value: "tk1234567", kind: Passport, own: LPassport, near: LPassport, lo: .9},
	})
	checkSightings(t, myNumber{}, []sighting{
		{text: "マイナンバーは207184\n635902です", value: "207184\n635902", kind: MyNumber, own: LMyNumber, near: LMyNumber, lo: .9},
		{text: "マイナンバー 2071・8463・5902", value: "2071・8463・5902", kind: MyNumber, own: LMyNumber, near: LMyNumber, lo: .9},
	})
	checkSightings(t, card{}, []sighting{
		{text: "カード番号 49801273\n45612094", value: "49801273\n45612094", kind: Card, own: LCard, near: LCard, lo: .9},
		{text: "カード 4980・1273・4561・2094", value: "4980・1273・4561・2094", kind: Card, own: LCard, near: LCard, lo: .9},
	})
	checkSightings(t, bank{}, []sighting{
		{text: "銀行の普通 1234567 円", own: LBank, near: LBank, hi: .01},
	})
}

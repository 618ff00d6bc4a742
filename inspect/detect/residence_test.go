package detect

import "testing"

func TestResidence(t *testing.T) {
	checkSightings(t, residence{}, []sighting{
		{text: "在留カード番号 AB12345678CD", own: LResidence, value: "AB12345678CD", kind: Residence, lo: .95},
		{text: "ＡＢ１２３４５６７８ＣＤ", value: "AB12345678CD", kind: Residence, lo: .3, hi: .7},
	})
	checkSightings(t, residence{}, []sighting{
		{text: "AB12345678CDE", own: LResidence, hi: .01},
		{text: "AAB12345678CD", own: LResidence, hi: .01},
		{text: "AB123456789CD", own: LResidence, hi: .01},
		{text: "ab12345678cd", own: LResidence, hi: .01},
	})
}

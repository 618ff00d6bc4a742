package detect

import "testing"

func TestInsurance(t *testing.T) {
	checkSightings(t, insurance{}, []sighting{
		{text: "保険者番号 06138473", own: LInsurance, value: "06138473", kind: Insurance, lo: .9},
		{text: "記号 1234 番号は別", own: LInsurance, near: LInsurance, value: "1234", kind: Insurance, lo: .9},
		{text: "保険証 記号と番号 567", near: LInsurance, value: "567", kind: Insurance, lo: .8},
		{text: "06138473", near: LInsurance, value: "06138473", kind: Insurance, lo: .6, hi: .9},
	})
	checkSightings(t, insurance{}, []sighting{
		{text: "06138473", hi: .01},
		{text: "ゆうちょ銀行 記号 12340", own: LInsurance, near: LBank, hi: .01},
		{text: "3", own: LInsurance, hi: .01},
		{text: "2024-05-17", near: LInsurance, hi: .01},
	})
}

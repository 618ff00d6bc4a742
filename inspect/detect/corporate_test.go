package detect

import "testing"

func TestCorporate(t *testing.T) {
	checkSightings(t, corporate{}, []sighting{
		{text: "法人番号 1480192736450", own: LCorporate, value: "1480192736450", kind: Corporate, lo: .95},
		{text: "登録番号:T1480192736450", value: "T1480192736450", kind: Corporate, lo: .95},
		{text: "T1-4801-9273-6450", value: "T1-4801-9273-6450", kind: Corporate, lo: .95},
	})
	checkSightings(t, corporate{}, []sighting{
		{text: "1480192736450", hi: .01},
		{text: "2480192736450", own: LCorporate, hi: .01},
		{text: "14801927364501", own: LCorporate, hi: .01},
		{text: "XT1480192736450", own: LCorporate, hi: .01},
	})
}

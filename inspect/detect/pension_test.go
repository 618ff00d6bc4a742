package detect

import "testing"

func TestPension(t *testing.T) {
	checkSightings(t, pension{}, []sighting{
		{text: "基礎年金番号 1234-567890", own: LPension, value: "1234-567890", kind: Pension, lo: .95},
		{text: "1234567890", own: LPension, value: "1234567890", kind: Pension, lo: .95},
		{text: "1234-567890", near: LPension, value: "1234-567890", kind: Pension, lo: .9},
	})
	checkSightings(t, pension{}, []sighting{
		{text: "1234-567890", hi: .01},
		{text: "1234-567890-1", own: LPension, hi: .01},
		{text: "1234-56789", own: LPension, hi: .01},
	})
}

package detect

import "testing"

func TestDriver(t *testing.T) {
	checkSightings(t, driver{}, []sighting{
		{text: "免許証番号 301271938400", own: LDriver, value: "301271938400", kind: Driver, lo: .95},
		{text: "6298-1027-3670", near: LDriver, value: "6298-1027-3670", kind: Driver, lo: .9},
		{text: "第301271938400号", own: LDriver, value: "301271938400", kind: Driver, lo: .95},
	})
	checkSightings(t, driver{}, []sighting{
		{text: "301271938400", hi: .01},
		{text: "301271938410", own: LDriver, hi: .01}, // check digit
		{text: "381271938400", own: LDriver, hi: .01}, // no commission
		{text: "301271938400", own: LOrder, hi: .01},
		{text: "a301271938400", own: LDriver, hi: .01},
	})
}

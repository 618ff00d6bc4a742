package detect

import "testing"

func TestMyNumber(t *testing.T) {
	checkSightings(t, myNumber{}, []sighting{
		{text: "407182936459", own: LMyNumber, value: "407182936459", kind: MyNumber, lo: .98},
		{text: "4071-8293-6459", near: LMyNumber, value: "4071-8293-6459", kind: MyNumber, lo: .9},
		{text: "4071 8293 6459", own: LMyNumber, value: "4071 8293 6459", kind: MyNumber, lo: .98},
		{text: "４０７１－８２９３－６４５９", own: LMyNumber, value: "4071-8293-6459", kind: MyNumber, lo: .98},
		{text: "マイナンバー407182936459", own: LMyNumber, value: "407182936459", kind: MyNumber, lo: .98},
		{text: "4 0 7 1 8 2 9 3 6 4 5 9", own: LMyNumber, value: "4 0 7 1 8 2 9 3 6 4 5 9", kind: MyNumber, lo: .9},
		{text: "4071-8293\n-6459", own: LMyNumber, value: "4071-8293\n-6459", kind: MyNumber, lo: .9},
		{text: "407182936459", value: "407182936459", kind: MyNumber, lo: .1, hi: .3},
		{text: "4071-8293-6459", value: "4071-8293-6459", kind: MyNumber, lo: .1, hi: .3},
		{text: "407182936459", own: LOrder, value: "407182936459", kind: MyNumber, hi: .1},
	})
	checkSightings(t, myNumber{}, []sighting{
		{text: "407182936458", own: LMyNumber, hi: .01},
		{text: "4071-8293-6459-1234", own: LMyNumber, hi: .01},
		{text: "1234-4071-8293-6459", own: LMyNumber, hi: .01},
		{text: "0.407182936459", own: LMyNumber, hi: .01},
		{text: "id407182936459", own: LMyNumber, hi: .01},
	})
}

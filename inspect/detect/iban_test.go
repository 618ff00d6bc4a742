package detect

import "testing"

func TestIBAN(t *testing.T) {
	checkSightings(t, iban{}, []sighting{
		{text: "IBAN DE48 5001 0517 0192 8374 65 bei", value: "DE48 5001 0517 0192 8374 65", kind: IBAN, lo: .95},
		{text: "GB78WEST29384756102938", value: "GB78WEST29384756102938", kind: IBAN, lo: .7, hi: .8}, // perhaps a sample
		{text: "IBAN BE71 0961 2345 6769.", value: "BE71 0961 2345 6769", kind: IBAN, lo: .95},
	})
	list := "GB78WEST29384756102938\nDE48500105170192837465\nBE71096123456769\n"
	found := 0
	iban{}.Find(numberBlock(t, iban{}, list, said{}), func(f Finding) {
		if f.Confidence >= .95 {
			found++
		}
	})
	if found != 3 {
		t.Errorf("%d of a list of three accounts found surely", found)
	}
	for _, s := range []string{"DE49500105170192837465", "JP48500105170192837465", "XDE48500105170192837465", "DE485001051701928374651", "DE48"} {
		checkSightings(t, iban{}, []sighting{{text: s, own: LIBAN, hi: .01}})
	}
}

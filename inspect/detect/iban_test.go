package detect

import "testing"

func TestIBAN(t *testing.T) {
	checkSightings(t, iban{}, []sighting{
		{text: "IBAN DE48 5001 0517 0192 8374 65 bei", value: "DE48 5001 0517 0192 8374 65", kind: IBAN, lo: .95},
		{text: "GB78WEST29384756102938", value: "GB78WEST29384756102938", kind: IBAN, lo: .95},
		{text: "IBAN BE71 0961 2345 6769.", value: "BE71 0961 2345 6769", kind: IBAN, lo: .95},
	})
	for _, s := range []string{"DE49500105170192837465", "JP48500105170192837465", "XDE48500105170192837465", "DE485001051701928374651", "DE48"} {
		checkSightings(t, iban{}, []sighting{{text: s, own: LIBAN, hi: .01}})
	}
}

package detect

import "testing"

func TestSSN(t *testing.T) {
	checkSightings(t, ssn{}, []sighting{
		{text: "SSN: 536-22-8417", own: LSSN, value: "536-22-8417", kind: SSN, lo: .95},
		{text: "536228417", own: LSSN, value: "536228417", kind: SSN, lo: .95},
		{text: "536-22-8417", value: "536-22-8417", kind: SSN, lo: .3, hi: .7},
	})
	for _, s := range []string{"666-22-8417", "000-22-8417", "936-22-8417", "536-00-8417", "536-22-0000", "078-05-1120", "536-22-8417-1", "5536-22-8417"} {
		checkSightings(t, ssn{}, []sighting{{text: s, own: LSSN, hi: .01}})
	}
	checkSightings(t, ssn{}, []sighting{{text: "536228417", hi: .01}})
}

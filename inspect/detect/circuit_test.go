package detect

import "testing"

func TestCircuit(t *testing.T) {
	checkSightings(t, circuit{}, []sighting{
		{text: "お客さまID ＣＡＦ４８２７１９３５０６", own: LCustomer, value: "CAF4827193506", kind: Circuit, lo: .9},
		{text: "回線ID: COP48271935", near: LCustomer, value: "COP48271935", kind: Circuit, lo: .9},
		{text: "のCAF4827193506が", value: "CAF4827193506", kind: Circuit, lo: .5},
		{text: "price COP10000000", hi: .5},
		{text: "CAF4827193506", own: LOrder, hi: .01},
		{text: "XCAF4827193506 CAF48271935061 CAF482719350", own: LCustomer, hi: .01},
	})
}

package detect

import "testing"

func TestPlate(t *testing.T) {
	checkSightings(t, plate{}, []sighting{
		{text: "車両は品川 300 あ 12-34です", value: "品川 300 あ 12-34", kind: Plate, lo: .9},
		{text: "品川300あ1234", value: "品川300あ1234", kind: Plate, lo: .9},
		{text: "尾張小牧５８０さ・・１２", value: "尾張小牧580さ・・12", kind: Plate, lo: .9},
		{text: "横浜 30A さ 12-34", value: "横浜 30A さ 12-34", kind: Plate, lo: .9},
	})
	for _, s := range []string{"品川 300 の 12-34567", "第10の1234", "品川300お1234", "品川300あ123", "会議室300あ1234"} {
		checkSightings(t, plate{}, []sighting{{text: s, hi: .01}})
	}
}

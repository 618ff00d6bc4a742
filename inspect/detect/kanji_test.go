package detect

import "testing"

func TestKanjiDates(t *testing.T) {
	checkSightings(t, kanjiDates{}, []sighting{
		{text: "生年月日:一九八五年三月五日", own: LBirth, value: "一九八五年三月五日", kind: Birthdate, lo: .9},
		{text: "生年月日:一九八五年十三月五日", own: LBirth, hi: .01},
	})
}

func TestKanjiEra(t *testing.T) {
	for _, c := range []struct{ text, canon string }{
		{"昭和五十年三月五日生まれ", "19750305"},
		{"昭和五〇年一二月二十五日生", "19751225"},
		{"平成元年十月一日生まれ", "19891001"},
		{"大正十五年12月24日生まれ", "19261224"},
	} {
		b := numberBlock(t, birthdate{}, c.text, said{}) // which has the eras looked for
		n := 0
		kanjiDates{}.Find(b, func(f Finding) {
			n++
			if f.Canon != c.canon || f.Confidence < .9 {
				t.Errorf("%s: %s with %.2f", c.text, f.Canon, f.Confidence)
			}
		})
		if n != 1 {
			t.Errorf("%s: %d findings", c.text, n)
		}
	}
}

package detect

import "testing"

func TestKanjiNumerals(t *testing.T) {
	checkSightings(t, kanjiNumerals{}, []sighting{
		{text: "電話 〇三(三四五六)七八九〇", own: LPhone, value: "〇三(三四五六)七八九〇", kind: Phone, lo: .9},
		{text: "電話番号は別。電話:〇九〇ー三四五六ー七八九〇", own: LPhone, value: "〇九〇ー三四五六ー七八九〇", kind: Phone, lo: .9},
		{text: "マイナンバー 四〇七一八二九三六四五九", own: LMyNumber, value: "四〇七一八二九三六四五九", kind: MyNumber, lo: .9},
		{text: "生年月日:一九八五年三月五日", own: LBirth, value: "一九八五年三月五日", kind: Birthdate, lo: .9},
		{text: "カード番号 四五三二八一九〇七二六四五三〇四", own: LCard, value: "四五三二八一九〇七二六四五三〇四", kind: Card, lo: .9},
	})
	checkSightings(t, kanjiNumerals{}, []sighting{
		{text: "電話一本で解決", own: LPhone, hi: .01},
		{text: "生年月日:一九八五年十三月五日", own: LBirth, hi: .01},
		{text: "三四五六七八九〇一二", own: LPhone, hi: .01},
		{text: "〇三三四五六七八九〇", hi: .01},
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
		kanjiNumerals{}.Find(b, func(f Finding) {
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

package detect

import "testing"

func TestBirthdateForms(t *testing.T) {
	for _, c := range []struct{ text, value, canon string }{
		{"1985-03-05", "1985-03-05", "19850305"},
		{"1985/3/5", "1985/3/5", "19850305"},
		{"1985.03.05", "1985.03.05", "19850305"},
		{"1985年3月5日", "1985年3月5日", "19850305"},
		{"１９８５年 ３月 ５日", "1985年 3月 5日", "19850305"},
		{"19850305", "19850305", "19850305"},
		{"1985-03-05T00:00:00Z", "1985-03-05", "19850305"},
		{"03/05/1985", "03/05/1985", "19850305"},
		{"25/03/1985", "25/03/1985", "19850325"},
		{"25.03.1985", "25.03.1985", "19850325"},
		{"March 5, 1985", "March 5, 1985", "19850305"},
		{"Mar. 5 1985", "Mar. 5 1985", "19850305"},
		{"5 March 1985", "5 March 1985", "19850305"},
		{"5th of March, 1985", "5th of March, 1985", "19850305"},
		{"05-MAR-1985", "05-MAR-1985", "19850305"},
		{"昭和60年3月5日", "昭和60年3月5日", "19850305"},
		{"昭和 60 年 3 月 5 日", "昭和 60 年 3 月 5 日", "19850305"},
		{"㍼60年3月5日", "昭和60年3月5日", "19850305"},
		{"S60.3.5", "S60.3.5", "19850305"},
		{"S.60.3.5", "S.60.3.5", "19850305"},
		{"昭60/03/05", "昭60/03/05", "19850305"},
		{"平成元年1月8日", "平成元年1月8日", "19890108"},
		{"H元.1.8", "H元.1.8", "19890108"},
		{"昭和64年1月7日", "昭和64年1月7日", "19890107"},
		{"R2.2.29", "R2.2.29", "20200229"},
		{"85/03/05", "85/03/05", "19850305"},
		{"05-Mar-85", "05-Mar-85", "19850305"},
		{"1985年\n3月5日", "1985年\n3月5日", "19850305"},
	} {
		b := numberBlock(t, birthdate{}, c.text, said{own: LBirth})
		n := 0
		birthdate{}.Find(b, func(f Finding) {
			n++
			if got := string(b.Text[f.Start:f.End]); got != c.value || f.Canon != c.canon || f.Confidence < .75 {
				t.Errorf("%q: %q, %s, %.2f", c.text, got, f.Canon, f.Confidence)
			}
		})
		if n != 1 {
			t.Errorf("%q: %d findings", c.text, n)
		}
	}
}

func TestBirthdateContext(t *testing.T) {
	checkSightings(t, birthdate{}, []sighting{
		{text: "1985年3月5日生まれ", value: "1985年3月5日", kind: Birthdate, lo: .95},
		{text: "昭和60年3月5日生。", value: "昭和60年3月5日", kind: Birthdate, lo: .95},
		{text: "1985-03-05", value: "1985-03-05", kind: Birthdate, hi: .15},
		{text: "1985-03-05", near: LBirth, value: "1985-03-05", kind: Birthdate, lo: .9},
		{text: "1985-03-05", own: LDate, near: LBirth, hi: .01},
		{text: "佐藤花子(1985年3月5日 - )", value: "1985年3月5日", kind: Birthdate, lo: .9},
		{text: "1985年3月5日(昭和60年)、東京都生まれ", value: "1985年3月5日", kind: Birthdate, lo: .9},
		{text: "1985年3月5日以降に生まれた人", value: "1985年3月5日", kind: Birthdate, hi: .15},
		{text: "1985-03-05,tanaka@example.jp", value: "1985-03-05", kind: Birthdate, lo: .7},
	})
}

func TestBirthdateIsNone(t *testing.T) {
	for _, s := range []string{
		"1985-02-30", "1885-03-05", "2985-03-05", "昭和64年1月8日", "平成1年1月7日", "令和元年4月30日", "明治5年1月1日",
		"1985-03", "1985-03-05-01", "x1985-03-05", "192.168.1985.3.5", "1.2.3", "10.20.30", "S60", "H30", "T-60.3.5", "PS60.3.5",
		"May 2024", "2024年度", "13/13/1985", "Marching 5, 1985",
	} {
		checkSightings(t, birthdate{}, []sighting{{text: s, own: LBirth, hi: .01}})
	}
	checkSightings(t, birthdate{}, []sighting{{text: "1985-03-05 10:11:12", hi: .01}})
}

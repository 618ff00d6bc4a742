package main

import (
	"slices"
	"testing"
)

func TestRomaji(t *testing.T) {
	for kana, want := range map[string][]string{
		"サトウ":   {"satou", "sato", "satoh"},
		"オオノ":   {"oono", "ono", "ohno"},
		"シンジョウ": {"shinjou", "shinjo", "sinzyou", "sinzyo"},
		"ハットリ":  {"hattori"},
		"イッチョウ": {"itchou", "itcho"},
		"ホンマ":   {"honma", "homma"},
		"ユウコ":   {"yuuko", "yuko"},
		"?":     nil,
	} {
		got := romaji(kana)
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: no %s in %v", kana, w, got)
			}
		}
		if want == nil && got != nil {
			t.Errorf("%s: %v", kana, got)
		}
	}
}

func TestTownForms(t *testing.T) {
	for town, want := range map[string][]string{
		"丸の内":       {"丸の内"},
		"大字三田井":     {"三田井"},
		"常盤（その他）":   {"常盤"},
		"甲、乙":       {"甲", "乙"},
		"":          nil,
		"北1条西（１～９）": nil, // numbers are no part of a name
	} {
		if got := townForms(town); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", town, got, want)
		}
	}
}

func TestPostalModule(t *testing.T) {
	const module = `const s = ["甲市", "乙郡丙町"], t = [[21e5, 14, 0], [2100001, 14, 1, "本町"]]; export { s };`
	if got := cityList.FindString(module); got != `["甲市", "乙郡丙町"]` {
		t.Errorf("cities %q", got)
	}
	rows := postalRow.FindAllStringSubmatch(module, -1)
	if len(rows) != 2 || rows[0][1] != "21e5" || rows[1][4] != "本町" {
		t.Errorf("rows %q", rows)
	}
	if m := splitCity.FindStringSubmatch("乙郡丙町"); m == nil || m[1] != "乙郡" || m[2] != "丙町" {
		t.Errorf("county %q", m)
	}
}

func TestNameList(t *testing.T) {
	const provider = `class Provider(PersonProvider):
    formats = ("{{first_name}} {{last_name}}",)
    first_names_male = (
        "Aaron",
        'Beat',
    )
    last_names = OrderedDict((
        ("Meier", 0.5),
    ))
    prefixes = ("Dr.",)
`
	var got []string
	for _, m := range nameList.FindAllStringSubmatch(provider, -1) {
		for _, q := range quotedName.FindAllStringSubmatch(m[2], -1) {
			got = append(got, m[1]+":"+q[1]+q[2])
		}
	}
	if want := []string{"first_name:Aaron", "first_name:Beat", "last_name:Meier"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

func TestRival(t *testing.T) {
	l := newLexicon()
	l.word["大地"], l.place["福岡"], l.other["山田"] = 7485, 7617, 8616
	for _, c := range []struct {
		name string
		cost int
		want byte
	}{
		{"大地", 10776, rivalWord | 3*doubtStep},
		{"福岡", 11096, rivalPlace | 3*doubtStep},
		{"山田", 6865, rivalOther},
		{"佐藤", 9302, 0},
	} {
		if got := l.rival(c.name, &evidence{cost: c.cost}); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}

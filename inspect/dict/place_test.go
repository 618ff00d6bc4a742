package dict

import "testing"

func TestCityAt(t *testing.T) {
	for _, c := range []struct {
		text   string
		name   string // of the first city, "" for none
		n      int    // bytes
		cities int
	}{
		{"松本市中央1-1", "松本市", 9, 1},
		{"札幌市中央区北1条", "札幌市中央区", 18, 1},
		{"札幌市役所", "札幌市中央区", 9, 10}, // all its wards
		{"北佐久郡軽井沢町大字", "軽井沢町", 24, 1},
		{"軽井沢町大字", "軽井沢町", 12, 1},
		{"龍ヶ崎市", "龍ケ崎市", 12, 1},
		{"市役所前", "", 0, 0},
		{"", "", 0, 0},
	} {
		cities, n := CityAt([]byte(c.text))
		name := ""
		for _, i := range cities {
			if all := Cities()[i].Name; name == "" || all == c.name {
				name = all
			}
		}
		if n != c.n || len(cities) != c.cities || name != c.name {
			t.Errorf("CityAt(%q): %d cities such as %q, %d bytes; want %d, %q, %d", c.text, len(cities), name, n, c.cities, c.name, c.n)
		}
	}
}

func TestTown(t *testing.T) {
	for _, c := range []struct {
		city, text string
		n          int
	}{
		{"千代田区", "丸の内1丁目", 9},
		{"千代田区", "丸ノ内1丁目", 9},
		{"千代田区", "霞が関", 9},
		{"千代田区", "霞ヶ関", 9},
		{"松本市", "丸の内", 9},
		{"松本市", "無い町", 0},
	} {
		cities, _ := CityAt([]byte(c.city))
		n := 0
		for _, i := range cities {
			n = max(n, Town(int(i), []byte(c.text)))
		}
		if n != c.n {
			t.Errorf("Town(%s, %s) = %d, want %d", c.city, c.text, n, c.n)
		}
	}
}

func TestPostal(t *testing.T) {
	cities, n := Postal(1000005) // 丸の内
	if n != 1 || Cities()[cities[0]].Name != "千代田区" {
		t.Errorf("100-0005: %d cities", n)
	}
	if _, n := Postal(9999999); n != 0 {
		t.Error("999-9999 is listed")
	}
	for code, prefecture := range map[int]string{1000005: "東京都", 600000: "北海道", 9000001: "沖縄県", 6008001: "京都府"} {
		set := PostalPrefectures(code)
		found := false
		for i, p := range Prefectures {
			found = found || p == prefecture && set.Has(i)
		}
		if !found {
			t.Errorf("%07d does not agree with %s", code, prefecture)
		}
	}
	if PostalPrefectures(-1) != 0 || PostalPrefectures(10000000) != 0 {
		t.Error("codes out of range have prefectures")
	}
	if PrefectureSet(1).Has(-1) || !PrefectureSet(1).Has(0) || PrefectureSet(1).Has(1) {
		t.Error("PrefectureSet.Has is wrong at its edges")
	}
}

func TestPrefecturesHaveCities(t *testing.T) {
	var n [len(Prefectures)]int
	for _, c := range Cities() {
		n[c.Prefecture]++
	}
	for i, p := range Prefectures {
		if n[i] < 15 {
			t.Errorf("%s has %d municipalities", p, n[i])
		}
	}
}

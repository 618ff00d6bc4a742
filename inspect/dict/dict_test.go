package dict

import "testing"

func TestTablesHold(t *testing.T) {
	for _, c := range []struct {
		name  string
		table *Table
		words []string
	}{
		{"surnames", Surnames(), []string{"佐藤", "長谷川", "林", "五十嵐", "小鳥遊", "一ノ瀬"}},
		{"given names", GivenNames(), []string{"太郎", "花子", "翔太", "さくら", "結衣"}},
		{"surname readings", SurnameKana(), []string{"サトウ", "スズキ", "ハセガワ"}},
		{"given readings", GivenKana(), []string{"タロウ", "ハナコ", "ユイ"}},
		{"surname romaji", SurnameRomaji(), []string{"sato", "satou", "satoh", "ohno", "shimbo", "tutiya"}},
		{"given romaji", GivenRomaji(), []string{"taro", "tarou", "junichi", "shohei", "syouhei"}},
		{"foreign", ForeignNames(), []string{"マイケル", "スミス", "オバマ"}},
		{"whole", WholeNames(), []string{"日蓮"}},
		{"English given", EnglishGiven(), []string{"mary", "giuseppe", "jurgen"}},
		{"English surnames", EnglishSurnames(), []string{"smith", "oconnor", "muller"}},
		{"English words", EnglishWords(), []string{"street", "grace"}},
		{"words", Words(), []string{"三井住友", "松本市", "本田技研", "川崎病", "センター"}},
	} {
		for _, w := range c.words {
			if c.table.Lookup([]byte(w)) == 0 {
				t.Errorf("%s: no %s", c.name, w)
			}
		}
	}
}

// A name that is more often something else must not look like a name.
func TestDoubt(t *testing.T) {
	for _, c := range []struct {
		table *Table
		word  string
		lo    int
		hi    int
	}{
		{Surnames(), "佐藤", 0, 1}, {Surnames(), "山田", 0, 1}, {Surnames(), "福岡", 2, 3}, {Surnames(), "千葉", 2, 3},
		{GivenNames(), "花子", 0, 0}, {GivenNames(), "時代", 3, 3}, {GivenNames(), "大地", 2, 3},
		{ForeignNames(), "マイケル", 0, 1}, {ForeignNames(), "イタリア", 3, 3},
	} {
		if d := c.table.Lookup([]byte(c.word)).Doubt(); d < c.lo || d > c.hi {
			t.Errorf("%s: doubt %d, want %d to %d", c.word, d, c.lo, c.hi)
		}
	}
}

func TestFoldLatin(t *testing.T) {
	for in, want := range map[string]string{
		"O'Connor": "oconnor", "Jürgen": "jurgen", "Łukasz": "lukasz", "Smith-Jones": "smithjones", "Þór": "thor", "山": "山",
	} {
		if got := FoldLatin(in); got != want {
			t.Errorf("FoldLatin(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	word, town, ward := []byte("佐藤太郎"), []byte("丸の内1丁目"), []byte("千代田区丸の内")
	Surnames()
	Postal(1000001)
	CityAt(ward)
	if n := testing.AllocsPerRun(100, func() {
		Surnames().Longest(word)
		cities, _ := CityAt(ward)
		Town(int(cities[0]), town)
		Postal(1000001)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

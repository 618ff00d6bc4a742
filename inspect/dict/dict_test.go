package dict

import (
	"strings"
	"testing"
)

func TestListsHold(t *testing.T) {
	japanese := func(of func(Japanese) Info) func([]byte) Info {
		return func(word []byte) Info { return of(LookupJapanese(word)) }
	}
	latin := func(of func(Latin) Info) func([]byte) Info {
		return func(word []byte) Info { return of(LookupLatin(word)) }
	}
	for _, c := range []struct {
		name   string
		lookup func([]byte) Info
		words  []string
	}{
		{"surnames", japanese(func(j Japanese) Info { return j.Surname }), []string{"佐藤", "長谷川", "林", "五十嵐", "小鳥遊", "一ノ瀬"}},
		{"given names", japanese(func(j Japanese) Info { return j.Given }), []string{"太郎", "花子", "翔太", "さくら", "結衣"}},
		{"surname readings", japanese(func(j Japanese) Info { return j.SurnameKana }), []string{"サトウ", "スズキ", "ハセガワ"}},
		{"given readings", japanese(func(j Japanese) Info { return j.GivenKana }), []string{"タロウ", "ハナコ", "ユイ"}},
		{"surname romaji", latin(func(l Latin) Info { return l.RomajiSurname }), []string{"sato", "satou", "satoh", "ohno", "shimbo", "tutiya"}},
		{"given romaji", latin(func(l Latin) Info { return l.RomajiGiven }), []string{"taro", "tarou", "junichi", "shohei", "syouhei"}},
		{"foreign", japanese(func(j Japanese) Info { return j.Foreign }), []string{"マイケル", "スミス", "オバマ"}},
		{"English given", latin(func(l Latin) Info { return l.Given }), []string{"mary", "giuseppe", "jurgen"}},
		{"English surnames", latin(func(l Latin) Info { return l.Surname }), []string{"smith", "oconnor", "muller"}},
		{"words", japanese(func(j Japanese) Info { return j.Word }), []string{"三井住友", "松本市", "本田技研", "川崎病", "センター"}},
	} {
		for _, w := range c.words {
			if c.lookup([]byte(w)) == 0 {
				t.Errorf("%s: no %s", c.name, w)
			}
		}
		for _, w := range []string{"", "x", "無い言葉である", "ナイコトバデアル", "xylophonist\x00", "\xe3", "\xe3\x82"} {
			if c.lookup([]byte(w)) != 0 {
				t.Errorf("%s: %q is listed", c.name, w)
			}
		}
	}
	for _, w := range []string{"street", "grace"} {
		if !LookupLatin([]byte(w)).Word {
			t.Errorf("%s is no English word", w)
		}
	}
	if LookupLatin([]byte("giuseppe")).Word {
		t.Error("giuseppe is an English word")
	}
}

// What the matcher looks for is listed, with the same Info.
func TestTextsAreListed(t *testing.T) {
	n := 0
	for w, info := range Surnames() {
		if got := LookupJapanese([]byte(w)).Surname; got != info || info.Weight() < LeastSurname {
			t.Errorf("surname %s: %#x and %#x", w, got, info)
		}
		n++
	}
	for w, info := range GivenNames() {
		if got := LookupJapanese([]byte(w)).Given; got != info || info.Weight() < LeastGiven || info.Doubt() > 1 {
			t.Errorf("given name %s: %#x and %#x", w, got, info)
		}
		n++
	}
	whole := false
	for w, info := range WholeNames() {
		whole = whole || w == "日蓮" && info != 0
		n++
	}
	if n < 50000 || !whole {
		t.Errorf("%d names, 日蓮 among them: %t", n, whole)
	}
}

// A name that is more often something else must not look like a name.
func TestDoubt(t *testing.T) {
	surname := func(w string) Info { return LookupJapanese([]byte(w)).Surname }
	given := func(w string) Info { return LookupJapanese([]byte(w)).Given }
	foreign := func(w string) Info { return LookupJapanese([]byte(w)).Foreign }
	for _, c := range []struct {
		lookup func(string) Info
		word   string
		lo     int
		hi     int
	}{
		{surname, "佐藤", 0, 1}, {surname, "山田", 0, 1}, {surname, "福岡", 2, 3}, {surname, "千葉", 2, 3},
		{given, "花子", 0, 0}, {given, "時代", 3, 3}, {given, "大地", 2, 3},
		{foreign, "マイケル", 0, 1}, {foreign, "イタリア", 3, 3},
	} {
		if d := c.lookup(c.word).Doubt(); d < c.lo || d > c.hi {
			t.Errorf("%s: doubt %d, want %d to %d", c.word, d, c.lo, c.hi)
		}
	}
	if i := Info(1 | 2<<4 | 3<<6); i.Weight() != 1 || i.Rival() != Place || i.Doubt() != 3 {
		t.Errorf("info is weight %d rival %d doubt %d", i.Weight(), i.Rival(), i.Doubt())
	}
}

func TestFrequentForeign(t *testing.T) {
	for w, want := range map[string]bool{"マイケル": true, "イタリア": false, "スズキ": false, "": false} {
		if got := FrequentForeign([]byte(w)); got != want || got != LookupJapanese([]byte(w)).Foreign.Frequent() {
			t.Errorf("FrequentForeign(%s) = %t", w, got)
		}
	}
}

func TestLongestWord(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
	}{{"川崎病院前", len("川崎病院")}, {"松本市に", len("松本市")}, {"センター長", len("センター")}, {"を", 0}, {"", 0}, {"松本市\xe5", len("松本市")}} {
		n, info := LongestWord([]byte(c.text))
		if n != c.n || (n > 0) != (info != 0) {
			t.Errorf("LongestWord(%q) = %d, want %d", c.text, n, c.n)
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

// A name is folded the same way where there is room for it and where it must be
// cut short.
func TestFoldLatinInto(t *testing.T) {
	for _, name := range []string{"Smith", "JONES", "O'Connor", "Jürgen", "Ünal", "a@[`{z", "山", ""} {
		want := FoldLatin(name)
		for room := 4; room < 24; room++ {
			got := string(AppendFoldLatin(make([]byte, 0, room), []byte(name)))
			if !strings.HasPrefix(want, got) || len(got) < min(len(want), room-3) {
				t.Errorf("%q in %d bytes: %q", name, room, got)
			}
		}
		if got := string(AppendFoldLatin(append(make([]byte, 0, 40), "before "...), []byte(name))); got != "before "+want {
			t.Errorf("%q behind other text: %q", name, got)
		}
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	var buf [16]byte
	name, word, town, ward := []byte("Giuseppe"), []byte("佐藤太郎"), []byte("丸の内1丁目"), []byte("千代田区丸の内")
	Postal(1000001)
	CityAt(ward)
	if n := testing.AllocsPerRun(100, func() {
		LongestWord(word)
		LookupLatin(AppendFoldLatin(buf[:0], name))
		cities, _ := CityAt(ward)
		Town(int(cities[0]), town)
		Postal(1000001)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkLookup looks up words of which one in four is listed.
func BenchmarkLookup(b *testing.B) {
	words := [][]byte{[]byte("佐藤"), []byte("画面に"), []byte("表示する"), []byte("設定の")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		LookupJapanese(words[i&3])
	}
}

func BenchmarkFoldLatin(b *testing.B) {
	words := [][]byte{[]byte("The"), []byte("Robert"), []byte("Administration"), []byte("O'Connor")}
	b.ReportAllocs()
	var buf [32]byte
	for i := 0; b.Loop(); i++ {
		AppendFoldLatin(buf[:0], words[i&3])
	}
}

// Ordinary denies no word that it was made of, and few others are taken for one.
func TestOrdinary(t *testing.T) {
	for _, c := range []struct {
		word      string
		is, place bool
	}{{"会議", true, false}, {"自動車", true, false}, {"北海道", false, true}} {
		if is, place := Ordinary([]byte(c.word)); c.is && !is || c.place && !place {
			t.Errorf("%s: %v, %v", c.word, is, place)
		}
	}
	taken, all := 0, 0
	for a := '一'; a < '一'+2000; a += 20 {
		for b := '龍'; b < '龍'+40; b++ {
			if is, place := Ordinary([]byte(string([]rune{a, b}))); is || place {
				taken++
			}
			all++
		}
	}
	if taken*10 > all {
		t.Errorf("%d of %d strange words are taken for ordinary ones", taken, all)
	}
}

package dict

import (
	"encoding/binary"
	"slices"
	"testing"
)

// encode is the generator's form of a table, for tables of our own.
func encode(words map[string]byte) []byte {
	keys := make([]string, 0, len(words))
	for k := range words {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b := binary.AppendUvarint(nil, uint64(len(keys)))
	n := len(b)
	b = append(b, make([]byte, 3*len(keys))...)
	prev := ""
	for i, k := range keys {
		shared := 0
		for shared < min(len(prev), len(k)) && prev[shared] == k[shared] {
			shared++
		}
		b[n+i], b[n+len(keys)+i], b[n+2*len(keys)+i] = byte(shared), byte(len(k)-shared), words[k]
		b = append(b, k[shared:]...)
		prev = k
	}
	return b
}

func TestTable(t *testing.T) {
	words := map[string]byte{"林": 3, "林田": 7, "林田川": 1 | 2<<4 | 3<<6, "山": 15, "a": 1}
	table, err := decodeTable(encode(words))
	if err != nil {
		t.Fatal(err)
	}
	if table.Len() != len(words) {
		t.Fatalf("%d words, want %d", table.Len(), len(words))
	}
	for w, info := range table.All() {
		if byte(info) != words[w] {
			t.Errorf("All: %q has %d, want %d", w, info, words[w])
		}
	}
	for w, want := range words {
		if got := table.Lookup([]byte(w)); byte(got) != want {
			t.Errorf("Lookup(%q) = %d, want %d", w, got, want)
		}
	}
	for _, w := range []string{"", "林田川上", "田", "b", "林\x00"} {
		if got := table.Lookup([]byte(w)); got != 0 {
			t.Errorf("Lookup(%q) = %d, want none", w, got)
		}
	}
	for _, c := range []struct {
		text string
		n    int
	}{{"林田川上", 9}, {"林田さん", 6}, {"林さん", 3}, {"川", 0}, {"", 0}, {"山\xe5", 3}} {
		if n, _ := table.Longest([]byte(c.text)); n != c.n {
			t.Errorf("Longest(%q) = %d, want %d", c.text, n, c.n)
		}
	}
	i := table.Lookup([]byte("林田川"))
	if i.Weight() != 1 || i.Rival() != Place || i.Doubt() != 3 {
		t.Errorf("info is weight %d rival %d doubt %d", i.Weight(), i.Rival(), i.Doubt())
	}
}

func TestDamagedTable(t *testing.T) {
	whole := encode(map[string]byte{"一": 1, "一二": 2, "三": 3})
	for n := range len(whole) {
		if _, err := decodeTable(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for a table", n, len(whole))
		}
	}
}

func FuzzDecodeTable(f *testing.F) {
	f.Add(encode(map[string]byte{"一": 1, "一二": 2, "三": 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := decodeTable(b)
		if err != nil {
			return
		}
		for w, info := range table.All() {
			if got := table.Lookup([]byte(w)); w != "" && len(w) <= table.longest && got == 0 && info != 0 {
				t.Fatalf("%q is listed and not found", w)
			}
		}
	})
}

// BenchmarkLookup looks up words of which one in four is listed.
func BenchmarkLookup(b *testing.B) {
	words := [][]byte{[]byte("佐藤"), []byte("画面"), []byte("表示する"), []byte("設定")}
	table := Surnames()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		table.Lookup(words[i&3])
	}
}

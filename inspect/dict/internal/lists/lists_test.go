package lists

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// manyWords are invented words with rows of three bytes, of all lengths up to 40.
func manyWords(n int) map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := map[string][]byte{}
	for len(words) < n {
		w := make([]byte, r.IntN(41))
		for i := range w {
			w[i] = byte(r.IntN(256))
		}
		words[string(w)] = []byte{byte(len(w)), byte(r.IntN(3)), byte(r.IntN(4))}
	}
	return words
}

func TestLists(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 100, 20000} {
		words := manyWords(n)
		data, err := Build(words)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Build(maps.Clone(words)); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%d words: another build gives other bytes", n)
		}
		l, err := Open(string(data))
		if err != nil {
			t.Fatal(err)
		}
		if l.Len() != n {
			t.Errorf("%d words: Len is %d", n, l.Len())
		}
		for w, row := range words {
			if got := l.Row(Hash([]byte(w))); !bytes.Equal(got, row) {
				t.Errorf("%d words: %q has row %v, want %v", n, w, got, row)
			}
		}
		for i := range 20000 {
			if w := fmt.Sprint("strange ", i); l.Row(Hash([]byte(w))) != nil {
				t.Errorf("%d words: %q is listed", n, w)
			}
		}
	}
}

// Where all words have the same row, records are shorter.
func TestOneRow(t *testing.T) {
	words := manyWords(1000)
	for w := range words {
		words[w] = []byte{7}
	}
	data, err := Build(words)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(string(data))
	if err != nil {
		t.Fatal(err)
	}
	for w := range words {
		if got := l.Row(Hash([]byte(w))); !bytes.Equal(got, []byte{7}) {
			t.Errorf("%q has row %v", w, got)
		}
	}
}

func TestFilter(t *testing.T) {
	words := manyWords(20000)
	made := NewFilter(maps.Keys(words), len(words))
	f, err := OpenFilter(string(made.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for w := range words {
		if !f.Has(Hash([]byte(w))) {
			t.Errorf("%q is denied", w)
		}
	}
	wrong := 0
	for i := range 20000 {
		if f.Has(Hash(fmt.Append(nil, "strange ", i))) {
			wrong++
		}
	}
	if wrong > 20000/20 {
		t.Errorf("%d of 20000 strange words pass", wrong)
	}
}

func TestNothing(t *testing.T) {
	l, err := Open("")
	if err != nil || l.Row(Hash(nil)) != nil || l.Len() != 0 {
		t.Errorf("Open of nothing: %v, %v", l, err)
	}
	f, err := OpenFilter("")
	if err != nil || f.Has(Hash([]byte("a"))) {
		t.Errorf("OpenFilter of nothing: %v, %v", f, err)
	}
}

func TestDamage(t *testing.T) {
	data, err := Build(manyWords(100))
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(data); n++ {
		if _, err := Open(string(data[:n])); err == nil {
			t.Errorf("%d of %d bytes were taken for lists", n, len(data))
		}
	}
	if _, err := OpenFilter("damaged"); err == nil {
		t.Error("seven bytes were taken for a filter")
	}
}

func TestRowsOfDifferentWidth(t *testing.T) {
	if _, err := Build(map[string][]byte{"a": {1}, "b": {1, 2}}); err == nil {
		t.Error("Build took them")
	}
}

func TestText(t *testing.T) {
	words := map[string]byte{"": 1, "一": 2, "一二": 3, "a": 0}
	data, err := AppendText(nil, words)
	if err != nil {
		t.Fatal(err)
	}
	got, last := map[string]byte{}, ""
	for w, info := range All(string(data)) {
		if w < last {
			t.Errorf("%q stands behind %q", w, last)
		}
		got[w], last = info, w
	}
	if !maps.Equal(got, words) {
		t.Errorf("All gives %v of %v", got, words)
	}
	for range All(string(data)) {
		break
	}
	for w := range All("\x05\x01ab") {
		t.Errorf("damaged text has the word %q", w)
	}
	if _, err := AppendText(nil, map[string]byte{string(make([]byte, 256)): 1}); err == nil {
		t.Error("a word of 256 bytes was taken")
	}
}

// FuzzHash holds that every byte of a word counts.
func FuzzHash(f *testing.F) {
	f.Add([]byte("佐藤"), uint8(3))
	f.Add([]byte("a longer word of more than sixteen bytes"), uint8(7))
	f.Fuzz(func(t *testing.T, word []byte, at uint8) {
		if len(word) == 0 {
			return
		}
		before := Hash(word)
		word[int(at)%len(word)] ^= 1
		if Hash(word) == before {
			t.Errorf("%x has the hash of its neighbour", word)
		}
	})
}

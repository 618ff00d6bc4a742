package archive

import (
	"math/rand/v2"
	"testing"
)

// Archives are found behind a program, as in those that unpack themselves,
// wherever it ends.
func TestEmbedded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{100, 5000, 64<<10 - 40, 64<<10 - 5, 64<<10 + 1, 300000} {
		stub := make([]byte, size)
		for i := range stub {
			stub[i] = byte(r.Uint32())
		}
		copy(stub, "MZ\x90\x00\x03\x00\x00\x00")
		copy(stub[50:], "7z\xbc\xaf\x27\x1c\x00Rar!\x1a\x07\x00-lh5-") // what it knows of
		for _, name := range []string{"lzma2.7z", "lh5.lzh", "lh1.lzh", "lh0.lzh", "mszip.cab", "bzip2.zip"} {
			x := inspect(t, append(stub[:size:size], load(t, name)...))
			if !x.Has("関守 太郎,090-0000-0000") {
				t.Errorf("%s behind %d bytes:\n%s", name, size, x)
			}
		}
		if x := inspect(t, append(stub[:size:size], rar5Archive(rar5File("a", customers, false))...)); !x.Has(person) {
			t.Errorf("rar behind %d bytes:\n%s", size, x)
		}
	}
}

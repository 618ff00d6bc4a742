package office

import (
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestIWork(t *testing.T) {
	text := "\n\x0c関守 太郎\x12\x0d090-0000-0001" + strings.Repeat("\x00\x01\x02", 50)
	block := s2.EncodeSnappy(nil, []byte(text))
	chunk := slices.Concat([]byte{0, byte(len(block)), byte(len(block) >> 8), 0}, block)
	x := read(t, "Index/Document.iwa", string(slices.Concat(chunk, chunk)))
	if !x.Has("関守 太郎") || !x.Has("090-0000-0001") || !slices.Contains(x.Skips(), string(part.UnknownFormat)) {
		t.Errorf("%s", x)
	}
	for _, broken := range [][]byte{chunk[:len(chunk)-1], {1, 0, 0, 0}, {0, 0xff, 0xff, 0xff}, slices.Concat(chunk, []byte{0, 0})} {
		if x := read(t, "Index/Document.iwa", string(broken)); len(x.Skips()) == 0 {
			t.Errorf("a broken one is not told:\n%s", x)
		}
	}
}

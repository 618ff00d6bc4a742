package detect

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Names are found near their company and nowhere else, wherever it stands and
// however the text comes.
func TestWindows(t *testing.T) {
	filler := strings.Repeat("会議の資料です。\n", 400)
	name, phone := "担当は山田太郎さんです。", "電話番号 090-1234-5678 まで。"
	for _, c := range []struct {
		about, text string
		names       int
	}{
		{"alone", filler + name + filler, 0},
		{"before", filler + name + phone + filler, 1},
		{"behind", filler + phone + name + filler, 1},
		{"at the start", name + phone + filler, 1},
		{"at the end", filler + name + phone, 1},
		{"far apart", name + filler + phone, 0},
		{"twice", name + phone + filler + filler + name + phone, 2},
		{"one alone, one not", name + filler + filler + name + phone, 1},
		{"in a long line", strings.ReplaceAll(filler, "\n", "") + name + phone + strings.ReplaceAll(filler, "\n", ""), 1},
	} {
		for _, size := range []int{4 << 10, blockSize} {
			p := &withCompany{}
			s := builtinEngine().Session(p)
			s.size = size
			for rest := c.text; rest != ""; {
				n := min(len(rest), 3000)
				s.Write(part.Text{Bytes: []byte(rest[:n])})
				rest = rest[n:]
			}
			s.Close()
			s.size = blockSize
			names := 0
			for _, line := range p.lines {
				names += strings.Count(line, "NAME")
			}
			if names != c.names {
				t.Errorf("%s, blocks of %d: %d names, want %d", c.about, size, names, c.names)
			}
		}
	}
}

package inspect

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// desk says which readers to ask about a part, by its first byte: most formats
// have marks, and asking some seventy readers costs more than reading a small
// text.
type desk struct {
	of    [256]uint8 // into lists
	lists [][]part.Reader
}

func newDesk(readers []part.Reader) desk {
	var d desk
	known := map[string]uint8{} // by which readers are asked
	for b := range d.of {
		var list []part.Reader
		asked := make([]byte, len(readers))
		for i, r := range readers {
			if m, ok := r.(part.Marked); ok && m.Starts() != "" && strings.IndexByte(m.Starts(), byte(b)) < 0 {
				continue
			}
			list, asked[i] = append(list, r), 1
		}
		k, ok := known[string(asked)]
		if !ok {
			k, d.lists = uint8(len(d.lists)), append(d.lists, list)
			known[string(asked)] = k
		}
		d.of[b] = k
	}
	return d
}

// ask returns the readers of parts that begin with b, in order of trial.
func (d *desk) ask(b byte) []part.Reader { return d.lists[d.of[b]] }

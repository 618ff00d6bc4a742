package decode

import (
	"encoding/binary"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// vainRuns remembers short stretches of what looks like base64 and stands for nothing:
// paths and long identifiers, which a text repeats. To know one again costs a fiftieth
// of decoding it and asking for its encoding.
type vainRuns [32]struct {
	size uint8 // 0: free
	run  [minReversed - 1]byte
}

// place returns where in v the run b may stand, and whether it is of a size that is
// remembered.
func (v *vainRuns) place(b []byte) (i uint64, ok bool) {
	if len(b) < 16 || len(b) >= minReversed {
		return 0, false
	}
	head, tail := binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[len(b)-8:])
	return ((head ^ bits.RotateLeft64(tail, 29) ^ uint64(len(b))) * 0x9E3779B97F4A7C15) >> 59, true
}

// has reports whether base64Child said of b before that it stands for nothing.
func (v *vainRuns) has(b []byte) bool {
	i, ok := v.place(b)
	return ok && string(v[i].run[:v[i].size]) == string(b)
}

// add takes in that it said so.
func (v *vainRuns) add(b []byte) {
	if i, ok := v.place(b); ok {
		v[i].size = uint8(copy(v[i].run[:], b))
	}
}

// base64Child is base64Child for a stretch of w's text.
func (w *window) base64Child(scratch, b []byte) (part.Part, []byte, bool) {
	if w.vain != nil && w.vain.has(b) {
		return part.Part{}, scratch, false
	}
	child, scratch, ok := base64Child(scratch, b)
	if !ok {
		if w.vain == nil {
			w.vain = new(vainRuns)
		}
		w.vain.add(b)
	}
	return child, scratch, ok
}

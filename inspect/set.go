package inspect

import "math/bits"

// clearedSlots is the size up to which a set is cleared rather than made small.
const clearedSlots = 1 << 10

// set is an open-addressed table of hashes, each with one or two sets of questions,
// its fields, and maybe a word more. Of a hash the highest bits are kept; those below
// are the numbers of the fields in masks, so that what is asked for from all over the
// memory is small.
type set struct {
	fields uint   // of an entry: 1 or 2
	shift  uint   // an entry is 1<<shift words
	low    uint64 // the bits of the fields
	home   uint   // a key belongs to slot key>>home: when a set grows, its keys go on in their order
	most   int    // entries that it may hold, a power of two
	slots  int    // a power of two, or 0
	words  []uint64
	n      int
	spare  []uint64 // storage of the size before, or of a scan before
	masks  masks
	rare   map[uint64]uint64 // by key and field: the masks that have no number
}

// init empties the set, and gives each entry as many fields and, if wide, a word. It
// keeps the storage; most must be a power of two.
func (s *set) init(fields uint, wide bool, most int) {
	shift := uint(0)
	if wide {
		shift = 1
	}
	switch {
	case s.fields != fields || s.shift != shift || s.slots > clearedSlots:
		s.slots, s.words = 0, s.words[:0]
	case s.n > 0:
		clear(s.words)
	}
	s.fields, s.shift, s.low, s.most = fields, shift, 1<<(fields*maskBits)-1, most
	s.n, s.rare = 0, nil
	s.masks.reset()
}

// room makes room for n more keys, as far as there may be as many. Half of the
// slots stay free: a key that is new is looked for up to the next free one.
func (s *set) room(n int) {
	for 2*(s.n+n) > s.slots && s.slots < 2*s.most {
		s.grow()
	}
}

// fetch brings the place of key, which is asked for soon, from memory: several
// come in the time of one. There must be room for it. What it returns is there for
// the caller to wait for.
func (s *set) fetch(key uint64) uint64 { return s.words[key>>s.home<<s.shift] }

// place returns where key's entry is, and whether it is new, and all zero; -1 if the
// set is full. There must be room for key.
func (s *set) place(key uint64) (at int, isNew bool) {
	key = s.key(key)
	at = s.find(key)
	if s.words[at] != 0 {
		return at, false
	}
	if s.n >= s.most {
		return -1, true
	}
	s.words[at] = key
	s.n++
	return at, true
}

// key returns what a set keeps of a hash: its highest bits, never 0.
func (s *set) key(hash uint64) uint64 {
	if hash &^= s.low; hash != 0 {
		return hash
	}
	return s.low + 1
}

// has reports whether a hash is in the set, which must not be empty.
func (s *set) has(hash uint64) bool { return s.words[s.find(s.key(hash))] != 0 }

// find returns where key stands in words, or where it belongs.
func (s *set) find(key uint64) int {
	end := len(s.words) - 1
	for at := int(key >> s.home << s.shift); ; at = (at + 1<<s.shift) & end {
		if k := s.words[at]; k&^s.low == key || k == 0 {
			return at
		}
	}
}

// growFast is the size up to which a set becomes four times as large at once: moving
// all there is and fresh memory cost more than what stays free.
const growFast = 1 << 16

// grow makes the set larger.
func (s *set) grow() {
	old, step := s.words, 1<<s.shift
	if s.slots < growFast {
		s.slots = max(64, 4*s.slots)
	} else {
		s.slots *= 2
	}
	s.slots = min(s.slots, 2*s.most)
	s.home = uint(64 - bits.TrailingZeros(uint(s.slots)))
	if n := s.slots * step; n <= cap(s.spare) {
		s.words = s.spare[:n]
		clear(s.words)
	} else {
		s.words = make([]uint64, n)
		for i := 0; i < n; i += 512 {
			s.words[i] = 0 // a page that is read first comes twice
		}
	}
	s.spare = old
	s.move(old)
}

// move takes in the entries of a smaller table, none of which is here.
func (s *set) move(old []uint64) {
	var taken [256]uint32 // slots of old that are: which are is hard to foresee
	step, end := 1<<s.shift, len(s.words)-1
	for from := 0; from < len(old); {
		n := 0
		for range min(len(taken), (len(old)-from)>>s.shift) {
			taken[n&255] = uint32(from)
			if old[from] != 0 {
				n++
			}
			from += step
		}
		for _, i := range taken[:n] {
			e := old[i]
			at := int(e >> s.home << s.shift)
			for s.words[at] != 0 {
				at = (at + step) & end
			}
			s.words[at] = e
			if step > 1 {
				s.words[at+1] = old[i+1]
			}
		}
	}
}

// mask returns a field of the entry at an offset.
func (s *set) mask(at int, field uint) uint64 {
	w := s.words[at]
	k := w >> (field * maskBits) & manyMasks
	if k == manyMasks {
		return s.rare[w&^s.low|uint64(field)]
	}
	return s.masks.list[k]
}

// note sets it.
func (s *set) note(at int, field uint, mask uint64) {
	w, k := &s.words[at], s.masks.number(mask)
	*w = *w&^(manyMasks<<(field*maskBits)) | k<<(field*maskBits)
	if k == manyMasks {
		if s.rare == nil {
			s.rare = map[uint64]uint64{}
		}
		s.rare[*w&^s.low|uint64(field)] = mask
	}
}

// masks numbers sets of questions, of which a scan meets a few.
type masks struct {
	list []uint64 // by number; the first is empty
	last [64]maskSlot
}

type maskSlot struct{ mask, number uint64 }

// maskBits are those of a number; manyMasks is the number of all masks for which
// there are no numbers left.
const (
	maskBits  = 10
	manyMasks = 1<<maskBits - 1
)

func (m *masks) reset() {
	m.list = append(m.list[:0], 0)
	clear(m.last[:])
}

func (m *masks) number(mask uint64) uint64 {
	s := &m.last[mask*golden>>58]
	if s.mask == mask {
		return s.number
	}
	for k, other := range m.list {
		if other == mask {
			*s = maskSlot{mask, uint64(k)}
			return s.number
		}
	}
	if len(m.list) == manyMasks {
		return manyMasks
	}
	*s = maskSlot{mask, uint64(len(m.list))}
	m.list = append(m.list, mask)
	return s.number
}

package inspect

// maxEntries bounds the memory of a set to some 32 MB for up to 64 queries. A
// person takes up to five entries: from a hundred thousand persons or more on,
// those that were not met before are counted by a sketch.
const maxEntries = 1 << 19

// keptEntries is the size up to which a set's storage is used again.
const keptEntries = 1 << 10

// set maps digests to a few words of bits: an open-addressed table that holds
// at most maxEntries.
type set struct {
	words int
	slots int      // a power of two, or 0
	bits  []uint64 // of each slot its key, 0 if it is free, and words: side by side, as they are asked for together
	n     int
}

// init empties the set. It keeps storage that is small.
func (s *set) init(words int) {
	if s.words != words || s.slots > keptEntries {
		*s = set{words: words}
		return
	}
	if s.n > 0 {
		clear(s.bits)
		s.n = 0
	}
}

// room makes room for n more keys, as far as there may be as many.
func (s *set) room(n int) {
	for 4*(s.n+n) > 3*s.slots && s.slots < 2*maxEntries {
		s.grow()
	}
}

// place returns where the words of key begin in bits, made zero if it is new; -1
// if the set is full. There must be room for it.
func (s *set) place(key uint64) int {
	if key == 0 {
		key = 1
	}
	at := s.find(key)
	if s.bits[at] == 0 {
		if s.n >= maxEntries {
			return -1
		}
		s.bits[at] = key
		s.n++
	}
	return at + 1
}

// has reports whether key is in the set.
func (s *set) has(key uint64) bool {
	if s.slots == 0 {
		return false
	}
	if key == 0 {
		key = 1
	}
	return s.bits[s.find(key)] != 0
}

// find returns where key stands in bits, or where it belongs.
func (s *set) find(key uint64) int {
	mask, step := s.slots-1, s.words+1
	for i := int(key) & mask; ; i = (i + 1) & mask {
		if k := s.bits[i*step]; k == key || k == 0 {
			return i * step
		}
	}
}

func (s *set) grow() {
	old, step := s.bits, s.words+1
	s.slots = max(64, 2*s.slots)
	s.bits = make([]uint64, s.slots*step)
	for i := 0; i < len(old); i += step {
		if old[i] != 0 {
			copy(s.bits[s.find(old[i]):], old[i:i+step])
		}
	}
}

package inspect

// clearedSlots is the size up to which a set is cleared rather than made small.
const clearedSlots = 1 << 10

// set maps hashes to a few words: an open-addressed table.
type set struct {
	shift   uint     // an entry is 1<<shift words
	most    int      // entries that it may hold, a power of two
	slots   int      // a power of two, or 0
	words   []uint64 // of each slot its key, 0 if it is free, and the others: side by side, as they are asked for together
	n       int
	spare   []uint64 // storage of the size before, or of a scan before
	fetched uint64
}

// init empties the set and gives each entry 1<<shift words, the key among them. It
// keeps the storage; most must be a power of two.
func (s *set) init(shift uint, most int) {
	s.most = most
	switch {
	case s.shift != shift || s.slots > clearedSlots:
		s.shift, s.slots, s.words = shift, 0, s.words[:0]
	case s.n > 0:
		clear(s.words)
	}
	s.n = 0
}

// room makes room for n more keys, as far as there may be as many. Half of the
// slots stay free: a key that is new is looked for up to the next free one.
func (s *set) room(n int) {
	for 2*(s.n+n) > s.slots && s.slots < 2*s.most {
		s.grow()
	}
}

// fetch brings the place of key, which is asked for soon, from memory: several
// come in the time of one. There must be room for it.
func (s *set) fetch(key uint64) {
	s.fetched ^= s.words[int(key)&(s.slots-1)<<s.shift]
}

// place returns where the words behind key begin, and whether they are new, and
// zero; -1 if the set is full. There must be room for key.
func (s *set) place(key uint64) (at int, isNew bool) {
	if key == 0 {
		key = 1
	}
	at = s.find(key)
	if s.words[at] != 0 {
		return at + 1, false
	}
	if s.n >= s.most {
		return -1, true
	}
	s.words[at] = key
	s.n++
	return at + 1, true
}

// find returns where key stands in words, or where it belongs.
func (s *set) find(key uint64) int {
	mask := s.slots - 1
	for i := int(key) & mask; ; i = (i + 1) & mask {
		at := i << s.shift
		if k := s.words[at]; k == key || k == 0 {
			return at
		}
	}
}

func (s *set) grow() {
	old, step := s.words, 1<<s.shift
	s.slots = max(64, 2*s.slots)
	if n := s.slots * step; n <= cap(s.spare) {
		s.words = s.spare[:n]
		clear(s.words)
	} else {
		s.words = make([]uint64, n)
	}
	s.spare = old
	for i := 0; i < len(old); i += step {
		if old[i] == 0 {
			continue
		}
		at := s.find(old[i])
		for k := range step {
			s.words[at+k] = old[i+k]
		}
	}
}

package inspect

// maxEntries bounds the memory of a set to some 32 MB. A person takes up to five
// entries: from a hundred thousand persons or more on, those that were not met
// before are counted by a sketch.
const maxEntries = 1 << 19

// keptEntries is the size up to which a set's storage is used again.
const keptEntries = 1 << 10

// set maps digests to a few words: an open-addressed table that holds at most
// maxEntries.
type set struct {
	shift   uint     // an entry is 1<<shift words
	slots   int      // a power of two, or 0
	words   []uint64 // of each slot its key, 0 if it is free, and the others: side by side, as they are asked for together
	n       int
	fetched uint64
}

// init empties the set and gives each entry 1<<shift words, the key among them. It
// keeps storage that is small.
func (s *set) init(shift uint) {
	if s.shift != shift || s.slots > keptEntries {
		*s = set{shift: shift}
		return
	}
	if s.n > 0 {
		clear(s.words)
		s.n = 0
	}
}

// room makes room for n more keys, as far as there may be as many.
func (s *set) room(n int) {
	for 4*(s.n+n) > 3*s.slots && s.slots < 2*maxEntries {
		s.grow()
	}
}

// fetch brings the place of key, which is asked for soon, from memory: several
// come in the time of one. There must be room for it.
func (s *set) fetch(key uint64) {
	s.fetched ^= s.words[int(key)&(s.slots-1)<<s.shift]
}

// place returns where the words behind key begin, made zero if it is new; -1 if
// the set is full. There must be room for it.
func (s *set) place(key uint64) int {
	if key == 0 {
		key = 1
	}
	at := s.find(key)
	if s.words[at] == 0 {
		if s.n >= maxEntries {
			return -1
		}
		s.words[at] = key
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
	return s.words[s.find(key)] != 0
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
	s.words = make([]uint64, s.slots*step)
	for i := 0; i < len(old); i += step {
		if old[i] != 0 {
			copy(s.words[s.find(old[i]):], old[i:i+step])
		}
	}
}

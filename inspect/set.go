package inspect

// keptEntries is the size up to which a set's storage is used again.
const keptEntries = 1 << 10

// set maps hashes to a few words: an open-addressed table.
type set struct {
	shift   uint     // an entry is 1<<shift words
	most    int      // entries that it may hold, a power of two
	slots   int      // a power of two, or 0
	words   []uint64 // of each slot its key, 0 if it is free, and the others: side by side, as they are asked for together
	n       int
	fetched uint64
}

// init empties the set and gives each entry 1<<shift words, the key among them. It
// keeps storage that is small. most must be a power of two.
func (s *set) init(shift uint, most int) {
	if s.shift != shift || s.slots > keptEntries {
		*s = set{shift: shift}
	}
	s.most = most
	if s.n > 0 {
		clear(s.words)
		s.n = 0
	}
}

// room makes room for n more keys, as far as there may be as many.
func (s *set) room(n int) {
	for 2*(s.n+n) > s.slots && s.slots < 2*s.most {
		s.grow()
	}
}

// fetch brings the place of key, which is asked for soon, from memory: several
// come in the time of one. There must be room for it.
func (s *set) fetch(key uint64) {
	at := int(key) & (s.slots - 1) << s.shift
	s.fetched ^= s.words[at] ^ s.words[(at+8)&(len(s.words)-1)]
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
	s.words = make([]uint64, s.slots*step)
	for i := 0; i < len(old); i += step {
		if old[i] != 0 {
			copy(s.words[s.find(old[i]):], old[i:i+step])
		}
	}
}

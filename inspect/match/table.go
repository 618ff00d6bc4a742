package match

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A table answers which literals start at an offset, exactly. It has no bad
// case: a large group of literals with a common prefix is searched by halving.
//
// Literals are kept folded (ASCII letters in lower case) and sorted. Those of
// six bytes and more are grouped by their first six bytes, those of three to
// five by their first three, the rest by themselves. A group is a run of items.
type table struct {
	index   *index   // by a group's prefix: a ref to the group
	classes []int    // width classes in use, the shortest first
	items   []item   // by width class, then literal
	ninth   []byte   // of each item the literal's ninth byte, or 0; readable maxFew+1 bytes from each
	extras  []extra  // of the items that have one
	outs    []out    // of the extras
	text    []byte   // the extras' folded literals
	raw     []byte   // literals as given, of outs that do not fold
	parents []uint32 // see confirmMany; nil if there is no large group
	large   []group  // groups of more than maxFew
	longest int      // length of the longest literal
	fold    bool     // some literal folds: words of text are lowered before they are looked up
}

// item is one distinct folded literal, whole if it has at most sixteen bytes,
// one output and no case to keep.
type item struct {
	head, tail uint64 // the literal's first and second eight bytes, zeros beyond its end
	payload    uint32 // with extra the index of its extra
	size       uint16
	whole      uint8 // min(size, 16), to cut the words by
	extra      uint8 // 1 if it has an extra, else 0
}

// start returns the first bytes of the literal, at most eight.
func (it *item) start(b *[8]byte) []byte {
	binary.LittleEndian.PutUint64(b[:], it.head)
	return b[:min(it.size, 8)]
}

// extra is what an item has no room for.
type extra struct {
	off          uint32 // table.text[off:off+size] is the literal
	first, limit uint32 // table.outs
}

// out is one pattern with an item's folded literal.
type out struct {
	payload uint32
	exact   uint32 // 1 + offset in table.raw of the bytes that the text must have; 0 if it folds
}

// group is items[first:first+n].
type group struct{ first, n uint32 }

// A ref is first<<refBits | n for a group of n <= maxFew, else the index into
// table.large above refBits of zeros, with at least one bit set by starting
// the indexes at 1.
const (
	refBits = 5
	maxFew  = 1<<refBits - 1
)

// MaxLiterals is the greatest number of patterns in a set.
const MaxLiterals = 1 << (32 - refBits - 1)

// The width classes: a literal's class says how many bytes of prefix find it.
const (
	one  = iota // one byte
	two         // two
	mid         // three
	wide        // six
	classCount
)

var widths = [classCount]int{1, 2, 3, 6}

func class(size int) int {
	switch {
	case size >= 6:
		return wide
	case size >= 3:
		return mid
	}
	return size - 1
}

// hashOf returns the mixed key of class k for a text that starts with word.
func hashOf(word uint64, k int) uint64 {
	cut, class := classMask(k)
	return mix(word&cut | class)
}

// classMask returns which bits of a text's first word count in class k, and what
// is set above them.
func classMask(k int) (cut, class uint64) { return cuts[widths[k]].head, uint64(k+1) << 56 }

// cuts cut two words to a literal's size.
var cuts = func() (m [32]struct{ head, tail uint64 }) { // up to 16 used; 32 spare a bounds check
	for n := range m[:17] {
		m[n].head = 1<<(8*min(n, 8)) - 1
		m[n].tail = 1<<(8*max(n-8, 0)) - 1
	}
	return m
}()

// literal is a pattern on its way into the table.
type literal struct {
	folded  []byte
	pattern int32
}

func (l *literal) class() int { return class(len(l.folded)) }

// newTable builds the table of valid patterns.
func newTable(p []Pattern) *table {
	t := &table{}
	sorted := t.sort(p)
	t.items = make([]item, 0, len(p))
	keys, refs := make([]uint64, 0, len(p)), make([]uint32, 0, len(p))
	for lo := 0; lo < len(sorted); {
		k := sorted[lo].class()
		prefix := sorted[lo].folded[:widths[k]]
		hi := lo + 1
		for hi < len(sorted) && sorted[hi].class() == k && string(sorted[hi].folded[:widths[k]]) == string(prefix) {
			hi++
		}
		if len(t.classes) == 0 || t.classes[len(t.classes)-1] != k {
			t.classes = append(t.classes, k)
		}
		keys = append(keys, hashOf(load(prefix), k))
		refs = append(refs, t.addGroup(p, sorted[lo:hi]))
		lo = hi
	}
	t.index = newIndex(keys, refs)
	t.ninth = make([]byte, len(t.items)+maxFew)
	for i := range t.items {
		t.ninth[i] = byte(t.items[i].tail)
	}
	return t
}

// sort folds the literals and sorts them by class, then folded form, then as
// they were given.
func (t *table) sort(p []Pattern) []literal {
	total := 0
	var ends [classCount + 1]int // of classes in what is sorted, each behind its number
	for i := range p {
		n := len(p[i].Literal)
		total += n
		t.fold = t.fold || p[i].Fold
		t.longest = max(t.longest, n)
		ends[class(n)+1]++
	}
	for k := range classCount {
		ends[k+1] += ends[k]
	}
	entries, at := make([]entry, len(p)), ends
	for i := range p {
		lit := view(p[i].Literal)
		word := load(lit)
		if t.fold {
			word = lowerWord(word)
		}
		k := class(len(lit))
		entries[at[k]] = entry{bits.ReverseBytes64(word), int32(i)}
		at[k]++
	}
	spare := make([]entry, len(p))
	for k := range classCount {
		sortEntries(entries[ends[k]:ends[k+1]], spare)
	}
	var room []byte
	if t.fold {
		room = make([]byte, 0, total)
	}
	sorted := make([]literal, len(p))
	for i, e := range entries {
		lit := view(p[e.pattern].Literal)
		if t.fold {
			n := len(room)
			room = append(room, lit...)
			lit = room[n:len(room):len(room)]
			lower(lit)
		}
		sorted[i] = literal{lit, e.pattern}
	}
	for lo, hi := 0, 0; lo < len(sorted); lo = hi {
		for hi = lo + 1; hi < len(sorted) && entries[hi].key == entries[lo].key && sorted[hi].class() == sorted[lo].class(); hi++ {
		}
		slices.SortStableFunc(sorted[lo:hi], func(a, b literal) int { return bytes.Compare(a.folded, b.folded) })
	}
	return sorted
}

// entry is what of a literal is moved about while sorting.
type entry struct {
	key     uint64 // the first eight bytes, as a number
	pattern int32
}

// sortEntries sorts by key and keeps the order of equals: by one byte after the
// other, the last first. Sorting was half of what compiling a set costs.
func sortEntries(e, spare []entry) {
	if len(e) < 2 {
		return
	}
	from, to := e, spare[:len(e)]
	for shift := 0; shift < 64; shift += 8 {
		var ends [257]int
		for i := range from {
			ends[from[i].key>>shift&0xFF+1]++
		}
		if ends[from[0].key>>shift&0xFF+1] == len(from) {
			continue // all have the same byte here
		}
		for c := range 256 {
			ends[c+1] += ends[c]
		}
		for i := range from {
			c := from[i].key >> shift & 0xFF
			to[ends[c]] = from[i]
			ends[c]++
		}
		from, to = to, from
	}
	copy(e, from) // onto itself after an even number of turns
}

// addGroup appends the items of literals with a common prefix.
func (t *table) addGroup(p []Pattern, l []literal) (ref uint32) {
	distinct := 1
	for i := 1; i < len(l); i++ {
		if !bytes.Equal(l[i].folded, l[i-1].folded) {
			distinct++
		}
	}
	first := uint32(len(t.items))
	for lo := 0; lo < len(l); {
		hi := lo + 1
		for hi < len(l) && bytes.Equal(l[hi].folded, l[lo].folded) {
			hi++
		}
		t.addItem(p, l[lo:hi], distinct > maxFew)
		lo = hi
	}
	if distinct <= maxFew {
		return first<<refBits | uint32(distinct)
	}
	t.nest(int(first))
	t.large = append(t.large, group{first, uint32(distinct)})
	return uint32(len(t.large)) << refBits
}

// addItem appends the item of patterns with the same folded literal.
func (t *table) addItem(p []Pattern, same []literal, inLarge bool) {
	lit := same[0].folded
	it := item{head: load(lit), size: uint16(len(lit)), payload: p[same[0].pattern].Payload}
	if len(lit) > 8 {
		it.tail = load(lit[8:])
	}
	it.whole = uint8(min(len(lit), 16))
	if inLarge || len(lit) > 16 || len(same) > 1 || t.keepsCase(p[same[0].pattern]) {
		it.extra = 1
		it.payload = uint32(len(t.extras))
		x := extra{off: uint32(len(t.text)), first: uint32(len(t.outs))}
		t.text = append(t.text, lit...)
		for _, s := range same {
			o := out{payload: p[s.pattern].Payload}
			if t.keepsCase(p[s.pattern]) {
				o.exact = uint32(len(t.raw)) + 1
				t.raw = append(t.raw, p[s.pattern].Literal...)
			}
			t.outs = append(t.outs, o)
		}
		x.limit = uint32(len(t.outs))
		t.extras = append(t.extras, x)
	}
	t.items = append(t.items, it)
}

// keepsCase reports whether a match of p's folded form is not yet one of p.
func (t *table) keepsCase(p Pattern) bool { return t.fold && !p.Fold && hasLetter(p.Literal) }

// nest links each item of the large group from first on to the longest other
// item that is its prefix. Sorted order puts a prefix before what it begins.
func (t *table) nest(first int) {
	t.parents = append(t.parents, make([]uint32, len(t.items)-len(t.parents))...)
	var open []int
	for i := first; i < len(t.items); i++ {
		for len(open) > 0 && !bytes.HasPrefix(t.lit(i), t.lit(open[len(open)-1])) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			t.parents[i] = uint32(open[len(open)-1]) + 1
		}
		open = append(open, i)
	}
}

// lit returns the folded literal of an item that has an extra.
func (t *table) lit(i int) []byte {
	it := &t.items[i]
	off := t.extras[it.payload].off
	return t.text[off : off+uint32(it.size)]
}

// size returns how many bytes the table takes.
func (t *table) size() int {
	return t.index.size() + cap(t.items)*24 + cap(t.ninth) + cap(t.extras)*12 + cap(t.outs)*8 +
		cap(t.text) + cap(t.raw) + cap(t.parents)*4 + cap(t.large)*8
}

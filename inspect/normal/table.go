package normal

import "unicode/utf8"

// kind says what becomes of a character.
type kind uint8

const (
	same      kind = iota // stands as it is
	replace               // becomes entry.to
	remove                // nothing is left of it
	enclosed              // a digit in a circle or raised: entry.to, set off where it is a list mark or a note
	voiced                // ゛or ゜: joins the kana before it, else entry.to
	wave                  // "-" between digits, else entry.to
	overlay               // joins the letter or digit before it
	lookalike             // entry.to beside digits
)

// entry is what a table says of one character.
type entry struct {
	kind kind
	to   string
}

// table holds the entries of all characters that are not plain, and for each
// character of two and three bytes one bit saying whether it is plain. The bits
// are what the fast path looks at: 8 KiB that stay in the first-level cache.
type table struct {
	entries []entry
	pages   [0x110000 >> 8]*[256]uint16
	two     [32]uint64
	three   [16][64]uint64
}

var folds = build(invisible, spaces, lookalikes, digits, kana, width, compatible)

// build lets each transformation enter its characters. The first to name a
// character keeps it.
func build(transformations ...func(*table)) *table {
	t := &table{entries: make([]entry, 1, 4096)}
	for _, enter := range transformations {
		enter(t)
	}
	return t
}

// set enters one character, unless it is there already.
func (t *table) set(r rune, k kind, to string) {
	if r < 0x80 || t.of(r).kind != same {
		return
	}
	page := t.pages[r>>8]
	if page == nil {
		page = new([256]uint16)
		t.pages[r>>8] = page
	}
	page[r&255] = uint16(len(t.entries))
	t.entries = append(t.entries, entry{k, to})
	switch {
	case r < 0x800:
		t.two[r>>6] |= 1 << (r & 63)
	case r < 0x10000:
		t.three[r>>12][r>>6&63] |= 1 << (r & 63)
	}
}

// setRange enters all characters from first to last.
func (t *table) setRange(first, last rune, k kind, to string) {
	for r := first; r <= last; r++ {
		t.set(r, k, to)
	}
}

// of returns the entry of r, the zero entry if it is plain.
func (t *table) of(r rune) entry {
	if page := t.pages[r>>8]; page != nil {
		return t.entries[page[r&255]]
	}
	return entry{}
}

// at returns the entry of the character at b's start, and its length. Invalid
// bytes are plain, one by one.
func (t *table) at(b []byte) (entry, int) {
	if b[0] < utf8.RuneSelf {
		return control(b)
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError {
		return entry{}, n
	}
	return t.of(r), n
}

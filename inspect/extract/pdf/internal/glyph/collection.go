package glyph

import "sync"

// collections are the text of each CID of Adobe's character collections.
var collections = map[string]func() []string{
	"Japan1": sync.OnceValue(func() []string { return lines("Japan1") }),
	"GB1":    sync.OnceValue(func() []string { return lines("GB1") }),
	"CNS1":   sync.OnceValue(func() []string { return lines("CNS1") }),
	"Korea1": sync.OnceValue(func() []string { return lines("Korea1") }),
	"KR":     sync.OnceValue(func() []string { return lines("KR") }),
}

// Collections lists the orderings of the collections that are known.
var Collections = []string{"CNS1", "GB1", "Japan1", "KR", "Korea1"}

// OfCollection returns the text of a CID in the collection of that ordering,
// such as "Japan1"; "" if it has none.
func OfCollection(ordering string, cid int) string {
	all := collections[ordering]
	if all == nil {
		return ""
	}
	if t := all(); cid >= 0 && cid < len(t) {
		return t[cid]
	}
	return ""
}

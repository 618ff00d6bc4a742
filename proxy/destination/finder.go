package destination

import (
	"slices"

	"github.com/cloudflare/ahocorasick"
)

// finder narrows many things down to the few whose anchor is in a text, by one
// pass of an Aho-Corasick automaton. The caller confirms each: an anchor found
// is a hint only. Safe for concurrent use.
type finder struct {
	m     *ahocorasick.Matcher
	lists [][]int32 // by anchor: the things that have it, in order
}

// newFinder takes the anchor of each thing; none is empty.
func newFinder(anchors []string) *finder {
	f := new(finder)
	index := map[string]int{}
	var dictionary [][]byte
	for i, a := range anchors {
		k, ok := index[a]
		if !ok {
			k = len(dictionary)
			index[a] = k
			dictionary = append(dictionary, []byte(a))
			f.lists = append(f.lists, nil)
		}
		f.lists[k] = append(f.lists[k], int32(i))
	}
	if len(dictionary) > 0 { // the matcher cannot be empty
		f.m = ahocorasick.NewMatcher(dictionary)
	}
	for i := range f.lists {
		f.lists[i] = slices.Clip(f.lists[i])
	}
	return f
}

// find returns the numbers of the lists whose anchor is in text. Match would
// be quicker, but it may not be called twice at the same time.
func (f *finder) find(text []byte) []int {
	if f.m == nil {
		return nil
	}
	return f.m.MatchThreadSafe(text)
}

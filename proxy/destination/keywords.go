package destination

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// KeywordSet finds words in short texts such as file names, whatever their
// case, width (ＡＢＣ, ｱｲｳ) or composition. Immutable, safe for concurrent use.
type KeywordSet struct {
	words  []string // folded
	finder *finder
}

// MaxKeywords is how many words a KeywordSet takes.
const MaxKeywords = 10_000

// keywordAnchor is how many bytes of a word are looked for: two kanji.
const keywordAnchor = 6

// NewKeywordSet takes words of at least two bytes each, such as "顧客名簿".
func NewKeywordSet(words []string) (*KeywordSet, error) {
	if len(words) > MaxKeywords {
		return nil, fmt.Errorf("%d keywords are more than %d", len(words), MaxKeywords)
	}
	k := &KeywordSet{words: make([]string, len(words))}
	starts := make([]string, len(words))
	var errs []error
	for i, w := range words {
		f := fold(w)
		if len(strings.TrimSpace(f)) < 2 {
			errs = append(errs, fmt.Errorf("keyword %d, %q, is too short", i+1, w))
			continue
		}
		k.words[i] = f
		n := min(len(f), keywordAnchor)
		for n < len(f) && !utf8.RuneStart(f[n]) {
			n--
		}
		starts[i] = f[:n]
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	k.finder = newFinder(starts)
	return k, nil
}

// Match returns the numbers of the words that are in text, in order.
func (k *KeywordSet) Match(text string) (found []int) {
	text = fold(text)
	for _, list := range k.finder.find([]byte(text)) {
		for _, i := range k.finder.lists[list] {
			if strings.Contains(text, k.words[i]) {
				found = append(found, int(i))
			}
		}
	}
	slices.Sort(found)
	return found
}

// fold makes what people take for the same text the same.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

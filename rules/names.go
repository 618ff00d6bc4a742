package rules

import (
	"fmt"
	"strings"

	"github.com/cloudflare/ahocorasick"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"golang.org/x/text/unicode/norm"
)

// maxNameBytes bounds the words looked for in file names: the automaton takes
// some 4 KiB for each byte of them.
const maxNameBytes = 8 << 10

// names finds words in file names, case and width folded.
type names struct{ m *ahocorasick.Matcher }

func newNames(words []string) (names, error) {
	folded := make([]string, len(words))
	size := 0
	for i, w := range words {
		folded[i] = fold(w)
		size += len(folded[i])
	}
	if size > maxNameBytes {
		return names{}, fmt.Errorf("the lists have %d bytes of words, and file names are looked through for at most %d; write a shorter list", size, maxNameBytes)
	}
	return names{ahocorasick.NewStringMatcher(folded)}, nil
}

// count is the number of file names, those within archives and mails
// included, that have a word in them.
func (n names) count(t *Transaction) int {
	k := 0
	for _, name := range t.FileNames {
		if n.in(name) {
			k++
		}
	}
	for i := range t.Report.Parts {
		// The first step is not a name that the sender gave.
		_, inner, _ := strings.Cut(t.Report.Parts[i].Path, part.Separator)
		if inner != "" && n.in(inner) {
			k++
		}
	}
	return k
}

// in reports whether name has a word in it.
func (n names) in(name string) bool {
	return n.m != nil && len(n.m.MatchThreadSafe([]byte(fold(name)))) > 0
}

// fold makes width and case of a text not count.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

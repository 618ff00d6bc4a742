package detect

import (
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// longWord is the number of letters, digits and signs of base64 from which a
// word is encoded data and no identifier: the longest identifier that mixes
// letters and digits is an IBAN of 34 (ISO 13616).
const longWord = 48

// dropEncoded drops the block's runs of digits that stand between letters within a
// long word, and makes the sets of those that are left. In base64 they are every tenth
// byte, and each detector would look at all of them.
func (b *Block) dropEncoded() {
	runs, kept, next, last := b.Runs, 0, 0, word{}
	b.words = b.words[:0]
	for {
		at := len(b.words) * 64
		sure := kept - at // of the group, which further ones fill up
		take := min(64-sure, len(runs)-next)
		if kept < next {
			copy(runs[kept:], runs[next:next+take])
		}
		kept, next = kept+take, next+take
		if kept == at {
			break
		}
		group := runs[at:kept]
		b.words = sortRuns(b.words, b.Text, group)
		w := &b.words[len(b.words)-1]
		if drop := last.runs(b.Text, group, w[amid]&(^uint64(0)<<sure)); drop != 0 {
			kept, b.words = at, b.words[:len(b.words)-1]
			for keep := w[anyRun] &^ drop; keep != 0; keep &= keep - 1 {
				runs[kept] = group[bits.TrailingZeros64(keep)]
				kept++
			}
		} else if len(group) < 64 {
			break
		}
	}
	b.Runs = runs[:kept]
	b.survey()
}

// word is how far the word reaches that was looked at last, and whether it is long.
type word struct {
	end  int
	long bool
}

// runs returns those of at most 64 runs that are within a long word, of which m are
// between letters.
func (w *word) runs(text []byte, runs []match.Run, m uint64) (long uint64) {
	if !w.long && shortWords(text, runs, m) {
		return 0
	}
	for m != 0 {
		r := runs[bits.TrailingZeros64(m)]
		if int(r.Start) >= w.end {
			w.around(text, int(r.Start), int(r.End))
		}
		within := m & -m
		if int(runs[len(runs)-1].End) <= w.end {
			within = m // as all along a text in base64
		}
		if w.long {
			long |= within
		}
		m &^= within
	}
	return long
}

// shortWords is a cheap test that none of runs that are in m, amid letters, is within a
// long word. It may say no where there is none either.
func shortWords(text []byte, runs []match.Run, m uint64) bool {
	const (
		few  = 4 // not worth it
		near = 64
		most = 16 * normal.SextetSpan
	)
	if bits.OnesCount64(m) < few {
		return m == 0
	}
	from := max(0, int(runs[bits.TrailingZeros64(m)].Start)-near)
	to := min(len(text), int(runs[63-bits.LeadingZeros64(m)].End)+near)
	if to-from > most {
		return false
	}
	// Wherever it begins, a long word holds five times eight bytes in a row. What is
	// farther off than near is not needed to know that it is long.
	var storage [most / normal.SextetSpan]uint64
	words := normal.SextetWords(storage[:], text[from:to])
	for k, x := range words {
		next := uint64(0)
		if k+1 < len(words) {
			next = words[k+1]
		}
		if x&(x>>1|next<<63)&(x>>2|next<<62)&(x>>3|next<<61)&(x>>4|next<<60) != 0 {
			return false
		}
	}
	return true
}

// around looks at the word around text[i:j], which is of it.
func (w *word) around(text []byte, i, j int) {
	const near = 64
	if runVectors != noVectors && i >= near && j+near <= len(text) {
		// Both ways at once; most words are short.
		back := bits.LeadingZeros64(^wordMask(&text[i-near]))
		if ahead := bits.TrailingZeros64(^wordMask(&text[j])); ahead < near {
			w.end, w.long = j+ahead, back+j-i+ahead >= longWord
			return
		}
	}
	start := i
	for start > max(0, i-longWord) && normal.Sextet[text[start-1]] != 0 {
		start--
	}
	w.end = j + normal.SextetPrefix(text[j:])
	w.long = w.end-start >= longWord
}

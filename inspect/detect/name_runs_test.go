package detect

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzKatakana holds vectors and Go against each other, and the runs that are found in
// a text against those found by looking at every character.
func FuzzKatakana(f *testing.F) {
	f.Add([]byte("スズキ タロウ、佐藤ハナ・アァヿ゠ヺ\xe3\xe3\x82\xe3\x83"), uint8(9), uint8(3))
	f.Add([]byte("ナ タロウ　ヽメアリー"), uint8(40), uint8(70))
	f.Fuzz(func(t *testing.T, b []byte, n, cut uint8) {
		text := append(bytes.Repeat([]byte("ンa ア"), int(n)), b...)
		block := &Block{Text: text}
		if k := int(cut); k+9 < len(text) {
			block.windows = []window{{0, k}, {k + 5, len(text)}}
		}
		want := runsOf(block)
		defer func(v bool) { nameVectors = v }(nameVectors)
		for _, nameVectors = range []bool{false, nameVectors} {
			var got []window
			k := katakanaRuns{block: block}
			for k.next() {
				got = append(got, window{k.start, k.end})
			}
			if !slices.Equal(got, want) {
				t.Fatalf("runs of %q are %v, want %v; vectors %v", text, got, want, nameVectors)
			}
		}
		if blocks := (len(text) - 2) / 64; blocks > 0 && nameVectors {
			a, b := make([]uint64, blocks), make([]uint64, blocks)
			markKatakana(text, a)
			if katakanaBlocks(&text[0], blocks, &b[0]); !slices.Equal(a, b) {
				t.Fatalf("marks of %q: %x, in Go %x", text, b, a)
			}
		}
	})
}

// runsOf is what katakanaRuns walks.
func runsOf(b *Block) (runs []window) {
	at := 0
	for w, ok := b.nextWindow(0); ok; w, ok = b.nextWindow(at) {
		t := b.Text[:w.end]
		var before window
		for i := w.start; i < len(t); {
			run := window{i, i}
			for run.end+3 <= len(t) && katakanaAt(t[run.end:]) {
				run.end += 3
			}
			if run.end == i {
				i++
				continue
			}
			i = run.end
			if before.end > 0 && before.end == run.start-1 && t[before.end] == ' ' &&
				(before.end-before.start < 6 || bytes.IndexByte(t[before.start:before.end], 0x83) < 0) && bytes.IndexByte(t[run.start:run.end], 0x83) >= 0 {
				if before.end-before.start >= 6 {
					runs = append(runs, before)
				} else {
					run.start = run.end // a letter and a space take the next with them
				}
			}
			if bytes.IndexByte(t[run.start:run.end], 0x83) >= 0 && run.end-run.start >= 6 {
				runs = append(runs, run)
			}
			before = window{run.start, run.end}
		}
		at = w.end
	}
	return runs
}

package detect

import (
	"bytes"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// katakanaRuns walks the katakana words of a text that may be names. Their
// first two characters are too common for the matcher's filter (26,000 names
// begin like most other words), while whole words are few: finding them 64 bytes
// at a time and looking each up once is many times cheaper.
type katakanaRuns struct {
	block      *Block
	text       []byte // up to the end of the window
	at         int
	start, end int // the run found last
	from, to   int // what of text marks tells: its bytes that are katakana
	marks      [64]uint64
	over       uint64 // the bytes behind to that belong to a letter before it
}

// next finds the next run of two and more characters, leaving it in start and
// end, and reports whether there is one.
func (k *katakanaRuns) next() bool {
	for !k.step() {
		w, ok := k.block.nextWindow(len(k.text))
		if !ok {
			return false
		}
		k.text, k.at = k.block.Text[:w.end], w.start
		k.to, k.over = 0, 0
	}
	return true
}

// step is next within the window. It passes over runs without a byte 0x83: the
// middle byte of タ to ヺ and ー, one of which nearly every name has.
func (k *katakanaRuns) step() bool {
	t := k.text
	before := span16{} // the run before
	for end := k.at; ; {
		start := k.find(end, 0)
		if start == len(t) {
			k.at = len(t)
			return false
		}
		end = k.find(start, ^uint64(0))
		run := span16{int32(start), int32(end)}
		if t[start+1] != 0x83 && bytes.IndexByte(t[start:end], 0x83) < 0 {
			before = run
			continue
		}
		if before.end > 0 && int(before.end) == start-1 && t[start-1] == ' ' {
			run = before // スズキ has none of these bytes; タロウ after it has
		}
		before = span16{int32(start), int32(end)}
		if run.end-run.start >= 6 {
			k.start, k.end, k.at = int(run.start), int(run.end), int(run.end)
			return true
		}
	}
}

// find returns the first byte from i on that is katakana, or with a flip of all bits
// that is not, and the text's length if there is none.
func (k *katakanaRuns) find(i int, flip uint64) int {
	for i < len(k.text) {
		if i < k.from || i >= k.to {
			k.mark(i)
		}
		at := uint(i - k.from)
		if m := (k.marks[at/64%64] ^ flip) >> (at % 64); m != 0 {
			return min(len(k.text), i+bits.TrailingZeros64(m))
		}
		i += 64 - int(at%64)
	}
	return len(k.text)
}

// mark fills the marks from i on.
func (k *katakanaRuns) mark(i int) {
	t := k.text[i:]
	blocks := max(0, min((len(t)-2)/64, len(k.marks)))
	if i != k.to {
		k.over = 0
	}
	k.from, k.to = i, i+64*max(1, blocks)
	switch {
	case blocks == 0:
		var last [64 + 2]byte
		copy(last[:], t)
		blocks = 1
		markKatakana(last[:], k.marks[:1])
	case nameVectors:
		katakanaBlocks(&t[0], blocks, &k.marks[0])
	default:
		markKatakana(t, k.marks[:blocks])
	}
	for n, m := range k.marks[:blocks] {
		k.marks[n] = m | m<<1 | m<<2 | k.over
		k.over = m>>63 | m>>62
	}
}

// markKatakana sets a bit in a word of marks for each of 64 bytes of t that begins a
// katakana letter. Two more bytes are behind.
func markKatakana(t []byte, marks []uint64) {
	clear(marks)
	limit := 64 * len(marks)
	for i := 0; i < limit; i++ {
		n := bytes.IndexByte(t[i:limit], 0xE3)
		if n < 0 {
			return
		}
		for i += n; i < limit && t[i] == 0xE3 && t[i+1]&0xC0 == 0x80 && t[i+2]&0xC0 == 0x80; i += 3 {
			if katakanaAt(t[i:]) {
				marks[i/64] |= 1 << (i % 64)
			}
		}
	}
}

// katakanaAt reports whether t, at least three bytes long, begins with a
// katakana letter or ー.
func katakanaAt(t []byte) bool {
	return t[0] == 0xE3 && (t[1] == 0x83 && t[2] != 0xBB && t[2] >= 0x80 && t[2] <= 0xBC || t[1] == 0x82 && t[2] >= 0xA1 && t[2] < 0xC0)
}

// promising reports whether the run found last may be a name: part of a dotted
// one, a listed one, or a Japanese surname before a space.
func (k *katakanaRuns) promising() bool {
	t := k.text
	if k.end+6 <= len(t) {
		if (t[k.end] == 0xE3 && t[k.end+1] == 0x83 && t[k.end+2] == 0xBB && katakanaAt(t[k.end+3:])) ||
			t[k.end] == '=' && katakanaAt(t[k.end+1:]) {
			return true
		}
	}
	if k.end < len(t) && t[k.end] >= '0' && t[k.end] <= '9' && regnal(t[k.end:]) {
		return true
	}
	if word := t[k.start:k.end]; len(word) >= 9 && dict.FrequentForeign(word) {
		return true
	}
	return k.japanese()
}

// japanese reports whether the run may be a Japanese name in kana: a surname
// before a space and another run, or a cell of its own.
func (k *katakanaRuns) japanese() bool {
	t := k.text
	if k.end+4 <= len(t) && t[k.end] == ' ' && katakanaAt(t[k.end+1:]) {
		return dict.LookupJapanese(t[k.start:k.end]).SurnameKana != 0
	}
	return k.end-k.start >= 12 && (k.start == 0 || fieldMark[t[k.start-1]]) && (k.end == len(t) || fieldMark[t[k.end]])
}

// fieldMark are cellMark and what else borders a value in forms, markup and
// statements.
var fieldMark = func() [256]bool {
	m := cellMark
	for _, c := range []byte(" '=&<>()[]/") {
		m[c] = true
	}
	return m
}()

// cellMark are the bytes that border a cell, a field or a line.
var cellMark = [256]bool{'\n': true, '\r': true, '\t': true, ',': true, '"': true, ':': true, '|': true, ';': true}

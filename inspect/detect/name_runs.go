package detect

import (
	"bytes"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// katakanaRuns walks the katakana words of a text that may be names. Their
// first two characters are too common for the matcher's filter (26,000 names
// begin like most other words), while whole words are few: finding them by a
// jump search and looking each up once is many times cheaper.
type katakanaRuns struct {
	block      *Block
	text       []byte // up to the end of the window
	at         int
	start, end int // the run found last
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
	}
	return true
}

// step is next within the window. It jumps from one byte 0x83 to the
// next: the middle byte of タ to ヺ and ー, one of which nearly every name has.
func (k *katakanaRuns) step() bool {
	t := k.text
	for i := k.at; ; {
		n := bytes.IndexByte(t[min(i, len(t)):], 0x83)
		if n < 0 {
			k.at = len(t)
			return false
		}
		i += n
		if i == 0 || t[i-1] != 0xE3 || i+1 >= len(t) || !katakanaAt(t[i-1:]) {
			i++
			continue
		}
		start, end := i-1, i+2
		for start >= k.at+3 && katakanaAt(t[start-3:]) {
			start -= 3
		}
		for end+3 <= len(t) && katakanaAt(t[end:]) {
			end += 3
		}
		i = end
		if start >= k.at+4 && t[start-1] == ' ' && katakanaAt(t[start-4:]) {
			// スズキ has none of these bytes; タロウ after it has.
			end = start - 1
			for start = end - 3; start >= k.at+3 && katakanaAt(t[start-3:]); {
				start -= 3
			}
		}
		if end-start >= 6 {
			k.start, k.end, k.at = start, end, end
			return true
		}
	}
}

// katakanaAt reports whether t, at least three bytes long, begins with a
// katakana letter or ー.
func katakanaAt(t []byte) bool {
	return t[0] == 0xE3 && (t[1] == 0x83 && t[2] != 0xBB && t[2] <= 0xBC || t[1] == 0x82 && t[2] >= 0xA1)
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

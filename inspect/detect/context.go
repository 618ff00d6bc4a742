package detect

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// mode is how a text is organised, as found out.
type mode uint8

const (
	prose  mode = iota // lines, paragraphs, "label: value"
	object             // JSON
	rows               // delimited
	fields             // key=value lines
	single             // one value
)

// view answers what governs a place in the current block: it knows the text's
// layout across blocks. It costs only where it is asked.
type view struct {
	mode   mode
	auto   bool // the layout is to be found out
	single Label
	first  bool // no block was seen yet
	cells  bool // a table that a reader wrote, cells set apart by tabs

	text     []byte
	own, cut int
	table    table
	trial    table   // of sniff; kept for its storage
	matrix   []Label // JSON: of the columns of arrays in an array
	known    knownKeys

	bare int // the last offset that ends.mayEnd denied a label, -1 if there is none

	// The last answer is good for offsets in [lo, hi); earlier ones stand in
	// answers by their offset, if they are of this block.
	lo, hi  int
	last    answer
	answers [1 << answerBits]answer
	block   uint32
}

// answer is what Label said of one offset of one block.
type answer struct {
	own, near Label
	at        int32
	block     uint32
}

const answerBits = 11

func (v *view) reset() {
	v.mode, v.auto, v.single, v.first, v.cells = prose, false, 0, true, false
	v.text = nil
	v.lo, v.hi, v.bare = 0, 0, -1
	v.table.reset()
	v.matrix = v.matrix[:0]
}

func (v *view) begin(l part.Layout, label Label) {
	v.reset()
	v.single = label
	switch l {
	case part.Auto:
		v.auto = true
	case part.JSON:
		v.mode = object
	case part.Form:
		v.mode = fields
	case part.Table:
		v.mode, v.cells = rows, true
	case part.Single:
		v.mode = single
	}
}

// set shows the next block; own is where the part of it starts that was not
// reported yet.
func (v *view) set(text []byte, own int) {
	v.text, v.own = text, own
	v.lo, v.hi, v.bare = 0, 0, -1
	v.block++
	if v.auto && (v.first || v.mode == prose || v.mode == rows && v.table.ended) {
		v.mode = v.sniff(text[own:], own)
	} else if v.mode == rows && !v.table.known {
		v.table.open('\t', true)
		v.table.from = own
	}
	if v.first && v.mode == object {
		v.matrix = findMatrix(v.matrix, text)
	}
	v.first = false
	v.table.stale = true
}

// advance says that the first n bytes of the block are gone.
func (v *view) advance(n int) {
	v.text = nil
	t := &v.table
	t.from = max(0, t.from-n)
	t.head, t.body = max(-1, t.head-n), t.body-n
}

// drops reports whether a finding at offset i is to be dropped: it stands in a
// table's header.
func (v *view) drops(i int) bool { return v.mode == rows && v.table.inHeader(i) }

// label implements contextual.
func (v *view) label(i int) (own, near Label) {
	if i < 0 || i >= len(v.text) {
		return 0, 0
	}
	if i >= v.lo && i < v.hi {
		return v.last.own, v.last.near
	}
	a := &v.answers[i&(len(v.answers)-1)]
	if a.block == v.block && int(a.at) == i {
		return a.own, a.near
	}
	v.lo, v.hi = i, i+1
	switch v.mode {
	case single:
		own = v.single
		if o, n := v.proseLabel(i); own == 0 {
			own, near = o, n
		} else {
			near = n
		}
	case object:
		own, near = v.keyLabel(i)
	case fields:
		own, near = v.fieldLabel(i)
	case rows:
		if o, lo, hi, ok := v.table.labelAt(v.text, i); ok {
			v.lo, v.hi = lo, hi
			own = o
			if hi-lo > 24 || own == 0 {
				// Long cells hold prose of their own.
				v.lo, v.hi = i, i+1
				o, n := v.proseLabelFrom(i, lo)
				if own == 0 {
					own = o
				}
				near = n
			}
			break
		}
		own, near = v.proseLabel(i)
	default:
		own, near = v.proseLabel(i)
	}
	own &^= weak
	near = near&^weak | own
	*a = answer{own, near, int32(i), v.block}
	v.last = *a
	return own, near
}

// ownLabel is the first answer of label, without the second if that is dear.
func (v *view) ownLabel(i int) Label {
	if i < 0 || i >= len(v.text) {
		return 0
	}
	if v.mode == object {
		return v.ownKeyLabel(i) &^ weak // which is found sooner than an answer
	}
	if i == v.bare {
		return 0
	}
	if v.mode == prose {
		if a := &v.answers[i&(len(v.answers)-1)]; a.block == v.block && int(a.at) == i {
			return a.own
		}
		if !v.mayOwn(i) {
			return 0
		}
	}
	own, _ := v.label(i)
	return own
}

// mayOwn reports whether running text may have an own label for the value at offset i.
func (v *view) mayOwn(i int) bool {
	if i == v.bare {
		return false
	}
	if !theLexicon().endings.mayEnd(v.text, i) {
		v.bare = i
		return false
	}
	return true
}

// nearChars is how far before a value a label word may stand, in characters.
const nearChars = 40

// proseLabel looks for label words in the text before i, at most nearChars
// back, on the same line or, if that holds nothing before i, the line before.
func (v *view) proseLabel(i int) (own, near Label) {
	lo := max(0, i-3*nearChars)
	if k := lastNewline(v.text[lo:i]); k >= 0 {
		k += lo
		if len(bytes.TrimSpace(v.text[k:i])) == 0 {
			// A value alone on its line: its label may stand above.
			k0 := lastNewline(v.text[lo:k])
			k = lo + k0
		}
		lo = k + 1
	}
	return v.proseLabelFrom(i, lo)
}

// proseLabelFrom is proseLabel with text from lo on.
func (v *view) proseLabelFrom(i, lo int) (own, near Label) {
	b := v.text
	// Count characters back from i.
	start := max(lo, i-nearChars)
	if !allASCII(b[start:i]) {
		start = i
		for n := 0; start > lo && n < nearChars; n++ {
			start--
			for start > lo && !utf8.RuneStart(b[start]) {
				start--
			}
		}
	}
	if start < i {
		own, near = scanLabels(b[start:i])
	}
	// A remark in brackets behind the value: 090-… (携帯).
	hi := min(len(b), i+32)
	if k := bytes.IndexByte(b[i:hi], '('); k >= 0 && bytes.IndexByte(b[i:i+k], '\n') < 0 {
		open := i + k + 1
		if end := bytes.IndexByte(b[open:min(len(b), open+32)], ')'); end >= 0 {
			_, n := scanLabels(b[open : open+end])
			near |= n
		}
	}
	return own, near
}

// scanLabels finds the label words in w, a stretch of text that ends where a
// value begins. own is the last one, if only separators stand behind it.
func scanLabels(w []byte) (own, near Label) {
	l := theLexicon()
	var t lettering
	w = w[max(0, len(w)-maxLettering):]
	for len(w) > 0 && !utf8.RuneStart(w[0]) {
		w = w[1:]
	}
	t.of(w)
	b := t.buf[:t.n]
	last, lastLabel := -1, Label(0)
	for k, starts := range t.starts[:(len(b)+63)/64] {
		for ; starts != 0; starts &= starts - 1 {
			i := k<<6 + bits.TrailingZeros64(starts)
			if i < last {
				continue // in a word
			}
			if b[i] < utf8.RuneSelf {
				if l.noEnglish(&t, i) {
					continue // most words
				}
				if end, label := l.englishAt(&t, i); end > 0 && (end == len(b) || t.stops.has(end)) {
					if label&frequent == 0 {
						near |= label
					}
					last, lastLabel = end, label
				}
			} else if l.japaneseStarts.has(t.six(i) * golden) {
				if end, label := l.japaneseAt(b, i); end > 0 {
					near |= label
					last, lastLabel = end, label
				}
			}
		}
	}
	if last >= 0 && separators(b[last:]) {
		own = lastLabel
	} else if len(b) >= 3 && string(b[len(b)-3:]) == "〒" || len(b) >= 4 && string(b[len(b)-4:]) == "〒 " {
		own = LPostal
	} else if last < 0 {
		own = loneLabel(b)
	}
	own &^= frequent
	return own, near | own
}

// separators reports whether b, what stands between a label and a value, says
// no more than that the one belongs to the other.
func separators(b []byte) bool {
	n := 0
	colon := false
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '(' || c == '[':
			// 電話番号(自宅): …
			end := bytes.IndexByte(b[i:], c+1+c/64)
			if end < 0 {
				i++
				continue
			}
			i += end + 1
			continue
		case c == ':' || c == '=' || c == '|':
			if colon && c != ':' {
				return false
			}
			colon = true
			i++
			continue
		case c < utf8.RuneSelf:
			if isLetter(c) && colon || isDigit(c) && colon || c == ',' || c == ';' {
				return false
			}
			if isLetter(c) {
				// "is", "no", "no.", "number", "#" between the two.
				j := i
				for j < len(b) && isLetter(b[j]) {
					j++
				}
				if n++; n > 1 || !linking[string(b[i:j])] {
					return false
				}
				i = j
				continue
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if n++; n > 3 || !strings.ContainsRune(betweens, r) {
			return false
		}
		i += size
	}
	return true
}

// betweens are the characters beyond ASCII that may stand there.
const betweens = "はがをにの」』】〕「『【…・→■●\u3000〒"

var linking = map[string]bool{"is": true, "no": true, "number": true, "num": true, "at": true, "of": true, "to": true, "as": true, "was": true, "on": true, "x": true, "ext": true}

// fieldLabel answers in key=value lines.
func (v *view) fieldLabel(i int) (own, near Label) {
	start := lastNewline(v.text[:i]) + 1
	eq := bytes.IndexByte(v.text[start:i], '=')
	if eq < 0 {
		return v.proseLabel(i)
	}
	own = classify(v.text[start : start+eq])
	o, near := v.proseLabelFrom(i, start+eq+1)
	if own == 0 {
		own = o
	}
	return own, near
}

package detect

import (
	"bytes"
	"encoding/binary"
)

// How far back the key of a value and the object around it are looked for, in
// bytes.
const (
	keyReach    = 512
	objectReach = 2 << 10
)

// keyLabel answers in JSON: the key of the value that i is in, with the key of
// the object or array around it where its own says too little.
func (v *view) keyLabel(i int) (own, near Label) {
	own, start := v.ownKey(i)
	o, n := v.proseLabelFrom(i, start)
	if own == 0 {
		own = o
		_, near = v.proseLabelFrom(i, max(0, start-keyReach))
	}
	return own, near | n | own
}

// ownKeyLabel is keyLabel without what is near.
func (v *view) ownKeyLabel(i int) Label {
	own, start := v.ownKey(i)
	if own == 0 && start < i {
		own, _ = v.proseLabelFrom(i, start)
	}
	return own
}

// ownKey returns what the keys say of the value that i is in, and where it begins.
func (v *view) ownKey(i int) (own Label, start int) {
	b := v.text
	start = valueStart(b, i)
	key, at, elem := keyBefore(b, start)
	if elem {
		// An element of an array: the array's own key governs.
		if open := enclosing(b, at); open >= 0 && b[open] == '[' {
			comma := at
			key, at, elem = keyBefore(b, open)
			if k := elementAt(b, open+1, comma); elem && k < len(v.matrix) {
				own = v.matrix[k]
			}
		}
	}
	if key != nil {
		own = v.known.classify(key)
		if isPairValue(key) {
			if l := pairLabel(b, at); l != 0 {
				own = l
			}
		}
		if own == 0 || own&weak != 0 {
			if open := enclosing(b, at); open >= 0 {
				if parent, _, _ := keyBefore(b, open); parent != nil {
					var buf [128]byte
					k := copy(buf[:], parent)
					if k < len(buf) {
						buf[k] = '.'
						k++
					}
					k += copy(buf[k:], key)
					if l := v.known.classify(buf[:k]); l != 0 {
						own = l
					}
				}
			}
		}
	}
	return own, start
}

// knownKeys remembers what keys stand for: those of JSON come again with each
// object.
type knownKeys [1 << knownBits]knownKey

const knownBits = 11

// knownKey is a key with its label.
type knownKey struct {
	key   [23]byte
	size  uint8
	label Label
}

func (k *knownKeys) classify(key []byte) Label {
	n := len(key)
	if n == 0 || n > len(k[0].key) {
		return classify(key)
	}
	h := uint64(n)
	if n >= 8 {
		h ^= binary.LittleEndian.Uint64(key[n-8:]) // what differs most in keys under keys
	} else {
		for _, c := range key {
			h = h<<8 ^ uint64(c)
		}
	}
	h ^= uint64(key[0])<<56 ^ uint64(key[n/2])<<48
	e := &k[h*golden>>(64-knownBits)]
	if string(e.key[:e.size]) != string(key) {
		e.label = classify(key)
		e.size = uint8(copy(e.key[:], key))
	}
	return e.label
}

// findMatrix appends the labels of a header row: the first array of strings in
// text most of which are labels, as in [["氏名","電話"],["…","…"]] or
// {"columns":["氏名","電話"],"rows":[["…","…"]]}.
func findMatrix(labels []Label, text []byte) []Label {
	text = text[:min(len(text), sniffBytes)]
	for i := 0; ; i++ {
		k := bytes.Index(text[i:], arrayOfStrings)
		if k < 0 {
			return labels[:0]
		}
		i += k
		labels = labels[:0]
		known := 0
		j := i + 1
		for j < len(text) && text[j] == '"' {
			k := bytes.IndexByte(text[j+1:], '"')
			if k < 0 || k > 100 {
				break
			}
			l := classify(text[j+1 : j+1+k])
			if l != 0 {
				known++
			}
			labels = append(labels, l)
			for j += k + 2; j < len(text) && (text[j] == ',' || space(text[j])); j++ {
			}
		}
		if known >= 2 && known*2 >= len(labels) && j < len(text) && text[j] == ']' {
			return labels
		}
	}
}

var arrayOfStrings = []byte(`["`)

// elementAt returns the index of the element of an array that begins at offset
// to or behind the comma there; the array's first element begins at from.
func elementAt(b []byte, from, to int) int {
	n, depth := 0, 0
	for i := from; i < to; i++ {
		switch b[i] {
		case '"':
			for i++; i < to && (b[i] != '"' || !closes(b, i+1)); i++ {
			}
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				n++
			}
		}
	}
	if to < len(b) && b[to] == ',' {
		n++
	}
	return n
}

// valueStart returns where the JSON value that i is in begins: behind the
// opening quote of a string, or at a number's first character.
func valueStart(b []byte, i int) int {
	j := i
	for j > 0 && (isDigit(b[j-1]) || b[j-1] == '-' || b[j-1] == '.' || b[j-1] == '+') {
		j--
	}
	k := j
	for k > 0 && space(b[k-1]) {
		k--
	}
	if k > 0 && (b[k-1] == ':' || b[k-1] == ',' || b[k-1] == '[') && k != j || k == j && k > 0 && (b[k-1] == ':' || b[k-1] == '[' || b[k-1] == ',') {
		// A number, unless this is inside a string; a key before says so.
		if b[k-1] == ':' && k >= 2 && b[k-2] == '"' {
			return j
		}
		if q := lastQuote(b, i); q < 0 || !opens(b, q) {
			return j
		}
	}
	for q := lastQuote(b, i); q >= 0; q = lastQuote(b, q) {
		if opens(b, q) {
			return q + 1
		}
		if i-q > keyReach {
			break
		}
	}
	return j
}

// lastQuote returns the offset of the last quote before i within reach, -1 if
// there is none.
func lastQuote(b []byte, i int) int {
	lo := max(0, i-keyReach)
	if k := bytes.LastIndexByte(b[lo:i], '"'); k >= 0 {
		return lo + k
	}
	return -1
}

// opens reports whether the quote at q opens a string.
func opens(b []byte, q int) bool {
	for q > 0 {
		q--
		switch b[q] {
		case ' ', '\t', '\r', '\n':
			continue
		case ':', ',', '[', '{':
			return true
		}
		return false
	}
	return true
}

// keyBefore returns the key of the value that begins at start and where the
// key stands. elem says that the value is an array's element instead.
func keyBefore(b []byte, start int) (key []byte, at int, elem bool) {
	j := start
	if j > 0 && b[j-1] == '"' {
		j--
	}
	for j > 0 && space(b[j-1]) {
		j--
	}
	if j == 0 {
		return nil, 0, false
	}
	switch b[j-1] {
	case '[', ',':
		return nil, j - 1, true
	case ':':
	default:
		return nil, j, false
	}
	j--
	for j > 0 && space(b[j-1]) {
		j--
	}
	if j == 0 || b[j-1] != '"' {
		return nil, j, false
	}
	q := lastQuote(b, j-1)
	if q < 0 || j-1-q > 100 {
		return nil, j, false
	}
	return b[q+1 : j-1], q, false
}

// enclosing returns the offset of the bracket that is open at i, -1 if it is
// out of reach.
func enclosing(b []byte, i int) int {
	depth := 0
	lo := max(0, i-objectReach)
	for j := i - 1; j >= lo; j-- {
		switch b[j] {
		case '"':
			// Jump over the string, whose closing quote this is.
			if q := lastQuote(b[:j], j); q >= lo {
				for q > lo && !opens(b, q) {
					p := lastQuote(b, q)
					if p < 0 {
						break
					}
					q = p
				}
				j = q
			}
		case '}', ']':
			depth++
		case '{', '[':
			if depth == 0 {
				return j
			}
			depth--
		}
	}
	return -1
}

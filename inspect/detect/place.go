package detect

import (
	"bytes"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// maxPlaced is how many findings of a text are told by their key or cell: more
// are looked at by nobody, and what is told of them costs.
const maxPlaced = 1000

// step is an open object or array on the way to a JSON value: the key that it is
// the value of, cut where it is too long to be shown, and how many elements were
// passed.
type step struct {
	key   [maxKey + 1]byte
	size  uint8
	index int // -1: not known
}

// maxKey is the length of the longest key that is shown.
const maxKey = 24

// name keeps the key before the bracket at i.
func (s *step) name(text []byte, i int) {
	key, _, _ := keyBefore(text, i)
	s.size = uint8(copy(s.key[:], key))
}

// place tells where in its text a finding stands beyond its line: in a table by
// the number of its cell, in JSON by its path.
func (g *grouper) place(f *Finding, n *Found) {
	if g.placed == maxPlaced {
		return
	}
	b := &g.blk
	switch {
	case b.view.mode == object:
		g.json.name(g)
		n.Path = g.json.path(b.text, f.Start)
	case b.view.cells:
		from := lastNewline(b.text[:f.Start]) + 1
		n.Column = 1 + bytes.Count(b.text[from:f.Start], tab)
	case b.view.mode == rows:
		if r, c, ok := b.view.table.at(b.text, f.Start); ok {
			n.Column = 1 + c - int(b.view.table.rows[r].cell)
		}
	}
	g.placed++
}

var tab = []byte{'\t'}

// path is the path of the value at offset i, in which the walk stands:
// "$.members[3].phone".
func (j *jsonGrouper) path(text []byte, i int) string {
	out := append(make([]byte, 0, 64), '$')
	for k := range j.stack {
		f := &j.stack[k]
		if k > 0 && f.size > 0 {
			out = append(append(out, '.'), shownKey(f.key[:f.size])...)
		}
		switch {
		case k == 0 || k == len(j.stack)-1 && !f.array || !f.array:
		case f.index < 0:
			out = append(out, "[…]"...)
		default:
			out = append(strconv.AppendInt(append(out, '['), int64(f.index), 10), ']')
		}
	}
	if top := &j.stack[len(j.stack)-1]; !top.array {
		if key, _, _ := keyBefore(text, valueStart(text, i)); key != nil {
			out = append(append(out, '.'), shownKey(key)...)
		}
	}
	return string(out)
}

var anyKey = []byte("*")

// shownKey is a key as a path shows it: what is a label or a word of programs as
// it stands; anything else, which may itself be somebody's name, as "*".
func shownKey(key []byte) []byte {
	switch {
	case len(key) == 0:
		return nil
	case len(key) > maxKey:
		return anyKey
	case classify(key) != 0:
		return key
	}
	word := 0
	for i, c := range key {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && c != '_' && c != '-' && !(isDigit(c) && i > 0 && len(key) < 8) {
			return anyKey
		}
		if next := i + 1; next == len(key) || !letter || key[next] < 'a' || key[next] > 'z' {
			if letter && next-word > 2 && !ordinary(key[word:next]) {
				return anyKey
			}
			word = next
		}
	}
	return key
}

// ordinary reports whether a word is one of English and no name.
func ordinary(word []byte) bool {
	var buf [32]byte
	known := dict.LookupLatin(dict.AppendFoldLatin(buf[:0], word))
	return known.Word || known.Given == 0 && known.Surname == 0 && known.RomajiGiven == 0 && known.RomajiSurname == 0
}

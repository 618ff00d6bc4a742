// Package corpus makes the texts that "sekimori bench inspect" measures on.
//
// They are synthetic: the same bytes for the same name and size on every
// machine, nothing in them taken from a real person or document, and under
// this project's licence like the rest of it (data/README.md tells where the
// word lists come from). They resemble real texts in what decides the speed of
// a search: scripts, lengths of words and lines, how often digits, names and
// keywords stand in them. A test checks these shares. They do not mean
// anything, so they say nothing about accuracy: bench/accuracy does.
package corpus

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"unicode/utf8"
)

// Corpus is one kind of text.
type Corpus struct {
	Name     string // "C1"
	Title    string
	FileName string // as which it would be uploaded
	unit     func(r *random, b []byte) []byte
}

// All lists the corpora.
func All() []Corpus {
	return []Corpus{
		{"C1", "Japanese prose", "manual.txt", prose},
		{"C2", "Japanese customer CSV", "customers.csv", customer},
		{"C3", "English, HTML, JS", "page.txt", web},
		{"C4", "random bytes", "blob.bin", noise},
		{"C5", "base64 in one line", "blob.b64", base64Line},
		{"C6", "JSON API bodies", "events.ndjson", event},
	}
}

// Find returns the corpus of that name.
func Find(name string) (Corpus, error) {
	for _, c := range All() {
		if c.Name == name {
			return c, nil
		}
	}
	return Corpus{}, fmt.Errorf("no corpus %q: there are C1 to C6", name)
}

// seed makes the corpora what they are. To change it, or anything that is
// drawn, makes all earlier records incomparable.
const seed = 20261121

// random is the source of one corpus.
type random struct {
	*rand.Rand
	begun bool // something has been made
}

func (c Corpus) random() *random {
	var lane uint64
	for _, b := range []byte(c.Name) {
		lane = lane<<8 | uint64(b)
	}
	return &random{Rand: rand.New(rand.NewPCG(seed, lane))}
}

// Text returns the first size bytes of the corpus, less what stands after the
// last line end. The text of a smaller size is a prefix of a larger one's.
func (c Corpus) Text(size int) []byte {
	r := c.random()
	b := make([]byte, 0, size+64<<10)
	for len(b) < size {
		b = c.unit(r, b)
	}
	return Prefix(b, size)
}

// Prefix returns the first n bytes of a text, less what stands after the last
// line end there; in a text without line ends, less half a character.
func Prefix(text []byte, n int) []byte {
	if n >= len(text) {
		return text
	}
	const line = 64 << 10
	if i := bytes.LastIndexByte(text[max(0, n-line):n], '\n'); i >= 0 {
		return text[:max(0, n-line)+i+1]
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Reader streams size bytes of the corpus, without end where size is negative,
// in constant memory.
func (c Corpus) Reader(size int64) io.Reader {
	s := &stream{corpus: c, r: c.random()}
	if size < 0 {
		return s
	}
	return io.LimitReader(s, size)
}

type stream struct {
	corpus Corpus
	r      *random
	buf    []byte
	left   []byte // of buf, not read yet
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		s.buf = s.corpus.unit(s.r, s.buf[:0])
		s.left = s.buf
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

// one returns true once in n times.
func (r *random) one(n int) bool { return r.IntN(n) == 0 }

// between returns a number from lo to hi.
func (r *random) between(lo, hi int) int { return lo + r.IntN(hi-lo+1) }

// any returns one of the words, each as often as the others.
func (r *random) any(words []string) string { return words[r.IntN(len(words))] }

// zipf returns one of the words; the word at rank k about as often as 1/(k+4),
// as in natural text.
func (r *random) zipf(words []string) string { return words[r.rank(len(words))] }

// digits appends n random digits, the first of which is not zero.
func (r *random) digits(b []byte, n int) []byte {
	for i := range n {
		if i == 0 {
			b = append(b, byte('1'+r.IntN(9)))
		} else {
			b = append(b, byte('0'+r.IntN(10)))
		}
	}
	return b
}

// hex appends n random hexadecimal digits.
func (r *random) hex(b []byte, n int) []byte {
	for range n {
		b = append(b, "0123456789abcdef"[r.IntN(16)])
	}
	return b
}

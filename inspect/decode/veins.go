package decode

import (
	"bytes"
	"math/bits"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// A vein is a stretch of a text that is written as something else than the text
// around it: hexadecimal behind a letter, a name in escapes amid source code, a
// list with a cell for each character. Readers that know a body by its start
// pass such stretches by, so text that is handed on is looked at, too: at one
// place in lookStep bytes, which meets what is long enough to hold a person.
// What a vein stands for is a nested part, beside the text as it stands.
type vein struct {
	name       string
	start, end int
	step       recoding
	chars      func() bool // whether what was read are characters, not bytes of some encoding
}

func yes() bool { return true }

func no() bool { return false }

// Bounds of veins.
const (
	veinStep  = 256
	veinHead  = 96   // looked at first
	veinProbe = 1024 // decoded to be judged

	lookStep   = 2 * veinStep // from place to place
	spacedStep = 4 * veinStep // for what stands between all characters, which makes a text longer
)

// otherwise is the media type of what a vein stands for. It is not looked for
// veins in text again: each further reading has to be of its whole.
const otherwise = "text/plain; charset=utf-8; x-read-otherwise=1"

// otherwiseUTF8 is otherwise where nobody has to ask for the encoding.
const otherwiseUTF8 = otherwise + "; " + readAs + "=1"

// Veins hands on what stands in b, a block of text in UTF-8, in other notations,
// cells of single characters or backwards. b is not changed.
func Veins(e part.Emitter, b []byte) error {
	sv := surveyOf(b)
	return veins(e, b, &sv)
}

// veins is Veins for a block of which this is the survey.
//
// Every upload of text passes through here, so each way to hide something needs a
// gate that most text and JSON fails within nanoseconds: what the survey found in
// all of it, and at a place what a glance shows. Both together may take 2
// microseconds for 10 KiB of prose and 3 for JSON (BenchmarkVeins, quiet machine).
func veins(e part.Emitter, b []byte, sv *survey) error {
	if len(b) < minSpelled {
		return nil
	}
	var s seeker
	s.b = b
	s.escaped = sv.signs & (normal.Backslash | normal.Percent | normal.Ampersand | normal.Plus)
	s.quoted = sv.signs&normal.Quote != 0
	for at := 0; at < len(b); {
		if !s.at(at) {
			at += lookStep
			continue
		}
		v := &s.found
		if err := otherReading(e, v.name, through(v.step, b[v.start:v.end], true), v.chars()); err != nil {
			return err
		}
		at = max(v.end, at+lookStep)
	}
	if sv.cells.enough() {
		if out := uncelled(b); out != nil {
			if err := otherReading(e, "decoded cells", out, true); err != nil {
				return err
			}
		}
	}
	mirrored, veiled := glimpses(b)
	if veiled {
		if err := otherReading(e, "unseen characters", hidden(b), false); err != nil {
			return err
		}
	}
	if sv.punycode >= minPunycode {
		if err := otherReading(e, "punycode", unpunycoded(b), true); err != nil {
			return err
		}
	}
	if at := restart(b, sv); at >= 0 {
		if err := e.Child(part.Part{Path: "enclosed", Body: newBytesReader(b[at:]), Size: int64(len(b) - at)}); err != nil {
			return err
		}
	}
	if mirrored && backwards(b) {
		return otherReading(e, "backwards", turned(b), true)
	}
	return nil
}

// otherReading hands on b, if it is anything. It is in UTF-8 beyond doubt if it was
// made of characters.
func otherReading(e part.Emitter, name string, b []byte, chars bool) error {
	if len(b) == 0 {
		return nil
	}
	kind := otherwise
	if chars {
		kind = otherwiseUTF8
	}
	return e.Child(part.Part{Path: name, MediaType: kind, Body: newBytesReader(b), Size: int64(len(b))})
}

// seeker looks for veins in a block of text.
type seeker struct {
	b       []byte
	escaped normal.Signs // those that may be of escapes
	quoted  bool         // there may be strings
	glance  glance
	found   vein
	tried   [maxNotations]int

	triedLoose, triedCarried, triedNumbered int
}

const maxNotations = 16

// at reports whether a vein is at or around a place, and leaves it in found, as
// those do that it asks.
func (s *seeker) at(at int) bool {
	g := &s.glance
	g.at(s.b[at:])
	if g.notation() && s.notation(at) ||
		g.leads >= minEscapes && s.escaped != 0 && s.escapes(at) ||
		s.quoted && g.singles(s.b[at:]) && s.singles(at) ||
		s.quoted && g.key() < numberedHead && s.numbered(at, g.key()) ||
		g.loose() && s.loose(at) {
		return true
	}
	place := at
	for at < len(s.b) && !utf8.RuneStart(s.b[at]) {
		at++
	}
	if mayCarry(s.b[at:]) && s.carried(at) {
		return true
	}
	if at%spacedStep >= lookStep || at-place < utf8.UTFMax && !g.spaced(at-place) {
		return false
	}
	if sep := between(s.b[at:]); sep != utf8.RuneError {
		s.found = vein{"spaced", max(0, at-veinStep), len(s.b), closeUp(sep), yes}
		return true
	}
	return false
}

// alphabets tells, a bit each, which of notations have a character.
type alphabets [256]uint32

var possible = func() (t alphabets) {
	for i := range notations {
		for c := range t {
			if chars := notations[i].chars; chars != nil && (chars.of[c] != 0 || c == '~') { // which may close it
				t[c] |= 1 << i
			}
		}
	}
	return t
}()

// of returns those that have all characters of b. Most text is over with its
// first word.
func (t *alphabets) of(b []byte) uint32 {
	all := ^uint32(0)
	for _, c := range b {
		if all &= t[c]; all == 0 {
			break
		}
	}
	return all
}

// notation looks for bytes written as numbers or in an alphabet of their own.
func (s *seeker) notation(at int) bool {
	head := s.b[at:min(at+veinHead, len(s.b))]
	if len(head) < minSpelled {
		return false
	}
	for all := possible.of(head); all != 0; all &= all - 1 {
		i := bits.TrailingZeros32(all)
		n := &notations[i]
		if at < s.tried[i] {
			continue
		}
		if !n.has(head) { // as base64 is not Ascii85, all along
			s.tried[i] = at + 4*lookStep
			continue
		}
		start, end := at, at
		for start > 0 && n.chars.of[s.b[start-1]] != 0 {
			start--
		}
		end += n.chars.prefix(s.b[end:])
		s.tried[i] = end
		if n.whole && (end-start > maxNumber || amidBase64(s.b, start, end)) {
			continue
		}
		probe := veinProbe
		if n.whole {
			probe = end - start
		}
		for range 2 { // the end of the words before it may look like its start
			if b := s.b[start:min(end, start+probe)]; len(b) >= minSpelled && n.promises(b) && n.reads(through(n.recoding(), b, start+probe >= end)) {
				chars := no
				if n.name == codePoints {
					chars = yes
				}
				s.found = vein{n.name, start, end, n.recoding(), chars}
				return true
			}
			k := bytes.IndexAny(s.b[start:min(end, start+veinHead)], " \n:,")
			if k < 0 {
				break
			}
			start += k + 1
		}
	}
	return false
}

// amidBase64 reports whether base64 goes on before or behind a stretch of it.
func amidBase64(b []byte, start, end int) bool {
	return start > 0 && sextet[b[start-1]] != outside || end < len(b) && sextet[b[end]] != outside
}

// escapes looks for a stretch of which a good part is escapes.
func (s *seeker) escapes(at int) bool {
	if s.escaped == normal.Plus && !bytes.Contains(s.b[at:min(at+veinStep, len(s.b))], []byte("U+")) {
		return false
	}
	end := at
	for end < len(s.b) && manyEscapes(s.b, end, min(end+veinStep, len(s.b))) {
		end = min(end+veinStep, len(s.b))
	}
	if end == at {
		return false
	}
	u := &unescaper{}
	s.found = vein{"escapes", max(0, at-veinStep), min(end+veinStep, len(s.b)), u.step, func() bool { return !u.bytes }}
	return true
}

// escapePairs are like pairs: of anything and what an escape begins with.
var escapePairs = func() (t [4][16]byte) {
	for k, lead := range escapeLeads {
		for half := range 16 {
			t[0][half] |= 1 << k
			t[1][half] |= 1 << k
		}
		for _, c := range []byte(lead) {
			t[2][c>>4] |= 1 << k
			t[3][c&15] |= 1 << k
		}
	}
	return t
}()

// escapeLeads are the bytes of leads, those with the same high half together.
var escapeLeads = [...]string{"%&", "U", "\\"}

// leadsIn marks the bytes of b[at:end], at most veinStep, that an escape may begin
// with, a bit each, and counts them.
func leadsIn(b []byte, at, end int) (where [veinStep / 64]uint64, n int) {
	i := at
	if at > 0 && useVectors && end-at >= 64 {
		var pairs [veinStep / 64][2]uint64
		blocks := (end - at) / 64
		pairBlocks(&b[at], blocks, &escapePairs, &pairs[0])
		for k, w := range pairs[:blocks] {
			where[k] = w[0]
			n += bits.OnesCount64(w[0])
		}
		i += 64 * blocks
	}
	for ; i < end; i++ {
		if leads[b[i]] {
			where[(i-at)/64] |= 1 << ((i - at) % 64)
			n++
		}
	}
	return where, n
}

// manyEscapes reports whether a good part of b[at:end], at most veinStep bytes, is
// escapes.
func manyEscapes(b []byte, at, end int) bool {
	where, left := leadsIn(b, at, end)
	n, size, next := 0, 0, at
	for k, m := range where {
		for ; m != 0; m &= m - 1 {
			if n+left < minEscapes {
				return false // most text
			}
			left--
			i := at + k*64 + bits.TrailingZeros64(m)
			if i < next {
				continue // within another
			}
			if plainUnit(b[i:end]) != 0 {
				n, size, next = n+1, size+unitSize, i+unitSize
			} else if _, used, _ := readEscape(b[i:end]); used > 0 {
				n, size, next = n+1, size+used, i+used
			}
		}
	}
	return n >= minEscapes && size*8 >= escapeShare*(end-at)
}

// minSingles is how many strings of one character each in a row are taken for a
// text.
const minSingles = 16

// singlesHead is how near a quotation mark is, and stringSize the greatest length of
// a string that is looked at.
const (
	singlesHead = 16
	stringSize  = 66
)

// singles looks for strings of one character each, in an array or as the values
// of keys.
func (s *seeker) singles(at int) bool {
	for range 2 { // a quotation mark may open or close
		k := bytes.IndexByte(s.b[at:min(at+singlesHead, len(s.b))], '"')
		if k < 0 {
			return false
		}
		at += k
		if n, used := joinSingles(nil, s.b[at:], minSingles); len(n) > 0 {
			start := max(0, at-veinStep)
			for start < at { // what stands before it is found, too
				if _, more := joinSingles(nil, s.b[start:], minSingles); more > used {
					break
				}
				if k := bytes.IndexByte(s.b[start+1:at], '"'); k >= 0 {
					start += k + 1
				} else {
					start = at
				}
			}
			_, used = joinSingles(nil, s.b[start:], 1)
			s.found = vein{"joined characters", start, start + used, func(dst, src []byte, _ bool) ([]byte, int) {
				dst, _ = joinSingles(dst, src, 1)
				return dst, len(src)
			}, yes}
			return true
		}
		at++
	}
	return false
}

// joinSingles appends the strings that b begins with to dst, as long as each is
// one character, with a line end where an array or object ends, and returns how
// far they go. It appends nothing if there are fewer than least.
func joinSingles(dst, b []byte, least int) (out []byte, used int) {
	out, n, line := dst, 0, false
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case ']', '}':
			line = true
			fallthrough
		case ',', '[', '{', ' ', '\n', '\r', '\t', ':':
			i++
			continue
		case '"':
		default:
			i = len(b)
			continue
		}
		end := bytes.IndexByte(b[i+1:min(i+stringSize, len(b))], '"')
		if end < 0 {
			break
		}
		value := b[i+1 : i+1+end]
		next := b[i+end+2 : min(i+end+8, len(b))]
		for len(next) > 0 && next[0] <= ' ' {
			next = next[1:]
		}
		if len(next) > 0 && next[0] == ':' { // a key
			i += end + 2
			continue
		}
		if utf8.RuneCount(value) > 1 || len(next) > 0 && bytes.IndexByte([]byte(",]}"), next[0]) < 0 {
			break
		}
		if line {
			out, line = append(out, '\n'), false
		}
		out = append(out, value...)
		n++
		i += end + 2
		used = i
	}
	if n < least {
		return dst, 0
	}
	return out, used
}

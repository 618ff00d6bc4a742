package data

import (
	"math"
	"strconv"
	"strings"
)

// protobuf reads messages of Protocol Buffers without their schema, by wire type
// (https://protobuf.dev/programming-guides/encoding): an object whose keys are
// the numbers of the fields. What is delimited is text if it reads so, else a
// message if all of it is one, else bytes. Messages one behind another, each
// with its length before it, are read too.
var protobuf = nested{"protobuf", protobufMatch, func(dst, b []byte) ([]byte, bool) {
	if m := (wire{}); m.message(b, 0) {
		return m.out, true
	}
	if out, ok := delimited(dst, b); ok {
		return out, true
	}
	m := wire{out: dst, lax: true}
	m.message(b, 0)
	return m.out, false
}}

func protobufMatch(head []byte, declared string) bool {
	known := false
	switch declared {
	case "application/x-protobuf", "application/protobuf", "application/vnd.google.protobuf", "application/x-protobuffer", "application/grpc+proto":
		known = true
	}
	if !known && (!skim(head) || !hasControls(head)) {
		return false
	}
	m := wire{open: len(head) >= headSize, dry: true}
	ok := m.message(head, 0)
	if known {
		if !ok && !m.open {
			_, ok = delimited(nil, head)
		}
		return ok || m.open && m.fields > 0
	}
	return ok && m.fields >= 3 && m.texts >= 2 && m.highest < 500 && m.letters*2 > len(head)/8
}

// skim reports whether head may be a message, by its first fields.
func skim(head []byte) bool {
	for range 3 {
		tag, n := uvarint(head)
		if n == 0 || n > 2 || tag < 8 || tag&7 == 3 || tag&7 == 4 || tag&7 > 5 {
			return false
		}
		head = head[n:]
		size := uint64(8)
		switch tag & 7 {
		case 0:
			_, n = uvarint(head)
			size = uint64(n)
		case 2:
			v, n := uvarint(head)
			if n == 0 || v > 1<<31 {
				return false
			}
			size = v + uint64(n)
		case 5:
			size = 4
		}
		if size == 0 || size > uint64(len(head)) {
			return false
		}
		head = head[size:]
	}
	return true
}

// headSize is how much a reader sees for Match.
const headSize = 4096

// delimited reads messages with their lengths before them.
func delimited(dst, b []byte) ([]byte, bool) {
	for n := 0; len(b) > 0; n++ {
		size, k := uvarint(b)
		if k == 0 || size > uint64(len(b)-k) {
			return dst, false
		}
		m := wire{out: dst}
		if !m.message(b[k:k+int(size)], 0) {
			return dst, false
		}
		dst, b = append(m.out, '\n'), b[k+int(size):]
	}
	return dst, true
}

// wire turns one message into JSON.
type wire struct {
	out     []byte
	open    bool // the message may go on beyond what is there
	lax     bool // keep what came before a fault
	dry     bool // write nothing: only the counts are of interest
	fields  int  // at the top
	texts   int  // fields that read as text
	letters int  // bytes of those
	highest uint64
}

// message appends the message that b is in all. If it is none, false is
// returned and out is as before, unless lax is set.
func (w *wire) message(b []byte, depth int) bool {
	before, texts, letters := len(w.out), w.texts, w.letters
	w.out = append(w.out, '{')
	first := true
	for len(b) > 0 {
		rest, ok := w.field(b, depth, &first)
		if !ok {
			if depth == 0 && (w.lax || w.open && w.fields > 0 && rest != nil) {
				w.out = append(w.out, '}')
				return !w.lax
			}
			w.out, w.texts, w.letters = w.out[:before], texts, letters
			return false
		}
		b = rest
		if depth == 0 {
			w.fields++
		}
	}
	w.out = append(w.out, '}')
	return true
}

// field appends one field. Where only the end of b is in the way, the rest
// returned with false is not nil.
func (w *wire) field(b []byte, depth int, first *bool) (rest []byte, ok bool) {
	tag, n := uvarint(b)
	number := tag >> 3
	if n == 0 || number == 0 || number > 1<<29-1 || depth > maxNesting {
		return nil, false
	}
	if depth == 0 {
		w.highest = max(w.highest, number)
	}
	b = b[n:]
	size := 0
	switch tag & 7 {
	case 0:
		v, n := uvarint(b)
		if n == 0 {
			return b, false
		}
		w.key(number, first)
		if !w.dry {
			w.out = appendInt(w.out, int64(v))
		}
		return b[n:], true
	case 1:
		size = 8
	case 5:
		size = 4
	case 2:
		v, n := uvarint(b)
		if n == 0 || v > math.MaxInt32 {
			return nil, false
		}
		b = b[n:]
		size = int(v)
	case 3, 4: // groups: their fields are taken for the message's own
		return b, depth > 0 || w.fields > 0
	default:
		return nil, false
	}
	if size > len(b) {
		return b, false
	}
	w.key(number, first)
	switch {
	case tag&7 == 2:
		w.delimited(b[:size], depth)
	case w.dry:
	case tag&7 == 1:
		w.out = appendFloat(w.out, math.Float64frombits(little(b[:8])))
	default:
		w.out = appendFloat(w.out, float64(math.Float32frombits(uint32(little(b[:4])))))
	}
	return b[size:], true
}

func (w *wire) key(number uint64, first *bool) {
	if w.dry {
		return
	}
	if !*first {
		w.out = append(w.out, ',')
	}
	*first = false
	w.out = append(strconv.AppendUint(append(w.out, '"'), number, 10), `":`...)
}

// delimited appends what b is. A message may look like text if all of its
// lengths are printable; the first tag of most is not.
func (w *wire) delimited(b []byte, depth int) {
	text := readable(b)
	if len(b) > 1 && (!text || b[0] < ' ') {
		open := w.open
		w.open = false
		ok := w.message(b, depth+1)
		w.open = open
		if ok {
			return
		}
	}
	if text && len(b) > 0 {
		w.texts++
		w.letters += len(b)
	}
	if !w.dry {
		w.out = appendBytes(w.out, b)
	}
}

func little(b []byte) (v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

// uvarint reads a little-endian integer of variable length; n is 0 if there is
// none.
func uvarint(b []byte) (v uint64, n int) {
	for i := range min(len(b), 10) {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// mediaKind returns a media type without its parameters, in lower case.
func mediaKind(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

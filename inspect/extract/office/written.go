package office

import (
	"bytes"
	"hash/maphash"
	"io"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// proseType is the media type of text that was written out, which keeps it from
// being read as anything else.
const proseType = "text/plain; charset=utf-8"

// written is a Body that is written out while it is read.
type written struct {
	out  []byte
	read int
	more func() error // writes some to out; io.EOF with the last
	err  error
}

// Read implements io.Reader.
func (w *written) Read(p []byte) (int, error) {
	for w.read == len(w.out) {
		if w.err != nil {
			return 0, w.err
		}
		w.out, w.read = w.out[:0], 0
		w.err = w.more()
	}
	n := copy(p, w.out[w.read:])
	w.read += n
	return n, nil
}

// enough is about how much is written out at a time.
const enough = 16 << 10

// appendCell appends text on one line and without tabs.
func appendCell(dst, text []byte) []byte {
	from := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[from:] {
		if c < ' ' {
			dst[from+i] = ' '
		}
	}
	return dst
}

// appendValid appends text with what is not UTF-8 replaced.
func appendValid(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	return append(dst, bytes.ToValidUTF8(text, []byte("\ufffd"))...)
}

// aside gathers what stands beside the cells or paragraphs of a part and is not
// shown in their place, each text once as far as that is easily told.
type aside struct {
	text  []byte
	known once
	over  bool
}

const maxAside = 4 << 20

// once tells which texts come for the first time, as far as it remembers.
type once map[uint64]struct{}

const maxOnce = 4096

var seed = maphash.MakeSeed()

func (o *once) first(s []byte) bool {
	h := maphash.Bytes(seed, s)
	if _, ok := (*o)[h]; ok {
		return false
	}
	if *o == nil || len(*o) >= maxOnce {
		*o = once{}
	}
	(*o)[h] = struct{}{}
	return true
}

// add takes in a text.
func (a *aside) add(s []byte) {
	if s = bytes.TrimSpace(s); len(s) == 0 || !a.known.first(s) {
		return
	}
	if len(a.text)+len(s) > maxAside {
		a.over = true
		return
	}
	a.text = append(appendValid(a.text, s), '\n')
}

// tell hands it on as a part of that path.
func (a *aside) tell(e part.Emitter, path string) error {
	if a.over {
		e.Skip(part.TooLarge, true, "notes and formulas over 4 MiB")
	}
	if len(a.text) == 0 {
		return nil
	}
	return e.Child(prose(path, bytes.NewReader(a.text), int64(len(a.text))))
}

func prose(path string, body io.Reader, size int64) part.Part {
	return part.Part{Path: path, MediaType: proseType, Body: body, Size: size}
}

package inspect

import (
	"bytes"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// heldSize is the largest body that is read into memory whole before its reader
// is chosen.
const heldSize = 64 << 10

// body gives a reader the bytes of its part, those that were read ahead first,
// and counts them.
type body struct {
	ahead []byte // not given yet
	err   error  // how the part's own Body ended; nil: it has not yet
	src   io.Reader
	at    io.ReaderAt  // src as such, nil if it is none
	n     int64        // the furthest byte given
	read  int64        // bytes given one after the other
	took  *part.Budget // told of each read, if not nil
}

// peek reads the start of the part, the whole of it if it is small: at least
// part.HeadSize bytes, if there are as many, into e.ahead. An error does not
// take away what came before it.
func (e *emitter) peek() {
	p, b := &e.part, &e.body
	e.ahead = e.ahead[:0]
	if p.Body == nil {
		b.err = io.EOF
		return
	}
	b.src = p.Body
	b.at, _ = p.Body.(io.ReaderAt)
	if e.depth == 0 && p.Size < 0 {
		b.took = e.scan.budget
	}
	if r, ok := p.Body.(*bytes.Reader); ok {
		b.ahead, b.err = lent(r), io.EOF
		return
	}
	want := part.HeadSize
	if p.Size >= part.HeadSize && p.Size <= heldSize {
		want = int(p.Size) + 1 // and see the end
	}
	e.fill(want)
	if p.Size < 0 && b.err == nil {
		e.fill(heldSize)
	}
	b.ahead = e.ahead
}

// lent returns what is left of r, as it lies in memory.
func lent(r *bytes.Reader) []byte {
	var l lender
	_, _ = r.WriteTo(&l) // which makes one Write, and l's gives no error
	return l
}

// lender keeps what is written to it. It may, as the bytes of a bytes.Reader do
// not change while it is read.
type lender []byte

func (l *lender) Write(b []byte) (int, error) {
	*l = b
	return len(b), nil
}

// fill reads until e.ahead is n bytes long or the body ends.
func (e *emitter) fill(n int) {
	if cap(e.ahead) < n {
		e.ahead = append(make([]byte, 0, n), e.ahead...)
	}
	for idle := 0; len(e.ahead) < n && e.body.err == nil; idle++ {
		k, err := e.body.src.Read(e.ahead[len(e.ahead):n])
		e.ahead, e.body.err = e.ahead[:len(e.ahead)+k], err
		if k > 0 {
			idle = 0
		} else if idle == 100 && err == nil {
			e.body.err = io.ErrNoProgress
		}
	}
}

// reader returns b, with ReadAt if the part's own Body has it.
func (b *body) reader() io.Reader {
	if b.at != nil {
		return bodyAt{b}
	}
	return b
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if len(b.ahead) > 0 {
		n := copy(p, b.ahead)
		b.ahead = b.ahead[n:]
		return b.count(n), nil
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.src.Read(p)
	b.err = err
	return b.count(n), err
}

// Bytes implements part.Held.
func (b *body) Bytes() ([]byte, bool) {
	all, ok := b.Lend()
	if !ok || len(all) > heldSize {
		return nil, false
	}
	b.Skip(len(all))
	return all, true
}

// Lend implements part.Lender.
func (b *body) Lend() ([]byte, bool) {
	if b.err != io.EOF {
		return nil, false
	}
	return b.ahead[:len(b.ahead):len(b.ahead)], true
}

// Skip implements part.Lender.
func (b *body) Skip(n int) {
	b.ahead = b.ahead[n:]
	b.count(n)
}

func (b *body) count(n int) int {
	b.read += int64(n)
	b.n = max(b.n, b.read)
	if b.took != nil {
		b.took.Took(n)
	}
	return n
}

// bodyAt is a body that can be read anywhere.
type bodyAt struct{ *body }

// ReadAt reads from the part's own Body. What is counted is the furthest byte
// read.
func (b bodyAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.at.ReadAt(p, off)
	b.n = max(b.n, off+int64(n))
	return n, err
}

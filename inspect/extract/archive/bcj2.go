package archive

import (
	"bufio"
	"io"
)

// bcj2 joins what 7-Zip's BCJ2 filter takes apart: x86 code, the addresses of
// calls, those of jumps, and which of them are such, range coded. It follows
// Bcj2.c of the LZMA SDK 9.20 (public domain).
type bcj2 struct {
	main, call, jump, coded *bufio.Reader

	begun       bool
	code, width uint32
	probs       [256 + 2]uint16
	before      byte
	at          uint32 // bytes put out
	rest        []byte // of an address
	buf         [4]byte
	err         error
}

func (r *bcj2) Read(p []byte) (int, error) {
	if !r.begun {
		r.begun = true
		r.width = 1<<32 - 1
		for i := range r.probs {
			r.probs[i] = 1 << 10
		}
		for range 5 {
			r.shift()
		}
	}
	n := 0
	for n < len(p) && r.err == nil {
		if len(r.rest) > 0 {
			p[n] = r.rest[0]
			r.rest = r.rest[1:]
			n++
			continue
		}
		c, err := r.main.ReadByte()
		if err != nil {
			r.err = err
			break
		}
		p[n] = c
		n++
		r.at++
		if c&0xfe != 0xe8 && (r.before != 0x0f || c&0xf0 != 0x80) {
			r.before = c
			continue
		}
		r.branch(c)
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// branch reads whether c begins an instruction whose address was taken out, and
// that address.
func (r *bcj2) branch(c byte) {
	prob, from := &r.probs[257], r.jump
	switch c {
	case 0xe8:
		prob, from = &r.probs[r.before], r.call
	case 0xe9:
		prob = &r.probs[256]
	}
	bound := r.width >> 11 * uint32(*prob)
	taken := r.code >= bound
	if taken {
		r.width -= bound
		r.code -= bound
		*prob -= *prob >> 5
	} else {
		r.width = bound
		*prob += (1<<11 - *prob) >> 5
	}
	if r.width < 1<<24 {
		r.width <<= 8
		r.shift()
	}
	r.before = c
	if !taken || r.err != nil {
		return
	}
	if _, err := io.ReadFull(from, r.buf[:]); err != nil {
		r.err = io.ErrUnexpectedEOF
		return
	}
	dest := be.Uint32(r.buf[:]) - (r.at + 4)
	le.PutUint32(r.buf[:], dest)
	r.rest = r.buf[:]
	r.at += 4
	r.before = r.buf[3]
}

func (r *bcj2) shift() {
	c, err := r.coded.ReadByte()
	if err != nil && r.err == nil {
		r.err = io.ErrUnexpectedEOF
	}
	r.code = r.code<<8 | uint32(c)
}

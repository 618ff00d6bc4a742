package extract

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

var inflaters sync.Pool

// open returns a reader of a member's contents, nil if its method is unknown or
// its end cannot be seen. It takes no more of stored than belongs to it.
func (m *member) open(stored *bufio.Reader, known bool) (io.Reader, func()) {
	nothing := func() {}
	switch m.method {
	case 0:
		if known {
			return stored, nothing
		}
		return &untilDescriptor{src: stored}, nothing
	case 8:
		r, _ := inflaters.Get().(io.ReadCloser)
		if r == nil {
			r = flate.NewReader(stored)
		} else {
			r.(flate.Resetter).Reset(stored, nil)
		}
		return r, func() { inflaters.Put(r) }
	case 12:
		return bzip2.NewReader(stored), nothing
	case 93:
		if !known {
			return nil, nil
		}
		r, err := zstd.NewReader(stored, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return nil, nil
		}
		return r, r.Close
	}
	return nil, nil
}

// untilDescriptor reads stored data of unknown length up to the data descriptor
// that gives just that length.
type untilDescriptor struct {
	src   *bufio.Reader
	n     uint32
	clean int // bytes ahead that belong to the data
	done  bool
}

func (r *untilDescriptor) Read(p []byte) (int, error) {
	if r.clean == 0 && !r.done {
		if err := r.look(); err != nil {
			return 0, err
		}
	}
	if r.clean == 0 {
		return 0, io.EOF
	}
	n, err := r.src.Read(p[:min(len(p), r.clean)])
	r.clean -= n
	r.n += uint32(n)
	return n, err
}

func (r *untilDescriptor) look() error {
	const size = 16
	b, err := r.src.Peek(max(size, r.src.Buffered()))
	if len(b) == 0 {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	for at := 0; ; at++ {
		k := bytes.Index(b[at:], []byte(sigSpan))
		if k < 0 || at+k+size > len(b) {
			break
		}
		at += k
		if binary.LittleEndian.Uint32(b[at+8:]) == r.n+uint32(at) {
			r.clean, r.done = at, true
			return nil
		}
	}
	if r.clean = len(b) - size + 1; err != nil || r.clean <= 0 {
		r.clean = len(b)
	}
	return nil
}

// descriptor passes the data descriptor behind a member (4.3.9), with or without
// its signature, with sizes of four bytes or of eight.
func (z *zipReader) descriptor(m member) {
	if !m.streamed() {
		return
	}
	b, _ := z.src.Peek(28)
	at := 0
	if bytes.HasPrefix(b, []byte(sigSpan)) {
		at = 4
	}
	for _, n := range []int{12, 20} {
		if end := at + n; len(b) >= end+2 && string(b[end:end+2]) == "PK" {
			z.src.Discard(end)
			return
		}
	}
	if at > 0 {
		z.src.Discard(min(len(b), at+12))
	}
}

// between hands on bytes that belong to no member, up to the next header.
func (z *zipReader) between() (more bool, err error) {
	gap := &untilHeader{src: z.src}
	if err := z.e.Child(part.Part{Path: "between members", Body: gap, Size: -1}); err != nil {
		return false, err
	}
	if err := part.Drain(z.ctx, z.b, gap); err != nil {
		return false, part.Stop(z.ctx, z.e, err, true)
	}
	return true, nil
}

// untilHeader reads up to the next signature of a member or of the directory.
type untilHeader struct {
	src   *bufio.Reader
	clean int
	begun bool
	done  bool
}

func (r *untilHeader) Read(p []byte) (int, error) {
	if r.clean == 0 && !r.done {
		b, err := r.src.Peek(max(8, r.src.Buffered()))
		if len(b) == 0 {
			return 0, err
		}
		from := 0
		if !r.begun {
			from, r.begun = 1, true
		}
		r.clean = len(b)
		if err == nil {
			r.clean -= 3
		}
		for at := from; at+4 <= len(b); at++ {
			k := bytes.Index(b[at:], []byte("PK"))
			if k < 0 || at+k+4 > len(b) {
				break
			}
			at += k
			if s := string(b[at : at+4]); s == sigLocal || s == sigDirectory || s == sigEnd {
				r.clean, r.done = at, true
				break
			}
		}
	}
	if r.clean == 0 {
		return 0, io.EOF
	}
	n, err := r.src.Read(p[:min(len(p), r.clean)])
	r.clean -= n
	return n, err
}

// directory reads the central directory and what belongs to it, for the
// comments. It reports false if the archive ends within.
func (z *zipReader) directory() (whole bool, err error) {
	le := binary.LittleEndian
	for {
		sig, _ := z.src.Peek(4)
		var fixed, variable, comment int
		var head []byte
		var ok bool
		switch string(sig) {
		case sigDirectory:
			if head, ok = z.take(46); !ok {
				return false, nil
			}
			variable, comment = int(le.Uint16(head[28:]))+int(le.Uint16(head[30:])), int(le.Uint16(head[32:]))
		case sigEnd:
			if head, ok = z.take(22); !ok {
				return false, nil
			}
			comment = int(le.Uint16(head[20:]))
		case sigEnd64:
			if head, ok = z.take(12); !ok {
				return false, nil
			}
			variable = int(min(le.Uint64(head[4:]), 1<<20))
		case sigLocator64:
			fixed = 20
		case sigArchive:
			if head, ok = z.take(8); !ok {
				return false, nil
			}
			variable = int(min(le.Uint32(head[4:]), 1<<20))
		case sigSignature:
			if head, ok = z.take(6); !ok {
				return false, nil
			}
			variable = int(le.Uint16(head[4:]))
		default:
			return false, nil
		}
		if n, _ := z.src.Discard(fixed + variable); n < fixed+variable {
			return false, nil
		}
		if comment > 0 {
			b := make([]byte, comment)
			if _, err := io.ReadFull(z.src, b); err != nil {
				return false, nil
			}
			if err := z.names.add(z.e, decodeName(b)); err != nil {
				return false, err
			}
		}
		if string(sig) == sigEnd {
			return true, nil
		}
		if over := z.b.Spend(z.ctx, 0); over != nil {
			return false, nil
		}
	}
}

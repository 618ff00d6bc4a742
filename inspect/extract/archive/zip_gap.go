package archive

import (
	"bufio"
	"bytes"
	"io"
)

// untilDescriptor reads data of unknown length up to the data descriptor that
// gives just that length (4.3.9): with its signature, or, without, before the
// next header; with sizes of four bytes or of eight.
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

const maxDescriptor = 24 // with its signature

func (r *untilDescriptor) look() error {
	b, err := r.src.Peek(max(2*maxDescriptor, r.src.Buffered()))
	if len(b) == 0 {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	for at := 0; ; at++ {
		k := bytes.Index(b[at:], []byte("PK"))
		if k < 0 || at+k+4 > len(b) {
			break
		}
		at += k
		if end := r.ends(b, at); end >= 0 {
			r.clean, r.done = end, true
			return nil
		}
	}
	if r.clean = len(b) - maxDescriptor - 4; err != nil || r.clean <= 0 {
		r.clean = len(b)
	}
	return nil
}

// ends returns where the data ends by the descriptor that a signature at b[at:]
// tells of, -1 if there is none.
func (r *untilDescriptor) ends(b []byte, at int) int {
	switch string(b[at : at+4]) {
	case sigSpan:
		if at+12 <= len(b) && le.Uint32(b[at+8:]) == r.n+uint32(at) {
			return at
		}
	case sigLocal, sigDirectory:
		for _, back := range []int{12, 20} {
			if from := at - back; from >= 0 && le.Uint32(b[from+4:]) == r.n+uint32(from) && r.n+uint32(from) > 0 {
				return from
			}
		}
	}
	return -1
}

// descriptor passes the data descriptor behind a member.
func (z *zipReader) descriptor(m zipMember) {
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

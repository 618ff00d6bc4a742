package archive

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// lzh reads the archives of LHA and LArc, header levels 0 to 3, as they stream
// in. No library for them is to be had. The sources are the format notes in
// LHa for UNIX (header.doc.ja) and the behaviour of lhasa.
type lzh struct{}

func (lzh) Name() string { return "lzh" }

func (lzh) Match(p *part.Part, head []byte) bool { return document(p) && lzhMagic(head) }

// lzhMagic looks for a method, a level, and sizes that a header can have.
func lzhMagic(head []byte) bool {
	if len(head) < lzhFixed || head[2] != '-' || head[6] != '-' || head[lzhLevel] > 3 {
		return false
	}
	switch string(head[3:5]) {
	case "lh", "lz", "pm":
	default:
		return false
	}
	return head[lzhLevel] > 1 || head[0] >= lzhFixed-2
}

func (lzh) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("lzh", "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	r := &lzhReader{ctx: ctx, b: b, set: member.Open(ctx, e, b, "lzh"), src: src}
	whole, err := r.read()
	if err == nil {
		err = r.set.Close()
	}
	if err != nil || !whole {
		return err
	}
	return member.Trailing(ctx, e, src)
}

type lzhReader struct {
	ctx context.Context
	b   *part.Budget
	set *member.Set
	src *bufio.Reader
}

// read reads the members. It reports whether what follows in src can be read.
func (r *lzhReader) read() (whole bool, err error) {
	for {
		if alive, err := r.set.Alive(); !alive {
			return false, err
		}
		head, err := r.src.Peek(lzhFixed)
		switch {
		case len(head) == 0 && err == io.EOF, len(head) > 0 && head[0] == 0 && !lzhMagic(head):
			r.src.Discard(min(len(head), 1)) // the end mark; some programs write none
			return true, nil
		case err != nil && err != io.EOF:
			return false, r.set.Stop(err)
		case !lzhMagic(head):
			return true, nil
		}
		h, err := readLzhHeader(r.src)
		if err != nil {
			return false, r.set.Stop(err)
		}
		if more, err := r.member(h); err != nil || !more {
			return false, err
		}
	}
}

var errLzhSum = errors.New("checksum of a member")

func (r *lzhReader) member(h *lzhHeader) (more bool, err error) {
	for _, s := range []string{h.path(), h.comment, h.target} {
		if err := r.set.Name(s); err != nil {
			return false, err
		}
	}
	limit := &io.LimitedReader{R: r.src, N: h.packed}
	packed := buffers.Get().(*bufio.Reader)
	packed.Reset(limit)
	defer func() { packed.Reset(nil); buffers.Put(packed) }()
	if h.method != "-lhd-" && h.size > 0 {
		if body := openLzh(h.method, packed, h.size); body != nil {
			_, err = r.set.Hand(h.path(), &lzhSummed{r: body, left: h.size, want: h.sum, known: h.summed}, h.size)
		} else {
			err = r.set.Miss(h.path(), part.UnknownFormat, "method "+strings.ToValidUTF8(h.method, "?"))
		}
		if err != nil {
			return false, err
		}
	}
	if err := part.Drain(r.ctx, r.b, packed); err != nil {
		return false, r.set.Stop(err)
	}
	if limit.N > 0 {
		return false, r.set.Stop(io.ErrUnexpectedEOF)
	}
	return true, nil
}

// lzhSummed gives the first left bytes of r and holds their CRC-16 against what
// it is said to be.
type lzhSummed struct {
	r     io.Reader
	left  int64
	sum   uint16
	want  uint16
	known bool
}

func (s *lzhSummed) Read(p []byte) (int, error) {
	if s.left == 0 {
		if s.known && s.sum != s.want {
			return 0, errLzhSum
		}
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	for _, c := range p[:n] {
		s.sum = s.sum>>8 ^ crc16[byte(s.sum)^c]
	}
	if s.left == 0 {
		err = nil
	} else if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// crc16 is the table of CRC-16/ARC.
var crc16 = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			c = c>>1 ^ c&1*0xa001
		}
		t[i] = c
	}
	return t
}()

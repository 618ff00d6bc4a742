package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// cpio reads the forms of cpio(5): the old binary one in either byte order, the
// portable one of POSIX, and SVR4's with and without checksums.
type cpio struct{}

func (cpio) Name() string { return "cpio" }

// Starts implements part.Marked.
func (cpio) Starts() string { return "0\x71\xc7" }

func (cpio) Match(p *part.Part, head []byte) bool {
	if !document(p) {
		return false
	}
	h, ok := cpioHead(head)
	return ok && h.name > 1 && h.name <= maxCpioName && h.size >= 0
}

const maxCpioName = 1 << 16

// cpioHeader is what the fixed part of a header says.
type cpioHeader struct {
	fixed      int   // its own size
	name, size int64 // of the name, with its NUL, and of the contents
	link       bool  // the contents are a symbolic link's target
	align      int64 // to which header and name, and contents, are padded
}

// cpioHead reads the start of a header. It reports false if b begins none.
func cpioHead(b []byte) (h cpioHeader, ok bool) {
	const link, kind = 0o120000, 0o170000
	number := func(from, to, base int) int64 {
		v, err := strconv.ParseUint(string(b[from:to]), base, 62)
		ok = ok && err == nil
		return int64(v)
	}
	ok = true
	switch {
	case len(b) >= 110 && (string(b[:6]) == "070701" || string(b[:6]) == "070702"):
		h = cpioHeader{110, number(94, 102, 16), number(54, 62, 16), number(14, 22, 16)&kind == link, 4}
	case len(b) >= 76 && string(b[:6]) == "070707":
		h = cpioHeader{76, number(59, 65, 8), number(65, 76, 8), number(18, 24, 8)&kind == link, 1}
	case len(b) >= 26 && (string(b[:2]) == "\xc7\x71" || string(b[:2]) == "\x71\xc7"):
		word := le.Uint16
		if b[0] == 0x71 {
			word = be.Uint16
		}
		h = cpioHeader{26, int64(word(b[20:])), int64(word(b[22:]))<<16 | int64(word(b[24:])), word(b[6:])&kind == link, 2}
		// Two bytes are little of a mark.
		ok = h.name > 1 && h.name < 1<<10 && len(b) >= 26+int(h.name) && b[25+h.name] == 0 && bytes.IndexByte(b[26:25+h.name], 0) < 0
	default:
		ok = false
	}
	return h, ok
}

var errCpioHeader = errors.New("header of a member")

func (cpio) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("cpio", "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	set := member.Open(ctx, e, b, "cpio")
	for {
		if alive, err := set.Alive(); !alive {
			return err
		}
		last, err := cpioMember(ctx, src, set, b)
		var fault *cpioFault
		if errors.As(err, &fault) {
			return errors.Join(set.Stop(fault.err), set.Close())
		}
		if err != nil {
			return err
		}
		if last {
			break
		}
	}
	if err := set.Close(); err != nil {
		return err
	}
	return member.Trailing(ctx, e, src)
}

// cpioFault is a fault in the data.
type cpioFault struct{ err error }

func (f *cpioFault) Error() string { return f.err.Error() }

// cpioMember reads one member. It reports true behind the last.
func cpioMember(ctx context.Context, src *bufio.Reader, set *member.Set, b *part.Budget) (last bool, err error) {
	head, err := src.Peek(110 + 1024)
	h, ok := cpioHead(head)
	switch {
	case !ok && err != nil && err != io.EOF:
		return false, &cpioFault{err}
	case !ok && len(head) < 26:
		return false, &cpioFault{io.ErrUnexpectedEOF}
	case !ok || h.name > maxCpioName:
		return false, &cpioFault{errCpioHeader}
	}
	src.Discard(h.fixed)
	raw := make([]byte, h.name)
	if _, err := io.ReadFull(src, raw); err != nil {
		return false, &cpioFault{io.ErrUnexpectedEOF}
	}
	pad(src, int64(h.fixed)+h.name, h.align)
	raw = bytes.TrimRight(raw, "\x00")
	if string(raw) == "TRAILER!!!" {
		return true, nil
	}
	name := member.DecodeName(raw)
	if err := set.Name(name); err != nil {
		return false, err
	}
	body := &io.LimitedReader{R: src, N: h.size}
	if h.link && h.size <= maxCpioName {
		target, _ := io.ReadAll(body)
		if err := set.Name(member.DecodeName(target)); err != nil {
			return false, err
		}
	} else if h.size > 0 {
		if _, err := set.Hand(name, body, h.size); err != nil {
			return false, err
		}
	}
	if err := part.Drain(ctx, b, body); err != nil {
		return false, &cpioFault{err}
	}
	if body.N > 0 {
		return false, &cpioFault{io.ErrUnexpectedEOF}
	}
	pad(src, h.size, h.align)
	return false, nil
}

// pad passes what fills n bytes up to a multiple of align.
func pad(src *bufio.Reader, n, align int64) { src.Discard(int((align - n%align) % align)) }

package archive

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Zip reads zip (APPNOTE.TXT 6.3.10) from its local headers, front to back, as
// it streams in: no member can hide from the directory. The directory behind is
// held against them: a member that only it names, or describes otherwise, is
// read as it says, too. What stands before, between and behind the members is
// handed on as well.
type Zip struct{}

// Name implements part.Reader.
func (Zip) Name() string { return "zip" }

// Starts implements part.Marked.
func (Zip) Starts() string { return sigLocal[:1] }

// Match implements part.Reader.
func (Zip) Match(p *part.Part, head []byte) bool { return document(p) && isZip(head) }

func isZip(head []byte) bool {
	if len(head) >= 8 && (string(head[:4]) == sigSpan || string(head[:4]) == sigNoSpan) {
		head = head[4:]
	}
	return len(head) >= 4 && (string(head[:4]) == sigLocal || string(head[:4]) == sigEnd)
}

const (
	sigLocal     = "PK\x03\x04"
	sigSpan      = "PK\x07\x08" // of several volumes; also that of a data descriptor
	sigNoSpan    = "PK00"       // of what turned out to be one
	sigDirectory = "PK\x01\x02"
	sigEnd       = "PK\x05\x06"
	sigEnd64     = "PK\x06\x06"
	sigLocator64 = "PK\x06\x07"
	sigArchive   = "PK\x06\x08"
	sigSignature = "PK\x05\x05"
)

var memberBuffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}

// Read implements part.Reader.
func (Zip) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("zip", "")
	z := &zipReader{ctx: ctx, e: e, b: b, set: member.Open(ctx, e, b, "zip"), passwords: p.Passwords}
	if at, ok := p.Body.(io.ReaderAt); ok && p.Size > 0 {
		z.at, z.size = at, p.Size
	}
	z.src = buffers.Get().(*bufio.Reader)
	z.src.Reset(&counted{r: p.Body, n: &z.taken})
	defer func() { z.src.Reset(nil); buffers.Put(z.src) }()
	return z.read()
}

// counted counts what is read through it.
type counted struct {
	r io.Reader
	n *int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}

// zipReader reads one archive.
type zipReader struct {
	ctx   context.Context
	e     part.Emitter
	b     *part.Budget
	set   *member.Set
	src   *bufio.Reader
	taken int64 // bytes that src took

	passwords []string

	at     io.ReaderAt // the archive again, nil if it can be read but once
	size   int64
	seen   []zipMember     // in the order of their places
	differ []zipMember     // as the directory describes them
	met    map[string]bool // names of members
	split  bool
}

// place is where src stands.
func (z *zipReader) place() int64 { return z.taken - int64(z.src.Buffered()) }

func (z *zipReader) read() error {
	for {
		if alive, err := z.set.Alive(); !alive {
			return err
		}
		sig, err := z.src.Peek(4)
		if len(sig) == 0 && err == io.EOF {
			return z.cutOff()
		}
		if err != nil && err != io.EOF {
			return errors.Join(z.set.Stop(err), z.set.Close())
		}
		switch string(sig) {
		case sigLocal:
			m, ok := z.header()
			if !ok {
				return z.cutOff()
			}
			more, err := z.member(m)
			if err != nil {
				return err
			}
			if !more {
				return z.set.Close()
			}
		case sigSpan, sigNoSpan:
			z.src.Discard(4)
		case sigDirectory, sigEnd, sigEnd64, sigLocator64, sigArchive, sigSignature:
			whole, err := z.directory()
			if err != nil {
				return err
			}
			if !whole {
				return z.cutOff()
			}
			if err := z.end(); err != nil {
				return err
			}
			return member.Trailing(z.ctx, z.e, z.src)
		default:
			gap := &untilHeader{src: z.src}
			if err := z.e.Child(part.Part{Path: "between members", Body: gap, Size: -1}); err != nil {
				return err
			}
			if err := part.Drain(z.ctx, z.b, gap); err != nil {
				return errors.Join(z.set.Stop(err), z.set.Close())
			}
		}
	}
}

// cutOff ends an archive that ends early.
func (z *zipReader) cutOff() error {
	if err := z.set.Close(); err != nil {
		return err
	}
	z.e.Skip(part.Truncated, true, "zip ends early")
	return nil
}

// end ends an archive that is whole.
func (z *zipReader) end() error {
	for i := range z.seen {
		if m := &z.seen[i]; m.unread {
			if err := z.set.Miss(m.name, part.UnknownFormat, "its size is not told"); err != nil {
				return err
			}
		}
	}
	for i := range z.differ {
		if err := z.again(&z.differ[i]); err != nil {
			return err
		}
	}
	if err := z.set.Close(); err != nil {
		return err
	}
	if z.split {
		z.e.Skip(part.Truncated, true, "one volume of several")
	}
	return nil
}

// take reads n bytes, which are valid until the next read.
func (z *zipReader) take(n int) ([]byte, bool) {
	b, err := z.src.Peek(n)
	if err != nil {
		return nil, false
	}
	z.src.Discard(n)
	return b, true
}

// header reads a local file header (4.3.7).
func (z *zipReader) header() (zipMember, bool) {
	m := zipMember{place: z.place()}
	h, ok := z.take(30)
	if !ok {
		return m, false
	}
	m.flags, m.method = int(le.Uint16(h[6:])), int(le.Uint16(h[8:]))
	m.time, m.crc = uint32(le.Uint16(h[10:])), le.Uint32(h[14:])
	m.compressed, m.size = int64(le.Uint32(h[18:])), int64(le.Uint32(h[22:]))
	return m, m.names(z.src, int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))) == nil
}

// name takes in what people wrote about a member.
func (z *zipReader) name(m *zipMember) error {
	for _, s := range append(m.texts, m.name) {
		if err := z.set.Name(s); err != nil {
			return err
		}
	}
	return nil
}

// member hands on a member. It reports false if no further one can be found.
func (z *zipReader) member(m zipMember) (more bool, err error) {
	if err := z.name(&m); err != nil {
		return false, err
	}
	if m.compressed < 0 || m.size < 0 {
		return false, z.set.Stop(&part.Fault{Reason: part.DecodeError, Detail: "sizes of zip"})
	}
	if len(z.seen) == maxListed {
		return false, z.set.Stop(&part.Fault{Reason: part.TooMany, Detail: "members of zip"})
	}
	m.texts = nil
	z.seen = append(z.seen, m)
	if !m.bounded() {
		return z.streamed(m)
	}
	limit := &io.LimitedReader{R: z.src, N: m.compressed}
	stored := memberBuffers.Get().(*bufio.Reader)
	stored.Reset(limit)
	defer func() { stored.Reset(nil); memberBuffers.Put(stored) }()
	if err := z.contents(&m, stored); err != nil {
		return false, err
	}
	if err := part.Drain(z.ctx, z.b, stored); err != nil {
		return false, z.set.Stop(err)
	}
	if limit.N > 0 {
		return false, z.set.Stop(io.ErrUnexpectedEOF)
	}
	z.descriptor(m)
	return true, nil
}

// contents hands on a member whose stored bytes, no more, are given.
func (z *zipReader) contents(m *zipMember, stored *bufio.Reader) error {
	if m.locked() {
		plain, body, ok := m.unlock(stored, z.passwords)
		if !ok {
			return z.set.Miss(m.name, part.Encrypted, "")
		}
		m, stored = &plain, body
	}
	if m.compressed == 0 {
		return nil
	}
	body, release, err := m.open(stored)
	if release != nil {
		defer release()
	}
	if err != nil {
		reason, detail := part.ReasonOf(part.Decoding("zip", err))
		return z.set.Miss(m.name, reason, detail)
	}
	size := m.size
	if m.streamed() {
		size = -1
	}
	fault, err := z.set.Hand(m.name, body, size)
	if err != nil || fault != nil {
		return err
	}
	return member.Trailing(z.ctx, z.e, stored) // hidden behind the contents
}

// streamed hands on a member whose size is told only behind it.
func (z *zipReader) streamed(m zipMember) (more bool, err error) {
	until := &untilDescriptor{src: z.src}
	switch {
	case m.locked():
		if err := z.set.Miss(m.name, part.Encrypted, ""); err != nil {
			return false, err
		}
	case m.method == 0:
		fault, err := z.set.Hand(m.name, until, -1)
		if fault != nil || err != nil {
			return false, err
		}
	default:
		body, release, err := m.open(z.src)
		if release != nil {
			defer release()
		}
		if err == nil && m.exact() {
			fault, err := z.set.Hand(m.name, body, -1)
			z.descriptor(m)
			return fault == nil, err
		}
		if err == nil {
			err = unknownMethod(uint64(m.method))
			if z.at != nil { // the directory tells the size
				z.seen[len(z.seen)-1].unread = true
				break
			}
		}
		reason, detail := part.ReasonOf(part.Decoding("zip", err))
		if err := z.set.Miss(m.name, reason, detail); err != nil {
			return false, err
		}
	}
	if err := part.Drain(z.ctx, z.b, until); err != nil {
		return false, z.set.Stop(err)
	}
	z.descriptor(m)
	return true, nil
}

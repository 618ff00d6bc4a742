package extract

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// zipArchive reads zip (APPNOTE.TXT 6.3.10) from its local headers, front to
// back, as it streams in: no member can hide from the directory, and none can be
// named only there. What stands before, between and behind the members is handed
// on as well. Encrypted members, whose contents nobody without the password
// sees, are told as such.
type zipArchive struct{}

func (zipArchive) Name() string { return "zip" }

func (zipArchive) Match(p *part.Part, head []byte) bool {
	return len(p.Encodings) == 0 && p.Role.Content() && isZip(head)
}

func isZip(head []byte) bool {
	return len(head) >= 4 && (string(head[:4]) == sigLocal || string(head[:4]) == sigEnd || string(head[:4]) == sigSpan && len(head) >= 8 && string(head[4:8]) == sigLocal)
}

const (
	sigLocal      = "PK\x03\x04"
	sigSpan       = "PK\x07\x08" // also that of a data descriptor
	sigDirectory  = "PK\x01\x02"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator64  = "PK\x06\x07"
	sigArchive    = "PK\x06\x08"
	sigSignature  = "PK\x05\x05"
	unknownMethod = "zip method "
)

var (
	zipBuffers    = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}
	memberBuffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}
)

func (zipArchive) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("zip", "")
	src := zipBuffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); zipBuffers.Put(src) }()
	z := &zipReader{ctx: ctx, e: e, b: b, src: src, child: e.Child}
	return z.read()
}

// zipReader reads one archive. child takes the members.
type zipReader struct {
	ctx   context.Context
	e     part.Emitter
	b     *part.Budget
	src   *bufio.Reader
	names names
	child func(part.Part) error

	locked, unknown int // members that were not read
	method          int // of the last unknown
}

// member is what a local header says.
type member struct {
	name             string
	flags, method    int
	size, compressed int64
	zip64            bool
}

func (z *zipReader) read() error {
	for {
		if over := z.b.Spend(z.ctx, 0); over != nil {
			return part.Stop(z.ctx, z.e, over, true)
		}
		sig, err := z.src.Peek(4)
		if err != nil {
			if len(sig) == 0 && err == io.EOF {
				return z.end(true)
			}
			if err != io.EOF {
				return part.Stop(z.ctx, z.e, err, true)
			}
		}
		switch string(sig) {
		case sigLocal:
			m, ok := z.header()
			if !ok {
				return z.end(true)
			}
			more, err := z.member(m)
			if err != nil || !more {
				return err
			}
		case sigSpan:
			z.src.Discard(4)
		case sigDirectory, sigEnd, sigEnd64, sigLocator64, sigArchive, sigSignature:
			whole, err := z.directory()
			if err != nil {
				return err
			}
			if !whole {
				return z.end(true)
			}
			if err := z.end(false); err != nil {
				return err
			}
			return rest(z.ctx, z.src, z.e)
		default:
			if more, err := z.between(); err != nil || !more {
				return err
			}
		}
	}
}

// end hands on the names and tells what was not read.
func (z *zipReader) end(truncated bool) error {
	if err := z.names.flush(z.e); err != nil {
		return err
	}
	partly := true
	switch {
	case z.locked > 0:
		z.e.Skip(part.Encrypted, partly, strconv.Itoa(z.locked)+" members of zip")
	case z.unknown > 0:
		z.e.Skip(part.UnknownFormat, partly, unknownMethod+strconv.Itoa(z.method))
	case truncated:
		z.e.Skip(part.Truncated, partly, "zip ends early")
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
func (z *zipReader) header() (member, bool) {
	h, ok := z.take(30)
	if !ok {
		return member{}, false
	}
	le := binary.LittleEndian
	m := member{
		flags: int(le.Uint16(h[6:])), method: int(le.Uint16(h[8:])),
		compressed: int64(le.Uint32(h[18:])), size: int64(le.Uint32(h[22:])),
	}
	nameSize, extraSize := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	name := make([]byte, nameSize)
	if _, err := io.ReadFull(z.src, name); err != nil {
		return m, false
	}
	extra := make([]byte, extraSize)
	if _, err := io.ReadFull(z.src, extra); err != nil {
		return m, false
	}
	m.name = z.name(name, m.flags)
	m.extra(extra)
	return m, true
}

func (z *zipReader) name(b []byte, flags int) string {
	if flags&0x800 != 0 {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return decodeName(b)
}

// extra reads the extra fields that matter: ZIP64 sizes (4.5.3).
func (m *member) extra(b []byte) {
	le := binary.LittleEndian
	for len(b) >= 4 {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return
		}
		f := b[:n]
		b = b[n:]
		if id != 1 {
			continue
		}
		m.zip64 = true
		if m.size == 1<<32-1 && len(f) >= 8 {
			m.size, f = int64(le.Uint64(f)), f[8:]
		}
		if m.compressed == 1<<32-1 && len(f) >= 8 {
			m.compressed = int64(le.Uint64(f))
		}
	}
}

// streamed reports whether the sizes come only behind the data (4.3.9).
func (m *member) streamed() bool { return m.flags&8 != 0 }

// member hands on a member. It reports false if no further one can be found.
func (z *zipReader) member(m member) (more bool, err error) {
	if err := z.names.add(z.e, m.name); err != nil {
		return false, err
	}
	if m.compressed < 0 || m.size < 0 {
		return false, z.damaged("zip sizes")
	}
	known := !m.streamed() || m.compressed > 0
	stored := z.src
	if known {
		stored = memberBuffers.Get().(*bufio.Reader)
		stored.Reset(io.LimitReader(z.src, m.compressed))
		defer func() { stored.Reset(nil); memberBuffers.Put(stored) }()
	}
	if m.flags&1 != 0 || m.method == 99 {
		z.locked++
		return z.skip(stored, known, m)
	}
	if known && m.compressed == 0 {
		z.descriptor(m)
		return true, nil
	}
	body, release := m.open(stored, known)
	if body == nil {
		z.unknown++
		z.method = m.method
		return z.skip(stored, known, m)
	}
	defer release()
	meter := part.NewMeter(z.ctx, z.b, "zip", body)
	size := m.size
	if m.streamed() {
		size = -1
	}
	if err := z.child(part.Part{Path: m.name, Name: m.name, Body: meter, Size: size}); err != nil {
		return false, err
	}
	if meter.Err() == nil {
		part.Drain(z.ctx, z.b, meter) // its error is the meter's
	}
	if err := meter.Err(); err != io.EOF {
		part.Stop(z.ctx, z.e, err, true)
		if reason, _ := part.ReasonOf(err); reason != part.DecodeError || !known {
			return false, z.names.flush(z.e)
		}
	} else if known {
		if err := rest(z.ctx, stored, z.e); err != nil { // hidden behind the contents
			return false, err
		}
	}
	if known {
		if err := part.Drain(z.ctx, z.b, stored); err != nil {
			return false, part.Stop(z.ctx, z.e, err, true)
		}
	}
	z.descriptor(m)
	return true, nil
}

// skip passes a member that cannot be read.
func (z *zipReader) skip(stored io.Reader, known bool, m member) (more bool, err error) {
	if !known {
		return false, z.end(false) // where it ends is not to be seen
	}
	if err := part.Drain(z.ctx, z.b, stored); err != nil {
		return false, part.Stop(z.ctx, z.e, err, true)
	}
	z.descriptor(m)
	return true, nil
}

func (z *zipReader) damaged(detail string) error {
	z.e.Skip(part.DecodeError, true, detail)
	return z.names.flush(z.e)
}

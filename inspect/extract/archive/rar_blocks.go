package archive

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// rarBlocks passes an archive on block by block, up to its end, so that what
// stands behind is seen. Of the blocks that the library passes over it keeps
// those that hold what people wrote: comments and NTFS streams.
type rarBlocks struct {
	src      *bufio.Reader
	five     bool
	head     []byte // marker and main header, for the services
	left     int64  // of the block at hand
	state    int
	volume   bool
	services []rarService

	power   int  // of two: the rounds of the first key of RAR 5, -1 if there is none yet
	bounded bool // keys are derived: what asks for too many rounds is left out
	refused int  // members left out for that
}

// rarService is an archive of one member made of a service block: it is coded
// as a member is.
type rarService struct {
	name    string
	archive []byte
}

const (
	rarBlock   = iota // more blocks come
	rarThrough        // what comes cannot be told apart
	rarEnd
)

const (
	maxRarService  = 60 << 10 // with its header: what can be looked at ahead
	maxRarServices = 64
)

func newRarBlocks(src *bufio.Reader) *rarBlocks {
	b := &rarBlocks{src: src, power: -1}
	magic, _ := src.Peek(len(rar5Magic))
	b.five = string(magic) == rar5Magic
	n := len(rar4Magic)
	if b.five {
		n = len(rar5Magic)
	}
	b.left = int64(n)
	b.head = append(b.head, magic[:min(n, len(magic))]...)
	return b
}

func (b *rarBlocks) Read(p []byte) (int, error) {
	for b.left == 0 && b.state == rarBlock {
		if b.five {
			b.next5()
		} else {
			b.next4()
		}
	}
	if b.state == rarThrough {
		return b.src.Read(p)
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.src.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// next4 looks at the next block of RAR 1.5 to 4.
func (b *rarBlocks) next4() {
	h, _ := b.src.Peek(7)
	if len(h) < 7 {
		b.state = rarThrough
		return
	}
	kind, flags, size := h[2], le.Uint16(h[3:]), int(le.Uint16(h[5:]))
	h, _ = b.src.Peek(size)
	if size < 7 || len(h) < size {
		b.state = rarThrough
		return
	}
	data := int64(0)
	if (flags&0x8000 != 0 || kind == 0x74 || kind == 0x7a) && size >= 11 {
		data = int64(le.Uint32(h[7:]))
		if (kind == 0x74 || kind == 0x7a) && flags&0x100 != 0 && size >= 36 {
			data |= int64(le.Uint32(h[32:])&0x7fffffff) << 32
		}
	}
	switch kind {
	case 0x73: // main header
		b.volume = flags&1 != 0
		if flags&0x80 != 0 { // the headers are encrypted
			b.state = rarThrough
			return
		}
		if flags&2 != 0 && size > 13 {
			b.comment4(h[13:])
		}
		b.head = append(b.head, rar4Main...)
	case 0x7a: // service
		if size < 32 {
			break
		}
		if n := int(le.Uint16(h[26:])); 32+n <= size {
			b.service(string(h[32:32+n]), size, data, func(h []byte) {
				h[2] = 0x74
				le.PutUint16(h, uint16(crc32.ChecksumIEEE(h[2:])))
			})
		}
	case 0x74:
		if flags&1 != 0 {
			b.drop(int64(size) + data)
			return
		}
	case 0x7b:
		b.state = rarEnd
	}
	b.left = int64(size) + data
}

// drop passes over a block of a member that began in another volume, which the
// library would stop at.
func (b *rarBlocks) drop(n int64) {
	b.volume = true
	b.pass(n)
}

// pass passes over what the library is not to see.
func (b *rarBlocks) pass(n int64) {
	if k, _ := io.CopyN(io.Discard, b.src, n); k < n {
		b.state = rarEnd
	}
}

// rar4Main is a main header that says nothing.
var rar4Main = seal4([]byte{0, 0, 0x73, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0})

func seal4(h []byte) []byte {
	le.PutUint16(h, uint16(crc32.ChecksumIEEE(h[2:])))
	return h
}

// comment4 takes the comment of RAR 1.5 and 2, which stands in the main header.
func (b *rarBlocks) comment4(h []byte) {
	if len(h) < 13 || h[2] != 0x75 || len(h) < int(le.Uint16(h[5:])) || le.Uint16(h[5:]) < 13 {
		return
	}
	data := h[13:le.Uint16(h[5:])]
	f := make([]byte, 33, 33+len(data))
	f[2] = 0x74
	le.PutUint16(f[5:], 33)
	le.PutUint32(f[7:], uint32(len(data)))
	le.PutUint16(f[11:], le.Uint16(h[7:]))
	f[24], f[25] = h[9], h[10]
	le.PutUint16(f[26:], 1)
	f[32] = 'c'
	all := append(append([]byte(rar4Magic), rar4Main...), append(seal4(f), data...)...)
	b.services = append(b.services, rarService{"comment", all})
}

// next5 looks at the next block of RAR 5 and later.
func (b *rarBlocks) next5() {
	h, _ := b.src.Peek(14)
	if len(h) < 5 {
		b.state = rarThrough
		return
	}
	n, k := binary.Uvarint(h[4:])
	size := 4 + k + int(min(n, 1<<30))
	h, _ = b.src.Peek(size)
	if k <= 0 || n == 0 || len(h) < size {
		b.state = rarThrough
		return
	}
	f := fields{h[4+k:]}
	kind, flags := f.next(), f.next()
	extra := 0
	if flags&1 != 0 {
		extra = int(min(f.next(), uint64(size-4-k)))
	}
	data := int64(0)
	if flags&2 != 0 {
		data = int64(min(f.next(), 1<<62))
	}
	switch kind {
	case 1: // main header
		b.volume = f.next()&1 != 0
		b.head = append(b.head, h...)
		if b.volume {
			b.head = append([]byte(rar5Magic), rar5Main...)
		}
	case 2: // member
		if flags&8 != 0 {
			b.drop(int64(size) + data)
			return
		}
		if b.locked(h[size-extra:]) && b.bounded {
			b.refused++
			b.pass(int64(size) + data)
			return
		}
	case 3: // service
		inner := f.next()
		f.next()
		f.next()
		f.skip(4*int(inner>>1&1) + 4*int(inner>>2&1))
		f.next()
		f.next()
		name := f.skip(int(min(f.next(), 1<<16)))
		at := 4 + k
		b.service(string(name), size, data, func(h []byte) {
			h[at] = 2
			le.PutUint32(h, crc32.ChecksumIEEE(h[4:]))
		})
	case 4: // the headers are encrypted
		b.encryption(&f)
		b.state = rarThrough
		return
	case 5:
		b.state = rarEnd
	}
	b.left = int64(size) + data
}

// rar5Main is a main header that says nothing.
var rar5Main = func() []byte {
	h := []byte{0, 0, 0, 0, 3, 1, 0, 0}
	le.PutUint32(h, crc32.ChecksumIEEE(h[4:]))
	return h
}()

// service keeps a block of interest, the next in src, whose header make makes
// one of a member.
func (b *rarBlocks) service(name string, header int, data int64, make func(h []byte)) {
	switch name {
	case "CMT":
		name = "comment"
	case "STM":
		name = "stream"
	default:
		return // rights, recovery data
	}
	block, _ := b.src.Peek(header + int(min(data, maxRarService)))
	if data > maxRarService || len(b.services) == maxRarServices {
		block = block[:header] // its contents are told to be missing
	}
	all := append(append([]byte(nil), b.head...), block...)
	make(all[len(b.head) : len(b.head)+header])
	b.services = append(b.services, rarService{name, all})
}

// fields walks through the numbers of a RAR 5 header. What is not there is 0.
type fields struct{ b []byte }

func (f *fields) next() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.b = nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) skip(n int) []byte {
	if n > len(f.b) {
		f.b = nil
		return nil
	}
	b := f.b[:n]
	f.b = f.b[n:]
	return b
}

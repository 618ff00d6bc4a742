package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// cab reads Microsoft cabinets ([MS-CAB]), stored and compressed by MSZIP; for
// LZX and Quantum there is no library, and their members are told as unknown.
// Members are read from the folders in order, so it must be readable anywhere.
type cab struct{}

const cabMagic = "MSCF\x00\x00\x00\x00"

func (cab) Name() string { return "cab" }

// Starts implements part.Marked.
func (cab) Starts() string { return cabMagic[:1] }

func (cab) Match(p *part.Part, head []byte) bool {
	return document(p) && len(head) >= 36 && bytes.HasPrefix(head, []byte(cabMagic))
}

var errCabHeader = errors.New("header")

func (cab) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("cab", "")
	at, size, fault := part.Anywhere(p, 0)
	if at == nil {
		return part.Stop(ctx, e, part.Decoding("cab", fault), false)
	}
	c := &cabReader{ctx: ctx, b: b, at: at, size: size, set: member.Open(ctx, e, b, "cab")}
	if err := c.open(); err != nil {
		if fault == nil {
			fault = err
		}
		return part.Stop(ctx, e, part.Decoding("cab", fault), false)
	}
	if err := c.members(); err != nil {
		return err
	}
	if err := c.set.Close(); err != nil {
		return err
	}
	if c.split {
		e.Skip(part.Truncated, true, "one cabinet of several")
	}
	if c.end >= size {
		return nil
	}
	return member.Trailing(ctx, e, io.NewSectionReader(at, c.end, size-c.end))
}

type cabReader struct {
	ctx     context.Context
	b       *part.Budget
	at      io.ReaderAt
	size    int64
	end     int64 // of the cabinet
	set     *member.Set
	folders []cabFolder
	files   []cabFile
	spare   int  // reserved bytes before the data of a block
	split   bool // members go on in, or come from, other cabinets
}

type cabFolder struct {
	start  int64
	blocks int
	method uint16
}

type cabFile struct {
	name   string
	size   int64
	start  int64 // in its folder's output
	folder int
}

// open reads the headers.
func (c *cabReader) open() error {
	src := bufio.NewReader(io.NewSectionReader(c.at, 0, c.size))
	h, err := take(src, 36)
	if err != nil {
		return err
	}
	c.end = int64(le.Uint32(h[8:]))
	files, folders, nfiles, flags := int64(le.Uint32(h[16:])), int(le.Uint16(h[26:])), int(le.Uint16(h[28:])), le.Uint16(h[30:])
	spare := 0
	if flags&4 != 0 {
		r, err := take(src, 4)
		if err != nil {
			return err
		}
		spare, c.spare = int(r[2]), int(r[3])
		src.Discard(int(le.Uint16(r)))
	}
	for _, flag := range []uint16{1, 2} { // names of the cabinet before and of the next
		if flags&flag != 0 {
			c.split = true
			for range 2 {
				if _, err := src.ReadSlice(0); err != nil {
					return errCabHeader
				}
			}
		}
	}
	for range folders {
		r, err := take(src, 8+spare)
		if err != nil {
			return err
		}
		c.folders = append(c.folders, cabFolder{int64(le.Uint32(r)), int(le.Uint16(r[4:])), le.Uint16(r[6:])})
	}
	src.Reset(io.NewSectionReader(c.at, files, max(c.size-files, 0)))
	for range nfiles {
		r, err := take(src, 16)
		if err != nil {
			return err
		}
		name, err := src.ReadSlice(0)
		if err != nil {
			return errCabHeader
		}
		f := cabFile{size: int64(le.Uint32(r)), start: int64(le.Uint32(r[4:])), folder: int(le.Uint16(r[8:]))}
		f.name = member.DecodeName(name[:len(name)-1])
		switch f.folder {
		case 0xfffd, 0xffff: // goes on from the cabinet before
			f.folder = 0
			c.split = true
		case 0xfffe:
			f.folder = len(c.folders) - 1
			c.split = true
		}
		c.files = append(c.files, f)
	}
	return nil
}

// members hands on the files, which stand in the order of their data.
func (c *cabReader) members() error {
	var out io.Reader // of the folder at hand
	var at int64      // bytes taken of it
	folder := -1
	for _, f := range c.files {
		if alive, err := c.set.Alive(); !alive {
			return err
		}
		if err := c.set.Name(f.name); err != nil {
			return err
		}
		if f.folder < 0 || f.folder >= len(c.folders) {
			if err := c.set.Miss(f.name, part.DecodeError, "no such folder"); err != nil {
				return err
			}
			continue
		}
		if method := cabMethod(c.folders[f.folder].method); method != "" {
			if err := c.set.Miss(f.name, part.UnknownFormat, method); err != nil {
				return err
			}
			continue
		}
		if folder != f.folder || at > f.start {
			folder, at = f.folder, 0
			out = c.open1(&c.folders[folder])
		}
		n, fault := io.CopyN(io.Discard, part.NewMeter(c.ctx, c.b, "cab", out), f.start-at)
		if at += n; fault != nil {
			reason, detail := part.ReasonOf(part.Decoding("cab", fault))
			if err := c.set.Miss(f.name, reason, detail); err != nil {
				return err
			}
			continue
		}
		if f.size > 0 {
			share := &cabShare{r: out, left: f.size}
			if _, err := c.set.Hand(f.name, share, f.size); err != nil {
				return err
			}
			at += f.size - share.left
		}
	}
	return nil
}

// cabMethod names a method that is not read.
func cabMethod(m uint16) string {
	switch m & 15 {
	case 0, 1:
		return ""
	case 2:
		return "Quantum compression"
	case 3:
		return "LZX compression"
	}
	return "compression of cab"
}

func (c *cabReader) open1(f *cabFolder) io.Reader {
	src := io.NewSectionReader(c.at, f.start, max(c.size-f.start, 0))
	return &cabBlocks{spare: c.spare, src: bufio.NewReader(src), left: f.blocks, packed: f.method&15 == 1}
}

// cabShare reads a file's share of a folder's output.
type cabShare struct {
	r    io.Reader
	left int64
}

func (s *cabShare) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// cabBlocks decodes the blocks of a folder, of at most 32 KiB each. MSZIP's are
// deflate with what came before as a dictionary.
type cabBlocks struct {
	spare   int // bytes before the data of a block
	src     *bufio.Reader
	left    int
	packed  bool
	out     []byte // of the last block
	given   int
	inflate io.ReadCloser
}

const cabBlock = 32 << 10

func (b *cabBlocks) Read(p []byte) (int, error) {
	for b.given == len(b.out) {
		if b.left == 0 {
			return 0, io.EOF
		}
		b.left--
		if err := b.next(); err != nil {
			b.left = 0
			return 0, err
		}
	}
	n := copy(p, b.out[b.given:])
	b.given += n
	return n, nil
}

func (b *cabBlocks) next() error {
	h, err := take(b.src, 8+b.spare)
	if err != nil {
		return err
	}
	packed, size := int(le.Uint16(h[4:])), int(le.Uint16(h[6:]))
	data, err := take(b.src, packed)
	if err != nil {
		return err
	}
	if size > cabBlock {
		return errCabHeader
	}
	before := b.out
	b.given = 0
	if !b.packed {
		b.out = data
		return nil
	}
	if !bytes.HasPrefix(data, []byte("CK")) {
		return errCabHeader
	}
	in := bytes.NewReader(data[2:])
	if b.inflate == nil {
		b.inflate = flate.NewReaderDict(in, before)
	} else if err := b.inflate.(flate.Resetter).Reset(in, before); err != nil {
		return err
	}
	if cap(b.out) < cabBlock {
		b.out = make([]byte, cabBlock)
	}
	b.out = b.out[:size] // the dictionary has been copied
	n, err := io.ReadFull(b.inflate, b.out)
	b.out = b.out[:n]
	return err
}

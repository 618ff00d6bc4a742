package archive

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// sevenZip reads 7z (7zFormat.txt of the LZMA SDK), whose header, mostly coded
// itself, stands at the end. Libraries for it take the counts in that header for
// memory sizes; here each is held against what is there.
type sevenZip struct{}

const (
	sevenMagic     = "7z\xbc\xaf\x27\x1c"
	sevenStart     = 32       // where the packed streams begin
	maxSevenHeader = 32 << 20 // decoded
)

func (sevenZip) Name() string { return "7z" }

// Starts implements part.Marked.
func (sevenZip) Starts() string { return sevenMagic[:1] }

func (sevenZip) Match(p *part.Part, head []byte) bool {
	return document(p) && strings.HasPrefix(string(head[:min(len(head), len(sevenMagic))]), sevenMagic)
}

func (sevenZip) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("7z", "")
	at, size, err := part.Anywhere(p, 0)
	if at == nil || size < sevenStart {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return part.Stop(ctx, e, part.Decoding("7z", err), false)
	}
	if err != nil {
		if err := part.Stop(ctx, e, part.Decoding("7z", err), false); err != nil {
			return err
		}
	}
	z := &sevenReader{ctx: ctx, b: b, at: at, size: size, passwords: p.Passwords}
	end, fault := z.open()
	if fault != nil {
		return part.Stop(ctx, e, part.Decoding("7z", fault), false)
	}
	z.set = member.Open(ctx, e, b, "7z")
	if err := z.members(); err != nil {
		return err
	}
	if err := z.set.Close(); err != nil || end >= size {
		return err
	}
	return member.Trailing(ctx, e, io.NewSectionReader(at, end, size-end))
}

// sevenReader reads one archive.
type sevenReader struct {
	ctx  context.Context
	b    *part.Budget
	set  *member.Set
	at   io.ReaderAt
	size int64
	sevenHeader

	passwords []string
	password  string            // the one in use
	keys      map[string][]byte // made of it, by what else they are made of
}

// open reads the header and returns where the archive ends.
func (z *sevenReader) open() (end int64, err error) {
	var head [sevenStart]byte
	if _, err := z.at.ReadAt(head[:], 0); err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	offset, size := le.Uint64(head[12:]), le.Uint64(head[20:])
	if crc32.ChecksumIEEE(head[12:32]) != le.Uint32(head[8:]) {
		return 0, errors.New("checksum of the start")
	}
	if size == 0 {
		return sevenStart, nil // an empty archive
	}
	if offset > uint64(z.size) || size > uint64(z.size) || sevenStart+offset+size > uint64(z.size) {
		return 0, io.ErrUnexpectedEOF
	}
	if size > maxSevenHeader {
		return 0, &part.Fault{Reason: part.TooLarge, Detail: "7z header over 32 MiB"}
	}
	raw := make([]byte, size)
	if _, err := z.at.ReadAt(raw, sevenStart+int64(offset)); err != nil && err != io.EOF {
		return 0, err
	}
	end = sevenStart + int64(offset+size)
	for layers := 0; ; layers++ {
		p := &sevenParser{b: raw}
		switch id := p.byte(); {
		case id == propHeader:
			z.sevenHeader = p.header()
			return end, p.fail
		case id != propEncoded || layers > 4:
			return 0, errSevenHeader
		}
		z.sevenHeader = sevenHeader{}
		p.streams(&z.sevenHeader)
		if p.fail != nil || len(z.folders) == 0 {
			return 0, errSevenHeader
		}
		if raw, err = z.decodeHeader(&z.folders[0]); err != nil {
			return 0, err
		}
	}
}

func (z *sevenReader) decodeHeader(f *sevenFolder) ([]byte, error) {
	if err := z.unlock(f, z.fitsHeader); err != nil {
		return nil, err
	}
	return z.headerOf(f)
}

// headerOf returns what the folder of the header holds.
func (z *sevenReader) headerOf(f *sevenFolder) ([]byte, error) {
	n := f.sizes[f.main()]
	if n > maxSevenHeader {
		return nil, &part.Fault{Reason: part.TooLarge, Detail: "7z header over 32 MiB"}
	}
	r, release, err := z.folder(f)
	defer release()
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(part.NewMeter(z.ctx, z.b, "7z", r), n))
	if err == nil && f.sum.known && crc32.ChecksumIEEE(raw) != f.sum.crc {
		err = errors.New("checksum of the header")
	}
	return raw, err
}

// members hands on the files: those of the folders in their order, which is the
// files' own, and the names of the others.
func (z *sevenReader) members() error {
	files := z.files
	next := func() (string, bool, error) { // the next file that has a stream
		for len(files) > 0 {
			f := files[0]
			files = files[1:]
			if err := z.set.Name(f.name); err != nil {
				return "", false, err
			}
			if !f.empty {
				return f.name, true, nil
			}
		}
		return "", false, nil
	}
	for i := range z.folders {
		if alive, err := z.set.Alive(); !alive {
			return err
		}
		if err := z.members1(&z.folders[i], next); err != nil {
			return err
		}
		if z.ctx.Err() != nil {
			return z.ctx.Err()
		}
	}
	_, _, err := next()
	for err == nil && len(files) > 0 {
		_, _, err = next()
	}
	return err
}

// members1 hands on the files of one folder.
func (z *sevenReader) members1(f *sevenFolder, next func() (string, bool, error)) error {
	var src io.Reader
	fault := z.unlock(f, z.fits)
	if fault == nil && len(f.parts) > 0 {
		r, release, err := z.folder(f)
		defer release()
		src, fault = r, err
	}
	for i := range f.parts {
		name, _, err := next()
		if err != nil {
			return err
		}
		if fault != nil {
			reason, detail := part.ReasonOf(part.Decoding("7z", fault))
			if err := z.set.Miss(name, reason, detail); err != nil {
				return err
			}
			continue
		}
		body := &checked{r: src, left: f.parts[i].size, sum: f.parts[i].sum, h: crc32.NewIEEE()}
		broken, err := z.set.Hand(name, body, body.left)
		if err != nil {
			return err
		}
		if broken != nil && !errors.Is(broken, errChecksum) {
			fault = broken // what follows in the folder cannot be decoded
		}
	}
	return nil
}

var errChecksum = errors.New("checksum differs")

// checked reads a share of a stream and holds its checksum against what it is
// said to be.
type checked struct {
	r    io.Reader
	left int64
	sum  sevenSum
	h    hash.Hash32
}

func (c *checked) Read(p []byte) (int, error) {
	if c.left == 0 {
		if c.sum.known && c.h.Sum32() != c.sum.crc {
			return 0, errChecksum
		}
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.h.Write(p[:n])
	switch {
	case c.left == 0:
		err = nil // the sum is looked at next
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// folder returns a reader of a folder's output, and what gives back its memory.
func (z *sevenReader) folder(f *sevenFolder) (r io.Reader, release func(), err error) {
	var done []func()
	release = func() {
		for _, d := range done {
			d()
		}
	}
	used := make([]bool, len(f.coders))
	var output func(i int) (io.Reader, error)
	input := func(i int) (io.Reader, error) {
		for _, b := range f.binds {
			if b.input == i {
				return output(b.output)
			}
		}
		for k, in := range f.inputs {
			if in == i {
				return z.packedStream(f.first + k)
			}
		}
		return nil, errSevenHeader
	}
	output = func(i int) (io.Reader, error) {
		if used[i] { // a circle
			return nil, errSevenHeader
		}
		used[i] = true
		c := &f.coders[i]
		in := make([]*bufio.Reader, c.inputs)
		for k := range in {
			r, err := input(c.firstInput + k)
			if err != nil {
				return nil, err
			}
			in[k] = bufio.NewReader(r)
		}
		if c.method == methodAES {
			return z.decrypted(c, in[0], f.sizes[i])
		}
		r, close, err := c.open(in, f.sizes[i])
		if close != nil {
			done = append(done, close)
		}
		return r, err
	}
	r, err = output(f.main())
	return r, release, err
}

func (z *sevenReader) packedStream(i int) (io.Reader, error) {
	if i >= len(z.packed) {
		return nil, errSevenHeader
	}
	from, end := int64(0), z.packed[i]
	if i > 0 {
		from = z.packed[i-1]
	}
	if z.start > z.size || from > z.size {
		return nil, io.ErrUnexpectedEOF
	}
	return io.NewSectionReader(z.at, sevenStart+z.start+from, end-from), nil
}

func unknownMethod(method uint64) error {
	return &part.Fault{Reason: part.UnknownFormat, Detail: fmt.Sprintf("method %x", method)}
}

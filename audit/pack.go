package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A packed segment is a closed one as zstd writes it, followed by a skippable
// frame, which zstd tools pass over. That frame tells what lies in it and
// binds every byte of the file, so that none can change without notice, not
// even one that means nothing to a decoder.

const (
	packedSuffix = segmentSuffix + ".zst"
	partSuffix   = ".new" // a file being made
	footerSize   = 512
	footerMagic  = 0x184D2A5A
)

// footer describes a packed segment.
type footer struct {
	first, last uint64
	from, to    time.Time // earliest and latest event
	size        int64     // unpacked
	sum         Hash      // of the file up to here and of the lines above
}

// head is the footer without its sum, padded: what the sum covers.
func (f *footer) head() []byte {
	return fmt.Appendf(nil, `{"v":1,"first":%d,"last":%d,"from":%q,"to":%q,"bytes":%d,"sha256":"`,
		f.first, f.last, f.from.UTC().Format(time.RFC3339Nano), f.to.UTC().Format(time.RFC3339Nano), f.size)
}

func (f *footer) encode() []byte {
	b := binary.LittleEndian.AppendUint32(nil, footerMagic)
	b = binary.LittleEndian.AppendUint32(b, footerSize-8)
	b = append(b, f.head()...)
	b = hex.AppendEncode(b, f.sum[:])
	b = append(b, '"', '}')
	for len(b) < footerSize-1 {
		b = append(b, ' ')
	}
	return append(b, '\n')
}

// readFooter accepts exactly what encode writes.
func readFooter(r io.ReaderAt, size int64) (f footer, err error) {
	wrong := errors.New("the end of the packed segment is damaged")
	var b [footerSize]byte
	if size < footerSize {
		return f, wrong
	}
	if _, err := r.ReadAt(b[:], size-footerSize); err != nil {
		return f, fmt.Errorf("read packed segment: %w", err)
	}
	var from, to, sum string
	if n, _ := fmt.Sscanf(string(b[8:]), `{"v":1,"first":%d,"last":%d,"from":%q,"to":%q,"bytes":%d,"sha256":"%64s"}`,
		&f.first, &f.last, &from, &to, &f.size, &sum); n != 6 || !lowerHex(f.sum[:], []byte(sum)) {
		return f, wrong
	}
	var bad [2]error
	f.from, bad[0] = time.Parse(time.RFC3339Nano, from)
	f.to, bad[1] = time.Parse(time.RFC3339Nano, to)
	if errors.Join(bad[:]...) != nil || !bytes.Equal(f.encode(), b[:]) {
		return f, wrong
	}
	return f, nil
}

// packedReader unpacks a segment and checks its sum at the end.
type packedReader struct {
	footer
	z   *zstd.Decoder
	in  io.Reader
	sum hash.Hash
	// partial: it was not read from its beginning, so there is no sum.
	partial bool
}

func newPackedReader(f *os.File) (*packedReader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p := &packedReader{sum: sha256.New()}
	if p.footer, err = readFooter(f, info.Size()); err != nil {
		return nil, damaged{err}
	}
	p.in = io.TeeReader(io.NewSectionReader(f, 0, info.Size()-footerSize), p.sum)
	p.z, err = zstd.NewReader(p.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(16<<20), zstd.WithDecoderMaxMemory(1<<40))
	if err != nil {
		return nil, damaged{err}
	}
	return p, nil
}

// damaged is a packed segment that is not as it was written.
type damaged struct{ error }

func (d damaged) Unwrap() error { return d.error }

func (p *packedReader) Read(b []byte) (int, error) {
	n, err := p.z.Read(b)
	switch {
	case err == nil:
	case err != io.EOF:
		err = damaged{fmt.Errorf("unpack: %w", err)}
	case p.partial:
	default:
		if _, e := io.Copy(io.Discard, p.in); e != nil {
			return n, e
		}
		p.sum.Write(p.head())
		if [sha256.Size]byte(p.sum.Sum(nil)) != p.footer.sum {
			err = damaged{errors.New("the packed file does not match its sum")}
		}
	}
	return n, err
}

func (p *packedReader) Close() error { p.z.Close(); return nil }

// pack makes the packed form of a closed segment and removes the plain one.
// Killed at any moment it leaves one whole form at least; where both are
// there, the plain one counts.
func pack(dir string, s segment) (err error) {
	plain := filepath.Join(dir, s.name)
	packed := filepath.Join(dir, segmentStem(s.first)+packedSuffix)
	out, err := os.OpenFile(packed+partSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return explain("pack segment", err)
	}
	defer func() {
		if err != nil {
			out.Close()
			os.Remove(packed + partSuffix)
		}
	}()
	before, err := packInto(out, dir, s)
	if err != nil {
		return explain("pack segment", err)
	}
	if err := out.Sync(); err != nil {
		return explain("pack segment", err)
	}
	// Read back before the original goes.
	back, err := newPackedReader(out)
	if err != nil {
		return fmt.Errorf("pack segment: read back: %w", err)
	}
	defer back.Close()
	after := sha256.New()
	if _, err := io.Copy(after, back); err != nil {
		return fmt.Errorf("pack segment: read back: %w", err)
	}
	if !bytes.Equal(before, after.Sum(nil)) {
		return errors.New("pack segment: read back: it is not what was packed")
	}
	if err := out.Close(); err != nil {
		return explain("pack segment", err)
	}
	if err := errors.Join(os.Rename(packed+partSuffix, packed), syncDir(dir)); err != nil {
		return explain("pack segment", err)
	}
	return errors.Join(os.Remove(plain), syncDir(dir))
}

// packInto writes the packed form and returns the hash of the plain bytes.
func packInto(out io.Writer, dir string, s segment) ([]byte, error) {
	before, sum := sha256.New(), sha256.New()
	w := framed{out: io.MultiWriter(out, sum)}
	var err error
	if w.z, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)); err != nil {
		return nil, err
	}
	r, err := openLines(dir, s)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f := footer{first: s.first, last: s.first - 1}
	for {
		line, err := r.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		var rec raw
		if err := parseLine(line, &rec); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", s.name, r.line, err)
		}
		f.span(eventTime(rec.event))
		f.last, f.size = rec.seq, r.off
		before.Write(line)
		if err := w.line(rec.seq, line); err != nil {
			return nil, err
		}
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	if _, err := w.Write(encodeIndex(w.all)); err != nil {
		return nil, err
	}
	sum.Write(f.head())
	f.sum = Hash(sum.Sum(nil))
	_, err = out.Write(f.encode())
	return before.Sum(nil), err
}

func (f *footer) span(t time.Time) {
	if f.from.IsZero() || t.Before(f.from) {
		f.from = t
	}
	if t.After(f.to) {
		f.to = t
	}
}

// eventTime reads the time of an event without decoding it; zero if it has
// none.
func eventTime(event []byte) time.Time {
	const name = `"time":"`
	_, rest, _ := bytes.Cut(event, []byte(name))
	text, _, _ := bytes.Cut(rest, []byte{'"'})
	var t time.Time
	if t.UnmarshalText(text) != nil {
		return time.Time{}
	}
	return t
}

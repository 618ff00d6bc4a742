package audit

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// A packed segment is several zstd frames, each of some megabytes of lines, so
// that one record can be read without unpacking all before it. Where they begin
// stands in a skippable frame before the footer: see FORMAT.md. Segments packed
// without it are read from their beginning.

const (
	indexMagic = 0x184D2A5B
	frameBytes = 2 << 20 // of lines
	maxFrames  = 1 << 16
	placeSize  = 24
)

// place is where a frame begins: its first record, its place among the unpacked
// bytes and in the file.
type place struct{ seq, plain, at uint64 }

// encodeIndex makes the frame that holds places. Its last four bytes are its
// length, so that it is found from its end.
func encodeIndex(all []place) []byte {
	n := len(all)*placeSize + 4
	b := binary.LittleEndian.AppendUint32(nil, indexMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	for _, p := range all {
		b = binary.LittleEndian.AppendUint64(b, p.seq)
		b = binary.LittleEndian.AppendUint64(b, p.plain)
		b = binary.LittleEndian.AppendUint64(b, p.at)
	}
	return binary.LittleEndian.AppendUint32(b, uint32(n+8))
}

// readIndex reads the places of a packed file whose footer begins at end; nil if
// there are none.
func readIndex(f io.ReaderAt, end int64) []place {
	var tail [4]byte
	if _, err := f.ReadAt(tail[:], end-4); err != nil {
		return nil
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n < 12+placeSize || n > maxFrames*placeSize+12 || n > end || (n-12)%placeSize != 0 {
		return nil
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, end-n); err != nil || binary.LittleEndian.Uint32(b) != indexMagic || int64(binary.LittleEndian.Uint32(b[4:])) != n-8 {
		return nil
	}
	all := make([]place, 0, (n-12)/placeSize)
	for b = b[8 : n-4]; len(b) > 0; b = b[placeSize:] {
		all = append(all, place{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])})
	}
	return all
}

// framed writes lines as frames to out, and keeps where each begins.
type framed struct {
	out   io.Writer // counts
	n     uint64    // bytes written to it
	z     *zstd.Encoder
	all   []place
	plain uint64 // of the lines so far
	open  bool
}

// Write implements io.Writer for the encoder.
func (w *framed) Write(b []byte) (int, error) {
	n, err := w.out.Write(b)
	w.n += uint64(n)
	return n, err
}

// line adds the line of a record.
func (w *framed) line(seq uint64, line []byte) error {
	if w.open && w.plain-w.all[len(w.all)-1].plain >= frameBytes {
		if err := w.end(); err != nil {
			return err
		}
	}
	if !w.open {
		w.z.Reset(w)
		w.all, w.open = append(w.all, place{seq, w.plain, w.n}), true
	}
	w.plain += uint64(len(line))
	_, err := w.z.Write(line)
	return err
}

func (w *framed) end() error {
	if !w.open {
		return nil
	}
	w.open = false
	return w.z.Close()
}

// openLinesAt opens a segment near record seq, at it or before it. What says
// where that is may be missing or wrong: then the segment is opened at its
// beginning.
func openLinesAt(dir string, s segment, seq uint64) (*lineReader, error) {
	l, err := openLines(dir, s)
	if err != nil || seq <= s.first {
		return l, err
	}
	if l.seek(s, seq) {
		return l, nil
	}
	l.Close()
	return openLines(dir, s)
}

// seek moves to a line near seq and checks that it is the one that it is said
// to be. After false the reader is of no use.
func (l *lineReader) seek(s segment, seq uint64) bool {
	var p place
	if l.zip != nil {
		info, err := l.f.Stat()
		if err != nil {
			return false
		}
		end := info.Size() - footerSize
		all := readIndex(l.f, end)
		i, ok := slices.BinarySearchFunc(all, seq, func(p place, seq uint64) int { return int(min(max(int64(p.seq)-int64(seq), -1), 1)) })
		if !ok {
			i--
		}
		if i < 0 || int64(all[i].at) >= end || all[i].seq > seq {
			return false
		}
		p = all[i]
		l.zip.partial = true
		open := func() bool {
			if l.zip.z.Reset(io.NewSectionReader(l.f, int64(p.at), end-int64(p.at))) != nil {
				return false
			}
			l.b.Reset(l.zip)
			return true
		}
		return open() && l.begins(p.seq) && open() && l.stand(s, p)
	}
	info, err := l.f.Stat()
	if err != nil {
		return false
	}
	p = near(l.f, info.Size(), s.first, seq)
	open := func() bool {
		_, err := l.f.Seek(int64(p.plain), io.SeekStart)
		l.b.Reset(l.f)
		return err == nil
	}
	return open() && l.begins(p.seq) && open() && l.stand(s, p)
}

// begins reports whether the next line is that of record seq.
func (l *lineReader) begins(seq uint64) bool {
	text, err := l.next()
	var r raw
	return err == nil && parseLine(text, &r) == nil && r.seq == seq
}

func (l *lineReader) stand(s segment, p place) bool {
	l.line, l.off = int(p.seq-s.first), int64(p.plain)
	return true
}

// near finds a line of a plain segment at most some hundred kilobytes before
// record seq, by halves.
func near(f *os.File, size int64, first, seq uint64) place {
	best := place{seq: first}
	low, high := int64(0), size
	for high-low > 256<<10 {
		at := low + (high-low)/2
		p, ok := lineAfter(f, at)
		switch {
		case !ok || p.seq > seq:
			high = at
		default:
			best, low = p, int64(p.plain)
		}
	}
	return best
}

// lineAfter gives the first line that begins after at.
func lineAfter(f *os.File, at int64) (p place, ok bool) {
	for size := 16 << 10; size <= maxLine+64<<10; size *= 8 {
		b := make([]byte, size)
		n, err := f.ReadAt(b, at)
		b = b[:n]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			if end := bytes.IndexByte(b[i+1:], '\n'); end >= 0 {
				var r raw
				if parseLine(b[i+1:i+1+end+1], &r) != nil {
					return p, false
				}
				return place{seq: r.seq, plain: uint64(at) + uint64(i) + 1}, true
			}
		}
		if err != nil {
			return p, false
		}
	}
	return p, false
}

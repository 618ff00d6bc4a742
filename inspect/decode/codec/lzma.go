package codec

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// LZMA is the older format of LZMA Utils: properties, the size or -1, one
// stream.
var LZMA = Codec{Name: "lzma", Open: openLZMA, Rest: true, Match: lzmaHeader}

const lzmaHeaderSize = 13

// lzmaHeader judges what has no mark by fields that have few likely values.
func lzmaHeader(head []byte) bool {
	if len(head) <= lzmaHeaderSize || head[0] >= 9*5*5 || head[lzmaHeaderSize] != 0 {
		return false
	}
	dict := binary.LittleEndian.Uint32(head[1:])
	size := binary.LittleEndian.Uint64(head[5:])
	usual := dict == 1<<32-1 || dict >= 1<<12 && (bits.OnesCount32(dict) == 1 || bits.OnesCount32(dict) == 2 && dict&(dict>>1) != 0)
	return usual && (size == 1<<64-1 || size < 1<<38)
}

func openLZMA(src *bufio.Reader) (io.Reader, func(), error) {
	var head [lzmaHeaderSize]byte
	if _, err := io.ReadFull(src, head[:]); err != nil {
		return nil, nil, io.ErrUnexpectedEOF
	}
	r, err := NewLZMA(src, head[:5], int64(binary.LittleEndian.Uint64(head[5:])))
	return r, nil, err
}

// NewLZMA returns a reader of a raw LZMA stream, by its five bytes of
// properties and the number of bytes it stands for, -1 if an end mark tells.
func NewLZMA(src *bufio.Reader, props []byte, size int64) (io.Reader, error) {
	if len(props) < 5 || size < -1 {
		return nil, errLZMA
	}
	window := int64(binary.LittleEndian.Uint32(props[1:]))
	if window == 1<<32-1 { // as programs write that know no better
		window = MaxWindow
	}
	if window, size = bounded(window, size); window > MaxWindow {
		return nil, ErrWindow
	}
	l := &lzmaReader{d: newLZMADecoder(src, window), left: size}
	if err := l.d.setProps(props[0]); err != nil {
		return nil, err
	}
	l.d.start()
	l.d.give()
	return l, nil
}

// bounded returns the window that is needed for size bytes, and size, or one
// that is never reached.
func bounded(window, size int64) (int64, int64) {
	if size < 0 {
		return window, lzmaNoEnd
	}
	return min(window, size), size
}

// lzmaReader reads one LZMA stream.
type lzmaReader struct {
	d    *lzmaDecoder
	left int64
}

func (l *lzmaReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n := 0
	if l.left > 0 {
		n = l.d.read(p[:min(int64(len(p)), l.left)])
		l.left -= int64(n)
	}
	switch {
	case n > 0:
		return n, nil
	case l.d.err != nil:
		return 0, l.d.err
	case l.left > 0 && l.left < lzmaNoEnd/2: // an end mark too early
		return 0, io.ErrUnexpectedEOF
	case !l.d.ended && l.d.code != 0 && l.d.left == 0:
		// There may be an end mark as well.
		l.d.room()
		l.d.symbol()
		l.d.give()
		l.d.ended = true
	}
	return 0, io.EOF
}

// NewLZMA2 returns a reader of a raw LZMA2 stream, by its one byte of properties
// and the number of bytes it stands for, -1 if that is not known.
func NewLZMA2(src *bufio.Reader, props []byte, size int64) (io.Reader, error) {
	if len(props) < 1 || props[0] > 40 {
		return nil, errLZMA
	}
	window := (2 | int64(props[0]&1)) << (props[0]/2 + 11)
	if window, _ = bounded(window, size); window > MaxWindow {
		return nil, ErrWindow
	}
	return &lzma2Reader{d: newLZMADecoder(src, window)}, nil
}

// lzma2Reader reads chunks of LZMA, or of bytes as they are.
type lzma2Reader struct {
	d      *lzmaDecoder
	left   int   // of the chunk
	end    int64 // where it ends in the input
	stored bool
	begun  bool // the window was reset
	ready  bool // properties came
	done   bool
}

func (l *lzma2Reader) Read(p []byte) (int, error) {
	for l.left == 0 && !l.done && l.d.err == nil {
		l.chunk()
		l.d.give()
	}
	switch {
	case l.d.err != nil:
		return 0, l.d.err
	case l.done:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	p = p[:min(len(p), l.left)]
	n := 0
	if l.stored {
		n = l.d.stored(p)
	} else {
		n = l.d.read(p)
	}
	if l.left -= n; l.d.err == nil && (n == 0 || l.left == 0 && (l.d.n != l.end || l.d.left > 0)) {
		l.d.err = errLZMA
	}
	if n > 0 {
		return n, nil
	}
	return 0, l.d.err
}

// chunk reads the header of a chunk.
func (l *lzma2Reader) chunk() {
	d := l.d
	word := func() int { return int(d.next())<<8 | int(d.next()) }
	c := d.next()
	if c == 0 {
		l.done = d.err == nil
		return
	}
	if c == 1 || c >= 0xe0 {
		d.total, l.begun = 0, true
	}
	if l.stored = c < 0x80; l.stored {
		l.left = word() + 1
		l.end = d.n + int64(d.at) + int64(l.left)
	} else {
		l.left = int(c&0x1f)<<16 + word() + 1
		packed := word() + 1
		switch c >> 5 & 3 {
		case 1:
			d.reset()
		case 2, 3:
			if err := d.setProps(d.next()); err != nil && d.err == nil {
				d.err = err
			}
			l.ready = true
		}
		l.end = d.n + int64(d.at) + int64(packed)
		d.start()
	}
	if d.err == nil && (c > 2 && l.stored || !l.begun || !l.stored && !l.ready) {
		d.err = errLZMA
	}
}

// stored takes bytes as they are into the window and into p.
func (d *lzmaDecoder) stored(p []byte) int {
	d.room()
	n, err := io.ReadFull(d.src, d.window[d.pos:min(d.pos+len(p), len(d.window))])
	if err != nil && d.err == nil {
		d.err = io.ErrUnexpectedEOF
	}
	copy(p, d.window[d.pos:d.pos+n])
	d.pos += n
	d.n += int64(n)
	d.total += int64(n)
	return n
}

// Lzip is the format of lzip, with any number of members: LZMA between a header
// of six bytes and a trailer of twenty.
var Lzip = Codec{Name: "lzip", First: "L", Open: openLzip, Rest: true, Match: lzipHeader}

func lzipHeader(head []byte) bool {
	return len(head) >= 6 && string(head[:5]) == "LZIP\x01" && head[5]&0x1f >= 12 && head[5]&0x1f <= 29
}

func openLzip(src *bufio.Reader) (io.Reader, func(), error) {
	l := &lzipMembers{src: src}
	return l, nil, l.next()
}

type lzipMembers struct {
	src *bufio.Reader
	r   io.Reader
}

func (l *lzipMembers) next() error {
	head, err := l.src.Peek(6)
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if !lzipHeader(head) {
		return errors.New("lzip header")
	}
	dict := uint32(1) << (head[5] & 0x1f)
	dict -= dict / 16 * uint32(head[5]>>5)
	l.src.Discard(6)
	l.r, err = NewLZMA(l.src, binary.LittleEndian.AppendUint32([]byte{93}, dict), -1) // lc=3, lp=0, pb=2
	return err
}

func (l *lzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := l.r.Read(p)
		if err != io.EOF {
			return n, err
		}
		if k, _ := l.src.Discard(20); k < 20 {
			return n, &part.Fault{Reason: part.Truncated, Detail: "lzip ends early"}
		}
		if head, _ := l.src.Peek(6); !lzipHeader(head) {
			return n, io.EOF
		}
		if err := l.next(); err != nil || n > 0 {
			return n, err
		}
	}
}

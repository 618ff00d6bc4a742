package codec

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/ulikunitz/xz/lzma"

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
	if len(props) < 5 {
		return nil, errors.New("lzma properties")
	}
	dict := int64(binary.LittleEndian.Uint32(props[1:]))
	if size >= 0 {
		dict = min(dict, size)
	} else if size < -1 {
		return nil, errors.New("lzma size")
	}
	if dict == 1<<32-1 { // as programs write that know no better
		dict = MaxWindow
	}
	if dict > MaxWindow {
		return nil, ErrWindow
	}
	head := make([]byte, lzmaHeaderSize)
	head[0] = props[0]
	binary.LittleEndian.PutUint32(head[1:], uint32(dict))
	binary.LittleEndian.PutUint64(head[5:], uint64(size))
	r, err := lzma.ReaderConfig{DictCap: MaxWindow}.NewReader(&bytesThen{head, src})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// bytesThen gives b and then src, bytewise too, so that no byte of src is taken
// that is not needed.
type bytesThen struct {
	b   []byte
	src *bufio.Reader
}

func (r *bytesThen) Read(p []byte) (int, error) {
	if len(r.b) > 0 {
		n := copy(p, r.b)
		r.b = r.b[n:]
		return n, nil
	}
	return r.src.Read(p)
}

func (r *bytesThen) ReadByte() (byte, error) {
	if len(r.b) > 0 {
		c := r.b[0]
		r.b = r.b[1:]
		return c, nil
	}
	return r.src.ReadByte()
}

// NewLZMA2 returns a reader of a raw LZMA2 stream, by its one byte of properties
// and the number of bytes it stands for, -1 if that is not known.
func NewLZMA2(src *bufio.Reader, props []byte, size int64) (io.Reader, error) {
	if len(props) < 1 || props[0] > 40 {
		return nil, errors.New("lzma2 properties")
	}
	dict := (2 | int64(props[0]&1)) << (props[0]/2 + 11)
	if size >= 0 {
		dict = min(dict, size)
	}
	if dict > MaxWindow {
		return nil, ErrWindow
	}
	r, err := lzma.Reader2Config{DictCap: int(max(dict, lzma.MinDictCap))}.NewReader2(src)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Lzip is the format of lzip, with any number of members: LZMA between a header
// of six bytes and a trailer of twenty.
var Lzip = Codec{Name: "lzip", Open: openLzip, Rest: true, Match: lzipHeader}

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

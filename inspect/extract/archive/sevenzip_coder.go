package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/stangelandcl/ppmd"

	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
)

// methodAES is AES-256 with a key made from a password by SHA-256.
const methodAES = 0x06f10701

var errProps = errors.New("properties of a coder")

// sevenCodecs lists the methods that need no properties (Methods.txt of 7-Zip,
// and of its fork with Zstandard).
var sevenCodecs = map[uint64]*codec.Codec{
	0x040108: &codec.Deflate, 0x040109: &codec.Deflate64, 0x040202: &codec.Bzip2,
	0x04f71101: &codec.Zstd, 0x04f71104: &codec.LZ4,
}

// sevenFilters lists the branch filters, by their older and their newer numbers.
var sevenFilters = map[uint64]func() func([]byte, uint32) int{
	0x03030103: newX86, 0x4: newX86,
	0x03030205: fixed(convertPPC), 0x5: fixed(convertPPC),
	0x03030501: fixed(convertARM), 0x7: fixed(convertARM),
	0x03030701: newThumb, 0x8: newThumb,
	0x03030805: fixed(convertSPARC), 0x9: fixed(convertSPARC),
	0xa: fixed(convertARM64),
}

func newThumb() func([]byte, uint32) int { return convertThumb }

// fixed makes a filter of a conversion of words.
func fixed(convert func([]byte, uint32)) func() func([]byte, uint32) int {
	return func() func([]byte, uint32) int { return words(convert) }
}

// open returns a reader of the output of c, of size bytes.
func (c *sevenCoder) open(in []*bufio.Reader, size int64) (r io.Reader, release func(), err error) {
	src := in[0]
	if known := sevenCodecs[c.method]; known != nil {
		return known.Open(src)
	}
	if filter := sevenFilters[c.method]; filter != nil {
		return newFilter(src, filter()), nil, nil
	}
	switch c.method {
	case 0:
		return src, nil, nil
	case 0x03:
		if len(c.props) < 1 {
			return nil, nil, errProps
		}
		return &delta{src: src, back: c.props[0]}, nil, nil
	case 0x030101:
		r, err = codec.NewLZMA(src, c.props, size)
	case 0x21:
		r, err = codec.NewLZMA2(src, c.props, size)
	case 0x030401:
		r, err = openPPMd(src, c.props, size)
	case 0x0303011b:
		if len(in) != 4 {
			return nil, nil, errProps
		}
		r = &bcj2{main: in[0], call: in[1], jump: in[2], coded: in[3]}
	case 0x04f71102:
		// 7-Zip's Brotli puts a skippable frame of its own ahead.
		if head, _ := src.Peek(16); len(head) == 16 && le.Uint32(head) == 0x184d2a50 && le.Uint32(head[4:]) == 8 && string(head[12:14]) == "BR" {
			src.Discard(16)
		}
		return codec.Brotli.Open(src)
	default:
		err = unknownMethod(c.method)
	}
	return r, nil, err
}

// openPPMd opens PPMd variant H by its order and the size of its model.
func openPPMd(src io.Reader, props []byte, size int64) (io.Reader, error) {
	if len(props) < 5 {
		return nil, errProps
	}
	model := binary.LittleEndian.Uint32(props[1:])
	if model > codec.MaxWindow {
		return nil, codec.ErrWindow
	}
	r, err := ppmd.NewH7zReader(src, int(props[0]), int(model), int(size))
	return codec.Guarded(&r), err
}

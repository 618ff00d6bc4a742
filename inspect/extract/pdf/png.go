package pdf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pngReader makes a PNG file in shades of grey (ISO/IEC 15948) of the samples of a
// picture, row by row as it is read: nothing is done for pictures that nobody looks
// at. Rows that are missing are white.
type pngReader struct {
	src     io.Reader
	shades  shades
	rows    int // that are still to come
	row     []byte
	samples []byte
	line    []byte // as it goes into the file: the kind of filter and a byte a pixel
	packed  bytes.Buffer
	z       *zlib.Writer
	out     bytes.Buffer
	damaged bool         // src has come to its end
	alive   func() error // of the budget
	err     error
}

// leastChunk is the size of the chunks that the data are written in, about.
const leastChunk = 8 << 10

func newPNG(src io.Reader, s shades, columns, rows int, alive func() error) *pngReader {
	samples := columns * s.components
	r := &pngReader{
		src: src, shades: s, rows: rows, alive: alive,
		row: make([]byte, (samples*s.bits+7)/8), samples: make([]byte, samples), line: make([]byte, 1+columns),
	}
	r.z, _ = zlib.NewWriterLevel(&r.packed, zlib.BestSpeed) // the level is one there is
	r.out.WriteString("\x89PNG\r\n\x1a\n")
	h := binary.BigEndian.AppendUint32(nil, uint32(columns))
	h = binary.BigEndian.AppendUint32(h, uint32(rows))
	r.chunk("IHDR", append(h, 8, 0, 0, 0, 0)) // eight bits, grey
	return r
}

// chunk writes one.
func (r *pngReader) chunk(kind string, data []byte) {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	r.out.Write(append(b, kind...))
	r.out.Write(data)
	sum := crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, data)
	r.out.Write(binary.BigEndian.AppendUint32(nil, sum))
}

func (r *pngReader) Read(p []byte) (int, error) {
	for r.out.Len() == 0 && r.err == nil {
		r.step()
	}
	if r.out.Len() > 0 {
		return r.out.Read(p)
	}
	return 0, r.err
}

// step puts rows into the next chunk.
func (r *pngReader) step() {
	for r.rows > 0 && r.packed.Len() < leastChunk {
		if r.err = r.next(); r.err != nil {
			return
		}
		if _, r.err = r.z.Write(r.line); r.err != nil {
			return
		}
		r.rows--
	}
	if r.rows == 0 {
		r.z.Close() // to memory
		r.chunk("IDAT", r.packed.Bytes())
		r.chunk("IEND", nil)
		r.err = io.EOF
		return
	}
	r.chunk("IDAT", r.packed.Bytes())
	r.packed.Reset()
}

// next makes the next row. The error is the budget's.
func (r *pngReader) next() error {
	n := 0
	if !r.damaged {
		var err error
		n, err = io.ReadFull(r.src, r.row)
		var over *part.Exhausted
		if errors.As(err, &over) {
			return err
		}
		r.damaged = err != nil
	}
	if n == 0 {
		if err := r.alive(); err != nil {
			return err
		}
		for i := range r.line[1:] {
			r.line[1+i] = 0xff
		}
		return nil
	}
	clear(r.row[n:])
	unpack(r.samples, r.row, r.shades.bits)
	r.shades.grey(r.line[1:], r.samples)
	return nil
}

// unpack takes samples of so many bits apart. Of 16 bits the higher eight count.
func unpack(to, row []byte, bits int) {
	switch bits {
	case 8:
		copy(to, row)
	case 16:
		for i := range to {
			to[i] = row[2*i]
		}
	default:
		mask := byte(1)<<bits - 1
		for i := range to {
			at := i * bits
			to[i] = row[at/8] >> (8 - bits - at%8) & mask
		}
	}
}

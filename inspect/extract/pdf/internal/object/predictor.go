package object

import (
	"bufio"
	"io"
)

// predictor undoes the PNG and TIFF predictors (7.4.4.4).
type predictor struct {
	src          *bufio.Reader
	png          bool
	bits, colors int
	pixel        int // bytes
	row, before  []byte
	left         []byte // of row, not given yet
	err          error
}

func (p *predictor) Read(out []byte) (int, error) {
	for len(p.left) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.next()
	}
	n := copy(out, p.left)
	p.left = p.left[n:]
	return n, nil
}

func (p *predictor) next() {
	kind := byte(2)
	if p.png {
		if kind, p.err = p.src.ReadByte(); p.err != nil {
			return
		}
	}
	p.row, p.before = p.before, p.row
	n, err := io.ReadFull(p.src, p.row)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	p.err = err
	clear(p.row[n:])
	p.left = p.row[:n]
	if !p.png {
		p.tiff()
		return
	}
	row, up, w := p.row, p.before, p.pixel
	switch kind {
	case 1:
		for i := w; i < len(row); i++ {
			row[i] += row[i-w]
		}
	case 2:
		for i := range row {
			row[i] += up[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= w {
				left = int(row[i-w])
			}
			row[i] += byte((left + int(up[i])) / 2)
		}
	case 4:
		for i := range row {
			var a, c int
			if i >= w {
				a, c = int(row[i-w]), int(up[i-w])
			}
			row[i] += paeth(a, int(up[i]), c)
		}
	}
}

func paeth(a, b, c int) byte {
	pa, pb, pc := abs(b-c), abs(a-c), abs(a+b-2*c)
	switch {
	case pa <= pb && pa <= pc:
		return byte(a)
	case pb <= pc:
		return byte(b)
	}
	return byte(c)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// tiff undoes differencing of whole bytes; other depths are for pictures only.
func (p *predictor) tiff() {
	switch p.bits {
	case 8:
		for i := p.colors; i < len(p.row); i++ {
			p.row[i] += p.row[i-p.colors]
		}
	case 16:
		for i := 2 * p.colors; i+1 < len(p.row); i += 2 {
			v := uint16(p.row[i])<<8 | uint16(p.row[i+1])
			v += uint16(p.row[i-2*p.colors])<<8 | uint16(p.row[i-2*p.colors+1])
			p.row[i], p.row[i+1] = byte(v>>8), byte(v)
		}
	}
}

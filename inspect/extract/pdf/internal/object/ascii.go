package object

import (
	"bufio"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// hexReader reads ASCIIHexDecode (7.4.2).
type hexReader struct {
	src *bufio.Reader
	end bool
}

func (r *hexReader) Read(out []byte) (int, error) {
	n, high := 0, -1
	for n < len(out) && !r.end {
		c, err := r.src.ReadByte()
		if err != nil && err != io.EOF {
			return n, err
		}
		if err == io.EOF || c == '>' {
			if r.end = true; high >= 0 {
				out[n] = byte(high << 4)
				n++
			}
			break
		}
		switch v := nibble(c); {
		case v < 0:
		case high < 0:
			high = v
		default:
			out[n] = byte(high<<4 | v)
			high = -1
			n++
		}
	}
	if n == 0 && len(out) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ascii85Reader reads ASCII85Decode (7.4.3).
type ascii85Reader struct {
	src  *bufio.Reader
	buf  [4]byte
	left []byte
	end  bool
}

func (r *ascii85Reader) Read(out []byte) (int, error) {
	for len(r.left) == 0 {
		if r.end {
			return 0, io.EOF
		}
		if err := r.group(); err != nil {
			return 0, err
		}
	}
	n := copy(out, r.left)
	r.left = r.left[n:]
	return n, nil
}

func (r *ascii85Reader) group() error {
	var v uint32
	n := 0
	for n < 5 {
		c, err := r.src.ReadByte()
		if err != nil && err != io.EOF {
			return err
		}
		switch {
		case err == io.EOF || c == '~':
			r.end = true
		case c == 'z' && n == 0:
			r.buf = [4]byte{}
			r.left = r.buf[:]
			return nil
		case c-'!' < 85:
			v = v*85 + uint32(c-'!')
			n++
			continue
		case Space(c):
			continue
		default:
			return &part.Fault{Reason: part.DecodeError, Detail: "ASCII85 is damaged"}
		}
		break
	}
	if n < 2 {
		return nil
	}
	for i := n; i < 5; i++ {
		v = v*85 + 84
	}
	r.buf = [4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
	r.left = r.buf[:n-1]
	return nil
}

// runReader reads RunLengthDecode (7.4.5).
type runReader struct {
	src  *bufio.Reader
	buf  [128]byte
	left []byte
	end  bool
}

func (r *runReader) Read(out []byte) (int, error) {
	for len(r.left) == 0 {
		if r.end {
			return 0, io.EOF
		}
		c, err := r.src.ReadByte()
		if err != nil {
			return 0, err
		}
		switch {
		case c == 128:
			r.end = true
		case c < 128:
			n, err := io.ReadFull(r.src, r.buf[:int(c)+1])
			if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
				return 0, err
			}
			r.left, r.end = r.buf[:n], err != nil
		default:
			v, err := r.src.ReadByte()
			if err != nil {
				return 0, err
			}
			r.left = r.buf[:257-int(c)]
			for i := range r.left {
				r.left[i] = v
			}
		}
	}
	n := copy(out, r.left)
	r.left = r.left[n:]
	return n, nil
}

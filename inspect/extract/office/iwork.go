package office

import (
	"bufio"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// iwa reads the archives that Apple's Pages, Numbers and Keynote keep their
// contents in: chunks of Snappy, each behind a zero and its length in three
// bytes, without checksums. What is in them is protobuf; how it makes up a
// document is not known, so what reads as text in it is written out, a string a
// line.
type iwa struct {
	src  *bufio.Reader
	in   []byte
	raw  []byte
	out  []byte
	read int
}

// maxChunk bounds what one chunk expands to; programs write 64 KiB.
const maxChunk = 1 << 20

func (r *iwa) Read(p []byte) (int, error) {
	for r.read == len(r.out) {
		if err := r.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out[r.read:])
	r.read += n
	return n, nil
}

func (r *iwa) chunk() error {
	head, err := r.src.Peek(4)
	if len(head) < 4 {
		if len(head) > 0 && err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	size := int(head[1]) | int(head[2])<<8 | int(head[3])<<16
	if head[0] != 0 || size > maxChunk {
		return &part.Fault{Reason: part.DecodeError, Detail: "iwa is damaged"}
	}
	r.src.Discard(4)
	if cap(r.in) < size {
		r.in = make([]byte, size)
	}
	r.in = r.in[:size]
	if _, err := io.ReadFull(r.src, r.in); err != nil {
		return io.ErrUnexpectedEOF
	}
	n, err := s2.DecodedLen(r.in)
	if err == nil && n <= maxChunk {
		r.raw, err = s2.Decode(r.raw[:cap(r.raw)], r.in)
	}
	if err != nil || n > maxChunk {
		return &part.Fault{Reason: part.DecodeError, Detail: "iwa is damaged"}
	}
	r.out, r.read = appendRuns(r.out[:0], r.raw), 0
	return nil
}

// minRun is the number of bytes from which characters are taken for a string.
const minRun = 6

// appendRuns appends the runs of characters in b, one a line.
func appendRuns(dst, b []byte) []byte {
	from := 0
	for i := 0; i <= len(b); {
		n := 0
		if i < len(b) {
			if r, w := utf8.DecodeRune(b[i:]); r != utf8.RuneError && (r >= ' ' && r != 0x7f || r == '\t') {
				n = w
			}
		}
		if n > 0 {
			i += n
			continue
		}
		if i-from >= minRun {
			dst = append(append(dst, b[from:i]...), '\n')
		}
		i++
		from = i
	}
	return dst
}

// iwork hands on what is in such an archive.
func (d *pack) iwork(p part.Part) error {
	d.e.Skip(part.UnknownFormat, true, "Apple iWork")
	body := part.NewMeter(d.ctx, d.b, "iwa", &iwa{src: bufio.NewReader(p.Body)})
	return d.e.Child(prose(p.Path, body, -1))
}

package archive

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
)

const (
	lzhFixed     = 21 // bytes up to the level, which all headers have
	lzhLevel     = 20
	maxLzhHeader = 1 << 20
)

var errLzhHeader = errors.New("header of a member")

// lzhHeader is what the header of a member says.
type lzhHeader struct {
	method       string
	packed, size int64
	sum          uint16
	summed       bool // sum is there
	name, folder string
	comment      string
	target       string // of a symbolic link
}

// path is the name with its folder, "/" between steps.
func (h *lzhHeader) path() string {
	if h.folder == "" || strings.HasSuffix(h.folder, "/") {
		return h.folder + h.name
	}
	return h.folder + "/" + h.name
}

func readLzhHeader(src *bufio.Reader) (*lzhHeader, error) {
	fixed := make([]byte, lzhFixed)
	if _, err := io.ReadFull(src, fixed); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	h := &lzhHeader{method: string(fixed[2:7]), packed: int64(le.Uint32(fixed[7:])), size: int64(le.Uint32(fixed[11:]))}
	var err error
	switch fixed[lzhLevel] {
	case 0, 1:
		err = h.old(src, fixed)
	case 2:
		err = h.new(src, 2, int(le.Uint16(fixed)))
	default:
		err = h.new(src, 4, 0)
	}
	if err == nil && (h.packed < 0 || h.size < 0) {
		err = errLzhHeader
	}
	if target, ok := cut(&h.name, '|'); ok {
		h.target = target
	}
	h.name, h.folder = strings.ReplaceAll(h.name, `\`, "/"), strings.ReplaceAll(h.folder, `\`, "/")
	return h, err
}

// cut takes what stands behind sep off s.
func cut(s *string, sep byte) (string, bool) {
	before, after, ok := strings.Cut(*s, string(sep))
	*s = before
	return after, ok
}

// take reads n bytes.
func take(src io.Reader, n int) ([]byte, error) {
	if n < 0 || n > maxLzhHeader {
		return nil, errLzhHeader
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(src, b); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return b, nil
}

// old reads the rest of a header of level 0 or 1.
func (h *lzhHeader) old(src io.Reader, fixed []byte) error {
	b, err := take(src, int(fixed[0])+2-lzhFixed)
	if err != nil {
		return err
	}
	if len(b) < 1 || 1+int(b[0]) > len(b) {
		return errLzhHeader
	}
	name := b[1 : 1+b[0]]
	b = b[1+b[0]:]
	h.name = member.DecodeName(name)
	if len(b) >= 2 {
		h.sum, h.summed = le.Uint16(b), true
	}
	if fixed[lzhLevel] == 0 {
		return nil
	}
	if len(b) < 5 {
		return errLzhHeader
	}
	// What follows counts as packed data.
	n, err := h.extended(src, 2, int(le.Uint16(b[len(b)-2:])))
	h.packed -= int64(n)
	return err
}

// new reads the rest of a header of level 2 or 3, whose sizes have width bytes.
// total is the size of the whole header, 0 if it is yet to come.
func (h *lzhHeader) new(src *bufio.Reader, width, total int) error {
	b, err := take(src, 3)
	if err != nil {
		return err
	}
	h.sum, h.summed = le.Uint16(b), true
	read := lzhFixed + 3
	if total == 0 {
		if b, err = take(src, 4); err != nil {
			return err
		}
		total = int(le.Uint32(b))
		read += 4
	}
	if b, err = take(src, width); err != nil {
		return err
	}
	next := int(le.Uint16(b))
	if width == 4 {
		next = int(le.Uint32(b))
	}
	n, err := h.extended(src, width, next)
	if err != nil {
		return err
	}
	// A byte of padding may follow, so that the size's low byte is not 0.
	if left := total - read - width - n; left > 0 && left < 256 {
		src.Discard(left)
	}
	return nil
}

// extended reads the extended headers, the first of which has n bytes, and
// returns how many bytes they have together.
func (h *lzhHeader) extended(src io.Reader, width, n int) (total int, err error) {
	for n > 0 {
		if total += n; n < 1+width || total > maxLzhHeader {
			return total, errLzhHeader
		}
		b, err := take(src, n)
		if err != nil {
			return total, err
		}
		body := b[1 : n-width]
		h.field(b[0], body)
		n = int(le.Uint16(b[n-width:]))
		if width == 4 {
			n = int(le.Uint32(b[len(b)-4:]))
		}
	}
	return total, nil
}

// field takes in one extended header.
func (h *lzhHeader) field(kind byte, b []byte) {
	switch kind {
	case 0x01:
		if h.name == "" || len(b) > 0 {
			h.name = member.DecodeName(b)
		}
	case 0x02:
		h.folder = folder(b)
	case 0x3f, 0x71:
		h.comment = member.DecodeName(b)
	case 0x42: // sizes of 64 bits
		if len(b) >= 16 {
			h.packed, h.size = int64(le.Uint64(b)), int64(le.Uint64(b[8:]))
		}
	case 0x44:
		h.name = wide(b)
	case 0x45:
		h.folder = strings.ReplaceAll(wide(b), "\uffff", "/")
	}
}

// folder reads a path whose steps end in 0xff, which no character set here uses
// within one.
func folder(b []byte) string {
	b = append([]byte(nil), b...)
	for i, c := range b {
		if c == 0xff {
			b[i] = '/'
		}
	}
	return member.DecodeName(b)
}

func wide(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

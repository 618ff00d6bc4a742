package icap

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
)

// Bounds of a chunked body's framing, in bytes.
const (
	maxChunkLine = 1 << 10
	maxTrailer   = 64 << 10
)

// body reads a chunked body (RFC 9112, 7.1). At the end of a preview it asks for
// the rest, unless the preview was all. Not safe for concurrent use.
type body struct {
	r       *bufio.Reader
	preview bool         // reading one
	more    func() error // asks for what follows the preview

	left    int64 // of the chunk
	started bool  // a chunk was read, and its end is to come
	err     error // sticky
	trailer []gate.Header
	asked   bool // for what follows the preview
}

// done tells whether the body was read to its end.
func (b *body) done() bool { return b.err == io.EOF }

// Read implements io.Reader. A fault of the framing is a *fault.
func (b *body) Read(p []byte) (int, error) {
	for b.err == nil && b.left == 0 {
		b.err = b.next()
	}
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if err != nil {
		b.err = unexpected(err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// next reads up to the next chunk's data.
func (b *body) next() error {
	left := maxChunkLine
	if b.started {
		line, err := readLine(b.r, &left)
		if err != nil {
			return unexpected(err)
		}
		if len(line) != 0 {
			return bad("a chunk is longer than it says")
		}
		b.started = false
	}
	line, err := readLine(b.r, &left)
	if err != nil {
		return unexpected(err)
	}
	digits, extension, _ := bytes.Cut(line, []byte(";"))
	digits = bytes.TrimRight(digits, " \t")
	n, err := strconv.ParseUint(string(digits), 16, 40)
	if err != nil || len(digits) > 15 || digits[0] == '+' || bytes.IndexByte(digits, '_') >= 0 {
		return bad("a chunk's size is no number")
	}
	if n > 0 {
		b.left, b.started = int64(n), true
		return nil
	}
	whole := strings.EqualFold(string(bytes.TrimSpace(extension)), "ieof")
	if err := b.readTrailer(); err != nil {
		return err
	}
	if !b.preview || whole {
		return io.EOF
	}
	b.preview = false
	b.asked = true
	return b.more()
}

func (b *body) readTrailer() error {
	left := maxTrailer
	for {
		line, err := readLine(b.r, &left)
		if err != nil {
			return unexpected(err)
		}
		if len(line) == 0 {
			return nil
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !httpguts.ValidHeaderFieldName(string(name)) {
			return bad("a line after the last chunk is no field")
		}
		b.trailer = append(b.trailer, gate.Header{Name: string(name), Value: strings.Trim(string(value), " \t")})
	}
}

// chunked writes a body in chunks.
type chunked struct{ w *bufio.Writer }

// Write implements io.Writer.
func (c chunked) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	var size [20]byte
	c.w.Write(append(strconv.AppendInt(size[:0], int64(len(p)), 16), "\r\n"...))
	n, err := c.w.Write(p)
	c.w.WriteString("\r\n")
	return n, err
}

// close writes the end of the body with its trailer.
func (c chunked) close(trailer []gate.Header) {
	c.w.WriteString("0\r\n")
	for _, h := range trailer {
		c.w.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	c.w.WriteString("\r\n")
}

package isolate

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// The messages. Each is a kind, the length of what follows in four bytes, and
// that. Only one side speaks at a time: who sends a message that is answered
// serves the other's questions until the answer comes.
const (
	kindRead   = 'R' // to the process: read this part
	kindBytes  = 'B' // to whoever has a body: up to so many bytes
	kindAt     = 'A' // likewise, from an offset
	kindAnswer = 'N' // the bytes asked for
	kindFormat = 'F'
	kindSkip   = 'S'
	kindText   = 'T' // answered by kindGo
	kindChild  = 'C' // answered by kindGo, once the part was inspected
	kindGo     = 'G'
	kindDone   = 'D'
)

// maxMessage bounds a message: a piece of text is at most 64 KiB, and so are
// bytes of a body; paths and details are short.
const maxMessage = 1 << 20

// maxBytes is how many bytes of a body are sent at a time.
const maxBytes = 64 << 10

var errProtocol = errors.New("reader process speaks another protocol")

// lostError says that the other side is gone.
type lostError struct{ err error }

func (e *lostError) Error() string { return "reader process lost: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// request asks a process to read.
type request struct {
	Reader   int
	Part     description
	Seekable bool
	Share    part.Share
}

// description is a Part without its bytes.
type description struct {
	Path, Name, MediaType string
	Encodings             []string
	Role                  uint8
	Size                  int64
	Depth                 int
	Passwords             []string `json:",omitempty"`
}

func describe(p *part.Part) description {
	return description{p.Path, p.Name, p.MediaType, p.Encodings, uint8(p.Role), p.Size, p.Depth, p.Passwords}
}

func (d description) part() part.Part {
	return part.Part{Path: d.Path, Name: d.Name, MediaType: d.MediaType, Encodings: d.Encodings, Role: part.Role(d.Role), Size: d.Size, Depth: d.Depth, Passwords: d.Passwords}
}

type skip struct {
	Why    string
	Partly bool
	Detail string
}

type child struct {
	Part     description
	Seekable bool
	Empty    bool // it has no Body
	Share    part.Share
}

// done ends a request. Reason is that of the error that the reader returned.
type done struct {
	Reason, Detail string
	Exhausted      bool
	Retire         bool // the process has grown and should not be used again
	Share          part.Share
}

// conn carries messages both ways. It belongs to one goroutine.
type conn struct {
	in  *bufio.Reader
	out *bufio.Writer
	buf []byte // of the message received last
	tmp []byte // bytes of a body on their way

	// serve answers questions that come while an answer is waited for: the bytes
	// asked for may be made of others. nil where none can come.
	serve func(kind byte, question []byte) error
}

func newConn(in io.Reader, out io.Writer) conn {
	return conn{in: bufio.NewReaderSize(in, maxBytes+64), out: bufio.NewWriterSize(out, maxBytes+64)}
}

func (c *conn) send(kind byte, head []byte, rest ...[]byte) error {
	n := len(head)
	for _, r := range rest {
		n += len(r)
	}
	var h [5]byte
	h[0] = kind
	binary.LittleEndian.PutUint32(h[1:], uint32(n))
	c.out.Write(h[:])
	c.out.Write(head)
	for _, r := range rest {
		c.out.Write(r)
	}
	if err := c.out.Flush(); err != nil {
		return &lostError{err}
	}
	return nil
}

func (c *conn) sendJSON(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return c.send(kind, b)
}

func decode(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return errProtocol
	}
	return nil
}

// receive returns the next message. Its data are valid until the next call.
func (c *conn) receive() (kind byte, data []byte, err error) {
	var h [5]byte
	if _, err := io.ReadFull(c.in, h[:]); err != nil {
		return 0, nil, &lostError{err}
	}
	n := int(binary.LittleEndian.Uint32(h[1:]))
	if n > maxMessage {
		return 0, nil, errProtocol
	}
	if cap(c.buf) < n {
		c.buf = make([]byte, max(n, 4096))
	}
	c.buf = c.buf[:n]
	if _, err := io.ReadFull(c.in, c.buf); err != nil {
		return 0, nil, &lostError{err}
	}
	return h[0], c.buf, nil
}

// Outcomes of a read, the first byte of its answer.
const (
	readMore = iota
	readEnd
	readFault // what follows is JSON of a done
)

// sendBytes answers a question for bytes from r.
func (c *conn) sendBytes(r io.Reader, question []byte) error {
	if len(question) != 4 {
		return errProtocol
	}
	b := c.room(question)
	n, err := 0, error(nil)
	for tries := 0; n == 0 && err == nil && len(b) > 0; tries++ {
		if n, err = r.Read(b); tries == 100 && n == 0 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return c.answer(b[:n], err)
}

// sendAt answers a question for bytes at an offset of r.
func (c *conn) sendAt(r io.ReaderAt, question []byte) error {
	if len(question) != 12 {
		return errProtocol
	}
	b := c.room(question)
	n, err := r.ReadAt(b, int64(binary.LittleEndian.Uint64(question[4:])))
	if n > 0 {
		err = nil // it comes again
	}
	return c.answer(b[:n], err)
}

func (c *conn) room(question []byte) []byte {
	n := min(int(binary.LittleEndian.Uint32(question)), maxBytes)
	if cap(c.tmp) < n {
		c.tmp = make([]byte, maxBytes)
	}
	return c.tmp[:n]
}

// answer sends bytes and how the reading went.
func (c *conn) answer(b []byte, err error) error {
	switch {
	case err == nil:
		return c.send(kindAnswer, []byte{readMore}, b)
	case err == io.EOF:
		return c.send(kindAnswer, []byte{readEnd}, b)
	}
	reason, detail := part.ReasonOf(err)
	j, _ := json.Marshal(done{Reason: string(reason), Detail: detail}) // two strings
	return c.send(kindAnswer, []byte{readFault}, j)
}

// ask asks the other side for bytes of a body.
func (c *conn) ask(kind byte, p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	q := binary.LittleEndian.AppendUint32(nil, uint32(min(len(p), maxBytes)))
	if kind == kindAt {
		q = binary.LittleEndian.AppendUint64(q, uint64(off))
	}
	if err := c.send(kind, q); err != nil {
		return 0, err
	}
	got, data, err := c.receive()
	for err == nil && got != kindAnswer && c.serve != nil {
		if err = c.serve(got, data); err == nil {
			got, data, err = c.receive()
		} else {
			err = &lostError{err}
		}
	}
	if err != nil {
		return 0, err
	}
	if got != kindAnswer || len(data) == 0 {
		return 0, &lostError{errProtocol}
	}
	switch data[0] {
	case readMore, readEnd:
		if len(data)-1 > len(p) {
			return 0, &lostError{errProtocol}
		}
		n := copy(p, data[1:])
		if data[0] == readEnd {
			return n, io.EOF
		}
		return n, nil
	}
	var d done
	if err := decode(data[1:], &d); err != nil {
		return 0, &lostError{err}
	}
	return 0, &part.Fault{Reason: part.Reason(d.Reason), Detail: d.Detail}
}

// textHead is the length of the fixed start of a text message: layout, whether
// its place is known, that place, and the length of the label.
const textHead = 1 + 1 + 8 + 2

type textHeader struct {
	layout uint8
	mapped bool
	base   int64
}

// sendText sends a piece of text.
func (c *conn) sendText(t part.Text) error {
	var h [textHead]byte
	h[0] = uint8(t.Layout)
	if t.Map != nil && t.Map.Identity() {
		h[1] = 1
		binary.LittleEndian.PutUint64(h[2:], uint64(t.Map.Origin(0)))
	}
	label := t.Label[:min(len(t.Label), 1<<16-1)]
	binary.LittleEndian.PutUint16(h[10:], uint16(len(label)))
	return c.send(kindText, h[:], []byte(label), t.Bytes)
}

func splitText(data []byte) (h textHeader, label string, body []byte, err error) {
	h.layout, h.mapped = data[0], data[1] == 1
	h.base = int64(binary.LittleEndian.Uint64(data[2:]))
	n := int(binary.LittleEndian.Uint16(data[10:]))
	if data = data[textHead:]; n > len(data) {
		return h, "", nil, errProtocol
	}
	return h, string(data[:n]), data[n:], nil
}

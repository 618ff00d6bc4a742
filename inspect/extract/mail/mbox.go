package mail

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// mbox reads a mailbox file (RFC 4155 and its kin): each message, with its
// quoted "From " lines as they were, is a nested part. What the lines between
// messages say is the mailbox's own text.
type mbox struct{}

func (mbox) Name() string { return "mbox" }

// Starts implements part.Marked.
func (mbox) Starts() string { return "F" }

func (mbox) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && len(p.Encodings) == 0 && separates(head)
}

// separates reports whether b begins with a line between messages: "From "
// and a field on the next line.
func separates(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("From ")) {
		return false
	}
	_, next, ok := bytes.Cut(b, []byte("\n"))
	for i := 0; ok && i < 3 && bytes.HasPrefix(next, []byte(">From ")); i++ {
		_, next, ok = bytes.Cut(next, []byte("\n"))
	}
	return ok && beginsWithField(next)
}

func (mbox) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("mbox", "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	r := &messages{src: src}
	for n := 1; r.next(); n++ {
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		line := []byte(charset.Text(r.line, charset.Detect(r.line, true, false, "").Charset))
		var m normal.Map
		m.Reset(r.at)
		m.Step(0, r.at, len(line), len(r.line))
		if err := e.Text(part.Text{Bytes: line, Map: &m}); err != nil {
			return err
		}
		if err := e.Child(part.Part{Path: "message " + strconv.Itoa(n), MediaType: message, Body: r, Size: -1}); err != nil {
			return err
		}
		if err := part.Drain(ctx, b, r); err != nil {
			return part.Stop(ctx, e, err, true)
		}
	}
	if r.err != nil && r.err != io.EOF {
		return part.Stop(ctx, e, r.err, true)
	}
	return nil
}

// messages reads a mailbox message by message: Read ends with io.EOF where one
// ends, next passes the line that begins another.
type messages struct {
	src    *bufio.Reader
	line   []byte // the last line between messages
	at     int64  // where it stands
	offset int64  // of src
	inLine bool   // src is within a line
	out    []byte // of src, not read yet; valid until src is read
	err    error
}

const maxLine = 4 << 10

func (r *messages) next() bool {
	r.line, r.at = r.line[:0], r.offset
	for {
		line, err := r.src.ReadSlice('\n')
		r.offset += int64(len(line))
		if len(r.line)+len(line) <= maxLine {
			r.line = append(r.line, line...)
		}
		if err != bufio.ErrBufferFull {
			r.err = err
			return err == nil
		}
	}
}

func (r *messages) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.out) == 0 {
			if n > 0 && r.src.Buffered() < maxLine {
				break
			}
			if !r.more() {
				break
			}
		}
		k := copy(p[n:], r.out)
		n, r.out = n+k, r.out[k:]
	}
	if n == 0 && len(p) > 0 {
		if r.err != nil {
			return 0, r.err
		}
		return 0, io.EOF
	}
	return n, nil
}

// more takes the next line, or piece of one, and reports false where the message
// ends.
func (r *messages) more() bool {
	if r.err != nil {
		return false
	}
	quote := 0
	if !r.inLine {
		if c, _ := r.src.Peek(1); len(c) == 1 && (c[0] == 'F' || c[0] == '>') {
			ahead, _ := r.src.Peek(maxLine)
			if separates(ahead) {
				return false
			}
			if k := len(ahead) - len(bytes.TrimLeft(ahead, ">")); k > 0 && bytes.HasPrefix(ahead[k:], []byte("From ")) {
				quote = 1
			}
		}
	}
	line, err := r.src.ReadSlice('\n')
	r.offset += int64(len(line))
	r.inLine = err == bufio.ErrBufferFull
	if err != nil && !r.inLine {
		r.err = err
	}
	r.out = line[min(quote, len(line)):]
	return len(line) > 0
}

package mail

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// emlx reads a file of Apple Mail: a line with the message's length, the
// message, a property list about it.
type emlx struct{}

func (emlx) Name() string { return "emlx" }

// Starts implements part.Marked.
func (emlx) Starts() string { return "0123456789" }

func (emlx) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(p.Encodings) > 0 || len(head) == 0 || head[0]-'0' > 9 {
		return false
	}
	_, rest, ok := emlxLength(head)
	return ok && beginsWithField(rest)
}

// emlxLength returns the length on the first line, and what is behind it.
func emlxLength(head []byte) (n int64, rest []byte, ok bool) {
	line, rest, ok := bytes.Cut(head[:min(len(head), part.HeadSize)], []byte("\n"))
	if !ok || len(line) > 32 {
		return 0, nil, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return n, rest, err == nil && n > 0
}

func (emlx) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("emlx", "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	line, err := src.ReadSlice('\n')
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	n, _, _ := emlxLength(line)
	body := &io.LimitedReader{R: src, N: n}
	if err := e.Child(part.Part{Path: "message", MediaType: message, Body: body, Size: -1}); err != nil {
		return err
	}
	if err := part.Drain(ctx, b, body); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if body.N > 0 {
		e.Skip(part.Truncated, true, "the message is shorter than told")
		return nil
	}
	if _, err := src.Peek(1); err != nil {
		return nil
	}
	return e.Child(part.Part{Path: "properties", Body: src, Size: -1})
}

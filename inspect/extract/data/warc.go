package data

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// warc reads web archives (ISO 28500): each record's block is a nested part; of
// a request or response, its headers and its body, decoded as it was sent.
// Records that are compressed one by one come decoded already.
type warc struct{}

func (warc) Name() string { return "warc" }

// Starts implements part.Marked.
func (warc) Starts() string { return "W" }

func (warc) Match(p *part.Part, head []byte) bool {
	return content(p) && (bytes.HasPrefix(head, []byte("WARC/1.")) || bytes.HasPrefix(head, []byte("WARC/0.")))
}

func (warc) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("warc", "")
	src, release := open(p)
	defer release()
	for n := 1; ; n++ {
		if err := skipBlank(src); err != nil {
			if err == io.EOF {
				return nil
			}
			return part.Stop(ctx, e, err, true)
		}
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		raw, fields, err := httpHeader(src)
		if err != nil {
			return part.Stop(ctx, e, err, true)
		}
		size, bad := strconv.ParseInt(fields["content-length"], 10, 64)
		if !bytes.HasPrefix(raw, []byte("WARC/")) || bad != nil || size < 0 {
			e.Skip(part.DecodeError, true, "no record where one should begin")
			return e.Child(part.Part{Path: "rest", Body: io.MultiReader(bytes.NewReader(raw), src), Size: -1})
		}
		path := "record " + strconv.Itoa(n)
		if err := e.Child(part.Part{Path: path + " headers", Role: part.Header, Body: bytes.NewReader(raw), Size: int64(len(raw))}); err != nil {
			return err
		}
		body := &io.LimitedReader{R: src, N: size}
		kind := fields["content-type"]
		if mediaKind(kind) == "application/http" {
			err = message(ctx, path, body, e, b)
		} else if size > 0 {
			err = e.Child(part.Part{Path: path, MediaType: kind, Body: body, Size: -1})
		}
		if err != nil {
			return err
		}
		if err := part.Drain(ctx, b, body); err != nil {
			return part.Stop(ctx, e, err, true)
		}
		if body.N > 0 {
			e.Skip(part.Truncated, true, "a record is shorter than told")
			return nil
		}
	}
}

// skipBlank passes line ends.
func skipBlank(src *bufio.Reader) error {
	for {
		c, err := src.ReadByte()
		if err != nil {
			return err
		}
		if c != '\r' && c != '\n' {
			return src.UnreadByte()
		}
	}
}

// message hands on an HTTP message: its headers, and its body without the
// transfer's chunks.
func message(ctx context.Context, path string, r io.Reader, e part.Emitter, b *part.Budget) error {
	src := bufio.NewReader(r)
	raw, fields, err := httpHeader(src)
	if err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if err := e.Child(part.Part{Path: path + " http", Role: part.Header, Body: bytes.NewReader(raw), Size: int64(len(raw))}); err != nil {
		return err
	}
	body := part.Part{Path: path, MediaType: fields["content-type"], Body: src, Size: -1}
	for coding := range strings.SplitSeq(strings.ToLower(fields["content-encoding"]), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "identity" {
			body.Encodings = append(body.Encodings, coding)
		}
	}
	if strings.Contains(strings.ToLower(fields["transfer-encoding"]), "chunked") && chunkAhead(src) {
		body.Body = &chunks{src: src}
	}
	if _, err := src.Peek(1); err != nil {
		return nil
	}
	return e.Child(body)
}

// maxHTTPHeader bounds the headers of a record or message.
const maxHTTPHeader = 64 << 10

// httpHeader reads up to an empty line: all of it, and the fields by name in
// lower case.
func httpHeader(src *bufio.Reader) (raw []byte, fields map[string]string, err error) {
	fields = map[string]string{}
	for len(raw) < maxHTTPHeader {
		line, err := src.ReadSlice('\n')
		raw = append(raw, line...)
		if err != nil && err != bufio.ErrBufferFull {
			if err == io.EOF && len(raw) > 0 {
				err = nil
			}
			return raw, fields, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if k, v, ok := bytes.Cut(line, []byte(":")); ok {
			fields[strings.ToLower(string(k))] = strings.TrimSpace(string(v))
		}
	}
	return raw, fields, nil
}

// chunkAhead reports whether src is at the size of a chunk: archives may hold
// bodies that were put together already.
func chunkAhead(src *bufio.Reader) bool {
	b, _ := src.Peek(20)
	line, _, ok := bytes.Cut(b, []byte("\r\n"))
	_, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
	return ok && err == nil
}

// chunks reads a body in chunks (RFC 9112, section 7.1). What follows no size is
// read as it stands.
type chunks struct {
	src  *bufio.Reader
	left int64
	done bool
}

func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 && !c.done {
		line, err := c.src.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := strings.TrimSpace(string(line))
		if text == "" {
			continue
		}
		text, _, _ = strings.Cut(text, ";")
		n, err := strconv.ParseInt(strings.TrimSpace(text), 16, 62)
		if err != nil || n < 0 {
			return 0, &part.Fault{Reason: part.DecodeError, Detail: "no size where a chunk should begin"}
		}
		c.left, c.done = n, n == 0
	}
	if c.done {
		return 0, io.EOF
	}
	n, err := c.src.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

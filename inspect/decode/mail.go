package decode

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// mail reads a message (RFC 5322, MIME), also where it is not declared: its
// headers, decoded, then its body by what they say of it. A message of several
// parts is taken apart at once, so that paths lead from it to them.
type mail struct{}

func (mail) Name() string { return "mail" }

func (mail) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(p.Encodings) > 0 {
		return false
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), "\r\n")
	telling, enough := 0, 2
	if kind := kindOf(p.MediaType); kind == "message/rfc822" || kind == "message/global" {
		enough = 0
	}
	full := len(head) > part.HeadSize-16
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') > 0 && fieldName(head) > 0 {
		head = bytes.ReplaceAll(head, []byte("\r"), []byte("\n"))
	}
	lines := 0
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return telling >= enough && lines > 0
		case line[0] == ' ' || line[0] == '\t':
			if lines == 0 {
				return false
			}
		case lines == 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))): // as in an mbox
		default:
			k := fieldName(line)
			if k == 0 {
				return telling >= max(enough, 2) && lines > 4 && (full || telling > 4) || enough == 0 && lines > 0
			}
			var name [maxFieldName]byte
			for i, c := range line[:k] {
				name[i] = lowerCase(c)
			}
			switch string(name[:k]) {
			case "from", "to", "subject", "date", "received", "message-id", "return-path", "content-type",
				"content-transfer-encoding", "reply-to", "cc", "delivered-to", "sender", "content-disposition",
				"in-reply-to", "references":
				telling++
			case "mime-version":
				telling += 2
			}
		}
		lines++
	}
	return telling >= max(enough, 3) && full || enough == 0 && lines > 0
}

const maxFieldName = 76

// fieldName returns the length of the field name that a line begins with, 0 if
// it does not.
func fieldName(line []byte) int {
	for i, c := range line {
		if c == ':' {
			return i
		}
		if !inFieldName[c] || i == maxFieldName-1 {
			return 0
		}
	}
	return 0
}

// inFieldName tells the bytes of names of header fields: those of a token (RFC
// 9110), which leaves out what RFC 5322 allows besides and nobody writes, as the
// marks that lines of JSON begin with.
var inFieldName = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	}
	return t
}()

func (mail) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("mail", "")
	src := buffers.Get().(*bufio.Reader)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	openLines(src, p.Body)
	for {
		if c, err := src.Peek(1); err != nil || c[0] != '\r' && c[0] != '\n' {
			break
		}
		src.Discard(1)
	}
	raw, whole, err := readHeader(nil, src, nil)
	if err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if len(raw) >= maxHeader && !whole {
		e.Skip(part.DecodeError, true, "headers over 64 KiB")
	}
	decoded := fields(raw)
	if list := peopleNamed(decoded); list != "" {
		if err := e.Child(decodedFields("people", part.Body, list)); err != nil {
			return err
		}
	}
	if err := e.Child(decodedFields("headers", part.Header, decoded)); err != nil {
		return err
	}
	head, _ := src.Peek(part.HeadSize)
	if len(head) == 0 {
		return nil
	}
	h := parseHeader(raw)
	if err := fileName(h, e); err != nil {
		return err
	}
	body := part.Part{Path: "body", Name: h.fileName, MediaType: h.mediaType, Encodings: h.encodings, Body: src, Size: -1}
	if h.transfer == "" && len(h.encodings) == 0 {
		if boundary := boundaryOf(&body, head); boundary != "" {
			return readMultipart(ctx, src, boundary, false, e, b)
		}
		if plainText(h.mediaType) {
			return inline(ctx, body, src, e, b)
		}
	}
	return transferred(ctx, body, h.transfer, src, e, b)
}

// plainText reports whether a media type says text, or nothing.
func plainText(mediaType string) bool {
	kind := kindOf(mediaType)
	return kind == "" || kind == "text" || kind == "text/plain"
}

// openLines resets src to body, with line feeds for carriage returns where it
// begins with lines that end in those alone.
func openLines(src *bufio.Reader, body io.Reader) {
	src.Reset(body)
	head, _ := src.Peek(part.HeadSize)
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		head, _ = src.Peek(src.Buffered())
		src.Reset(carriageReturns{io.MultiReader(bytes.NewReader(bytes.Clone(head)), body)})
	}
}

// carriageReturns reads r with each carriage return as a line feed.
type carriageReturns struct{ r io.Reader }

func (c carriageReturns) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

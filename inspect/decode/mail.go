package decode

import (
	"bufio"
	"bytes"
	"context"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// mail reads a message (RFC 5322, MIME), also where it is not declared: its
// headers, then its body by what they say of it. Of an mbox only the first
// message is taken apart; the others are text of its body.
type mail struct{}

func (mail) Name() string { return "mail" }

func (mail) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	telling := 0
	lines := 0
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return telling >= 2
		case line[0] == ' ' || line[0] == '\t':
			if lines == 0 {
				return false
			}
		case lines == 0 && bytes.HasPrefix(line, []byte("From ")): // mbox
		default:
			k := fieldName(line)
			if k == 0 {
				return telling >= 2 && len(head) == part.HeadSize && lines > 4
			}
			var name [maxFieldName]byte
			for i, c := range line[:k] {
				name[i] = lowerCase(c)
			}
			switch string(name[:k]) {
			case "from", "to", "subject", "date", "received", "message-id", "return-path", "content-type",
				"content-transfer-encoding", "reply-to", "cc", "delivered-to", "sender":
				telling++
			case "mime-version":
				telling += 2
			}
		}
		lines++
	}
	return telling >= 3 && len(head) == part.HeadSize
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
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	raw, whole, err := readHeader(nil, src, nil)
	if err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if len(raw) == maxHeader && !whole {
		e.Skip(part.DecodeError, true, "headers over 64 KiB")
	}
	err = e.Child(part.Part{
		Path: "headers", Role: part.Header,
		Body: bytes.NewReader(raw), Size: int64(len(raw)),
	})
	if err != nil {
		return err
	}
	if _, err := src.Peek(1); err != nil {
		return nil // no body
	}
	h := parseHeader(raw)
	return e.Child(part.Part{
		Path: "body", Name: h.fileName, MediaType: h.mediaType,
		Encodings: h.encodings, Body: src, Size: -1,
	})
}

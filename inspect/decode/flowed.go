package decode

import (
	"bytes"
	"context"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// flowed reads text whose lines were broken for the screen (RFC 3676), so that
// a name or number that stands on two of them is one again.
type flowed struct{}

func (flowed) Name() string { return "flowed" }

func (flowed) Match(p *part.Part, head []byte) bool {
	if len(p.MediaType) < len("text/plain;format=flowed") || !strings.EqualFold(p.MediaType[:len("text/plain")], "text/plain") || !p.Role.Content() {
		return false
	}
	v, ok := rawParameter([]byte(p.MediaType), "format")
	return ok && strings.EqualFold(strings.Trim(string(v), `"`), "flowed")
}

func (flowed) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("flowed", "")
	v, _ := rawParameter([]byte(p.MediaType), "delsp")
	del := strings.EqualFold(strings.Trim(string(v), `"`), "yes")
	kind := "text/plain"
	if c := charsetParameter(p.MediaType); c != "" {
		kind += "; charset=" + c
	}
	r := &lineReader{src: p.Body, change: func(dst, line []byte) []byte { return joinSoft(dst, line, del) }}
	return e.Child(part.Part{Path: "lines joined", Name: p.Name, MediaType: kind, Role: p.Role, Body: part.NewMeter(ctx, b, "flowed", r), Size: -1})
}

// joinSoft appends a line, without its end if that is a soft one. del says that
// the space before it goes too. In all encodings of mail 0x20 is a space.
func joinSoft(dst, line []byte, del bool) []byte {
	content := bytes.TrimRight(line, "\r\n")
	if len(content) == len(line) || len(content) == 0 || content[len(content)-1] != ' ' ||
		string(content) == "-- " || content[0] == '>' {
		return append(dst, line...)
	}
	if del {
		content = content[:len(content)-1]
	}
	return append(dst, content...)
}

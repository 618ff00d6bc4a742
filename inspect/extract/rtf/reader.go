// Package rtf reads Rich Text Format (specification 1.9.1): its text in the order
// it is read in, with cells of tables set apart by tabs; headers, notes and
// properties; embedded objects and pictures as nested parts. HTML that a mail
// program wrapped into RTF ([MS-OXRTFEX]) comes out as HTML.
//
// Japanese text stands in RTF as bytes of CP932, one by one and in fonts whose
// character set tells, or as UTF-16 numbers; both are read, also where a
// character is cut in two by the notation. Text that is hidden or marked as
// deleted is text.
package rtf

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/ole"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the reader.
func Readers() []part.Reader { return []part.Reader{reader{}} }

type reader struct{}

func (reader) Name() string { return "rtf" }

// Starts implements part.Marked.
func (reader) Starts() string { return part.Blank + "\xbb\xbf{" }

// Match wants what Word wants: the first letters, behind white space at most.
func (reader) Match(p *part.Part, head []byte) bool {
	open := bytes.IndexByte(head, '{')
	return open >= 0 && len(p.Encodings) == 0 && p.Role.Content() &&
		bytes.HasPrefix(head[open:], []byte(`{\rt`)) && len(bytes.TrimLeft(head[:open], "\xef\xbb\xbf\x00\t\r\n ")) == 0
}

const (
	proseType = "text/plain; charset=utf-8"
	htmlType  = "text/html; charset=utf-8"
)

func (reader) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("rtf", "")
	src := bufio.NewReaderSize(p.Body, 32<<10)
	head, _ := src.Peek(2048)
	x := newParser(src)
	body := part.Part{Path: "body", MediaType: proseType, Size: -1}
	if x.html = bytes.Contains(head, []byte(`\fromhtml1`)); x.html {
		body.Path, body.MediaType = "HTML body", htmlType
	}
	text := part.NewMeter(ctx, b, "rtf", x)
	body.Body = text
	if err := e.Child(body); err != nil {
		return err
	}
	broken := part.Drain(ctx, b, text)
	for i := range x.objects {
		if o := &x.objects[i]; o.kind == destPicture && !tells(o.bytes) {
			x.others[destOther] = runs.Append(x.others[destOther], o.bytes, codepage.Unknown)
			o.bytes = nil
		}
	}
	for k, name := range otherNames {
		if other := x.others[k]; len(bytes.TrimSpace(other)) > 0 {
			if err := e.Child(part.Part{Path: name, MediaType: proseType, Body: bytes.NewReader(other), Size: int64(len(other))}); err != nil {
				return err
			}
		}
	}
	for i, o := range x.objects {
		if len(o.bytes) == 0 {
			continue
		}
		if err := e.Child(object(o, i+1)); err != nil {
			return err
		}
	}
	if broken != nil {
		return part.Stop(ctx, e, broken, true)
	}
	if x.dropped {
		e.Skip(part.TooLarge, true, "objects over 64 MiB or text beside the body over 16 MiB")
	}
	return rest(ctx, src, e)
}

// tells reports whether a picture is a file that shows what it is. Metafiles and
// bitmaps stand in RTF without the headers that they have as files: only text in
// them is of interest.
func tells(b []byte) bool {
	for _, magic := range []string{"\x89PNG", "\xff\xd8\xff", "GIF8", "\xd7\xcd\xc6\x9a", "PK\x03\x04", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(b, []byte(magic)) {
			return true
		}
	}
	return len(b) > 44 && string(b[40:44]) == " EMF"
}

// object is the part that embedded data is.
func object(o data, n int) part.Part {
	native := o.bytes
	if o.kind != destPicture {
		class, inner, ok := ole.Object(o.bytes)
		if ok {
			native = inner
		}
		if p := ole.Packed(native); class == "Package" && p.Path != "" {
			return p
		}
	}
	return part.Part{Path: fmt.Sprintf("%s %d", o.kind, n), Body: bytes.NewReader(native), Size: int64(len(native))}
}

// rest hands on what stands behind the last brace, unless it is padding.
func rest(ctx context.Context, r *bufio.Reader, e part.Emitter) error {
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return part.Stop(ctx, e, err, true)
		case c > ' ' && c != '}':
			_ = r.UnreadByte() // what was just read
			return e.Child(part.Part{Path: "trailing data", Body: r, Size: -1})
		}
	}
}

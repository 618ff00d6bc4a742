package office

import (
	"bytes"
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// flat reads documents that are one XML file: OpenDocument (fods, fodt), Word and
// Excel 2003 XML, and Office Open XML packages written out as one file.
type flat struct{}

func (flat) Name() string { return "office-xml" }

// flats are such documents, by their first element and a namespace.
var flats = []struct {
	root, space, format string
}{
	{"document", "urn:oasis:names:tc:opendocument", "opendocument"},
	{"wordDocument", "schemas.microsoft.com/office/word/2003", "word-xml"},
	{"package", "schemas.microsoft.com/office/2006/xmlPackage", "office-xml"},
	{"Workbook", "urn:schemas-microsoft-com:office:spreadsheet", "excel-xml"},
}

// flatFormat returns the format of such a document, "" if head is of none.
func flatFormat(head []byte) string {
	if !opens(head) {
		return ""
	}
	root := ""
	for _, f := range flats {
		if !bytes.Contains(head, []byte(f.space)) {
			continue
		}
		if root == "" {
			root = rootOf(head)
		}
		if root == f.root {
			return f.format
		}
	}
	return ""
}

// opens reports whether head begins with a tag.
func opens(head []byte) bool {
	first := bytes.TrimLeft(bytes.TrimLeft(head[:min(len(head), 256)], "\xef\xbb\xbf\xfe\xff"), " \t\r\n")
	return len(first) > 0 && first[0] == '<'
}

// Starts implements part.Marked.
func (flat) Starts() string { return part.Blank + "\xbb\xbf<" }

func (flat) Match(p *part.Part, head []byte) bool {
	few := head[:min(len(head), 1024)] // 256 characters of UTF-32
	return bytes.IndexByte(few, '<') >= 0 && len(p.Encodings) == 0 && p.Role.Content() &&
		opens(plainHead(few)) && flatFormat(plainHead(head)) != ""
}

// plainHead turns the start of UTF-16 into something to look at.
func plainHead(head []byte) []byte {
	if len(head) > 3 && (head[0] >= 0xfe || head[0] == 0 || head[1] == 0) {
		return bytes.ReplaceAll(head, []byte{0}, nil)
	}
	return head
}

func (flat) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	x := newScanner(part.NewMeter(ctx, b, "office", p.Body))
	defer x.release()
	format := flatFormat(plainHead(x.buf[:min(x.end, part.HeadSize)]))
	for format == "" && x.end < part.HeadSize && x.fill() {
		format = flatFormat(plainHead(x.buf[:x.end]))
	}
	e.Format(format, "")
	switch format {
	case "opendocument":
		return tellOpen(ctx, e, b, x, "document")
	case "excel-xml":
		return tellExcel(ctx, e, b, x)
	}
	return newStory(x).tell(e, "document")
}

// tellExcel hands on a workbook of Excel 2003 XML.
func tellExcel(ctx context.Context, e part.Emitter, b *part.Budget, x *scanner) error {
	var rest aside
	for {
		kind, name := x.next()
		switch {
		case kind == tokenEnd:
			if err := x.fault(); err != nil {
				part.Stop(ctx, e, err, true)
			}
			return rest.tell(e, "properties")
		case kind == tokenText || kind == tokenRemark:
			rest.add(x.text)
		case kind == tokenOpen && string(name) == "Worksheet":
			s := &excelSheet{x: x}
			s.ctx, s.b, s.grid.more = ctx, b, s.read
			title := x.said("Name")
			if err := e.Child(part.Part{Path: title, MediaType: table.Type, Body: &s.written, Size: -1}); err != nil {
				return err
			}
			for s.err == nil {
				s.out = s.out[:0]
				s.err = s.read()
			}
			if err := s.aside.tell(e, title+" notes"); err != nil {
				return err
			}
		}
	}
}

// excelSheet reads a Worksheet of Excel 2003 XML.
type excelSheet struct {
	grid
	x       *scanner
	aside   aside
	at, col int  // of the next row and cell
	data    bool // in the value of a cell
	comment bool
	value   []byte
	done    bool
}

func (s *excelSheet) read() error { return s.drain(s.x, s.take, &s.done) }

func (s *excelSheet) take(kind token, name []byte) {
	switch kind {
	case tokenText:
		if s.data {
			s.value = append(s.value, s.x.text...)
		} else {
			s.aside.add(s.x.text)
		}
		return
	case tokenRemark:
		s.aside.add(s.x.text)
		return
	case tokenClose:
		s.end(name)
		return
	}
	switch string(name) {
	case "Row":
		s.at = min(max(s.x.number("Index", s.at+1)-1, 0), maxRows-1)
		s.col = 0
	case "Cell":
		s.col = min(max(s.x.number("Index", s.col+1)-1, 0), maxColumns-1)
		s.aside.literals(appendUnescaped(nil, s.x.attribute("Formula")))
		s.aside.add(appendUnescaped(nil, s.x.attribute("HRef")))
	case "Comment":
		s.comment = kind == tokenOpen
	case "Data":
		s.data = kind == tokenOpen && !s.comment
		s.value = s.value[:0]
	}
	if kind == tokenEmpty {
		s.end(name)
	}
}

func (s *excelSheet) end(name []byte) {
	switch string(name) {
	case "Worksheet":
		s.done = true
	case "Row":
		s.at++
	case "Comment":
		s.comment = false
	case "Data":
		if !s.data {
			return
		}
		s.data = false
		s.value = bytes.TrimSuffix(s.value, []byte("T00:00:00.000")) // of a date
		if len(s.value) > 0 {
			s.place(s.at, s.col)
			s.out = appendCell(s.out, s.value)
			s.text += len(s.value)
		}
	case "Cell":
		s.col++
	}
}

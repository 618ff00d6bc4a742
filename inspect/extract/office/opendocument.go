package office

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// openManifest reads which of the members of an OpenDocument are encrypted
// (ISO/IEC 26300-3, 3.4) and how: such are told, not read as the noise that they
// are, if no password opens them.
func (d *pack) openManifest() {
	d.format = "opendocument"
	main := false
	entry := ""
	var secret *openSecret
	d.lookXML(d.files["meta-inf/manifest.xml"], func(x *scanner) error {
		for {
			kind, name := x.next()
			switch {
			case kind == tokenEnd:
				return nil // it comes by as a member, and tells
			case kind != tokenOpen && kind != tokenEmpty:
			case string(name) == "file-entry":
				entry = memberName(x.said("full-path"))
				if entry == "" || !main && entry == "content.xml" {
					main = main || entry == ""
					d.format = formatOf(x.said("media-type"), d.format)
				}
			case string(name) == "encryption-data":
				secret = &openSecret{}
				if len(d.secrets) < maxRelations {
					d.secrets[entry] = secret
				}
			}
			if secret != nil && (kind == tokenOpen || kind == tokenEmpty) {
				secret.describe(x, string(name))
			}
		}
	})
	for name := range d.files {
		if object, ok := strings.CutSuffix(name, "/content.xml"); ok {
			d.titles[name] = path.Base(object)
		}
	}
	d.titles["content.xml"], d.titles["styles.xml"] = "document", "page styles"
}

// formatOf names an OpenDocument by its media type.
func formatOf(mediaType, none string) string {
	switch kind := mediaType[strings.LastIndexByte(mediaType, '.')+1:]; {
	case !strings.Contains(mediaType, "opendocument"):
	case strings.HasPrefix(kind, "spreadsheet"):
		return "ods"
	case strings.HasPrefix(kind, "presentation"):
		return "odp"
	case strings.HasPrefix(kind, "text"):
		return "odt"
	case strings.HasPrefix(kind, "graphics"):
		return "odg"
	case strings.HasPrefix(kind, "base"), strings.HasPrefix(kind, "database"):
		return "odb"
	case strings.HasPrefix(kind, "formula"):
		return "odf"
	}
	return none
}

// openDocument hands on content.xml or styles.xml.
func (d *pack) openDocument(p part.Part) error {
	path, x := d.written(p)
	defer x.release()
	return tellOpen(d.ctx, d.e, d.b, x, path)
}

// tellOpen hands on OpenDocument content: prose, tables, and each sheet.
func tellOpen(ctx context.Context, e part.Emitter, b *part.Budget, x *scanner, path string) error {
	o := newOpenText(x)
	for {
		if err := o.tell(e, path); err != nil || !o.stopped {
			return err
		}
		o.stopped, o.ended = false, false
		if err := tellSheets(ctx, e, b, x, path); err != nil {
			return err
		}
	}
}

// openText reads OpenDocument text: paragraphs, lists, drawings, page headers.
type openText struct {
	page
	depth   int  // of paragraphs
	stopped bool // sheets begin
	repeat  []int
	boxes   []bool // of each box, whether it stands in a paragraph
}

func newOpenText(x *scanner) *openText {
	o := &openText{}
	o.x, o.page.take = x, o.take
	return o
}

func (o *openText) take(kind token, name []byte) {
	switch kind {
	case tokenText:
		switch {
		case o.depth > 0:
			o.put(flatten(o.x.text))
		case !blank(o.x.text):
			o.note(o.x.text)
		}
	case tokenRemark:
		o.note(o.x.text)
	case tokenOpen:
		o.begin(name)
		o.attributes()
	case tokenEmpty:
		o.empty(name)
		o.attributes()
	case tokenClose:
		o.finish(name)
	}
}

func (o *openText) begin(name []byte) {
	switch string(name) {
	case "p", "h":
		o.depth++
		o.openParagraph()
	case "note", "annotation", "text-box":
		o.openBox()
	case "ruby":
		o.inRuby = true
	case "ruby-text":
		o.reading = o.inRuby
	case "table":
		o.openTable()
	case "table-cell", "covered-table-cell":
		if len(o.repeat) < maxSpan {
			o.repeat = append(o.repeat, o.x.number("number-columns-repeated", 1))
		}
	case "spreadsheet":
		o.stopped, o.ended = true, true
	default:
		o.inline(name)
	}
}

func (o *openText) empty(name []byte) {
	switch string(name) {
	case "p", "h":
		o.brk()
	case "table-cell", "covered-table-cell":
		o.closeCell(o.x.number("number-columns-repeated", 1))
	case "table-row":
		o.closeRow()
	default:
		o.inline(name)
	}
}

func (o *openText) inline(name []byte) {
	switch string(name) {
	case "s":
		o.put(bytes.Repeat([]byte{' '}, min(max(o.x.number("c", 1), 1), maxSpan)))
	case "tab":
		if o.depth > 0 {
			o.put([]byte{'\t'})
		}
	case "line-break":
		o.brk()
	}
}

func (o *openText) finish(name []byte) {
	switch string(name) {
	case "p", "h":
		o.depth = max(0, o.depth-1)
		o.closeParagraph()
	case "note", "annotation", "text-box":
		o.closeBox()
	case "creator", "date":
		o.brk()
	case "ruby":
		o.closeRuby()
	case "ruby-text":
		o.reading = false
	case "table":
		o.closeTable()
	case "table-cell", "covered-table-cell":
		n := 1
		if k := len(o.repeat); k > 0 {
			n, o.repeat = o.repeat[k-1], o.repeat[:k-1]
		}
		o.closeCell(n)
	case "table-row":
		o.closeRow()
	}
}

// openBox begins a note or a text box, whose text goes behind the paragraph that
// it stands in, if it stands in one.
func (o *openText) openBox() {
	within := o.depth > 0
	if within {
		o.box++
	}
	o.boxes = append(o.boxes, within)
}

func (o *openText) closeBox() {
	n := len(o.boxes)
	if n == 0 {
		return
	}
	if o.boxes[n-1] {
		o.box--
	}
	o.boxes = o.boxes[:n-1]
}

// attributes takes in what the attributes of a tag say to people.
func (o *openText) attributes() {
	for rest := o.x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return
		}
		rest = more
		if said(key, value) {
			o.note(appendUnescaped(nil, value))
		}
	}
}

// said reports whether an OpenDocument attribute says something to people.
func said(key, value []byte) bool {
	switch string(key) {
	case "string-value", "current-value", "label", "help-text", "description", "title", "display-name-text",
		"author", "error-message", "user-name":
		return len(value) > 1
	case "href":
		return len(value) > 1 && (bytes.Contains(value, []byte(":")) || bytes.Contains(value, []byte("@")))
	}
	return false
}

// flatten makes line ends and tabs, which mean no more than spaces, spaces.
func flatten(b []byte) []byte {
	for i, c := range b {
		if c < ' ' {
			b[i] = ' '
		}
	}
	return b
}

package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"strings"

	"github.com/klauspost/compress/zip"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// office reads Office Open XML (ECMA-376): xlsx, docx, pptx and their kin with
// macros. It is zip underneath and is read as zip is, so that nothing in the
// package is passed over; sheets become tables, documents and slides prose.
type office struct{}

func (office) Name() string { return "office" }

func (office) Match(p *part.Part, head []byte) bool {
	if len(p.Encodings) > 0 || !p.Role.Content() || len(head) < 30 || string(head[:4]) != sigLocal {
		return false
	}
	name := head[30:]
	name = name[:min(len(name), int(binary.LittleEndian.Uint16(head[26:])))]
	for _, first := range []string{"[Content_Types].xml", "_rels/", "xl/", "word/", "ppt/", "docProps/"} {
		if bytes.HasPrefix(name, []byte(first)) {
			return true
		}
	}
	return false
}

// maxHeld is how much of a package that cannot be read at any place is held in
// memory, to have a workbook's strings before its sheets. Of a larger one the
// strings are inspected where they stand, without their rows.
const maxHeld = 16 << 20

func (office) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("office", "")
	at, size, stream, err := anywhere(p)
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	d := &document{ctx: ctx, e: e, b: b}
	if at != nil {
		stream = io.NewSectionReader(at, 0, size)
		d.open(at, size)
	}
	src := zipBuffers.Get().(*bufio.Reader)
	src.Reset(stream)
	defer func() { src.Reset(nil); zipBuffers.Put(src) }()
	z := &zipReader{ctx: ctx, e: e, b: b, src: src, child: d.child}
	if err := z.read(); err != nil {
		return err
	}
	if d.fault != nil {
		return part.Stop(ctx, e, d.fault, true)
	}
	return d.unused()
}

// anywhere makes a body readable at any place, if it is or is small. Otherwise
// it returns a stream of it.
func anywhere(p *part.Part) (io.ReaderAt, int64, io.Reader, error) {
	if at, ok := p.Body.(io.ReaderAt); ok && p.Size > 0 {
		return at, p.Size, nil, nil
	}
	held, err := io.ReadAll(io.LimitReader(p.Body, maxHeld+1))
	if err != nil {
		if reason, _ := part.ReasonOf(err); reason == part.ReadError || len(held) == 0 {
			return nil, 0, nil, err
		}
		return nil, 0, io.MultiReader(bytes.NewReader(held), failing{err}), nil
	}
	if len(held) > maxHeld {
		return nil, 0, io.MultiReader(bytes.NewReader(held), p.Body), nil
	}
	return bytes.NewReader(held), int64(len(held)), nil, nil
}

// failing is a reader that has come to an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// document hands on the members of one package as what they are.
type document struct {
	ctx   context.Context
	e     part.Emitter
	b     *part.Budget
	book  *workbook // nil if it is none or could not be read ahead
	fault error     // met while reading ahead

	strings bool // the shared strings have come by
}

// open reads what has to be known of a workbook before its sheets.
func (d *document) open(at io.ReaderAt, size int64) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return // the stream tells what is wrong with it
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		if name := strings.ToLower(f.Name); f.Flags&1 == 0 && files[name] == nil {
			files[name] = f
		}
	}
	if files["xl/workbook.xml"] == nil {
		return
	}
	book := &workbook{}
	for _, step := range []struct {
		name string
		read func(*xmlScanner) error
	}{
		{"xl/workbook.xml", book.readSheets},
		{"xl/_rels/workbook.xml.rels", book.readTargets},
		{"xl/styles.xml", book.readStyles},
		{"xl/sharedstrings.xml", book.readStrings},
	} {
		f := files[step.name]
		if f == nil {
			continue
		}
		r, err := f.Open()
		if err == nil {
			err = step.read(newScanner(part.NewMeter(d.ctx, d.b, "office", r)))
			r.Close()
		}
		if err != nil {
			d.fault = err
			return
		}
	}
	d.book = book
}

func newScanner(r io.Reader) *xmlScanner {
	return &xmlScanner{src: bufio.NewReaderSize(r, 64<<10)}
}

// child hands on one member.
func (d *document) child(p part.Part) error {
	name := strings.ToLower(p.Name)
	folder, file := split(name)
	if !strings.HasSuffix(file, ".xml") {
		return d.e.Child(p)
	}
	head := bufio.NewReaderSize(p.Body, 64<<10)
	if b, _ := head.Peek(2); len(b) == 2 && (b[0] >= 0xfe || b[0] == 0 || b[1] == 0) { // UTF-16
		p.Body = head
		return d.e.Child(p)
	}
	switch {
	case folder == "xl/worksheets" && d.book != nil:
		if title := d.book.titles[name]; title != "" {
			p.Path = title
		}
		p.Body, p.MediaType = &sheet{x: xmlScanner{src: head}, book: d.book}, tableType
	case folder == "xl" && file == "sharedstrings.xml" && d.book != nil && !d.strings:
		// Each has been read in its cell; see unused.
		d.strings = true
		part.Drain(d.ctx, d.b, head) // an error is the member's own
		return nil
	case folder == "word" && prose(file, "document", "header", "footer", "footnotes", "endnotes", "comments"),
		folder == "ppt/slides", folder == "ppt/notesslides", folder == "ppt/comments", folder == "xl/comments",
		folder == "xl" && prose(file, "comments"), folder == "xl/drawings", folder == "xl/threadedcomments":
		p.Body, p.MediaType = &paragraphs{x: xmlScanner{src: head}}, proseType
	default:
		if folder == "xl" && file == "sharedstrings.xml" && d.book != nil {
			d.e.Skip(part.DecodeError, true, "two members of one name")
		}
		p.Body = head
	}
	p.Size = -1
	return d.e.Child(p)
}

// proseType keeps what paragraphs wrote out from being read as anything else.
const proseType = "text/plain; charset=utf-8"

// prose reports whether file is one of the given kinds, as in "header2.xml".
func prose(file string, kinds ...string) bool {
	for _, k := range kinds {
		if rest, ok := strings.CutPrefix(file, k); ok && strings.Trim(rest, "0123456789") == ".xml" {
			return true
		}
	}
	return false
}

func split(name string) (folder, file string) {
	k := strings.LastIndexByte(name, '/')
	return name[:max(k, 0)], name[k+1:]
}

// unused hands on the shared strings that no cell shows, and the readings of
// those that have them.
func (d *document) unused() error {
	if d.book == nil {
		return nil
	}
	rest := d.book.unused()
	if len(rest) == 0 {
		return nil
	}
	return d.e.Child(part.Part{Path: "other strings", MediaType: tableType, Body: bytes.NewReader(rest), Size: int64(len(rest))})
}

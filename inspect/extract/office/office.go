// Package office reads the documents of office programs that are zip archives,
// Office Open XML (ECMA-376: xlsx, xlsb, docx, pptx and their kin with macros)
// and OpenDocument (ISO/IEC 26300: ods, odt, odp and theirs), and those that are
// one XML file. Sheets and tables become tables, texts and slides prose.
//
// A document is read as the archive that it is, so that nothing in it is passed
// over: pictures, embedded files, macros, properties and members that are none
// of the document are nested parts for other readers. Encrypted Office Open XML
// is no zip archive and is not met here; encrypted OpenDocument is, and is read with
// one of the passwords that came with the part.
package office

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers of this package. archive reads zip; it gives each
// member as a nested part with its Name.
func Readers(archive part.Reader) []part.Reader {
	return []part.Reader{document{archive}, flat{}}
}

// document reads documents that are archives.
type document struct{ archive part.Reader }

func (document) Name() string { return "office" }

// firsts are the members that such documents begin with.
var firsts = []string{"[content_types].xml", "_rels/", "xl/", "word/", "ppt/", "docprops/", "customxml/", "docmetadata/",
	"mimetype", "content.xml", "meta-inf/manifest.xml", "index/", "index.zip", "index.xml", "index.apxl", "buildversionhistory.plist", "thumbs/"}

// Starts implements part.Marked.
func (document) Starts() string { return "P" }

func (document) Match(p *part.Part, head []byte) bool {
	if len(p.Encodings) > 0 || !p.Role.Content() {
		return false
	}
	if len(head) > 34 && string(head[:4]) == "PK\x07\x08" {
		head = head[4:] // as the first of several volumes
	}
	if len(head) < 30 || string(head[:4]) != "PK\x03\x04" {
		return false
	}
	size := int(binary.LittleEndian.Uint16(head[26:]))
	name := memberName(string(head[30:min(len(head), 30+size)]))
	for _, first := range firsts {
		if strings.HasPrefix(name, first) {
			return true
		}
	}
	return listsTypes(p)
}

// listsTypes reports whether the directory at the end of an archive names the
// member that every Office Open XML package has, wherever that stands.
func listsTypes(p *part.Part) bool {
	at, ok := p.Body.(io.ReaderAt)
	if !ok || p.Size < 0 {
		return false
	}
	const look, entry = 64 << 10, 46 // bytes before a name
	end := make([]byte, min(look, p.Size))
	if n, _ := at.ReadAt(end, p.Size-int64(len(end))); n < len(end) {
		return false
	}
	k := bytes.Index(end, []byte("[Content_Types].xml"))
	for from := 0; k >= 0; {
		if from += k; from >= entry && string(end[from-entry:from-entry+4]) == "PK\x01\x02" {
			return true
		}
		from++
		k = bytes.Index(end[from:], []byte("[Content_Types].xml"))
	}
	return false
}

// memberName brings the name of a member into the form that names are compared
// in.
func memberName(s string) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(s, `\`, "/")), "/")
}

// maxHeld is how much of a document that cannot be read at any place is held in
// memory, to have a workbook's strings before its sheets. Of a larger one the
// strings are inspected where they stand, without their rows.
const maxHeld = 16 << 20

func (r document) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	d := &pack{ctx: ctx, e: e, b: b, format: r.archive.Name(), secrets: map[string]*openSecret{}, passwords: slices.Clone(p.Passwords)}
	inner := *p
	at, size, err := anywhere(&inner)
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	if at != nil {
		d.open(at, size)
	}
	e.Format(d.format, "")
	if err := r.archive.Read(ctx, &inner, members{e, d}, b); err != nil {
		return err
	}
	return d.close()
}

// anywhere makes the body of p readable at any place, if it is or is small.
func anywhere(p *part.Part) (io.ReaderAt, int64, error) {
	if at, ok := p.Body.(io.ReaderAt); ok && p.Size > 0 {
		p.Body = io.NewSectionReader(at, 0, p.Size)
		return at, p.Size, nil
	}
	held, err := io.ReadAll(io.LimitReader(p.Body, maxHeld+1))
	switch {
	case err != nil:
		if reason, _ := part.ReasonOf(err); reason == part.ReadError || len(held) == 0 {
			return nil, 0, err
		}
		p.Body = io.MultiReader(bytes.NewReader(held), failing{err})
		return nil, 0, nil
	case len(held) > maxHeld:
		p.Body = io.MultiReader(bytes.NewReader(held), p.Body)
		return nil, 0, nil
	}
	at := bytes.NewReader(held)
	p.Body, p.Size = bytes.NewReader(held), int64(len(held))
	return at, p.Size, nil
}

// failing is a reader that has come to an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// members takes what the archive's reader finds.
type members struct {
	part.Emitter
	d *pack
}

func (m members) Format(string, string) {}

func (m members) Child(p part.Part) error {
	if p.Name == "" {
		return m.Emitter.Child(p)
	}
	return m.d.child(p)
}

// pack hands on the members of one document as what they are.
type pack struct {
	ctx    context.Context
	e      part.Emitter
	b      *part.Budget
	format string // by what it holds

	files     map[string]*file       // by memberName; what is known ahead
	titles    map[string]string      // what people call a member, by memberName
	book      *workbook              // nil if it is none or could not be read ahead
	shared    *file                  // the strings of the workbook
	secrets   map[string]*openSecret // what is encrypted, by memberName
	passwords []string               // to be tried on them
	fault     error                  // the first met while reading ahead
	failed    bool                   // what was read ahead is of no use

	pivots map[string]*file // the definition of pivot records, by memberName

	passed hash.Hash32 // of the strings, which have come by; nil: not yet
}

// close tells what was found wrong while reading ahead, and hands on what no
// sheet showed.
func (d *pack) close() error {
	if d.fault != nil {
		if err := part.Stop(d.ctx, d.e, d.fault, true); err != nil {
			return err
		}
	}
	if d.book == nil {
		return nil
	}
	if d.passed != nil && d.passed.Sum32() != d.shared.CRC32 {
		d.e.Skip(part.DecodeError, true, "the strings are not those that the archive's directory names")
	}
	return d.book.unused(d.e)
}

// child hands on one member.
func (d *pack) child(p part.Part) error {
	name := memberName(p.Name)
	if t := d.titles[name]; t != "" {
		p.Path = t
	}
	head := bufio.NewReaderSize(p.Body, part.HeadSize)
	start, _ := head.Peek(part.HeadSize)
	p.Body = head
	if secret := d.secrets[name]; secret != nil {
		plain := d.unlock(secret, head)
		if plain == nil {
			d.e.Skip(part.Encrypted, true, "OpenDocument with a password")
			return nil
		}
		head = bufio.NewReaderSize(plain, part.HeadSize)
		start, _ = head.Peek(part.HeadSize)
		p.Body, p.Size = head, -1
	} else if len(d.secrets) == 0 && name == "meta-inf/manifest.xml" && bytes.Contains(start, []byte("encryption-data")) {
		d.e.Skip(part.Encrypted, true, "OpenDocument with a password")
	}
	if d.book != nil && name == d.shared.name() {
		if d.passed == nil {
			d.passed = crc32.NewIEEE()
			part.Drain(d.ctx, d.b, io.TeeReader(head, d.passed)) // an error is the member's own
			return nil
		}
		d.e.Skip(part.DecodeError, true, "two members of one name")
	}
	root := rootOf(start)
	if root != "" && !d.ours(name, start) {
		p.Size = -1
		return d.e.Child(p)
	}
	switch root {
	case "worksheet", "macrosheet", "xlMacrosheet", "dialogsheet", "chartsheet":
		return d.sheet(p)
	case "document", "hdr", "ftr", "footnotes", "endnotes", "comments", "glossaryDocument",
		"sld", "notes", "sldLayout", "sldMaster", "notesMaster", "handoutMaster", "cmLst", "cmAuthorLst",
		"wsDr", "userShapes", "ThreadedComments", "chartSpace", "dataModel", "drawing", "sst":
		return d.story(p)
	case "Types", "theme", "themeOverride", "fonts", "styles", "styleSheet", "settings", "webSettings", "tblStyleLst",
		"presentation", "presentationPr", "viewPr", "calcChain", "colorsDef", "styleDef", "layoutDef", "chartStyle", "colorStyle":
		return d.machinery(p)
	case "pivotCacheRecords":
		if fields := d.pivotFields(name); len(fields) > 0 {
			return d.pivot(p, fields)
		}
	case "Relationships":
		return d.links(p)
	case "document-content", "document-styles":
		return d.openDocument(p)
	case "":
		if d.book != nil && d.binaryRecords(name) {
			return d.binary(p)
		}
		if strings.HasSuffix(name, ".iwa") {
			return d.iwork(p)
		}
		if isPrinter(start) {
			return d.e.Child(printer(p))
		}
		if isFont(name, start) {
			return d.e.Child(font(p, head))
		}
	}
	p.Size = -1
	return d.e.Child(p)
}

// ours reports whether a member that is XML is of the document's own making, as
// what leads to it, its folder or a namespace tells; others may call their
// elements by the same names.
func (d *pack) ours(name string, start []byte) bool {
	if strings.HasPrefix(name, "customxml/") {
		return strings.Contains(name, "_rels/")
	}
	if d.titles[name] != "" {
		return true
	}
	for _, folder := range []string{"xl/", "word/", "ppt/", "_rels/", "[content_types].xml", "content.xml", "styles.xml"} {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	start = plainHead(start)
	for _, space := range []string{"openxmlformats.org/", "schemas.microsoft.com/office/", "purl.oclc.org/ooxml/",
		"oasis:names:tc:opendocument", "openoffice.org/"} {
		if bytes.Contains(start, []byte(space)) {
			return true
		}
	}
	return false
}

// written prepares a member to be handed on as what was made of it.
func (d *pack) written(p part.Part) (path string, x *scanner) {
	if path = p.Path; path == p.Name { // nothing better is known
		path = strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".xml")
	}
	return path, newScanner(p.Body)
}

func (d *pack) sheet(p part.Part) error {
	path, x := d.written(p)
	defer x.release()
	s := &sheet{x: x, book: d.book}
	if s.book == nil { // its strings come by themselves
		s.book = &workbook{}
	}
	s.ctx, s.b = d.ctx, d.b
	s.grid.more = s.more
	if err := d.e.Child(part.Part{Path: path, MediaType: table.Type, Body: &s.written, Size: -1}); err != nil {
		return err
	}
	return s.aside.tell(d.e, path+" notes")
}

func (d *pack) story(p part.Part) error {
	path, x := d.written(p)
	defer x.release()
	return newStory(x).tell(d.e, path)
}

// rootOf returns the name, without its prefix, of the element that XML begins
// with; "" if head is no XML.
func rootOf(head []byte) string {
	if len(head) > 1 && (head[0] == 0 || head[1] == 0 || head[0] >= 0xfe) { // UTF-16
		head = bytes.ReplaceAll(head, []byte{0}, nil)
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimPrefix(head, []byte("\xff\xfe")), []byte("\xfe\xff")), " \t\r\n")
	for len(head) > 2 && head[0] == '<' {
		end := ">"
		switch {
		case bytes.HasPrefix(head, []byte("<!--")):
			end = "-->"
		case head[1] == '?':
			end = "?>"
		case head[1] != '!':
			k := bytes.IndexByte(head, '>')
			if k < 0 {
				k = len(head)
			}
			return string(local(head[1:k]))
		}
		k := bytes.Index(head, []byte(end))
		if k < 0 {
			return ""
		}
		head = bytes.TrimLeft(head[k+len(end):], " \t\r\n")
	}
	return ""
}

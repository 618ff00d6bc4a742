package office

import (
	"io"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zip"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// file is a member that can be opened ahead of its turn.
type file struct{ *zip.File }

func (f *file) name() string {
	if f == nil {
		return ""
	}
	return memberName(f.Name)
}

// open reads what has to be known of a document before its members come by.
// What is wrong with the archive itself is told when they do.
func (d *pack) open(at io.ReaderAt, size int64) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return
	}
	d.files, d.titles = map[string]*file{}, map[string]string{}
	for _, f := range z.File {
		if name := memberName(f.Name); f.Flags&1 == 0 && d.files[name] == nil {
			d.files[name] = &file{f}
		}
	}
	switch {
	case d.files["index/document.iwa"] != nil, d.files["index.zip"] != nil, d.files["index.apxl"] != nil:
		d.format = "iwork"
	case d.files["meta-inf/container.xml"] != nil:
		d.format = "epub"
	}
	if d.files["content.xml"] != nil || d.files["meta-inf/manifest.xml"] != nil && d.format != "epub" {
		d.openManifest()
		return
	}
	main := d.main()
	if main == nil {
		return
	}
	switch d.rootOf(main) {
	case "workbook":
		d.format = "xlsx"
		d.openWorkbook(main)
	case "document":
		d.format = "docx"
	case "presentation":
		d.format = "pptx"
		d.openSlides(main)
	case "":
		if strings.HasSuffix(main.name(), ".bin") {
			d.format = "xlsb"
			d.openBinary(main)
		}
	}
}

// main returns the part that the package says is its document.
func (d *pack) main() *file {
	for _, r := range d.relations("") {
		if r.kind == "officeDocument" && d.files[r.target] != nil {
			return d.files[r.target]
		}
	}
	for _, name := range []string{"xl/workbook.xml", "word/document.xml", "ppt/presentation.xml", "xl/workbook.bin"} {
		if f := d.files[name]; f != nil {
			return f
		}
	}
	return nil
}

// look opens a member ahead and lets read look at it. An error is kept for the
// end.
func (d *pack) look(f *file, read func(io.Reader) error) {
	if f == nil || d.failed {
		return
	}
	r, err := f.Open()
	if err == nil {
		err = read(part.NewMeter(d.ctx, d.b, "office", r))
		r.Close()
	} else {
		err = part.Decoding("office", err)
	}
	if err == nil {
		return
	}
	if d.fault == nil {
		d.fault = err
	}
	switch reason, _ := part.ReasonOf(err); reason {
	case part.DecodeError, part.Truncated: // what came before it can be used
	default:
		d.failed = true
	}
}

func (d *pack) lookXML(f *file, read func(*scanner) error) {
	d.look(f, func(r io.Reader) error {
		x := newScanner(r)
		defer x.release()
		return read(x)
	})
}

func (d *pack) rootOf(f *file) (root string) {
	d.look(f, func(r io.Reader) error {
		head := make([]byte, part.HeadSize)
		n, err := io.ReadFull(r, head)
		root = rootOf(head[:n])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		return err
	})
	return root
}

// relation leads from one member to another.
type relation struct{ id, kind, target string }

const maxRelations = 1 << 16

// relations returns those of a member, of the package for "". Targets are in the
// form of memberName.
func (d *pack) relations(of string) (all []relation) {
	folder, name := path.Split(of)
	d.lookXML(d.files[folder+"_rels/"+name+".rels"], func(x *scanner) error {
		for {
			kind, name := x.next()
			switch {
			case kind == tokenEnd:
				return nil // it comes by as a member, and tells
			case string(name) != "Relationship" || len(all) >= maxRelations || x.said("TargetMode") == "External":
				continue
			case kind == tokenOpen || kind == tokenEmpty:
				kind := x.said("Type")
				all = append(all, relation{x.said("Id"), kind[strings.LastIndexByte(kind, '/')+1:], resolve(folder, x.said("Target"))})
			}
		}
	})
	return all
}

// resolve returns the member that a target means, seen from folder.
func resolve(folder, target string) string {
	if clear, err := url.PathUnescape(target); err == nil {
		target = clear
	}
	target = strings.ReplaceAll(target, `\`, "/")
	if !strings.HasPrefix(target, "/") {
		target = folder + target
	}
	return memberName(path.Clean("/" + target))
}

// owner returns what the member is called that such relations are of.
func (d *pack) owner(relations string) string {
	folder, name := path.Split(strings.ReplaceAll(relations, `\`, "/"))
	name = strings.TrimSuffix(name, ".rels")
	if t := d.titles[memberName(path.Join(path.Dir(path.Clean(folder)), name))]; t != "" {
		return t
	}
	return strings.TrimSuffix(name, ".xml")
}

// links hands on what the relations of a member lead to outside of the document.
func (d *pack) links(p part.Part) error {
	var a aside
	x := newScanner(p.Body)
	defer x.release()
	for {
		switch kind, name := x.next(); {
		case kind == tokenEnd:
			if err := x.fault(); err != nil {
				part.Stop(d.ctx, d.e, err, true)
			}
			return a.tell(d.e, d.owner(p.Name)+" links")
		case kind == tokenText || kind == tokenRemark:
			a.add(x.text)
		case string(name) == "Relationship" && kind != tokenClose:
			if x.said("TargetMode") == "External" {
				a.add(appendUnescaped(nil, x.attribute("Target")))
			}
		}
	}
}

// maxDepth bounds how far members are named after the one that leads to them.
const maxDepth = 3

// name names the members that one leads to after its title.
func (d *pack) name(member, title string, depth int) {
	if depth >= maxDepth || d.ctx.Err() != nil {
		return
	}
	for _, r := range d.relations(member) {
		if d.titles[r.target] != "" || d.files[r.target] == nil {
			continue
		}
		t := title
		switch r.kind {
		case "slideLayout", "slideMaster", "notesMaster", "theme", "slide", "worksheet":
			continue
		case "notesSlide":
			t += " notes"
		case "comments", "drawing", "chart":
			t += " " + r.kind
		case "threadedComment":
			t += " comments"
		case "diagramData":
			t += " diagram"
		default:
			t += " " + path.Base(strings.ReplaceAll(d.files[r.target].Name, `\\`, "/"))
		}
		d.titles[r.target] = t
		d.name(r.target, t, depth+1)
	}
}

// openWorkbook reads what the sheets of a workbook refer to.
func (d *pack) openWorkbook(main *file) {
	book := &workbook{}
	d.lookXML(main, book.readSheets)
	links := d.relations(main.name())
	d.lookXML(d.linked(links, "styles", "xl/styles.xml"), book.readStyles)
	d.shared = d.linked(links, "sharedStrings", "xl/sharedstrings.xml")
	d.lookXML(d.shared, book.readStrings)
	d.pivots = map[string]*file{}
	known := map[*file]bool{}
	for _, l := range links {
		f := d.files[l.target]
		if l.kind != "pivotCacheDefinition" || f == nil || known[f] {
			continue
		}
		known[f] = true
		for _, r := range d.relations(l.target) {
			d.pivots[r.target] = f
		}
	}
	d.nameSheets(book, links)
	if !d.failed {
		d.book = book
	}
}

// linked returns the member that a relation of that kind leads to, or else the
// one of that name.
func (d *pack) linked(links []relation, kind, name string) *file {
	for _, l := range links {
		if f := d.files[l.target]; l.kind == kind && f != nil {
			return f
		}
	}
	return d.files[name]
}

func (d *pack) nameSheets(book *workbook, links []relation) {
	titles := map[string]string{}
	for _, s := range book.titles {
		titles[s.id] = s.title
	}
	for _, l := range links {
		if t := titles[l.id]; t != "" {
			d.titles[l.target] = t
		}
	}
	for _, l := range links {
		if t := d.titles[l.target]; t != "" {
			d.name(l.target, t, 0)
		}
	}
}

// openSlides numbers the slides of a presentation, in their order.
func (d *pack) openSlides(main *file) {
	var ids []string
	d.lookXML(main, func(x *scanner) error {
		for {
			kind, name := x.next()
			if kind == tokenEnd {
				return nil // it comes by as a member, and tells
			}
			if string(name) == "sldId" && kind != tokenClose && len(ids) < maxRelations {
				// The slide's own id comes first, without a prefix.
				ids = append(ids, string(x.last("id")))
			}
		}
	})
	links := map[string]string{}
	for _, l := range d.relations(main.name()) {
		links[l.id] = l.target
	}
	for i, id := range ids {
		if target := links[id]; target != "" {
			d.titles[target] = "Slide " + strconv.Itoa(i+1)
		}
	}
	for _, id := range ids {
		if target := links[id]; target != "" {
			d.name(target, d.titles[target], 0)
		}
	}
}

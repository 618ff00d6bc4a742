// Package ole reads the compound files of Microsoft's older programs ([MS-CFB]):
// xls, doc, ppt and msg, objects embedded in other documents, and encrypted
// Office files of any age; also their predecessors without a container. Text
// comes as nested parts named for where it stands; sheets come as tables.
//
// All streams are accounted for. One that holds a document or a file of its own
// is a nested part; of the small ones that describe structure, what reads as
// text is inspected; what is left is a nested part for whoever knows its format.
// Formats that are kept in compound files but have no reader here (Ichitaro,
// Visio, Publisher, installers) are told as unknown and their streams handed on.
//
// Sources: [MS-CFB], [MS-XLS], [MS-DOC], [MS-PPT], [MS-OXMSG], [MS-OLEPS],
// [MS-OLEDS], [MS-OVBA], [MS-OFFCRYPTO]; for versions before 1997 the
// descriptions that came with OpenOffice.org ("Excel file format") and the
// binary structures that Word 97's documentation shares with Word 6.
package ole

import (
	"context"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/mapi"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers in order of trial.
func Readers() []part.Reader { return []part.Reader{compound{}, bareBIFF{}, bareWord{}, restricted{}} }

type compound struct{}

func (compound) Name() string { return "ole" }

// Starts implements part.Marked.
func (compound) Starts() string { return signature[:1] }

func (compound) Match(p *part.Part, head []byte) bool {
	return len(p.Encodings) == 0 && p.Role.Content() && len(head) >= 512 && string(head[:8]) == signature
}

func (compound) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("ole", "")
	at, size, err := part.Anywhere(p, 0)
	if at == nil {
		return part.Stop(ctx, e, err, false)
	}
	c, broken := open(at, size)
	if broken != nil {
		e.Skip(part.DecodeError, true, broken.Error())
		return e.Child(part.Part{Path: "content", Body: io.NewSectionReader(at, 512, size-512), Size: size - 512})
	}
	f := &file{ctx: ctx, b: b, c: c, given: p.Passwords}
	s := &scope{file: f, e: e, dir: c.root}
	if over := s.document(); over != nil {
		return f.stop(e, over)
	}
	if over := f.unused(s); over != nil {
		return f.stop(e, over)
	}
	if err == nil {
		err = c.damage
	}
	if err != nil {
		return part.Stop(ctx, e, err, true)
	}
	return nil
}

// file is a compound file that is being read.
type file struct {
	ctx   context.Context
	b     *part.Budget
	c     *container
	given []string // passwords
}

// fatal is an error of the emitter, which ends the reading, told apart from
// faults of the data and budgets, which end in a Skip.
type fatal struct{ error }

func (f *file) stop(e part.Emitter, err error) error {
	if f, ok := err.(fatal); ok {
		return f.error
	}
	return part.Stop(f.ctx, e, err, true)
}

// open returns the stream that n is, to be read by a child: what it gives is
// counted, since chains of sectors may be shared.
func (f *file) open(n *node) io.Reader {
	n.taken = true
	return part.NewMeter(f.ctx, f.b, "ole", f.c.stream(n))
}

// maxStream bounds the streams that are held in memory.
const maxStream = 128 << 20

// bytes returns a stream whole. Where it ends early, what there is comes with
// the error.
func (f *file) bytes(n *node) ([]byte, error) {
	n.taken = true
	b, err := f.c.stream(n).bytes(maxStream)
	if over := f.b.Spend(f.ctx, len(b)); over != nil {
		return nil, over
	}
	return b, err
}

// scope is a storage that is being read as a document.
type scope struct {
	*file
	e     part.Emitter
	dir   *node
	depth int
	other []byte // text found in structures

	key     *fileKey // with which the document was opened, nil if with none
	locked  bool     // encrypted: what structures hold is noise
	unknown bool     // a document of no known kind: any stream may hold its text
	dark    bool     // and one does not show its own format

	outerNames map[uint16]string // of properties: messages within messages share them
}

// kinds tell what a storage holds, by a member that no other kind has.
var kinds = []struct{ member, format string }{
	{"EncryptedPackage", encryptedOffice},
	{"\x09DRMContent", encryptedOffice},
	{"\x06DRMContent", encryptedOffice},
	{"Workbook", "xls"},
	{"Book", "xls"},
	{"WordDocument", "doc"},
	{"PowerPoint Document", "ppt"},
	{propertyStream, "msg"},
	{"VBA", "ole"},
	{"\x01Ole10Native", "ole"},
	{"Package", "ole"},
	{"CONTENTS", "ole"},
	{"EmbeddedOdf", "ole"},
}

const encryptedOffice = "office"

// kind returns the format of what is in a storage, "" if it is not known.
func (n *node) kind() string {
	for _, k := range kinds {
		if n.find(k.member) != nil {
			return k.format
		}
	}
	return ""
}

// document reads the storage and everything in it.
func (s *scope) document() error {
	format := s.dir.kind()
	if s.unknown = format == ""; !s.unknown {
		s.e.Format(format, "")
	}
	var err error
	switch format {
	case encryptedOffice:
		err = s.encrypted()
	case "xls":
		err = s.workbook()
	case "doc":
		err = s.word()
	case "ppt":
		err = s.slides()
	case "msg":
		err = s.message()
	}
	if err != nil {
		reason, _ := part.ReasonOf(err)
		s.locked = reason == part.Encrypted
		if err := s.stop(s.e, err); err != nil {
			return fatal{err}
		}
	}
	if err := s.encryptedProperties(); err != nil {
		if err := s.stop(s.e, err); err != nil {
			return fatal{err}
		}
	}
	if err := s.rest(s.dir, ""); err != nil {
		return err
	}
	if s.dark && s.dir == s.c.root {
		s.e.Skip(part.UnknownFormat, true, "compound file of no known kind")
	}
	return s.flush()
}

// strays keeps the text found in a structure, which is handed on together.
func (s *scope) strays(b []byte, page int) error {
	if s.other = runs.Append(s.other, b, page); len(s.other) < maxStrays {
		return nil
	}
	return s.flush()
}

const maxStrays = 1 << 20

// flush hands on the text of structures.
func (s *scope) flush() error {
	err := s.text("other text", s.other)
	s.other = s.other[:0]
	return err
}

// text hands on prose that was written out.
func (s *scope) text(path string, b []byte) error { return ended(mapi.Prose(s.e, path, b)) }

// child hands on a nested part.
func (s *scope) child(p part.Part) error { return ended(s.e.Child(p)) }

func ended(err error) error {
	if err != nil {
		return fatal{err}
	}
	return nil
}

// nested is the scope of a storage within s, which reports as parts below path.
func (s *scope) nested(dir *node, path string) *scope {
	dir.taken = true
	return &scope{file: s.file, e: below{s.e, path}, dir: dir, depth: s.depth + 1}
}

// below is the emitter of a storage within another: it has no part of its own,
// so what goes wrong in it becomes one.
type below struct {
	part.Emitter
	path string
}

func (b below) Child(p part.Part) error {
	if p.Path == "" {
		p.Path = p.Name
	}
	p.Path = b.path + part.Separator + p.Path
	return b.Emitter.Child(p)
}

func (below) Format(string, string) {}

func (b below) Skip(why part.Reason, _ bool, detail string) {
	// An error of the emitter comes again with the next call.
	_ = b.Emitter.Child(part.Part{Path: b.path, Body: failing{&part.Fault{Reason: why, Detail: detail}}, Size: -1})
}

// failing is the body of a part that cannot be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// shown returns the name of a member as people may read it: the first character
// of some is a control.
func shown(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, name)
}

// Package pdf reads PDF files (ISO 32000-2): the text of every page, with its
// place, and what else can carry text: annotations, forms, bookmarks,
// properties, metadata, scripts, attachments, text that cannot be seen.
//
// It reads broken files as far as it can, and encrypted ones that open without a
// password or with one of those that came with the part. Text in pictures is not
// read: pictures are handed on, as files that programs which recognise characters
// can read, and pages that show nothing else are told. Text whose font does not say
// which characters its glyphs are is told too.
package pdf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the reader of PDF files.
func Readers() []part.Reader { return []part.Reader{reader{}} }

type reader struct{}

func (reader) Name() string { return "pdf" }

// Match looks for the header in the first kilobyte, where other programs accept
// it. Text that holds a PDF file, such as a form or a mail, is not one.
func (reader) Match(p *part.Part, head []byte) bool {
	if len(p.Encodings) > 0 || !p.Role.Content() {
		return false
	}
	k := bytes.Index(head[:min(len(head), 1024)], []byte("%PDF-"))
	if k <= 0 {
		return k == 0
	}
	before := bytes.TrimSpace(head[:k])
	switch {
	case bytes.HasPrefix(before, []byte("--")), strings.HasPrefix(p.MediaType, "multipart/"):
		return false
	case bytes.ContainsFunc(before, func(r rune) bool { return r < '\t' || r == utf8.RuneError }):
		return true
	}
	return len(before) < 64 && !bytes.ContainsAny(before, ":{<[=\"") && bytes.Contains(head[k:], []byte(" obj"))
}

func (reader) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("pdf", "")
	at, size, err := part.Anywhere(p, 0)
	if err != nil && size == 0 {
		return part.Stop(ctx, e, err, false)
	}
	d := &document{ctx: ctx, e: e, b: b, fonts: map[object.Ref]*font{}, seen: map[object.Ref]bool{}, told: map[string]bool{}, common: object.Dict{}, said: map[string]bool{}}
	if err != nil {
		d.fault(err, "the file")
	}
	var opening error
	if d.f, opening = object.Open(ctx, b, at, size, p.Passwords); opening != nil {
		return part.Stop(ctx, e, opening, false)
	}
	if err := d.read(); err != nil {
		return err
	}
	if err := d.f.Err(); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	d.tell()
	return ctx.Err()
}

// document is one file being read.
type document struct {
	ctx   context.Context
	e     part.Emitter
	b     *part.Budget
	f     *object.File
	fonts map[object.Ref]*font
	held  int                 // glyphs that fonts know, about
	seen  map[object.Ref]bool // what is handed on or on the way to be
	told  map[string]bool     // texts handed on outside pages

	pages   int
	scanned []int // pages with pictures only
	unread  []int // pages with glyphs that are not known
	handed  int   // pictures
	gaps    []part.Fault
	last    page            // read, to be used again
	other   []byte          // strings under keys that nobody follows
	remarks []byte          // comments of content
	said    map[string]bool // strings handed on
	common  object.Dict     // fonts of pages, by the names there
}

// fault notes that something could not be read whole.
func (d *document) fault(err error, what string) {
	if d.f != nil && d.f.Err() != nil || len(d.gaps) > 8 {
		return
	}
	reason, _ := part.ReasonOf(err)
	d.gaps = append(d.gaps, part.Fault{Reason: reason, Detail: what + " could not be read whole"})
}

// note notes that some text could not be read.
func (d *document) note(detail string) {
	if len(d.gaps) < 8 {
		d.gaps = append(d.gaps, part.Fault{Reason: part.DecodeError, Detail: detail})
	}
}

// tell says what was not read: the gravest reason, as there can be but one, and
// all details of it.
func (d *document) tell() {
	gaps := append(d.gaps, d.f.Faults()...)
	if d.pages == 0 && d.f.Dict(d.f.Trailer["Root"])["Collection"] == nil {
		gaps = append(gaps, part.Fault{Reason: part.DecodeError, Detail: "no page could be found"})
	}
	if len(d.unread) > 0 {
		gaps = append(gaps, part.Fault{Reason: part.DecodeError, Detail: listed(d.unread) + ": glyphs without characters"})
	}
	if len(d.scanned) > 0 {
		gaps = append(gaps, part.Fault{Reason: part.UnknownFormat, Detail: listed(d.scanned) + ": pictures or drawings, hardly any text"})
	}
	for _, why := range []part.Reason{part.Encrypted, part.TooLarge, part.Truncated, part.DecodeError, part.ReadError, part.UnknownFormat} {
		var details []string
		for _, g := range gaps {
			if g.Reason == why && !slices.Contains(details, g.Detail) {
				details = append(details, g.Detail)
			}
		}
		if len(details) > 0 {
			d.e.Skip(why, d.pages > len(d.scanned) || len(d.told) > 0, strings.Join(details, "; "))
			return
		}
	}
}

// listed names some pages.
func listed(pages []int) string {
	var b strings.Builder
	b.WriteString("page ")
	for i, n := range pages {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(pages)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}

// read hands on everything. An error is the emitter's.
func (d *document) read() error {
	root := d.f.Dict(d.f.Trailer["Root"])
	if err := d.eachPage(root["Pages"]); err != nil {
		return err
	}
	for _, step := range []func(object.Dict) error{d.form, d.outline, d.properties, d.attachments, d.leftovers} {
		if d.f.Err() != nil {
			return nil
		}
		if err := step(root); err != nil {
			return err
		}
	}
	return nil
}

// textType keeps text that was put together here from being read as anything
// else.
const textType = "text/plain; charset=utf-8"

// text hands on text as a nested part.
func (d *document) text(path string, b []byte) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	return d.e.Child(part.Part{Path: path, MediaType: textType, Body: bytes.NewReader(b), Size: int64(len(b))})
}

// stream hands on what a stream holds as a nested part.
func (d *document) stream(path, name string, s *object.Stream) error {
	if d.seen[s.Ref] {
		return nil
	}
	d.seen[s.Ref] = true
	r, _ := d.f.Reader(s)
	return d.e.Child(part.Part{Path: path, Name: name, Body: io.Reader(r), Size: -1})
}

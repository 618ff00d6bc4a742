// Package image reads what pictures say about themselves in text: comments,
// captions, names of people and places, programs and cameras (EXIF, XMP, IPTC
// and the formats' own fields), and the texts that metafiles draw. The picture itself is a nested part that no
// reader of text knows: it ends as not inspected, with the name of its format,
// unless something was hidden in it or behind it. Where a file is damaged, what
// comes before the damage is read, and the rest counts as the picture.
package image

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers in order of trial.
func Readers() []part.Reader {
	return []part.Reader{
		picture{"jpeg", "\xff", isJPEG, (*file).jpeg}, picture{"png", "\x89", isPNG, (*file).png},
		picture{"gif", "G", isGIF, (*file).gif}, picture{"webp", "R", isWebP, (*file).webp},
		picture{"tiff", "IM", isTIFF, (*file).tiff}, picture{"heif", "", isHEIF, (*file).heif},
		picture{"psd", "8", isPSD, (*file).psd},
		picture{"emf", "\x01", isEMF, (*file).emf}, picture{"wmf", "\xd7\x01\x02", isWMF, (*file).wmf}, pixels{},
	}
}

// picture reads one format.
type picture struct {
	name  string
	first string // bytes that the format begins with; empty: any
	match func(head []byte) bool
	read  func(f *file)
}

// DataType is the media type of the picture without what was read of it.
const DataType = "application/octet-stream; x-picture-data=1"

func (r picture) Name() string { return r.name }

// Starts implements part.Marked.
func (r picture) Starts() string { return r.first }

func (r picture) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && len(p.Encodings) == 0 && p.MediaType != DataType && r.match(head)
}

func (r picture) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format(r.name, "")
	at, size, err := part.Anywhere(p, 0)
	if err != nil && size == 0 {
		return part.Stop(ctx, e, err, false)
	}
	f := &file{ctx: ctx, b: b, e: e, at: at, size: size}
	r.read(f)
	if f.emitted != nil {
		return f.emitted
	}
	if f.err != nil {
		return part.Stop(ctx, e, f.err, true)
	}
	slices.SortFunc(f.read, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	if err != nil { // the rest of the file could not be had
		reason, detail := part.ReasonOf(err)
		e.Skip(reason, true, detail)
	}
	return e.Child(part.Part{Path: "picture", Name: p.Name, MediaType: DataType, Body: &rest{at: at, size: size, read: f.read}, Size: size})
}

// file is a picture being read.
type file struct {
	ctx     context.Context
	b       *part.Budget
	e       part.Emitter
	at      io.ReaderAt
	size    int64
	depth   int    // of metadata within metadata
	read    []span // what was read as text
	err     error  // of the budget or of reading
	emitted error  // of the emitter
}

type span struct{ from, to int64 }

// maxField bounds a field that is read as a whole.
const maxField = 16 << 20

// bytes returns n bytes at offset off, fewer where the file ends, nil when
// reading is to stop.
func (f *file) bytes(off, n int64) []byte {
	if f.stopped() || off < 0 || off >= f.size || n <= 0 {
		return nil
	}
	n = min(n, f.size-off, maxField)
	b := make([]byte, n)
	k, err := f.at.ReadAt(b, off)
	if int64(k) < n && err != nil && err != io.EOF {
		f.err = err
	} else if f.err == nil {
		// Fields may lie over one another: what is read again counts again.
		f.err = f.b.Spend(f.ctx, k)
	}
	return b[:k]
}

func (f *file) stopped() bool {
	if f.err == nil {
		f.err = f.b.Spend(f.ctx, 0)
	}
	return f.err != nil || f.emitted != nil
}

// took notes that n bytes at off were read as text.
func (f *file) took(off, n int64) { f.read = append(f.read, span{off, off + n}) }

// text hands on text in UTF-8 under a name.
func (f *file) text(path string, b []byte) {
	f.child(path, "text/plain; charset=utf-8", b)
}

// child hands on a nested part, unless it is empty.
func (f *file) child(path, mediaType string, b []byte) {
	if len(bytes.Trim(b, " \t\r\n\x00")) == 0 || f.stopped() {
		return
	}
	f.emitted = f.e.Child(part.Part{Path: path, MediaType: mediaType, Body: bytes.NewReader(b), Size: int64(len(b))})
}

// xmp hands on a packet of XMP (ISO 16684-1), which is XML.
func (f *file) xmp(b []byte) { f.child("XMP", "application/rdf+xml", b) }

// rest reads the picture with what was read as text blank.
type rest struct {
	at        io.ReaderAt
	off, size int64
	read      []span // by start
}

func (r *rest) Read(p []byte) (int, error) {
	if r.off >= r.size {
		return 0, io.EOF
	}
	n, err := r.at.ReadAt(p[:min(int64(len(p)), r.size-r.off)], r.off)
	for _, s := range r.read {
		if s.from >= r.off+int64(n) {
			break
		}
		if from, to := max(s.from-r.off, 0), min(s.to-r.off, int64(n)); from < to {
			clear(p[from:to])
		}
	}
	r.off += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

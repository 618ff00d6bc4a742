package pdf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/extract/image"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

const (
	// maxPictures bounds the pictures that are kept of one page, and
	// maxAllPictures those that are handed on of one file.
	maxPictures    = 1024
	maxAllPictures = 4096
	// leastPixels is the size of pictures beside text: smaller ones are signs.
	leastPixels = 200 * 200
	// maxSide and maxPixels bound what is made a picture of.
	maxSide   = 1 << 16
	maxPixels = 1 << 26
)

// picture notes a picture on the page, and what masks it, which may be where the
// letters are.
func (p *page) picture(d *document, s *object.Stream, area float64) {
	p.pictures++
	p.largest = max(p.largest, area)
	if len(p.images) == maxPictures {
		p.more = true
		return
	}
	p.images = append(p.images, s)
	for _, k := range []object.Name{"SMask", "Mask"} {
		if m, ok := d.f.Get(s.Dict[k]).(*object.Stream); ok {
			p.images = append(p.images[:min(len(p.images), maxPictures-1)], m)
		}
	}
}

// images hands on the pictures of a page that have so many pixels, each once in a
// document.
func (d *document) images(place string, p *page, least int) error {
	if p.more {
		d.gaps = append(d.gaps, part.Fault{Reason: part.UnknownFormat, Detail: place + ": more pictures than are looked at"})
	}
	for i, s := range p.images {
		if err := d.image(fmt.Sprintf("%s picture %d", place, i+1), s, least); err != nil {
			return err
		}
	}
	return nil
}

// image hands on a picture: as a file, if its data are one, else as one made of its
// pixels. Data that look like text are handed on as what they are, however they are
// to be shown.
func (d *document) image(path string, s *object.Stream, least int) error {
	known := s.Ref != object.Ref{}
	if d.seen[s.Ref] && known || d.f.Err() != nil {
		return nil
	}
	columns, rows := d.side(s, "Width", "W"), d.side(s, "Height", "H")
	r, kind := d.f.Reader(s)
	hidden := false
	if kind == "" {
		b := bufio.NewReaderSize(r, 4<<10)
		head, _ := b.Peek(4 << 10)
		hidden = image.Carries(head[:min(len(head), 512)])
		r = b
	}
	if !hidden && columns*rows < least {
		return nil
	}
	if d.handed++; d.handed > maxAllPictures {
		if d.handed == maxAllPictures+1 {
			d.gaps = append(d.gaps, part.Fault{Reason: part.UnknownFormat, Detail: "more pictures than are looked at"})
		}
		return nil
	}
	if known {
		d.seen[s.Ref] = true
	}
	child := part.Part{Path: path, Body: r, Size: -1}
	switch kind {
	case "":
		shades, ok := d.shadesOf(s)
		if hidden || !ok || columns <= 0 || rows <= 0 || columns > maxSide || rows > maxSide || columns*rows > maxPixels {
			break
		}
		child.Role, child.Body = part.Pixels, newPNG(r, shades, columns, rows, func() error { return d.b.Spend(d.ctx, 0) })
	case "CCITTFaxDecode", "CCF":
		child.Role, child.Body = part.Pixels, &lazily{make: func() io.Reader { return d.fax(r, d.f.Parameters(s), rows) }}
	case "JBIG2Decode":
		child.Role, child.Body = part.Pixels, d.jbig2(r, d.f.Parameters(s))
	}
	return d.e.Child(child)
}

// side is the width or height of a picture.
func (d *document) side(s *object.Stream, long, short object.Name) int {
	return min(max(d.f.Int(s.Dict[long], d.f.Int(s.Dict[short], 0)), 0), 1<<24)
}

// lazily is a reader that is made when it is asked.
type lazily struct {
	make func() io.Reader
	r    io.Reader
}

func (l *lazily) Read(p []byte) (int, error) {
	if l.r == nil {
		l.r = l.make()
	}
	return l.r.Read(p)
}

// Tags of TIFF 6.0.
const (
	tiffWidth       = 256
	tiffHeight      = 257
	tiffBits        = 258
	tiffCompression = 259
	tiffPhotometric = 262
	tiffOffsets     = 273
	tiffSamples     = 277
	tiffRows        = 278
	tiffCounts      = 279
	tiffT4          = 292
	tiffT6          = 293
)

// fax puts data as facsimile machines send them (7.4.6) into a TIFF file.
func (d *document) fax(r io.Reader, params object.Dict, rows int) io.Reader {
	data, err := io.ReadAll(io.LimitReader(r, object.MaxData))
	columns := d.f.Int(params["Columns"], 1728)
	if n := d.f.Int(params["Rows"], 0); n > 0 {
		rows = n
	}
	compression, option, flags := 4, tiffT6, 0
	switch k := d.f.Int(params["K"], 0); {
	case k == 0:
		compression, option = 3, tiffT4
	case k > 0:
		compression, option, flags = 3, tiffT4, 1
	}
	if aligned, _ := d.f.Get(params["EncodedByteAlign"]).(bool); aligned && option == tiffT4 {
		flags |= 4
	}
	black := 0
	if is1, _ := d.f.Get(params["BlackIs1"]).(bool); is1 {
		black = 1
	}
	entries := [][2]int{{tiffWidth, columns}, {tiffHeight, rows}, {tiffBits, 1}, {tiffCompression, compression}, {tiffPhotometric, black},
		{tiffOffsets, 0}, {tiffSamples, 1}, {tiffRows, rows}, {tiffCounts, len(data)}, {option, flags}}
	const long = 4
	le := binary.LittleEndian
	b := le.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), uint16(len(entries)))
	behind := len(b) + 12*len(entries) + 4 // the directory
	for _, e := range entries {
		if e[0] == tiffOffsets {
			e[1] = behind
		}
		b = le.AppendUint16(b, uint16(e[0]))
		b = le.AppendUint16(b, long)
		b = le.AppendUint32(b, 1)
		b = le.AppendUint32(b, uint32(e[1]))
	}
	b = le.AppendUint32(b, 0) // no other directory
	file := io.MultiReader(bytes.NewReader(b), bytes.NewReader(data))
	if err != nil {
		return io.MultiReader(file, failing{err})
	}
	return file
}

// jbig2 puts data of JBIG2 (7.4.7) into a file of it: in the order of pages, of
// which there is one.
func (d *document) jbig2(r io.Reader, params object.Dict) io.Reader {
	head := []byte(image.JBIG2 + "\x01\x00\x00\x00\x01")
	if s, ok := d.f.Get(params["JBIG2Globals"]).(*object.Stream); ok {
		globals, _ := d.f.Data(s)
		head = append(head, globals...)
	}
	return io.MultiReader(bytes.NewReader(head), r)
}

// failing is a reader that has come to an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

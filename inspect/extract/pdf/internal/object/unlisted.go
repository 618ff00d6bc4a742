package object

import (
	"bytes"
	"io"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Unlisted is what stands in a file though its tables do not list it.
type Unlisted struct {
	Streams []*Stream           // of objects that were replaced or taken out
	Text    []byte              // comments and other text between objects
	Remarks []byte              // comments within objects, in any encoding
	Pieces  []*io.SectionReader // other bytes that belong to no object
}

// Unlisted looks for what no table lists, such as another file put before or
// behind this one. It is to be called when all listed objects have been had.
func (f *File) Unlisted() *Unlisted {
	u := &Unlisted{Remarks: f.remarks}
	var headers []int64
	f.eachObject(func(_, _ int, at int64) {
		if _, known := f.spans[at]; !known && len(headers) < 1<<16 {
			headers = append(headers, at)
		}
	})
	ends := f.extents()
	for _, at := range headers {
		// Only what is outside all objects: streams may hold anything.
		if i, _ := slices.BinarySearchFunc(ends, at, func(e extent, at int64) int { return cmp(e.to, at+1) }); i < len(ends) && ends[i].from <= at || !f.Step() {
			continue
		}
		if o, _, ok := f.parse(at); ok {
			if s, ok := o.(*Stream); ok {
				u.Streams = append(u.Streams, s)
			}
		}
	}
	last := int64(0)
	for _, e := range append(f.extents(), extent{f.src.size, f.src.size}) {
		if head := f.origin; head >= last && head < e.from { // the header stands between objects
			f.gap(u, last, head)
			last = head + int64(len("%PDF-1.4"))
		}
		f.gap(u, last, e.from)
		last = max(last, e.to)
	}
	return u
}

// extent is a range of bytes of the file.
type extent struct{ from, to int64 }

func cmp(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// extents returns where what was parsed stands, in order, one merged with the
// next where they overlap.
func (f *File) extents() []extent {
	all := make([]extent, 0, len(f.spans))
	for from, to := range f.spans {
		all = append(all, extent{from, to})
	}
	slices.SortFunc(all, func(a, b extent) int { return cmp(a.from, b.from) })
	merged := all[:0]
	for _, e := range all {
		if n := len(merged); n > 0 && e.from < merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, e.to)
			continue
		}
		merged = append(merged, e)
	}
	return merged
}

// gap adds the bytes between two objects if they are more than the structure of
// a file: tables, trailers, ends of objects, blanks.
func (f *File) gap(u *Unlisted, from, to int64) {
	const look = 1 << 20
	if to-from <= 32 || !f.Step() {
		return
	}
	w := f.src.window(from, int(min(to-from, look)))
	var strange []byte
	trailer, text := false, true
	for line := range bytes.FieldsFuncSeq(w, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = bytes.Trim(line, " \t\x00")
		switch {
		case bytes.HasPrefix(line, []byte("trailer")):
			trailer = true
		case bytes.HasPrefix(line, []byte("startxref")):
			trailer = false
		case structural(line), trailer && len(line) < 256:
		default:
			strange = append(append(strange, line...), '\n')
			text = text && bytes.IndexFunc(line, func(r rune) bool { return r < '\t' }) < 0
		}
	}
	switch {
	case len(strange) <= 32 && to-from <= look:
	case text && to-from <= look && len(u.Text) < maxComments:
		u.Text = append(u.Text, strange...)
	case len(u.Pieces) < 256:
		u.Pieces = append(u.Pieces, io.NewSectionReader(f.src.r, from, to-from))
	default:
		f.Fault(part.TooMany, "bytes between objects")
	}
}

// structural reports whether a line is one of a cross-reference table, or one
// of the words that stand between objects.
func structural(line []byte) bool {
	switch string(line) {
	case "", "xref", "endobj", "endstream", "%%EOF", "obj":
		return true
	}
	line = bytes.TrimRight(line, "nf ")
	return len(bytes.Trim(line, "0123456789 ")) == 0
}

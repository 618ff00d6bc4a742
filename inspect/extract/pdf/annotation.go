package pdf

import (
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// notes are what annotations of a page say besides their appearance.
type notes struct {
	lines []string
	files []object.Dict // file specifications
}

const maxAnnotations = 20000

// annotations shows the appearances of a page's annotations where they stand,
// so that what was filled into a form is beside its label (12.5).
func (d *document) annotations(c *content, dict object.Dict) notes {
	var n notes
	for i, o := range d.f.Array(dict["Annots"]) {
		a := d.f.Dict(o)
		if a == nil || i > maxAnnotations || !d.f.Step() {
			continue
		}
		for _, s := range d.appearances(a["AP"]) {
			inner := &content{d: d, page: c.page, resources: c.resources, state: fresh()}
			inner.form(s, d.placed(s, a["Rect"]))
		}
		for _, k := range []object.Name{"Contents", "RC", "T", "Subj", "TU", "V", "DV", "OverlayText", "CA"} {
			n.lines = d.appendText(n.lines, a[k])
		}
		n.lines = d.appendText(n.lines, d.f.Dict(a["MK"])["CA"])
		n.lines = d.action(n.lines, a["A"])
		for _, k := range []object.Name{"FS", "F"} {
			if fs, ok := d.f.Get(a[k]).(object.Dict); ok {
				n.files = append(n.files, fs)
			}
		}
	}
	return n
}

// appendText appends a text string to lines if it is one, without the tags of
// rich text.
func (d *document) appendText(lines []string, o any) []string {
	switch v := d.f.Get(o).(type) {
	case object.String:
		if s := plain(strings.TrimSpace(glyph.Text(v))); s != "" {
			d.said[s] = true
			lines = append(lines, s)
		}
	case *object.Stream:
		if b, _ := d.f.Data(v); len(b) > 0 {
			lines = append(lines, plain(strings.TrimSpace(glyph.Text(b))))
			d.seen[v.Ref] = true
		}
	case object.Array: // the items of a list, some with a name each
		for _, x := range v {
			for _, y := range d.f.Array(x) {
				if s, ok := d.f.Get(y).(object.String); ok {
					lines = append(lines, glyph.Text(s))
				}
			}
		}
	}
	return lines
}

// plain drops the tags of rich text, which is XHTML (12.7.3.4).
func plain(s string) string {
	if !strings.HasPrefix(s, "<?xml") && !strings.HasPrefix(s, "<body") {
		return s
	}
	var out strings.Builder
	for _, piece := range strings.Split(s, "<") {
		if _, text, ok := strings.Cut(piece, ">"); ok {
			out.WriteString(text)
		}
	}
	return strings.TrimSpace(html.UnescapeString(out.String()))
}

// action appends where a link leads, or what a script says (12.6).
func (d *document) action(lines []string, o any) []string {
	for range 8 {
		a := d.f.Dict(o)
		if a == nil {
			break
		}
		for _, k := range []object.Name{"URI", "JS"} {
			lines = d.appendText(lines, a[k])
		}
		if _, isFile := d.f.Get(a["F"]).(object.String); isFile {
			lines = d.appendText(lines, a["F"])
		}
		o = a["Next"]
	}
	return lines
}

// appearances returns the streams that an annotation may look like: the usual
// one, in all its states.
func (d *document) appearances(ap any) []*object.Stream {
	switch v := d.f.Get(d.f.Dict(ap)["N"]).(type) {
	case *object.Stream:
		return []*object.Stream{v}
	case object.Dict:
		var all []*object.Stream
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if s, ok := d.f.Get(v[k]).(*object.Stream); ok && len(all) < 8 {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// placed returns the matrix that moves a form's box to a rectangle (12.5.5).
func (d *document) placed(s *object.Stream, rect any) matrix {
	to, box := d.f.Array(rect), d.f.Array(s.Dict["BBox"])
	if len(to) != 4 || len(box) != 4 {
		return identity
	}
	side := func(a object.Array, i int) float64 { return min(d.number(a[i], 0), d.number(a[i+2], 0)) }
	m := d.matrix(s.Dict["Matrix"])
	x, y := m.apply(side(box, 0), side(box, 1))
	return matrix{1, 0, 0, 1, side(to, 0) - x, side(to, 1) - y}
}

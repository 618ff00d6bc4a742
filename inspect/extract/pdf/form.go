package pdf

import (
	"bytes"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// maxFields bounds the fields of one form, and the bookmarks of one document.
const maxFields = 1 << 16

// form hands on the values of a form's fields with their names (12.7), and the
// XML of an XFA form.
func (d *document) form(root object.Dict) error {
	acro := d.f.Dict(root["AcroForm"])
	var out []byte
	type field struct {
		o     any
		name  string
		depth int
	}
	var stack []field
	push := func(kids any, name string, depth int) {
		all := d.f.Array(kids)
		for i := len(all) - 1; i >= 0 && depth < maxTree; i-- {
			stack = append(stack, field{all[i], name, depth})
		}
	}
	push(acro["Fields"], "", 0)
	seen := map[object.Ref]bool{}
	for len(stack) > 0 && len(seen) < maxFields && d.f.Step() {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if ref, ok := f.o.(object.Ref); ok {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		dict := d.f.Dict(f.o)
		name := f.name
		if s, ok := d.f.Get(dict["T"]).(object.String); ok {
			name = glyph.Text(s)
			d.said[name] = true
		}
		label := name
		if s, ok := d.f.Get(dict["TU"]).(object.String); ok && len(s) > 0 { // as people see it
			label = glyph.Text(s)
			d.said[label] = true
		}
		values := d.appendText(nil, dict["V"])
		if len(values) == 0 {
			values = d.appendText(values, dict["DV"])
		}
		values = d.appendText(values, dict["Opt"])
		for _, v := range values {
			out = append(out, oneLine(label)+": "+v+"\n"...)
		}
		push(dict["Kids"], name, f.depth+1)
	}
	if err := d.text("form", out); err != nil {
		return err
	}
	return d.xfa(acro["XFA"])
}

// oneLine makes a label of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// xfa hands on the XML of a form: one stream, or one cut in pieces with names.
func (d *document) xfa(o any) error {
	var all []byte
	for _, x := range d.f.Array(o) {
		s, ok := d.f.Get(x).(*object.Stream)
		if !ok {
			continue
		}
		d.seen[s.Ref] = true
		b, err := d.f.Data(s)
		if err != nil {
			d.fault(err, "the XFA form")
		}
		if all = append(append(all, b...), '\n'); len(all) > object.MaxData {
			d.fault(&part.Fault{Reason: part.TooLarge}, "the XFA form")
			break
		}
	}
	if len(all) == 0 {
		return nil
	}
	d.told["XFA"] = true
	return d.e.Child(part.Part{Path: "XFA form", MediaType: "application/xml", Body: bytes.NewReader(all), Size: int64(len(all))})
}

// outline hands on the bookmarks (12.3.3).
func (d *document) outline(root object.Dict) error {
	var out []byte
	stack := []any{d.f.Dict(root["Outlines"])["First"]}
	seen := map[object.Ref]bool{}
	for len(stack) > 0 && len(seen) < maxFields && d.f.Step() {
		o := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		ref, ok := o.(object.Ref)
		if !ok || seen[ref] {
			continue
		}
		seen[ref] = true
		item := d.f.Dict(o)
		for _, line := range d.action(d.appendText(nil, item["Title"]), item["A"]) {
			out = append(out, line+"\n"...)
		}
		stack = append(stack, item["Next"], item["First"])
	}
	return d.text("bookmarks", out)
}

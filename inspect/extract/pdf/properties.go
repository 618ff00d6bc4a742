package pdf

import (
	"maps"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// properties hands on the information dictionary and the metadata (14.3), and
// the document's scripts.
func (d *document) properties(root object.Dict) error {
	info := d.f.Dict(d.f.Trailer["Info"])
	var out []byte
	for _, k := range slices.Sorted(maps.Keys(info)) {
		if s, ok := d.f.Get(info[k]).(object.String); ok {
			if v := strings.TrimSpace(glyph.Text(s)); v != "" {
				d.said[v] = true
				out = append(out, oneLine(string(k))+": "+v+"\n"...)
			}
		}
	}
	if err := d.text("properties", out); err != nil {
		return err
	}
	if s, ok := d.f.Get(root["Metadata"]).(*object.Stream); ok {
		if err := d.stream("metadata", "", s); err != nil {
			return err
		}
	}
	scripts := d.action(nil, root["OpenAction"])
	d.eachNamed(d.f.Dict(root["Names"])["JavaScript"], func(_ string, o any) {
		scripts = d.action(scripts, o)
	})
	more := d.f.Dict(root["AA"])
	for _, k := range slices.Sorted(maps.Keys(more)) {
		scripts = d.action(scripts, more[k])
	}
	return d.text("scripts", []byte(strings.Join(scripts, "\n")))
}

// eachNamed calls found for the entries of a name tree (7.9.6).
func (d *document) eachNamed(root any, found func(name string, o any)) {
	stack := []any{root}
	seen := map[object.Ref]bool{}
	for n := 0; len(stack) > 0 && n < maxFields && d.f.Step(); n++ {
		o := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if ref, ok := o.(object.Ref); ok {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		node := d.f.Dict(o)
		names := d.f.Array(node["Names"])
		for i := 0; i+1 < len(names); i += 2 {
			s, _ := d.f.Get(names[i]).(object.String)
			found(glyph.Text(s), names[i+1])
		}
		kids := d.f.Array(node["Kids"])
		for i := len(kids) - 1; i >= 0; i-- {
			stack = append(stack, kids[i])
		}
	}
}

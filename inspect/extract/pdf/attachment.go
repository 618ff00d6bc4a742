package pdf

import (
	"maps"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// attachments hands on the files embedded in the document (7.11.4).
func (d *document) attachments(root object.Dict) error {
	var all []object.Dict
	add := func(o any) {
		if fs, ok := d.f.Get(o).(object.Dict); ok {
			all = append(all, fs)
		}
	}
	d.eachNamed(d.f.Dict(root["Names"])["EmbeddedFiles"], func(_ string, o any) { add(o) })
	for _, o := range d.f.Array(root["AF"]) {
		add(o)
	}
	for _, fs := range all {
		if err := d.attachment(fs, ""); err != nil {
			return err
		}
	}
	return nil
}

// attachment hands on the files that a file specification holds. place is where
// it stands, "" if nowhere.
func (d *document) attachment(fs object.Dict, place string) error {
	name := ""
	for _, k := range []object.Name{"UF", "F", "Unix", "DOS", "Mac"} {
		if s, ok := d.f.Get(fs[k]).(object.String); ok && name == "" {
			name = glyph.Text(s)
		}
	}
	d.said[name] = true
	if s, ok := d.f.Get(fs["Desc"]).(object.String); ok {
		d.said[glyph.Text(s)] = true
		if err := d.text(strings.TrimSpace(place+" attachment description"), []byte(glyph.Text(s))); err != nil {
			return err
		}
	}
	path := "attachment"
	if name != "" {
		path = name
	}
	if place != "" {
		path = place + " " + path
	}
	files := d.f.Dict(fs["EF"])
	for _, k := range slices.Sorted(maps.Keys(files)) {
		if s, ok := d.f.Get(files[k]).(*object.Stream); ok {
			d.told[path] = true
			if err := d.stream(path, name, s); err != nil {
				return err
			}
		}
	}
	return nil
}

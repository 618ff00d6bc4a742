package pdf

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// technical lists the keys that lead to streams which hold no text of their
// own: fonts, colours, functions, pictures' parts.
var technical = map[object.Name]bool{
	"FontFile": true, "FontFile2": true, "FontFile3": true, "CIDSet": true, "CIDToGIDMap": true,
	"ToUnicode": true, "Encoding": true, "UseCMap": true, "ColorSpace": true, "CS": true, "Function": true, "TR": true, "TR2": true, "BG": true, "BG2": true,
	"UCR": true, "UCR2": true, "HT": true, "DestOutputProfile": true, "Shading": true, "Sound": true,
	"CharProcs": true, "DecodeParms": true, "Length": true,
}

// leftovers hands on what nothing in the document leads to, or only what is not
// followed: pages that were taken out but not removed, streams of unknown
// purpose.
func (d *document) leftovers(object.Dict) error {
	used := map[object.Ref]bool{}
	var streams []*object.Stream
	var pages []object.Ref
	for _, n := range d.f.Numbers() {
		if !d.f.Step() {
			return nil
		}
		ref := object.Ref{Num: n}
		d.strings(d.f.Get(ref), 0)
		switch v := d.f.Get(ref).(type) {
		case object.Dict:
			d.mark(v, false, 0, used)
			if d.f.Name(v["Type"]) == "Page" && v["Contents"] != nil && !d.seenNumber(n) {
				pages = append(pages, ref)
			}
		case object.Array:
			d.mark(v, false, 0, used)
		case *object.Stream:
			d.mark(v.Dict, false, 0, used)
			streams = append(streams, v)
		}
	}
	for _, ref := range pages {
		dict := d.f.Dict(ref)
		if err := d.page(dict, dict["Resources"], dict["MediaBox"]); err != nil {
			return err
		}
	}
	if err := d.text("other strings", d.other); err != nil {
		return err
	}
	more := d.f.Unlisted()
	for i, s := range append(streams, more.Streams...) {
		if d.f.Err() != nil {
			return nil
		}
		listed := i < len(streams)
		if listed && (d.seen[s.Ref] || used[object.Ref{Num: s.Ref.Num}]) || d.f.WasRead(s) {
			continue
		}
		if d.f.Name(s.Dict["Subtype"]) == "Image" {
			if err := d.image(fmt.Sprintf("object %d", s.Ref.Num), s, leastPixels); err != nil {
				return err
			}
			continue
		}
		if dull(d.f, s) {
			continue
		}
		if err := d.leftover(s, listed); err != nil {
			return err
		}
	}
	if err := d.text("comments", bytes.ToValidUTF8(more.Text, nil)); err != nil {
		return err
	}
	if b := append(d.remarks, more.Remarks...); len(b) > 0 {
		if err := d.e.Child(part.Part{Path: "remarks", Body: bytes.NewReader(b), Size: int64(len(b))}); err != nil {
			return err
		}
	}
	for _, b := range more.Pieces {
		if err := d.e.Child(part.Part{Path: "between objects", Body: b, Size: b.Size()}); err != nil {
			return err
		}
	}
	return nil
}

// silent lists the keys of strings that are no text: identifiers, keys, dates,
// looks, places.
var silent = map[object.Name]bool{
	"ID": true, "O": true, "U": true, "OE": true, "UE": true, "Perms": true, "Cert": true, "CheckSum": true,
	"DA": true, "DS": true, "M": true, "CreationDate": true, "ModDate": true, "NM": true, "Panose": true,
	"Registry": true, "Ordering": true, "CharSet": true, "Dest": true, "D": true, "Lang": true, "Style": true,
}

const maxOther = 1 << 20

// strings gathers the texts under any key that have not been handed on:
// descriptions of pictures, data that programs keep for themselves.
func (d *document) strings(o any, depth int) {
	var dict object.Dict
	switch v := o.(type) {
	case object.Dict:
		dict = v
	case *object.Stream:
		dict = v.Dict
	case object.Array:
		for _, x := range v {
			if _, nested := x.(object.Dict); nested && depth < 16 {
				d.strings(x, depth+1)
			}
		}
	}
	if d.f.Name(dict["Type"]) == "Sig" {
		return // what a signature signs with
	}
	for _, k := range slices.Sorted(maps.Keys(dict)) {
		switch v := dict[k].(type) {
		case object.String:
			if silent[k] || len(v) < 8 || len(d.other) > maxOther {
				continue
			}
			if s := plain(strings.TrimSpace(glyph.Text(v))); s != "" && !d.said[s] {
				d.said[s] = true
				d.other = append(append(d.other, s...), '\n')
			}
		case object.Dict, object.Array:
			if depth < 16 {
				d.strings(v, depth+1)
			}
		}
	}
}

func (d *document) seenNumber(n int) bool {
	for gen := range 2 {
		if d.seen[object.Ref{Num: n, Gen: gen}] {
			return true
		}
	}
	return false
}

// mark notes the references under technical keys.
func (d *document) mark(o any, under bool, depth int, used map[object.Ref]bool) {
	if depth > 16 {
		return
	}
	switch v := o.(type) {
	case object.Ref:
		if under && len(used) < 1<<20 {
			r := object.Ref{Num: v.Num}
			if !used[r] {
				used[r] = true
				if _, isStream := d.f.Get(v).(*object.Stream); !isStream {
					d.mark(d.f.Get(v), true, depth+1, used)
				}
			}
		}
	case object.Dict:
		for k, x := range v {
			d.mark(x, under || technical[k], depth+1, used)
		}
	case object.Array:
		for _, x := range v {
			d.mark(x, under, depth+1, used)
		}
	}
}

// dull reports whether a stream is of a kind that holds no text.
func dull(f *object.File, s *object.Stream) bool {
	switch f.Name(s.Dict["Type"]) {
	case "XRef", "ObjStm":
		return true
	}
	switch f.Name(s.Dict["Subtype"]) {
	case "Type1C", "CIDFontType0C", "OpenType":
		return true
	}
	for _, k := range []object.Name{"FunctionType", "ShadingType", "HalftoneType"} {
		if s.Dict[k] != nil {
			return true
		}
	}
	if _, hints := f.Get(s.Dict["S"]).(int); hints { // where things are in a linearized file
		return true
	}
	return s.Dict["N"] != nil && s.Dict["Alternate"] != nil || s.Dict["Length1"] != nil
}

// leftover hands on one such stream: as content if it is a form or a pattern.
func (d *document) leftover(s *object.Stream, listed bool) error {
	place := fmt.Sprintf("object %d", s.Ref.Num)
	if !listed {
		place = "replaced " + place
	}
	if d.f.Name(s.Dict["Subtype"]) == "Form" || s.Dict["PatternType"] != nil {
		p := d.blank()
		c := &content{d: d, page: p, state: fresh()}
		c.form(s, identity)
		p.assemble()
		return d.text(place, p.out)
	}
	r, _ := d.f.Reader(s)
	b := bufio.NewReaderSize(r, 4<<10)
	head, err := b.Peek(4 << 10)
	switch {
	case len(head) == 0 && err == io.EOF, bytes.Contains(head, []byte("Resource-CMap")):
		return nil // a table of characters that no font uses
	case bytes.Contains(head, []byte("BT")) && bytes.Contains(head, []byte("Tf")):
		// What a page shows, or showed: its fonts are those of other pages.
		p := d.blank()
		c := &content{d: d, page: p, resources: object.Dict{"Font": d.common}, state: fresh()}
		c.form(s, identity)
		p.assemble()
		if len(p.out) > 0 {
			return d.text(place, p.out)
		}
	}
	return d.e.Child(part.Part{Path: place, Body: b, Size: -1})
}

package pdf

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// maxTree is how deep a page tree may be.
const maxTree = 64

// eachPage walks the page tree (7.7.3).
func (d *document) eachPage(root any) error {
	type node struct {
		o         any
		resources any
		box       any
		depth     int
	}
	stack := []node{{o: root}}
	for len(stack) > 0 && d.f.Step() {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if ref, ok := n.o.(object.Ref); ok {
			if d.seen[ref] {
				continue
			}
			d.seen[ref] = true
		}
		dict := d.f.Dict(n.o)
		if dict == nil {
			d.note("a page could not be found")
			continue
		}
		if r := dict["Resources"]; r != nil {
			n.resources = r
		}
		if b := dict["MediaBox"]; b != nil {
			n.box = b
		}
		kids, isNode := d.f.Get(dict["Kids"]).(object.Array)
		if !isNode || d.f.Name(dict["Type"]) == "Page" {
			if err := d.page(dict, n.resources, n.box); err != nil {
				return err
			}
			continue
		}
		if n.depth >= maxTree {
			d.note("pages nested too deep")
			continue
		}
		for i := len(kids) - 1; i >= 0; i-- {
			stack = append(stack, node{kids[i], n.resources, n.box, n.depth + 1})
		}
	}
	return nil
}

// page reads one page.
func (d *document) page(dict object.Dict, resources, box any) error {
	d.pages++
	place := fmt.Sprintf("page %d", d.pages)
	p := d.blank()
	c := &content{d: d, page: p, resources: d.f.Dict(resources), state: fresh()}
	for name, f := range d.f.Dict(c.resources["Font"]) {
		if d.common[name] == nil {
			d.common[name] = f
		}
	}
	// Streams of one page are one stream cut anywhere between tokens (7.8.2).
	var b []byte
	contents := dict["Contents"]
	if contents != nil && d.f.Get(contents) == nil {
		d.note(place + " could not be found")
	}
	for _, o := range d.f.Array(contents) {
		s, ok := d.f.Get(o).(*object.Stream)
		if !ok {
			d.note(place + " lacks a piece")
			continue
		}
		more, err := d.f.Data(s)
		if err != nil {
			d.fault(err, place)
		}
		if b = append(append(b, more...), '\n'); len(b) > object.MaxData {
			d.fault(&part.Fault{Reason: part.TooLarge}, place)
			break
		}
	}
	c.run(b)
	notes := d.annotations(c, dict)
	p.assemble()
	text := string(p.out)
	for _, a := range p.alternatives {
		if flat := strings.TrimSpace(a); flat != "" && !strings.Contains(text, flat) {
			p.out = append(append(p.out, flat...), '\n')
			text = string(p.out)
		}
	}
	for _, n := range notes.lines {
		if !strings.Contains(text, n) {
			p.out = append(append(p.out, n...), '\n')
		}
	}
	if unreadable(p.out) {
		d.unread = append(d.unread, d.pages)
	}
	if err := d.text(place, p.out); err != nil {
		return err
	}
	for _, a := range notes.files {
		if err := d.attachment(a, place); err != nil {
			return err
		}
	}
	least := leastPixels
	if p.scanned(d.area(box)) {
		d.scanned = append(d.scanned, d.pages)
		least = 0
	}
	return d.images(place, p, least)
}

// maxUnknown is how many glyphs in a row may be unknown before it is told: one
// is a symbol, more may be a name.
const maxUnknown = 3

// unreadable reports whether text has a stretch of unknown glyphs.
func unreadable(text []byte) bool {
	n := 0
	for _, r := range string(text) {
		switch {
		case r == utf8.RuneError:
			if n++; n > maxUnknown {
				return true
			}
		case !unicode.IsSpace(r):
			n = 0
		}
	}
	return false
}

// blank returns a page that reuses the storage of the last one.
func (d *document) blank() *page {
	p := &d.last
	*p = page{text: p.text[:0], runs: p.runs[:0], out: p.out[:0]}
	return p
}

func fresh() state { return state{ctm: identity, stretch: 1, size: 1} }

// What makes a page one of pictures: no text at all, or hardly any beside a
// picture that fills most of it, as scanners put a number on each page. Many
// drawings and no text are probably letters turned into curves.
const (
	scannedShare    = 0.4
	scannedText     = 100 // bytes
	scannedDrawings = 50
)

func (p *page) scanned(area float64) bool {
	if len(p.out) == 0 {
		return p.pictures > 0 || p.drawings >= scannedDrawings
	}
	return len(p.out) < scannedText && p.largest > scannedShare*area
}

// area returns the area of a page, that of A4 if its box does not say.
func (d *document) area(box any) float64 {
	b := d.f.Array(box)
	if len(b) != 4 {
		return 595 * 842
	}
	return math.Abs((d.number(b[2], 0) - d.number(b[0], 0)) * (d.number(b[3], 0) - d.number(b[1], 0)))
}

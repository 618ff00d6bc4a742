package pdf

import (
	"bytes"
	"math"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/glyph"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// content runs content streams (8 and 9) as far as text is concerned. All text
// is taken: invisible, outside the page, in hidden layers, behind pictures.
type content struct {
	d         *document
	page      *page
	resources object.Dict
	depth     int
	state     state
	stack     []state
	tm, line  matrix
	marks     []string // ActualText of the marked content that is open, "" for none
	args      []any
}

// state is the part of the graphics state that text depends on.
type state struct {
	ctm                    matrix
	font                   *font
	size, char, word, lead float64
	stretch, rise          float64
	mode                   int
}

const (
	maxForms = 12   // of forms in forms
	maxStack = 512  // of saved states
	maxArgs  = 4096 // of one operator
)

// run runs a content stream.
func (c *content) run(b []byte) {
	l := object.NewLexer(b).Remarks(&c.d.remarks)
	c.args = c.args[:0]
	for n := 1; ; n++ {
		if n%1024 == 0 && !c.d.f.Step() {
			return
		}
		switch o := l.Next().(type) {
		case object.End:
			return
		case object.Keyword:
			if o == "ID" {
				c.inline(skipImage(l))
			} else {
				c.do(string(o))
			}
			c.args = c.args[:0]
		default:
			if len(c.args) < maxArgs {
				c.args = append(c.args, o)
			}
		}
	}
}

// inline notes an inline picture, whose dictionary is in the operands.
func (c *content) inline(data []byte) {
	dict := object.Dict{}
	for i := 0; i+1 < len(c.args); i += 2 {
		if k, ok := c.args[i].(object.Name); ok {
			dict[k] = c.args[i+1]
		}
	}
	for _, k := range []object.Name{"ColorSpace", "CS"} {
		if name, ok := dict[k].(object.Name); ok {
			if o := c.d.f.Dict(c.resources["ColorSpace"])[name]; o != nil {
				dict[k] = o
			}
		}
	}
	c.page.picture(c.d, object.Inline(dict, data), c.state.ctm.area())
}

// skipImage passes over the data of an inline picture (8.9.7) and returns them.
func skipImage(l *object.Lexer) []byte {
	rest := l.Rest()
	if len(rest) > 0 && object.Space(rest[0]) {
		l.Skip(1)
		rest = l.Rest()
	}
	for i := 0; ; {
		k := bytes.Index(rest[i:], []byte("EI"))
		if k < 0 {
			l.Skip(len(rest))
			return rest
		}
		i += k
		before := i == 0 || object.Space(rest[i-1])
		after := i+2 >= len(rest) || object.Space(rest[i+2])
		// What follows must look like text: data may hold "EI" too.
		if before && after && readable(rest[i+2:]) {
			l.Skip(i + 2)
			return rest[:i]
		}
		i += 2
	}
}

func readable(b []byte) bool {
	for _, c := range b[:min(len(b), 12)] {
		if c >= 0x7f || c < ' ' && !object.Space(c) {
			return false
		}
	}
	return true
}

// num returns the i-th operand from the end, counted from 1.
func (c *content) num(i int) float64 {
	if i > len(c.args) {
		return 0
	}
	v, _ := object.Number(c.args[len(c.args)-i])
	return v
}

func (c *content) arg(i int) any {
	if i > len(c.args) {
		return nil
	}
	return c.args[len(c.args)-i]
}

func (c *content) matrix() matrix {
	return matrix{c.num(6), c.num(5), c.num(4), c.num(3), c.num(2), c.num(1)}
}

func (c *content) do(op string) {
	s := &c.state
	switch op {
	case "q":
		if len(c.stack) < maxStack {
			c.stack = append(c.stack, *s)
		}
	case "Q":
		if n := len(c.stack); n > 0 {
			*s = c.stack[n-1]
			c.stack = c.stack[:n-1]
		}
	case "cm":
		if m := c.matrix().times(s.ctm); m.finite() {
			s.ctm = m
		}
	case "BT":
		c.tm, c.line = identity, identity
	case "Tc":
		s.char = c.num(1)
	case "Tw":
		s.word = c.num(1)
	case "Tz":
		s.stretch = c.num(1) / 100
	case "TL":
		s.lead = c.num(1)
	case "Ts":
		s.rise = c.num(1)
	case "Tr":
		s.mode = int(c.num(1))
	case "Tf":
		s.size = c.num(1)
		if name, ok := c.arg(2).(object.Name); ok {
			if o := c.d.f.Dict(c.resources["Font"])[name]; o != nil {
				s.font = c.d.font(o)
			} else {
				s.font = c.d.font(object.Dict{"Subtype": object.Name("Type1"), "BaseFont": name})
			}
		}
	case "gs":
		name, _ := c.arg(1).(object.Name)
		set := c.d.f.Dict(c.d.f.Dict(c.resources["ExtGState"])[name])
		if f := c.d.f.Array(set["Font"]); len(f) == 2 {
			s.font, s.size = c.d.font(f[0]), c.d.number(f[1], 1)
		}
	case "Td":
		c.move(c.num(2), c.num(1))
	case "TD":
		s.lead = -c.num(1)
		c.move(c.num(2), c.num(1))
	case "Tm":
		if m := c.matrix(); m.finite() {
			c.tm, c.line = m, m
		}
	case "T*":
		c.move(0, -s.lead)
	case "Tj":
		c.show(c.arg(1))
	case "'":
		c.move(0, -s.lead)
		c.show(c.arg(1))
	case "\"":
		s.word, s.char = c.num(3), c.num(2)
		c.move(0, -s.lead)
		c.show(c.arg(1))
	case "TJ":
		c.showAll()
	case "Do":
		name, _ := c.arg(1).(object.Name)
		c.object(c.d.f.Dict(c.resources["XObject"])[name])
	case "f", "F", "f*", "B", "B*", "b", "b*", "S", "s":
		c.page.drawings++
	case "BMC", "BDC":
		c.mark(op)
	case "EMC":
		if n := len(c.marks); n > 0 {
			if c.marks[n-1] != "" {
				c.page.alternatives = append(c.page.alternatives, c.marks[n-1])
			}
			c.marks = c.marks[:n-1]
		}
	}
}

// mark notes what a piece of content is said to read as (14.9.4).
func (c *content) mark(op string) {
	text := ""
	if op == "BDC" {
		props := c.arg(1)
		if name, ok := props.(object.Name); ok {
			props = c.d.f.Dict(c.resources["Properties"])[name]
		}
		dict := c.d.f.Dict(props)
		for _, k := range []object.Name{"ActualText", "Alt", "E"} {
			if s, ok := c.d.f.Get(dict[k]).(object.String); ok && text == "" {
				text = strings.TrimSpace(glyph.Text(s))
				c.d.said[text] = true
			}
		}
	}
	if len(c.marks) < maxStack {
		c.marks = append(c.marks, text)
	}
}

func (c *content) move(x, y float64) {
	if m := (matrix{1, 0, 0, 1, x, y}).times(c.line); m.finite() {
		c.tm, c.line = m, m
	}
}

// advance moves on by a distance in text space along the writing direction.
func (c *content) advance(d float64) {
	x, y := d, 0.0
	if c.state.font != nil && c.state.font.vertical {
		x, y = 0, -d
	}
	if m := (matrix{1, 0, 0, 1, x, y}).times(c.tm); m.finite() {
		c.tm = m
	}
}

// showAll shows the strings of TJ's array. Numbers move the next one.
func (c *content) showAll() {
	items, ok := c.arg(1).(object.Array)
	if !ok {
		items = c.args // "[" has been seen missing
	}
	s := &c.state
	for _, o := range items {
		if v, ok := object.Number(o); ok {
			d := -v / 1000 * s.size
			if s.font == nil || !s.font.vertical {
				d *= s.stretch
			}
			c.advance(d)
			continue
		}
		c.show(o)
	}
}

// show shows one string as a run of glyphs.
func (c *content) show(o any) {
	b, ok := o.(object.String)
	s := &c.state
	if !ok || len(b) == 0 {
		return
	}
	if s.font == nil {
		s.font = c.d.font(object.Dict{})
	}
	f := s.font
	m := c.tm.times(s.ctm)
	r := run{}
	r.x, r.y = m.apply(0, s.rise)
	if f.vertical {
		r.dx, r.dy = m.turn(0, -s.size)
	} else {
		r.dx, r.dy = m.turn(s.size*s.stretch, 0)
	}
	r.em = math.Hypot(r.dx, r.dy)
	if r.em == 0 || math.IsNaN(r.em) {
		r.em, r.dx, r.dy = 1e-3, 1e-3, 0
	}
	r.hidden = s.mode == 3
	from := len(c.page.text)
	total := 0.0
	for len(b) > 0 {
		g, n := f.next(b)
		c.page.text = append(c.page.text, g.text...)
		d := g.advance*s.size + s.char
		if n == 1 && b[0] == ' ' {
			d += s.word
		}
		if !f.vertical {
			d *= s.stretch
		}
		total += d
		b = b[n:]
	}
	c.advance(total)
	m = c.tm.times(s.ctm)
	r.ex, r.ey = m.apply(0, s.rise)
	r.from, r.to = from, len(c.page.text)
	c.page.add(c.d, r)
}

// object paints an external object: a form is content of its own.
func (c *content) object(o any) {
	s, ok := c.d.f.Get(o).(*object.Stream)
	if !ok {
		return
	}
	if c.d.f.Name(s.Dict["Subtype"]) == "Image" {
		c.page.picture(c.d, s, c.state.ctm.area())
		return
	}
	c.form(s, identity)
}

// form runs a form (8.10), placed by a matrix.
func (c *content) form(s *object.Stream, place matrix) {
	if c.depth >= maxForms || !c.d.f.Step() {
		return
	}
	b, err := c.d.f.Data(s)
	if err != nil {
		c.d.fault(err, "a form on a page")
	}
	inner := content{d: c.d, page: c.page, depth: c.depth + 1, state: c.state, tm: identity, line: identity}
	if inner.resources = c.d.f.Dict(s.Dict["Resources"]); inner.resources == nil {
		inner.resources = c.resources
	}
	if m := c.d.matrix(s.Dict["Matrix"]).times(place).times(c.state.ctm); m.finite() {
		inner.state.ctm = m
	}
	inner.run(b)
}

// matrix reads a matrix, the identity if o is none.
func (d *document) matrix(o any) matrix {
	a := d.f.Array(o)
	if len(a) != 6 {
		return identity
	}
	var m matrix
	for i := range m {
		m[i] = d.number(a[i], identity[i])
	}
	return m
}

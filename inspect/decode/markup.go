package decode

import (
	"bytes"
	"context"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// markup reads XML and HTML, well-formed or not: text with its entities
// resolved, attribute values, comments, scripts. Elements of HTML become what
// they look like (cells are set apart by tabs, blocks by line ends, marks within
// a word by nothing); other elements begin a line with their name and a colon,
// which is how labels read.
type markup struct{}

func (markup) Name() string { return "markup" }

func (markup) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	if declaredHTML(p.MediaType) && bytes.IndexByte(head, '<') >= 0 {
		return true // mails have HTML that begins with text
	}
	b := trimStart(head)
	if len(b) > 4 && b[0] == '<' && b[1] == 0 || len(b) > 4 && (string(b[:4]) == "\xff\xfe<\x00" || string(b[:4]) == "\xfe\xff\x00<") {
		return true
	}
	if len(b) < 4 || b[0] != '<' {
		return false
	}
	return strings.HasPrefix(string(b[:4]), "<!") || b[1] == '?' || isNameStart(b[1]) && bytes.IndexByte(b[:min(len(b), 1024)], '>') > 0
}

// declaredHTML reports whether a media type says HTML.
func declaredHTML(mediaType string) bool {
	if len(mediaType) < len("text/html") {
		return false
	}
	kind := kindOf(mediaType)
	return kind == "text/html" || kind == "application/xhtml+xml"
}

func isNameStart(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }

// elements says what tags of HTML become. What is not listed is no HTML.
var elements = func() map[string]string {
	t := map[string]string{}
	for kind, names := range map[string]string{
		"":   "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q ruby rb s samp small span strike strong sub sup tspan tt u var wbr",
		"\t": "td th dt rt rp",
		"\n": "address article aside base blockquote body br button canvas caption center col colgroup data datalist dd details dialog div dl embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img input label legend li link main map menu meta meter nav noscript object ol optgroup option output p param picture pre progress script section select source style summary svg table tbody template textarea tfoot thead title tr track ul video",
	} {
		for name := range strings.FieldsSeq(names) {
			t[name] = kind
		}
	}
	return t
}()

// silent lists attributes that programs read, not people, and that are passed
// over if they are short.
var silent = map[string]bool{"class": true, "id": true, "style": true, "lang": true, "dir": true,
	"rel": true, "target": true, "type": true, "width": true, "height": true, "xmlns": true}

// maxTag bounds what is looked at as one tag or entity.
const maxTag = 16 << 10

type markupReader struct {
	ctx context.Context
	e   part.Emitter
	b   *part.Budget
	w   *window
	o   *writer
	pos int
	raw string // what ends content that is no markup: "</script", "]]>"

	told  bool // xml is known, by the first tag
	xml   bool // no HTML: every tag is a key
	row   bool // in a row of a table, which is to stay one line
	cells int  // begun in it
}

func (markup) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	w := openWindow(p)
	defer w.Close()
	o := openWriter(e, w, part.Auto)
	defer o.Close()
	r := &markupReader{ctx: ctx, e: e, b: b, w: w, o: o}
	for {
		w.consume(r.pos)
		r.pos = 0
		if w.fill(2 * chunk); len(w.text) == 0 {
			break
		}
		if over := b.Spend(ctx, 0); over != nil {
			o.flush()
			e.Format("markup", w.encoding())
			return part.Stop(ctx, e, over, true)
		}
		for r.pos < len(w.text) && o.err == nil && (w.err != nil || len(w.text)-r.pos >= maxTag) {
			if err := r.piece(); err != nil {
				return err
			}
		}
		if o.err != nil {
			return o.err
		}
	}
	if err := o.flush(); err != nil {
		return err
	}
	e.Format("markup", w.encoding())
	return finish(ctx, e, w)
}

// piece reads a stretch of text, an entity or a tag.
func (r *markupReader) piece() error {
	b := r.w.text[r.pos:]
	if r.raw != "" {
		return r.verbatim(b)
	}
	n := bytes.IndexByte(b, '<')
	if n < 0 {
		n = len(b)
	}
	if k := bytes.IndexByte(b[:n], '&'); k >= 0 {
		n = k
	}
	if n > 0 && r.row {
		return r.inRow(b[:n])
	}
	if n > 0 {
		return r.text(n)
	}
	if b[0] == '&' {
		r.entity(b)
		return nil
	}
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		if n := idleComment(b); n > 0 {
			r.skip(n, "")
			return nil
		}
		r.skip(4, " ")
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		r.skip(9, "")
		r.raw = "]]>"
	case len(b) > 1 && (isNameStart(b[1]) || b[1] == '/' || b[1] == '?' || b[1] == '!'):
		r.tag(b[:charStart(b, maxTag)])
	default:
		return r.text(1)
	}
	return nil
}

// inRow takes over t, text in a table's row, up to the end of a line, which becomes
// a space.
func (r *markupReader) inRow(t []byte) error {
	n := bytes.IndexByte(t, '\n')
	if n > 0 {
		return r.text(n)
	}
	if n < 0 {
		return r.text(len(t))
	}
	end := 1
	for end < len(t) && t[end] <= ' ' {
		end++
	}
	gap := " "
	if r.cells == 0 {
		gap = ""
	}
	r.skip(end, gap)
	return nil
}

// idleComment returns the length of the comment that b begins with if it is
// short and says nothing, 0 otherwise: such ones stand within words to cut them.
func idleComment(b []byte) int {
	const longest = 16
	k := bytes.Index(b[4:min(len(b), 4+longest+3)], []byte("-->"))
	if k < 0 {
		return 0
	}
	for _, c := range b[4 : 4+k] {
		if c >= 0x80 || c >= '0' && c <= '9' || c == '@' {
			return 0
		}
	}
	return 4 + k + 3
}

// text takes over n bytes. A long stretch of base64 in it is a nested part.
func (r *markupReader) text(n int) error {
	for n > 0 {
		b := r.w.text[r.pos : r.pos+n]
		found, ok := findRun(b)
		if !ok {
			r.copy(n)
			return nil
		}
		if r.pos+n == len(r.w.text) && found.open && r.w.err == nil {
			// It may go on beyond the window: read it from there.
			r.copy(found.start)
			if r.pos > 0 {
				r.w.consume(r.pos)
				r.pos = 0
				r.w.fill(2 * chunk)
				if again, ok := findRun(r.w.text); !ok || again.start > 0 || again.end < len(r.w.text) || r.w.err != nil {
					return nil
				}
			}
			return r.long(found.line)
		}
		child, decoded, worth := r.w.base64Child(nil, b[found.start:found.end])
		r.copy(found.end)
		n -= found.end
		if worth {
			if over := r.b.Spend(r.ctx, len(decoded)); over != nil {
				r.w.err, r.w.text = over, r.w.text[:r.pos]
				return nil
			}
			if err := r.o.child(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// long hands on base64 that stands at the start of the window and beyond it.
func (r *markupReader) long(line int) error {
	body := part.NewMeter(r.ctx, r.b, "base64", &base64Reader{run: &runReader{w: r.w, line: line}})
	if err := r.o.child(part.Part{Path: "base64", Body: body, Size: -1}); err != nil {
		return err
	}
	if err := part.Drain(r.ctx, r.b, body); err != nil && r.w.err == nil {
		r.w.err, r.w.text = err, r.w.text[:0]
	}
	return nil
}

func (r *markupReader) copy(n int) {
	r.o.copy(r.w.text[r.pos:r.pos+n], r.pos)
	r.pos += n
}

// skip passes n bytes, putting s for them.
func (r *markupReader) skip(n int, s string) {
	r.o.put(s, r.pos, n)
	r.pos += n
}

// entity resolves the character reference that b begins with, if it is one.
func (r *markupReader) entity(b []byte) {
	text, n := entityAt(b)
	r.skip(n, text)
}

// entityAt returns what the character reference at b's start stands for, and its
// length. An ampersand alone stands for itself.
func entityAt(b []byte) (string, int) {
	const longest = 40
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 2 {
		return "&", 1
	}
	from := string(b[:end+1])
	if to := html.UnescapeString(from); to != from && !strings.HasPrefix(to, "&#") {
		return to, end + 1
	}
	return "&", 1
}

// verbatim reads on to where r.raw stands, in whatever case.
func (r *markupReader) verbatim(b []byte) error {
	n := 0
	for {
		k := bytes.IndexByte(b[n:], r.raw[0])
		if k < 0 {
			return r.text(len(b))
		}
		n += k
		if len(b)-n < len(r.raw) {
			break
		}
		if strings.EqualFold(string(b[n:n+len(r.raw)]), r.raw) {
			break
		}
		n++
	}
	if n > 0 {
		return r.text(n)
	}
	if len(b) < len(r.raw) && r.w.err != nil {
		return r.text(len(b))
	}
	if r.raw == "]]>" {
		r.skip(3, "")
	}
	r.raw = ""
	return nil
}

// tag reads the tag that b begins with.
func (r *markupReader) tag(b []byte) {
	end := tagEnd(b)
	at := 1
	closing := at < len(b) && b[at] == '/'
	if closing || at < len(b) && (b[at] == '?' || b[at] == '!') {
		at++
	}
	from := at
	for at < end && b[at] > ' ' && b[at] != '>' && b[at] != '/' {
		at++
	}
	name := string(b[from : from+charStart(b[from:at], 64)])
	kind, known := r.element(strings.ToLower(name), closing)
	switch {
	case known:
		r.o.put(kind, r.pos, at)
	case b[1] == '!' || b[1] == '?':
		r.o.put("\n", r.pos, at)
	case closing:
		r.o.put("\n", r.pos, at)
	default:
		if k := strings.LastIndexByte(name, ':'); k >= 0 {
			name = name[k+1:] // the prefix of a namespace
		}
		r.o.put("\n", r.pos, 1)
		r.o.put(name, r.pos+from, at-from)
		r.o.put(": ", r.pos+at, 0)
	}
	start := r.pos
	r.pos += at
	if !closing {
		r.attributes(b, at, end, start)
		if lower := strings.ToLower(name); lower == "script" || lower == "style" {
			r.raw = "</" + lower
		}
	}
	r.pos = start + end
}

// element returns what a tag of HTML becomes, and whether it is one. The cells of a
// row stand side by side in one line, whatever the source's lines are.
func (r *markupReader) element(name string, closing bool) (kind string, known bool) {
	kind, known = elements[name]
	if !r.told && name != "" && name != "xml" {
		r.told, r.xml = true, !known && name != "doctype"
	}
	if r.xml {
		return "", false
	}
	switch name {
	case "tr":
		r.row, r.cells = !closing, 0
		if closing {
			return "", true
		}
	case "td", "th":
		if !r.row {
			break
		}
		if closing {
			return "", true
		}
		if r.cells++; r.cells == 1 {
			return "", true
		}
	case "table", "tbody", "thead", "tfoot":
		r.row = false
	default:
		if r.row && kind == "\n" {
			return " ", true
		}
	}
	return kind, known
}

// charStart returns the last offset up to n where a character of b starts or b
// ends.
func charStart(b []byte, n int) int {
	if n >= len(b) {
		return len(b)
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

// tagEnd returns the length of the tag that b begins with; of an unfinished one,
// b's.
func tagEnd(b []byte) int {
	quote := byte(0)
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && (b[i-1] == '=' || b[i-1] == ' '):
			quote = c
		case c == '>':
			return i + 1
		}
	}
	if k := bytes.IndexByte(b, '>'); k >= 0 && quote != 0 {
		return k + 1 // a stray quotation mark
	}
	return len(b)
}

// attributes writes the values of a tag's attributes, each behind its name.
func (r *markupReader) attributes(b []byte, at, end, start int) {
	for at < end {
		for at < end && (b[at] <= ' ' || b[at] == '/' || b[at] == '>' || b[at] == '?') {
			at++
		}
		from := at
		for at < end && b[at] > ' ' && b[at] != '=' && b[at] != '>' {
			at++
		}
		name := b[from:at]
		for at < end && b[at] <= ' ' {
			at++
		}
		if at >= end || b[at] != '=' {
			if len(name) > 0 && from > 0 {
				r.o.put(" ", start+from, 0)
				r.o.copy(b[from:from+len(name)], start+from)
			}
			if at == from {
				at++
			}
			continue
		}
		at++
		for at < end && b[at] <= ' ' {
			at++
		}
		value := at
		stop := at
		if at < end && (b[at] == '"' || b[at] == '\'') {
			value++
			k := bytes.IndexByte(b[value:end], b[at])
			if k < 0 {
				k = end - value
			}
			stop = value + k
			at = stop + 1
		} else {
			for at < end && b[at] > ' ' && b[at] != '>' {
				at++
			}
			stop = at
		}
		if value >= stop || stop-value < 64 && silent[strings.ToLower(string(name))] {
			continue
		}
		r.o.put(" ", start+from, 0)
		r.o.copy(name, start+from)
		r.o.put("=", start+from+len(name), 1)
		r.value(b[value:stop], start+value)
		r.o.put(" ", start+stop, 0)
		if child, ok := document(b[value:stop]); ok {
			child.Path = "@" + string(name)
			r.o.child(child) // its error sticks in o
		}
	}
}

// value writes an attribute's value with its entities resolved.
func (r *markupReader) value(b []byte, at int) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '&')
		if n < 0 {
			n = len(b)
		}
		r.o.copy(b[:n], at)
		b, at = b[n:], at+n
		if len(b) > 0 {
			text, n := entityAt(b)
			r.o.put(text, at, n)
			b, at = b[n:], at+n
		}
	}
}

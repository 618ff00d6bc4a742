package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// jsonText reads JSON (RFC 8259) and NDJSON, valid or not, as it comes by. The
// escapes in strings are resolved, so that they read as text; a quotation mark
// or a line break in a string becomes ' or a space there, since the marks that
// are left tell the structure. Strings that are documents of their own (base64,
// data: URLs, JSON, several lines, or very long) are nested parts, named by
// their JSON path, and leave an empty string behind.
type jsonText struct{}

func (jsonText) Name() string { return "json" }

func (jsonText) Match(p *part.Part, head []byte) bool {
	if p.Role == part.Header || p.Role == part.FileName {
		return false
	}
	return looksJSON(head) || strings.Contains(p.MediaType, "json") && looksValue(head)
}

// looksJSON reports whether b begins like a JSON object or array.
func looksJSON(b []byte) bool {
	b = trimStart(b)
	if len(b) < 2 {
		return false
	}
	next := trimStart(b[1:])
	if len(next) == 0 {
		return false
	}
	switch b[0] {
	case '{':
		return next[0] == '"' || next[0] == '}'
	case '[':
		return strings.IndexByte(`{["]`, next[0]) >= 0
	}
	return false
}

// looksValue reports whether b may be a JSON value of any kind, having been
// declared so, in an encoding that leaves ASCII alone.
func looksValue(b []byte) bool {
	b = trimStart(b)
	return len(b) > 0 && (b[0] == '"' || b[0] == '[' || b[0] == '{') && !bytes.Contains(b[:min(len(b), 64)], []byte{0})
}

// trimStart drops a byte order mark and white space.
func trimStart(b []byte) []byte {
	if len(b) > 0 && b[0] > ' ' && b[0] != 0xef {
		return b // most often
	}
	return bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
}

// maxString bounds what is looked at as one string.
const maxString = 16 << 10

type jsonReader struct {
	ctx   context.Context
	e     part.Emitter
	b     *part.Budget
	w     *window
	o     *writer
	marks marks // of w.text
	pos   int   // in w.text
	done  int   // in w.text: taken over up to here
	place jsonPath
	known int // in w.text: place is followed up to here, but for what is left
	left  behind
	cells int // short strings of base64 met that stand for text
	value []byte
}

var jsons = sync.Pool{New: func() any { return &jsonReader{} }}

func (jsonText) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	w := openWindow(p)
	defer w.Close()
	o := openWriter(e, w, part.JSON)
	defer o.Close()
	r := jsons.Get().(*jsonReader)
	defer r.release()
	r.ctx, r.e, r.b, r.w, r.o = ctx, e, b, w, o
	for r.more() {
		if over := b.Spend(ctx, 0); over != nil {
			o.flush()
			e.Format("json", w.encoding())
			return part.Stop(ctx, e, over, true)
		}
		if err := r.block(); err != nil {
			return err
		}
	}
	if err := o.flush(); err != nil {
		return err
	}
	e.Format("json", w.encoding())
	return finish(ctx, e, w)
}

// release keeps r's storage for others.
func (r *jsonReader) release() {
	r.ctx, r.e, r.b, r.w, r.o = nil, nil, nil, nil, nil
	r.pos, r.done, r.known, r.cells = 0, 0, 0, 0
	r.place.forget()
	r.left.forget()
	jsons.Put(r)
}

// more slides the window. It reports false at the end.
func (r *jsonReader) more() bool {
	r.keep()
	if r.w.err == nil && r.pos > 0 { // there is more
		r.leave()
	}
	r.w.consume(r.pos)
	r.pos, r.done, r.known = 0, 0, 0
	r.w.fill(chunk)
	r.marks.read(r.w.text)
	return len(r.w.text) > 0
}

// leave says that the text up to pos goes.
func (r *jsonReader) leave() {
	if r.known > 0 {
		r.place.slide(r.w.text, r.known)
	}
	if !r.left.leave(r.w, r.pos, len(r.left.text)+r.pos-r.known) {
		r.follow()
		r.place.slide(r.w.text, r.pos)
	}
}

// follow follows the structure up to pos.
func (r *jsonReader) follow() {
	r.left.follow(&r.place)
	r.place.follow(r.marks.of, r.known, r.pos)
	r.known = r.pos
}

// limit is the offset from which a string may go on behind the window.
func (r *jsonReader) limit() int {
	if r.w.err != nil {
		return len(r.w.text)
	}
	return len(r.w.text) - maxString + 1
}

// isKey reports whether the string at pos is a key.
func (r *jsonReader) isKey() bool {
	r.follow()
	return r.place.isKey(r.w.text, r.pos)
}

// keep takes over what was passed since done.
func (r *jsonReader) keep() {
	if r.pos > r.done {
		r.o.copy(r.w.text[r.done:r.pos], r.done)
	}
	r.done = r.pos
}

// block reads on until the window has too little left to hold a whole string.
func (r *jsonReader) block() error {
	tried := -1 // where the marks were last looked at for what needs no look
	for limit := r.limit(); r.pos < limit; limit = r.limit() {
		if k := r.pos >> 6; k != tried && r.cells < minInline {
			tried = k
			if r.pos = r.marks.skip(r.w.text, r.pos); r.pos >= limit {
				break
			}
		}
		r.pos = min(r.marks.between(r.pos), len(r.w.text))
		if r.pos == len(r.w.text) {
			break
		}
		if r.w.text[r.pos] != '"' {
			r.pos++
		} else if err := r.string(); err != nil {
			return err
		}
	}
	r.keep()
	return r.o.err
}

// string reads the string at pos.
func (r *jsonReader) string() error {
	b := r.w.text[r.pos+1:]
	n, escaped, closed := r.marks.stringEnd(r.pos+1, min(len(b), maxString))
	if !closed && (len(b) >= maxString || r.w.err == nil) {
		return r.long()
	}
	body := b[:n]
	if (n >= minValue && dense(body) || r.cells >= minInline) && !escaped && closed && r.inline(body) {
		return r.o.err
	}
	if n >= minValue && (escaped || dense(body)) {
		value := body
		if escaped {
			r.value, _ = unescape(r.value[:0], body)
			value = r.value
		}
		child, ok := document(value)
		if !ok && manyLines(value) {
			child, ok = part.Part{Body: newBytesReader(value), Size: int64(len(value))}, true
		}
		if ok && !r.isKey() {
			return r.child(child, n)
		}
	}
	if escaped {
		r.pos++ // the quotation mark
		r.keep()
		r.resolve(body)
	} else {
		r.pos += 1 + n
	}
	if closed {
		r.pos++
	}
	return r.o.err
}

// minInline is how many short values of base64 stand for text from which even
// shorter ones are looked at.
const minInline = 2

// inline writes a short string of base64, which stands at pos, as the words that
// it stands for, in its place: what belongs together stays so.
func (r *jsonReader) inline(body []byte) bool {
	n := len(body)
	if n < minCell || n > maxCell || n%4 != 0 || !beginsWords(body) || base64Prefix(body) != n {
		return false
	}
	if r.value = unbase64(r.value, body); !isWords(r.value) || r.isKey() {
		return false
	}
	if r.cells++; r.cells <= minInline {
		return false
	}
	r.pos++
	r.keep()
	r.o.put(quoteless(r.value), r.pos, n)
	r.pos += n + 1
	r.done = r.pos - 1
	return true
}

// beginsWords reports whether b, base64 of at least eight characters, may stand
// for words: identifiers are over with the first.
func beginsWords(b []byte) bool {
	var begin [6]byte
	for i := range 2 {
		q := b[4*i : 4*i+4]
		s, t, u, v := sextet[q[0]], sextet[q[1]], sextet[q[2]], sextet[q[3]]
		if s|t|u|v == outside {
			return true // it ends here
		}
		begin[3*i], begin[3*i+1], begin[3*i+2] = s<<2|t>>4, t<<4|u>>2, u<<6|v
	}
	for rest := begin[:]; utf8.FullRune(rest); {
		c, n := utf8.DecodeRune(rest)
		if c == utf8.RuneError && n == 1 || !ofWords(c) {
			return false
		}
		rest = rest[n:]
	}
	return true
}

// quoteless is b without what ends a string.
func quoteless(b []byte) string {
	return strings.NewReplacer(`"`, "'", `\`, " ").Replace(string(b))
}

// child hands on a string of n bytes as a nested part.
func (r *jsonReader) child(p part.Part, n int) error {
	p.Path = r.place.path(r.w.text, r.pos)
	r.pos++ // the quotation mark stays
	r.keep()
	if over := r.b.Spend(r.ctx, int(p.Size)); over != nil {
		r.w.err = over // told at the end
		r.w.text = r.w.text[:r.pos]
		return nil
	}
	if err := r.o.child(p); err != nil {
		return err
	}
	r.pos += n
	r.done = r.pos
	if r.pos < len(r.w.text) {
		r.pos++
	}
	return nil
}

// resolve writes the escapes of body, which stands at pos, as what they mean.
func (r *jsonReader) resolve(body []byte) {
	end := r.pos + len(body)
	for r.pos < end {
		k := bytes.IndexByte(r.w.text[r.pos:end], '\\')
		if k < 0 {
			r.pos = end
			break
		}
		r.pos += k
		r.keep()
		if n := r.o.putEscapes(r.w.text[r.pos:end], r.pos); n > 0 {
			r.pos += n
			r.done = r.pos
			continue
		}
		c, n := escapeAt(r.w.text[r.pos:end])
		switch c {
		case '"':
			c = '\''
		case '\n', '\r', '\t', '\b', '\f':
			c = ' '
		}
		var buf [utf8.UTFMax]byte
		r.o.put(string(buf[:utf8.EncodeRune(buf[:], c)]), r.pos, n)
		r.pos += n
		r.done = r.pos
	}
	r.keep()
}

// long hands on a string that does not end in the window.
func (r *jsonReader) long() error {
	r.follow()
	path := r.place.path(r.w.text, r.pos)
	r.pos++
	r.keep()
	if err := r.o.flush(); err != nil {
		return err
	}
	r.place.slide(r.w.text, r.known)
	r.w.consume(r.pos)
	r.pos, r.done = 0, 0
	head, _ := unescape(nil, r.w.text[:min(len(r.w.text), maxString)])
	mediaType, data, isURL := dataURL(head)
	strings := &stringReader{w: r.w}
	child := part.Part{Path: path, MediaType: mediaType, Body: strings, Size: -1}
	if isURL {
		for skip := len(head) - len(data); skip > 0; { // read over "data:…,"
			n, err := strings.Read(r.buffer(skip))
			if skip -= n; err != nil {
				break
			}
		}
		head = data
	}
	if isBase64(head[:min(len(head), maxString/2)]) {
		child.Body = part.NewMeter(r.ctx, r.b, "base64", &base64Reader{src: strings})
	}
	if err := r.e.Child(child); err != nil {
		return err
	}
	if err := part.Drain(r.ctx, r.b, strings); err != nil && r.w.err == nil {
		r.w.err = err
		r.w.text = r.w.text[:0]
	}
	if r.w.fill(1); len(r.w.text) > 0 && r.w.text[0] == '"' {
		r.pos = 1
	}
	r.marks.read(r.w.text)
	r.known = r.pos
	return nil
}

func (r *jsonReader) buffer(n int) []byte {
	if cap(r.value) < n {
		r.value = make([]byte, n)
	}
	return r.value[:n]
}

// stringEnd returns the length of the string that b begins with, whether it has
// escapes, and whether its end is in b.
func stringEnd(b []byte) (n int, escaped, closed bool) {
	for {
		k := bytes.IndexByte(b[n:], '"')
		if k < 0 {
			return len(b), escaped || bytes.IndexByte(b[n:], '\\') >= 0, false
		}
		s := bytes.IndexByte(b[n:n+k], '\\')
		if s < 0 {
			return n + k, escaped, true
		}
		escaped = true
		n += s + 2
		if n >= len(b) {
			return len(b), true, false
		}
	}
}

// dense reports whether a string without escapes may be a document as base64,
// a data: URL, markup or percent-encoded.
func dense(b []byte) bool {
	if b[4] == ':' || b[0] == '<' {
		return true
	}
	// A space, a colon or a character beyond ASCII is what most have.
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	other := uint64(0)
	for at := 0; at < minValue; at += 8 {
		x := binary.LittleEndian.Uint64(b[at:])
		space, colon := x^ones*' ', x^ones*':'
		other |= x | (space-ones)&^space | (colon-ones)&^colon
	}
	if other&tops != 0 {
		return false
	}
	for _, c := range b[:minValue] {
		if sextet[c] == outside && c != '%' {
			return false
		}
	}
	return true
}

// manyLines reports whether a string is long enough, and of enough lines, to be
// read as a text of its own.
func manyLines(b []byte) bool {
	return len(b) >= 64 && bytes.Count(b, []byte("\n")) >= 2
}

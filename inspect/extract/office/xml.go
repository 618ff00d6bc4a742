package office

import (
	"bytes"
	"io"
	"strconv"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// scanner walks through XML as office programs write it. It does no more than
// find tags and text, at many times the speed of encoding/xml: prefixes are left
// out, nothing is expanded but the five entities and character references, and
// what it makes of faulty XML is text all the same.
type scanner struct {
	src  io.Reader
	buf  []byte
	at   int // of what is not read yet, in buf
	end  int
	err  error
	open int  // elements that did not end yet
	raw  bool // in a CDATA section

	text    []byte // of the last text or remark
	tag     []byte // the last tag, without < and >
	scratch []byte
}

// token kinds.
type token uint8

const (
	tokenEnd    token = iota // of the document, see fault
	tokenText                // text holds it, entities resolved
	tokenOpen                // an element begins
	tokenClose               // an element ends
	tokenEmpty               // an element without content
	tokenRemark              // text holds a comment, an instruction or a declaration
)

const (
	window   = 64 << 10
	maxToken = 1 << 20 // bounds one tag; longer text comes in pieces
)

var windows = sync.Pool{New: func() any { b := make([]byte, window); return &b }}

// declaration is about how much of a document tells its encoding.
const declaration = 200

// newScanner reads UTF-8, or what else the document says or shows that it is in.
func newScanner(r io.Reader) *scanner {
	x := &scanner{src: r, buf: *windows.Get().(*[]byte)}
	for x.end < declaration && x.fill() {
	}
	if e := encodingOf(x.buf[:x.end]); e != nil {
		head := bytes.NewReader(bytes.Clone(x.buf[:x.end]))
		x.src = transform.NewReader(io.MultiReader(head, r), e.NewDecoder())
		x.end, x.err = 0, nil
	}
	if bytes.HasPrefix(x.buf[:x.end], []byte("\xef\xbb\xbf")) {
		x.at = 3
	}
	return x
}

// release gives back what x used; it is not to be used any more.
func (x *scanner) release() {
	if b := x.buf; len(b) == window {
		x.buf = nil
		windows.Put(&b)
	}
}

// encodingOf returns the encoding of a document that begins with head, nil for
// UTF-8.
func encodingOf(head []byte) encoding.Encoding {
	if len(head) < 2 {
		return nil
	}
	switch {
	case head[0] == 0, head[0] == 0xfe:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case head[1] == 0, head[0] == 0xff:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	head, _, ok := bytes.Cut(head[:min(len(head), declaration)], []byte("?>"))
	if !ok || !bytes.HasPrefix(head, []byte("<?xml")) {
		return nil
	}
	_, name, ok := bytes.Cut(head, []byte("encoding="))
	if !ok || len(name) < 2 {
		return nil
	}
	name, _, _ = bytes.Cut(name[1:], name[:1])
	e, err := htmlindex.Get(string(name))
	if err != nil || e == unicode.UTF8 {
		return nil
	}
	if name, _ := htmlindex.Name(e); name == "utf-16le" || name == "utf-16be" {
		return nil // it is not, as its first bytes show
	}
	return e
}

// fill reads more behind what is not read yet, and reports whether there was
// room and something came.
func (x *scanner) fill() bool {
	if x.err != nil {
		return false
	}
	if x.at > 0 {
		x.end = copy(x.buf, x.buf[x.at:x.end])
		x.at = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxToken {
			return false
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for idle := 0; idle < 100; idle++ {
		n, err := x.src.Read(x.buf[x.end:])
		x.end += n
		x.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	x.err = io.ErrNoProgress
	return false
}

// index returns where c stands at or behind offset from of what is not read yet,
// reading on as needed; -1 if it does not come.
func (x *scanner) index(c byte, from int) int {
	for {
		if k := bytes.IndexByte(x.buf[x.at+from:x.end], c); k >= 0 {
			return from + k
		}
		from = x.end - x.at
		if !x.fill() {
			return -1
		}
	}
}

// next returns the next token, and an element's name without its prefix. Both,
// and what is in x, are valid until the next call.
func (x *scanner) next() (token, []byte) {
	for {
		for x.end-x.at < 2 && x.fill() {
		}
		if x.at == x.end {
			return tokenEnd, nil
		}
		if x.raw {
			if x.section() {
				return tokenText, nil
			}
			continue
		}
		b := x.buf[x.at:x.end]
		if b[0] != '<' || len(b) > 1 && !startsTag(b[1]) {
			x.characters()
			return tokenText, nil
		}
		if len(b) > 1 && (b[1] == '!' || b[1] == '?') {
			if x.remark() {
				return tokenRemark, nil
			}
			continue
		}
		n := x.tagEnd()
		if n < 0 {
			x.characters()
			return tokenText, nil
		}
		x.tag = x.buf[x.at+1 : x.at+n]
		x.at += n + 1
		switch {
		case len(x.tag) == 0:
		case x.tag[0] == '/':
			x.open--
			return tokenClose, local(x.tag[1:])
		case x.tag[len(x.tag)-1] == '/':
			return tokenEmpty, local(x.tag)
		default:
			x.open++
			return tokenOpen, local(x.tag)
		}
	}
}

func startsTag(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '!' || c == '?' || c == '_' || c >= utf8.RuneSelf
}

// tagEnd returns where the tag at x.at ends, -1 if it does not. A > within
// quotation marks is no end, unless the mark is a stray one.
func (x *scanner) tagEnd() int {
	quote := byte(0)
	for i, c := range x.buf[x.at+1 : x.end] { // most tags are short and whole
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1
		case c == '"' || c == '\'':
			quote = c
		}
	}
	for from := 1; ; {
		end := x.index('>', from)
		if end < 0 {
			if from > 1 {
				return x.index('>', 1)
			}
			return -1
		}
		in := x.buf[x.at+from : x.at+end]
		k := bytes.IndexByte(in, '"')
		if j := bytes.IndexByte(in, '\''); j >= 0 && (k < 0 || j < k) {
			k = j
		}
		if k < 0 {
			return end
		}
		closing := x.index(in[k], from+k+1)
		if closing < 0 {
			return x.index('>', 1)
		}
		from = closing + 1
	}
}

// characters reads text up to the next tag, or as much as there is room for.
func (x *scanner) characters() {
	from := 1 // a stray < is text
	for {
		if k := bytes.IndexByte(x.buf[x.at+from:x.end], '<'); k >= 0 {
			x.take(from + k)
			return
		}
		if from = x.end - x.at; from >= window/2 || !x.fill() {
			break
		}
	}
	n := x.end - x.at
	if x.err == nil {
		if k := bytes.LastIndexByte(x.buf[x.end-min(n, 16):x.end], '&'); k >= 0 && n > 16 {
			n -= min(n, 16) - k
		}
		n = whole(x.buf[x.at : x.at+n])
	}
	x.take(n)
}

// take reads n bytes as text.
func (x *scanner) take(n int) {
	x.text = x.buf[x.at : x.at+n]
	x.at += n
	if bytes.IndexByte(x.text, '&') >= 0 {
		x.scratch = appendUnescaped(x.scratch[:0], x.text)
		x.text = x.scratch
	}
}

// whole returns how much of b is whole characters.
func whole(b []byte) int {
	for i := len(b) - 1; i > 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				break
			}
			return i
		}
	}
	return len(b)
}

// section reads of a CDATA section. It reports false at its end.
func (x *scanner) section() bool {
	k := bytes.Index(x.buf[x.at:x.end], []byte("]]>"))
	if k == 0 {
		x.at += 3
		x.raw = false
		return false
	}
	if k < 0 {
		if x.end-x.at < window/2 && x.fill() {
			return false
		}
		if k = x.end - x.at; x.err == nil {
			k = max(1, whole(x.buf[x.at:x.at+max(1, k-2)]))
		}
	}
	x.text = x.buf[x.at : x.at+k]
	x.at += k
	return true
}

// remark reads what begins with <! or <?. It reports false if there is nothing
// in it to be read.
func (x *scanner) remark() bool {
	const section = "<![CDATA["
	for x.end-x.at < len(section) && x.fill() {
	}
	b := x.buf[x.at:x.end]
	end, n := "", 2
	switch {
	case bytes.HasPrefix(b, []byte(section)):
		x.at += len(section)
		x.raw = true
		return false
	case bytes.HasPrefix(b, []byte("<!--")):
		end, n = "-->", 4
	case b[1] == '?':
		end = "?>"
	}
	var k int
	if end == "" { // a declaration; its inner ones come by themselves
		k = x.index('>', n)
		if j := bytes.IndexByte(x.buf[x.at+n:x.end], '<'); j >= 0 && (k < 0 || n+j < k) {
			k = n + j - 1
		}
		end = ">"
	} else {
		for from := n; ; {
			if j := bytes.Index(x.buf[x.at+from:x.end], []byte(end)); j >= 0 {
				k = from + j
				break
			}
			from = max(n, x.end-x.at-2)
			if !x.fill() {
				k = -1
				break
			}
		}
	}
	if k < 0 { // too long or cut off: what is in it is read as if it stood outside
		x.at += min(n, x.end-x.at)
		return false
	}
	x.text = x.buf[x.at+n : x.at+k]
	x.at += k + len(end)
	return !bytes.HasPrefix(x.text, []byte("xml ")) && !bytes.HasPrefix(x.text, []byte("mso-application ")) && len(bytes.TrimSpace(x.text)) > 0
}

// fault tells why the document ended early, nil if it did not.
func (x *scanner) fault() error {
	switch {
	case x.err != nil && x.err != io.EOF:
		return x.err
	case x.open > 0 && x.at == x.end:
		return &part.Fault{Reason: part.DecodeError, Detail: "XML ends early"}
	}
	return nil
}

// local returns the name of an element without its prefix.
func local(tag []byte) []byte {
	for i, c := range tag {
		if c == ':' {
			return local(tag[i+1:])
		}
		if c <= ' ' || c == '/' {
			return tag[:i]
		}
	}
	return tag
}

// attribute returns the value of an attribute of the last tag by its name
// without a prefix, nil if it has none. Entities are not resolved.
func (x *scanner) attribute(name string) []byte {
	for rest := x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return nil
		}
		if string(key) == name {
			return value
		}
		rest = more
	}
}

// number returns the value of an attribute that is a number, otherwise none.
func (x *scanner) number(name string, none int) int {
	n, err := strconv.Atoi(string(x.attribute(name)))
	if err != nil {
		return none
	}
	return n
}

// said returns the value of an attribute in clear, "" if it has none.
func (x *scanner) said(name string) string {
	return string(appendUnescaped(nil, x.attribute(name)))
}

// cutAttribute cuts the next attribute off the rest of a tag.
func cutAttribute(b []byte) (key, value, rest []byte, ok bool) {
	k := bytes.IndexByte(b, '=')
	if k < 0 {
		return nil, nil, nil, false
	}
	from := k
	for from > 0 && b[from-1] <= ' ' {
		from--
	}
	end := from
	for from > 0 && b[from-1] > ' ' && b[from-1] != ':' {
		from--
	}
	key, b = b[from:end], b[k+1:]
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	if len(b) == 0 {
		return nil, nil, nil, false
	}
	if b[0] == '"' || b[0] == '\'' {
		if n := bytes.IndexByte(b[1:], b[0]); n >= 0 {
			return key, b[1 : 1+n], b[n+2:], true
		}
		return nil, nil, nil, false
	}
	n := bytes.IndexAny(b, " \t\r\n/")
	if n < 0 {
		n = len(b)
	}
	return key, b[:n], b[n:], true
}

// appendUnescaped appends b with its entities resolved.
func appendUnescaped(dst, b []byte) []byte {
	for {
		k := bytes.IndexByte(b, '&')
		if k < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:k]...)
		b = b[k:]
		end := bytes.IndexByte(b[:min(len(b), 12)], ';')
		r, ok := rune(0), false
		if end > 1 {
			r, ok = entity(string(b[1:end]))
		}
		if !ok {
			dst, b = append(dst, '&'), b[1:]
			continue
		}
		dst, b = utf8.AppendRune(dst, r), b[end+1:]
	}
}

func entity(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if name[0] != '#' || len(name) < 2 {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0] == 'x' || digits[0] == 'X' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune
}

// blank reports whether b is white space alone.
func blank(b []byte) bool {
	for _, c := range b {
		if c > ' ' {
			return false
		}
	}
	return true
}

// last is attribute for a name that another attribute may have, with another
// prefix, before it.
func (x *scanner) last(name string) (last []byte) {
	for rest := x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return last
		}
		if string(key) == name {
			last = value
		}
		rest = more
	}
}

package tomlfile

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// entry is where one value stands: byte offsets of its key and of itself, and
// of what is inside it.
type entry struct {
	key, value int
	keys       map[string]*entry
	elems      []*entry
	tables     bool // elems came from [[headers]]
}

func (e *entry) child(k string, at int) *entry {
	if c := e.keys[k]; c != nil {
		return c
	}
	c := &entry{key: at, value: at}
	if e.keys == nil {
		e.keys = map[string]*entry{}
	}
	e.keys[k] = c
	return c
}

// table is the table that headers and dotted keys mean by e: its last element
// if it is an array of tables.
func (e *entry) table() *entry {
	if n := len(e.elems); e.tables && n > 0 {
		return e.elems[n-1]
	}
	return e
}

// maxDepth bounds the recursion into nested lists and inline tables.
const maxDepth = 200

// index fills root from src, which the decoder has accepted. Where it meets
// what it does not understand, it stops; positions then fall back to the
// nearest thing known.
func index(src []byte, root *entry) {
	x := indexer{src: src}
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		x.i = 3
	}
	at := root
	for x.blank(true); x.i < len(src) && !x.bad; x.blank(true) {
		if src[x.i] == '[' {
			at = x.header(root)
		} else {
			x.pair(at, 0)
		}
	}
}

type indexer struct {
	src []byte
	i   int
	bad bool
}

// blank skips spaces and, if lines is set, line ends and comments.
func (x *indexer) blank(lines bool) {
	for x.i < len(x.src) {
		switch c := x.src[x.i]; {
		case c == ' ' || c == '\t':
		case lines && (c == '\n' || c == '\r'):
		case lines && c == '#':
			for x.i < len(x.src) && x.src[x.i] != '\n' {
				x.i++
			}
			continue
		default:
			return
		}
		x.i++
	}
}

// take consumes c if it comes next.
func (x *indexer) take(c byte) bool {
	if x.i < len(x.src) && x.src[x.i] == c {
		x.i++
		return true
	}
	return false
}

// want consumes c or gives up.
func (x *indexer) want(c byte) {
	if !x.take(c) {
		x.bad = true
	}
}

// header reads [a.b] or [[a.b]] and returns the table that follows.
func (x *indexer) header(root *entry) *entry {
	start := x.i
	x.i++
	many := x.take('[')
	at := root
	for !x.bad {
		x.blank(false)
		pos := x.i
		k := x.key()
		at = at.table().child(k, pos)
		x.blank(false)
		if !x.take('.') {
			break
		}
	}
	x.want(']')
	if many {
		x.want(']')
		at.tables = true
		at.elems = append(at.elems, &entry{key: start, value: start})
	} else {
		at.key, at.value = start, start
	}
	return at.table()
}

// pair reads key = value into t.
func (x *indexer) pair(t *entry, depth int) {
	var e *entry
	for !x.bad {
		pos := x.i
		k := x.key()
		e = t.table().child(k, pos)
		x.blank(false)
		if !x.take('.') {
			break
		}
		x.blank(false)
		t = e
	}
	x.want('=')
	x.blank(false)
	if !x.bad {
		x.val(e, depth)
	}
}

// val reads a value into e.
func (x *indexer) val(e *entry, depth int) {
	e.value = x.i
	if x.i >= len(x.src) || depth > maxDepth {
		x.bad = true
		return
	}
	switch c := x.src[x.i]; c {
	case '"', '\'':
		x.text()
	case '[':
		x.i++
		for x.blank(true); !x.bad && !x.take(']'); x.blank(true) {
			el := &entry{key: x.i, value: x.i}
			e.elems = append(e.elems, el)
			x.val(el, depth+1)
			x.blank(true)
			if !x.take(',') && !x.peek(']') {
				x.bad = true
			}
		}
	case '{':
		x.i++
		for x.blank(true); !x.bad && !x.take('}'); x.blank(true) {
			x.pair(e, depth+1)
			x.blank(true)
			if !x.take(',') && !x.peek('}') {
				x.bad = true
			}
		}
	default: // number, date, true, false
		for x.i < len(x.src) && bytes.IndexByte([]byte(",]}#\r\n"), x.src[x.i]) < 0 {
			x.i++
		}
	}
}

func (x *indexer) peek(c byte) bool { return x.i < len(x.src) && x.src[x.i] == c }

// text skips a quoted value.
func (x *indexer) text() {
	q := x.src[x.i]
	triple := []byte{q, q, q}
	if !bytes.HasPrefix(x.src[x.i:], triple) {
		x.quoted()
		return
	}
	for x.i += 3; x.i < len(x.src); x.i++ {
		switch {
		case q == '"' && x.src[x.i] == '\\':
			x.i++
		case bytes.HasPrefix(x.src[x.i:], triple):
			x.i += 3
			// Up to two quotes may stand right before the closing three.
			for n := 0; n < 2 && x.take(q); n++ {
			}
			return
		}
	}
	x.bad = true
}

// quoted skips a one-line string and returns what stands between its quotes.
func (x *indexer) quoted() []byte {
	q := x.src[x.i]
	x.i++
	start := x.i
	for x.i < len(x.src) {
		switch c := x.src[x.i]; {
		case c == '\\' && q == '"':
			x.i++
		case c == q:
			x.i++
			return x.src[start : x.i-1]
		}
		x.i++
	}
	x.bad = true
	return nil
}

// key reads one bare or quoted key.
func (x *indexer) key() string {
	if x.i >= len(x.src) {
		x.bad = true
		return ""
	}
	switch x.src[x.i] {
	case '\'':
		return string(x.quoted())
	case '"':
		return unescape(x.quoted())
	}
	start := x.i
	for x.i < len(x.src) && bytes.IndexByte([]byte(" \t\r\n.=]#\"'[{},"), x.src[x.i]) < 0 {
		x.i++
	}
	if x.i == start {
		x.bad = true
	}
	return string(x.src[start:x.i])
}

// escapes are those of one letter.
var escapes = map[byte]byte{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'e': 0x1b, '"': '"', '\\': '\\'}

// unescape resolves the escapes of a basic string.
func unescape(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		if c, ok := escapes[b[i]]; ok {
			out = append(out, c)
			continue
		}
		n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[b[i]]
		if i+n >= len(b) {
			break
		}
		r, _ := strconv.ParseUint(string(b[i+1:i+1+n]), 16, 32)
		out = utf8.AppendRune(out, rune(r))
		i += n
	}
	return string(out)
}

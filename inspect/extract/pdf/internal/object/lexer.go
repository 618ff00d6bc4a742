package object

import (
	"bytes"
	"strconv"
	"strings"
)

// Lexer reads objects from bytes: a part of a file, a content stream, a CMap.
type Lexer struct {
	b    []byte
	at   int
	refs bool // "1 0 R" is a reference
	left int  // values that the current object may still hold
	said *[]byte
}

// Bounds of the comments that are kept: the least length of one, the most of all.
const (
	minRemark   = 8
	maxComments = 1 << 20
)

// Remarks makes the lexer append the comments that it passes over to b, one a
// line, up to a bound.
func (l *Lexer) Remarks(b *[]byte) *Lexer {
	l.said = b
	return l
}

const (
	maxNesting = 64      // of arrays and dictionaries
	maxValues  = 1 << 20 // in one object
)

// NewLexer reads b, in which there are no references.
func NewLexer(b []byte) *Lexer { return &Lexer{b: b} }

// Pos is the offset of what is read next.
func (l *Lexer) Pos() int { return l.at }

// Rest returns the bytes not read yet.
func (l *Lexer) Rest() []byte { return l.b[min(l.at, len(l.b)):] }

// Skip passes over n bytes.
func (l *Lexer) Skip(n int) { l.at = min(l.at+n, len(l.b)) }

// class tells white space (1) and delimiters (2) from other bytes.
var class = func() (t [256]byte) {
	for _, c := range "\x00\t\n\f\r " {
		t[c] = 1
	}
	for _, c := range "()<>[]{}/%" {
		t[c] = 2
	}
	return t
}()

// Space reports whether c is white space.
func Space(c byte) bool { return class[c] == 1 }

func (l *Lexer) space() {
	for l.at < len(l.b) {
		switch c := l.b[l.at]; {
		case class[c] == 1:
			l.at++
		case c == '%':
			from := l.at + 1
			for l.at < len(l.b) && l.b[l.at] != '\n' && l.b[l.at] != '\r' {
				l.at++
			}
			if l.said != nil && l.at-from >= minRemark && len(*l.said) < maxComments {
				*l.said = append(append(*l.said, l.b[from:l.at]...), '\n')
			}
		default:
			return
		}
	}
}

// Next reads the next object: nil, bool, int, float64, Name, String, Array,
// Dict, Ref, or a Keyword; End when there is none. Closing brackets that close
// nothing are passed over.
func (l *Lexer) Next() any {
	l.left = maxValues
	return l.next(0)
}

func (l *Lexer) next(depth int) any {
	for {
		l.space()
		if l.at >= len(l.b) {
			return End{}
		}
		c := l.b[l.at]
		if depth >= maxNesting && (c == '[' || c == '<') {
			l.at++
			continue
		}
		switch c {
		case '/':
			l.at++
			return l.name()
		case '(':
			l.at++
			return l.literal()
		case '[':
			l.at++
			return l.array(depth)
		case '<':
			if l.at+1 < len(l.b) && l.b[l.at+1] == '<' {
				l.at += 2
				return l.dict(depth)
			}
			l.at++
			return l.hex()
		case ']', '}', '{', ')':
			l.at++
			if depth > 0 && c == ']' {
				return closing(c)
			}
		case '>':
			l.at++
			if l.at < len(l.b) && l.b[l.at] == '>' {
				l.at++
				if depth > 0 {
					return closing(c)
				}
			}
		default:
			return l.word()
		}
	}
}

// closing is the end of an array or a dictionary.
type closing byte

func (l *Lexer) array(depth int) any {
	a := Array{}
	for {
		o := l.next(depth + 1)
		switch v := o.(type) {
		case End:
			return a
		case closing:
			if v == '>' { // "[1 2 >>": the dictionary around it ends
				l.at -= 2
			}
			return a
		case Keyword:
			if v == "endobj" || v == "endstream" {
				l.at -= len(v)
				return a
			}
		}
		if l.left--; l.left > 0 {
			a = append(a, o)
		}
	}
}

func (l *Lexer) dict(depth int) any {
	d := Dict{}
	for {
		k := l.next(depth + 1)
		switch v := k.(type) {
		case End:
			return d
		case closing:
			if v == '>' {
				return d
			}
			continue
		case Keyword:
			if v == "endobj" || v == "stream" || v == "endstream" {
				l.at -= len(v)
				return d
			}
			continue
		case Name:
			before := l.at
			o := l.next(depth + 1)
			switch w := o.(type) {
			case End:
				return d
			case closing:
				l.at = before
				continue
			case Keyword:
				if w == "endobj" || w == "stream" {
					l.at = before
					continue
				}
			}
			if l.left--; l.left > 0 {
				d[v] = o
			}
		}
	}
}

func (l *Lexer) name() any {
	from := l.at
	escaped := false
	for l.at < len(l.b) && class[l.b[l.at]] == 0 {
		escaped = escaped || l.b[l.at] == '#'
		l.at++
	}
	raw := l.b[from:l.at]
	if !escaped {
		return Name(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) && nibble(raw[i+1]) >= 0 && nibble(raw[i+2]) >= 0 {
			out = append(out, byte(nibble(raw[i+1])<<4|nibble(raw[i+2])))
			i += 2
			continue
		}
		out = append(out, raw[i])
	}
	return Name(out)
}

func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *Lexer) literal() any {
	out := String{}
	depth := 1
	for l.at < len(l.b) {
		c := l.b[l.at]
		l.at++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return out
			}
		case '\r':
			if l.at < len(l.b) && l.b[l.at] == '\n' {
				l.at++
			}
			c = '\n'
		case '\\':
			var ok bool
			if c, ok = l.escape(); !ok {
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// escape reads what follows a backslash. ok is false if it stands for nothing.
func (l *Lexer) escape() (c byte, ok bool) {
	if l.at >= len(l.b) {
		return 0, false
	}
	c = l.b[l.at]
	l.at++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\r':
		if l.at < len(l.b) && l.b[l.at] == '\n' {
			l.at++
		}
		return 0, false
	case '\n':
		return 0, false
	}
	if c < '0' || c > '7' {
		return c, true
	}
	v := c - '0'
	for range 2 {
		if l.at >= len(l.b) || l.b[l.at] < '0' || l.b[l.at] > '7' {
			break
		}
		v = v<<3 | (l.b[l.at] - '0')
		l.at++
	}
	return v, true
}

func (l *Lexer) hex() any {
	out := String{}
	high := -1
	for l.at < len(l.b) {
		c := l.b[l.at]
		l.at++
		if c == '>' {
			break
		}
		n := nibble(c)
		switch {
		case n < 0:
		case high < 0:
			high = n
		default:
			out = append(out, byte(high<<4|n))
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4))
	}
	return out
}

// word reads a number, a keyword or a reference.
func (l *Lexer) word() any {
	from := l.at
	for l.at < len(l.b) && class[l.b[l.at]] == 0 {
		l.at++
	}
	w := l.b[from:l.at]
	switch c := w[0]; {
	case c-'0' < 10, c == '+', c == '-', c == '.':
		if n, ok := integer(w); ok {
			if l.refs && n >= 0 && c-'0' < 10 {
				if gen, ok := l.reference(); ok {
					return Ref{n, gen}
				}
			}
			return n
		}
		if v, n := real(w); n > 0 {
			l.at = from + n // "12.5Td" has been seen
			return v
		}
	}
	switch string(w) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	if k, ok := operators[string(w)]; ok {
		return k
	}
	return Keyword(w)
}

// operators holds the keywords that content streams are full of, so that
// reading one costs no allocation.
var operators = func() map[string]any {
	m := map[string]any{}
	for k := range strings.FieldsSeq("b B b* B* BDC BI BMC BT c cm cs CS d Do EMC ET f F f* g G gs h i ID j J k K l m M n " +
		"q Q re rg RG ri s S sc SC scn SCN sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \"") {
		m[k] = Keyword(k)
	}
	return m
}()

// integer reads w as an integer, if it is one.
func integer(w []byte) (int, bool) {
	i, sign := 0, 1
	for i < len(w)-1 && (w[i] == '+' || w[i] == '-') { // "--5" has been seen
		if w[i] == '-' {
			sign = -1
		}
		i++
	}
	if len(w)-i > 18 {
		return 0, false
	}
	n := 0
	for ; i < len(w); i++ {
		if w[i]-'0' >= 10 {
			return 0, false
		}
		n = n*10 + int(w[i]-'0')
	}
	return sign * n, true
}

// real reads the number that w begins with and returns how long it is.
func real(w []byte) (float64, int) {
	i := 0
	for i < len(w) && (w[i] == '+' || w[i] == '-') {
		i++
	}
	from, dot, digits := max(i-1, 0), false, 0
	for ; i < len(w); i++ {
		if w[i] == '.' && !dot {
			dot = true
		} else if w[i]-'0' < 10 {
			digits++
		} else if w[i] == '-' && digits > 0 {
			// "12.-34": what follows the sign is dropped, as other readers do.
			v, _ := strconv.ParseFloat(string(w[from:i]), 64)
			return v, len(w)
		} else {
			break
		}
	}
	if digits == 0 {
		if dot && i == len(w) {
			return 0, i
		}
		return 0, 0
	}
	v, err := strconv.ParseFloat(string(w[from:i]), 64)
	if err != nil || v > 1e12 || v < -1e12 {
		return 0, i
	}
	return v, i
}

// reference reads the rest of "12 0 R".
func (l *Lexer) reference() (gen int, ok bool) {
	i := l.at
	for i < len(l.b) && class[l.b[i]] == 1 {
		i++
	}
	from := i
	for i < len(l.b) && l.b[i]-'0' < 10 && i-from < 6 {
		gen = gen*10 + int(l.b[i]-'0')
		i++
	}
	if i == from {
		return 0, false
	}
	mid := i
	for i < len(l.b) && class[l.b[i]] == 1 {
		i++
	}
	if i == mid || i >= len(l.b) || l.b[i] != 'R' || i+1 < len(l.b) && class[l.b[i+1]] == 0 {
		return 0, false
	}
	l.at = i + 1
	return gen, true
}

// header reads "12 0 obj" and returns the numbers.
func (l *Lexer) header() (Ref, bool) {
	num, ok1 := l.Next().(int)
	gen, ok2 := l.Next().(int)
	if !ok1 || !ok2 || num < 0 || gen < 0 {
		return Ref{}, false
	}
	l.space()
	if !bytes.HasPrefix(l.Rest(), []byte("obj")) {
		return Ref{}, false
	}
	l.at += 3
	return Ref{num, gen}, true
}

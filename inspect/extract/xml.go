package extract

import (
	"bufio"
	"bytes"
	"html"
	"io"
	"unicode/utf8"
)

// xmlScanner walks through XML as office programs write it: UTF-8, well formed.
// It does no more than find tags and text, at a hundred times the speed of
// encoding/xml; what it makes of faulty XML is text all the same.
type xmlScanner struct {
	src  *bufio.Reader
	text []byte // of the last text token
	tag  []byte // of the last tag, without < and >
	err  error
}

// token kinds.
type token uint8

const (
	tokenEnd   token = iota // of the document, see err
	tokenText               // text holds it, entities resolved
	tokenOpen               // an element begins
	tokenClose              // an element ends
	tokenEmpty              // an element without content
)

// maxToken bounds one tag or piece of text; longer text comes in pieces.
const maxToken = 1 << 20

func (x *xmlScanner) next() (token, []byte) {
	for x.err == nil {
		c, err := x.src.ReadByte()
		if err != nil {
			x.err = err
			break
		}
		if c != '<' {
			x.src.UnreadByte()
			if x.characters(); len(x.text) > 0 {
				return tokenText, nil
			}
			continue
		}
		x.until([]byte{'>'})
		if bytes.HasPrefix(x.tag, []byte("!--")) && !bytes.HasSuffix(x.tag, []byte("--")) {
			x.more([]byte("-->"))
		}
		if bytes.HasPrefix(x.tag, []byte("![CDATA[")) {
			if !bytes.HasSuffix(x.tag, []byte("]]")) {
				x.more([]byte("]]>"))
			}
			x.text = append(x.text[:0], bytes.TrimSuffix(x.tag[8:], []byte("]]"))...)
			return tokenText, nil
		}
		for bytes.Count(x.tag, []byte{'"'})%2 == 1 && x.err == nil && len(x.tag) < maxToken {
			x.tag = append(x.tag, '>')
			x.more([]byte{'>'}) // one within an attribute
		}
		switch {
		case len(x.tag) == 0 || x.tag[0] == '?' || x.tag[0] == '!':
		case x.tag[0] == '/':
			return tokenClose, local(x.tag[1:])
		case x.tag[len(x.tag)-1] == '/':
			return tokenEmpty, local(x.tag)
		default:
			return tokenOpen, local(x.tag)
		}
	}
	return tokenEnd, nil
}

// characters reads text up to the next tag, or to as much as fits the buffer.
func (x *xmlScanner) characters() {
	b, err := x.src.ReadSlice('<')
	if err == nil {
		x.src.UnreadByte()
		b = b[:len(b)-1]
	} else if err != bufio.ErrBufferFull {
		x.err = err
	}
	x.text = appendUnescaped(x.text[:0], b)
}

// until reads a tag to its end into x.tag.
func (x *xmlScanner) until(end []byte) {
	x.tag = x.tag[:0]
	x.more(end)
}

// more goes on reading into x.tag until it ends with end, which it drops.
func (x *xmlScanner) more(end []byte) {
	for {
		b, err := x.src.ReadSlice('>')
		x.tag = append(x.tag, b...)
		if err != nil && err != bufio.ErrBufferFull {
			x.err = err
			return
		}
		if bytes.HasSuffix(x.tag, end) {
			x.tag = x.tag[:len(x.tag)-len(end)]
			return
		}
		if len(x.tag) > maxToken {
			return
		}
	}
}

// fault tells why the document ended early, nil if it did not.
func (x *xmlScanner) fault() error {
	if x.err == io.EOF {
		return nil
	}
	return x.err
}

// local returns the name of an element without its prefix.
func local(tag []byte) []byte {
	for i, c := range tag {
		if c <= ' ' || c == '/' {
			tag = tag[:i]
			break
		}
	}
	if k := bytes.IndexByte(tag, ':'); k >= 0 {
		tag = tag[k+1:]
	}
	return tag
}

// attribute returns the value of an attribute of the last tag, by its name with
// or without a prefix, nil if it has none.
func (x *xmlScanner) attribute(name string) []byte {
	for from := 0; ; {
		k := bytes.Index(x.tag[from:], []byte(name))
		if k < 0 {
			return nil
		}
		k += from
		from = k + len(name)
		rest := x.tag[from:]
		if k == 0 || x.tag[k-1] > ' ' && x.tag[k-1] != ':' || len(rest) < 2 || rest[0] != '=' || rest[1] != '"' && rest[1] != '\'' {
			continue
		}
		if end := bytes.IndexByte(rest[2:], rest[1]); end >= 0 {
			return rest[2 : 2+end]
		}
		return nil
	}
}

// appendUnescaped appends b with its entities resolved and what is not UTF-8
// replaced.
func appendUnescaped(dst, b []byte) []byte {
	if bytes.IndexByte(b, '&') >= 0 {
		return append(dst, html.UnescapeString(string(bytes.ToValidUTF8(b, []byte("\ufffd"))))...)
	}
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, []byte("\ufffd"))
	}
	return append(dst, b...)
}

package rtf

import (
	"bufio"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// destination is where the text of a group goes.
type destination uint8

const (
	destBody destination = iota
	destHeader
	destNote
	destComment
	destInfo
	destOther // destinations that are not known
	destTag   // HTML wrapped into RTF
	destFonts
	destNothing
	destObject
	destPicture
	destStore // custom XML, in a compound file
)

func (d destination) String() string {
	switch d {
	case destPicture:
		return "picture"
	case destStore:
		return "data store"
	}
	return "object"
}

// otherNames are the parts into which text goes that is not the body's, by
// destination.
var otherNames = [...]string{destHeader: "headers and footers", destNote: "footnotes", destComment: "comments",
	destInfo: "properties", destOther: "other text"}

// group is what ends with a brace.
type group struct {
	dest    destination
	page    int // code page of the font
	skip    int // characters that stand in for each \u
	font    int // being defined
	table   bool
	silent  bool // between \htmlrtf and \htmlrtf0
	starred bool // \* came just before
}

// Limits on what a file may have.
const (
	maxGroups = 4096     // braces within braces that are told apart
	maxFonts  = 1 << 15  //
	maxOther  = 16 << 20 // text beside the body, each
	maxData   = 64 << 20 // embedded data together
)

// data is embedded data.
type data struct {
	kind  destination
	bytes []byte
}

// parser writes out the body while it is read, and keeps the rest.
type parser struct {
	src  *bufio.Reader
	html bool

	group
	stack  []group
	deeper int // groups open beyond maxGroups
	page0  int // of the document
	fonts  map[int]int

	bytes   []byte // text not yet decoded
	ignore  int    // characters to be passed over, after \u
	half    rune   // first half of a pair of \u
	out     []byte
	read    int
	others  [len(otherNames)][]byte
	objects []data
	nibble  int // -1: none
	total   int // bytes in objects
	dropped bool
	word    []byte
	err     error
	started bool
}

func newParser(src *bufio.Reader) *parser {
	return &parser{src: src, fonts: map[int]int{}, page0: codepage.Western, nibble: -1, group: group{skip: 1}}
}

// Read implements io.Reader: the text of the body.
func (x *parser) Read(p []byte) (int, error) {
	for x.read == len(x.out) {
		x.out, x.read = x.out[:0], 0
		for len(x.out) < 16<<10 && x.err == nil {
			x.err = x.step()
		}
		if x.err != nil {
			x.flush()
			if len(x.out) == 0 {
				return 0, x.err
			}
		}
	}
	n := copy(p, x.out[x.read:])
	x.read += n
	return n, nil
}

// step reads one token.
func (x *parser) step() error {
	c, err := x.src.ReadByte()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	switch c {
	case '{':
		x.open()
	case '}':
		return x.close()
	case '\\':
		return x.control()
	case '\r', '\n':
	default:
		x.character(c)
	}
	return nil
}

func (x *parser) open() {
	x.flush()
	x.ignore = 0
	x.started = true
	if len(x.stack) == maxGroups {
		x.deeper++
		return
	}
	x.stack = append(x.stack, x.group)
	x.starred = false
}

func (x *parser) close() error {
	x.flush()
	x.ignore = 0
	if x.deeper > 0 {
		x.deeper--
		return nil
	}
	if len(x.stack) == 0 {
		return nil // before the first brace
	}
	was := x.dest
	x.group = x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	if was != x.dest {
		x.nibble = -1
		if was < destination(len(otherNames)) && was != destBody {
			x.put(was, "\n")
		}
	}
	if len(x.stack) == 0 {
		return io.EOF
	}
	return nil
}

// character takes a byte of text.
func (x *parser) character(c byte) {
	if x.ignore > 0 {
		x.ignore--
		return
	}
	switch x.dest {
	case destNothing:
	case destObject, destPicture, destStore:
		x.hex(c)
	case destFonts:
		if c == ';' {
			x.font = -1
		}
	default:
		x.bytes = append(x.bytes, c)
		if len(x.bytes) > 4096 && c == ' ' {
			x.flush()
		}
	}
}

// flush decodes the bytes that were gathered and writes them out.
func (x *parser) flush() {
	if len(x.bytes) == 0 {
		return
	}
	page := x.group.page
	if page == codepage.Unknown {
		page = x.page0
	}
	x.text(codepage.Text(page, x.bytes))
	x.bytes = x.bytes[:0]
}

// text writes out decoded text.
func (x *parser) text(s string) { x.put(x.dest, s) }

func (x *parser) put(d destination, s string) {
	switch {
	case d == destBody && !x.silent, d == destTag:
		x.out = append(x.out, s...)
	case d == destBody || d >= destination(len(otherNames)):
	case len(x.others[d]) < maxOther:
		x.others[d] = append(x.others[d], s...)
	default:
		x.dropped = true
	}
}

// special writes out what a control word stands for.
func (x *parser) special(s string) {
	x.flush()
	if x.ignore > 0 {
		x.ignore--
		return
	}
	x.text(s)
}

// hex takes a digit of embedded data.
func (x *parser) hex(c byte) {
	v := -1
	switch {
	case c-'0' < 10:
		v = int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		v = int(c|0x20-'a') + 10
	}
	switch {
	case v < 0:
	case x.nibble < 0:
		x.nibble = v
	default:
		x.datum(byte(x.nibble<<4 | v))
		x.nibble = -1
	}
}

func (x *parser) datum(c byte) {
	if x.total++; x.total > maxData {
		x.dropped = true
		return
	}
	if n := len(x.objects) - 1; n >= 0 {
		o := &x.objects[n]
		o.bytes = append(o.bytes, c)
	}
}

// begin starts embedded data of a kind.
func (x *parser) begin(kind destination) {
	x.dest, x.nibble = kind, -1
	if len(x.objects) < 1<<16 {
		x.objects = append(x.objects, data{kind: kind})
	} else {
		x.dest = destNothing
		x.dropped = true
	}
}

// unit takes a number of UTF-16 and the count of characters that stand in for it.
func (x *parser) unit(n int) {
	x.flush()
	x.ignore = 0
	u := rune(uint16(n))
	switch {
	case x.half != 0 && utf16.IsSurrogate(u):
		x.text(string(utf16.DecodeRune(x.half, u)))
		x.half = 0
	case u >= 0xd800 && u < 0xdc00:
		x.half = u
	case u >= ' ':
		if !utf8.ValidRune(u) {
			u = utf8.RuneError
		}
		x.half = 0
		x.text(string(u))
	}
	x.ignore = x.skip
}

// binary passes over n bytes as they stand, or takes them as embedded data.
func (x *parser) binary(n int) error {
	for range n {
		c, err := x.src.ReadByte()
		if err != nil {
			return &part.Fault{Reason: part.Truncated, Detail: "rtf ends early"}
		}
		if x.dest == destObject || x.dest == destPicture || x.dest == destStore {
			x.datum(c)
		}
	}
	return nil
}

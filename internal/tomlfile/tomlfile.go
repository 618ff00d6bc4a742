// Package tomlfile reads a TOML file so that any fault in it, of syntax, of
// type or of meaning, can be told as file:line:col, also inside the n-th
// table of an array, an inline table or behind a dotted key.
//
// BurntSushi/toml decodes; it knows positions only of syntax errors, and those
// are passed on. Beside it an index of where every key and value stands is
// built ([File.Root] leads through both), and [Node.Decode] fills structs from
// it, reporting every unknown key and every value of a wrong type, not only
// the first. Files are meant to be written by people: at most [MaxSize] bytes.
package tomlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// MaxSize is the size in bytes above which a file is refused.
const MaxSize = 16 << 20

// File is a parsed TOML file. It is immutable.
type File struct {
	name  string
	src   []byte
	lines []int // byte offset of each line's start
	root  entry
	value map[string]any
}

// Read parses the file at path. Faults name it as path.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return Parse(path, src)
}

// Parse parses src; name stands for it in faults. An error is an [Errors].
func Parse(name string, src []byte) (*File, error) {
	f := &File{name: name, src: src, lines: []int{0}}
	if len(src) > MaxSize {
		return nil, Errors{{Pos{name, 1, 1}, fmt.Sprintf("the file has more than %d MiB; split it", MaxSize>>20)}}
	}
	for i, c := range src {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	if at := invalidUTF8(src); at >= 0 {
		return nil, Errors{{f.pos(at), "the file is not UTF-8 from here on; save it as UTF-8"}}
	}
	if _, err := toml.Decode(string(src), &f.value); err != nil {
		faults := Errors{f.syntax(err)}
		var p toml.ParseError
		if errors.As(err, &p) {
			faults = append(faults, f.after(f.place(p))...)
		}
		return nil, faults
	}
	index(src, &f.root)
	return f, nil
}

// invalidUTF8 returns where src stops being UTF-8, -1 if it does not.
func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// syntax turns an error of the decoder into a Fault.
func (f *File) syntax(err error) Fault {
	var p toml.ParseError
	if !errors.As(err, &p) {
		return Fault{Pos{f.name, 1, 1}, err.Error()}
	}
	off := f.place(p)
	msg := "not valid TOML: " + strings.TrimSuffix(strings.TrimPrefix(p.Message, "toml: "), ".")
	if p.LastKey != "" {
		msg += fmt.Sprintf(" (last key read: %s)", p.LastKey)
	}
	return Fault{f.pos(off), msg + f.remedy(off, p.Message)}
}

// place is the byte offset of a fault of syntax.
func (f *File) place(p toml.ParseError) int {
	off := min(p.Position.Start, len(f.src))
	if strings.Contains(p.Message, `'\n'`) {
		// What is wrong is the line's end, and the decoder is already past it.
		for off > 0 && f.src[off-1] == '\n' {
			off--
		}
	}
	return off
}

// wide are characters of Japanese input that look like those of TOML.
var wide = strings.NewReplacer("［", "[", "］", "]", "｛", "{", "｝", "}", "＝", "=", "，", ",", "“", `"`, "”", `"`, "＂", `"`, "‘", "'", "’", "'", "\u3000", "a space")

// remedy says what to write in place of what stands at off, for the mistakes that
// are made most; it begins with "; " and is empty for others.
func (f *File) remedy(off int, message string) string {
	line := f.src[f.lines[f.pos(off).Line-1]:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	r, _ := utf8.DecodeRune(f.src[off:])
	switch ascii := wide.Replace(string(r)); {
	case strings.Contains(message, "invalid escape"):
		return `; a backslash is written twice in "…"; write patterns in single quotes, such as '\d+'`
	case strings.Contains(message, "already been defined"):
		return "; leave one out, or begin another [[table]]"
	case strings.Contains(message, "strings cannot contain newlines"):
		return `; close the quote on the same line, or write a text of several lines as """…"""`
	case ascii != string(r):
		return fmt.Sprintf("; %q is a full-width or curly character: write %s", r, ascii)
	case strings.Contains(message, "expected value but found") && unicode.IsLetter(r), strings.Contains(message, "invalid datetime"):
		return `; write a text in quotes: "…"`
	case strings.Contains(message, "to end with a newline"):
		return `; one key = value stands on a line, and a text in quotes: "…"`
	case strings.Contains(message, "expected a comma"):
		return "; put a comma between two values, and close what was opened"
	case strings.Contains(message, "expected '.' or '='") && bytes.ContainsRune(line, ':'):
		return "; write key = value"
	case strings.Contains(message, "expected '.' or '='") && r >= utf8.RuneSelf:
		return "; a key is made of Latin letters, digits, - and _"
	}
	return ""
}

// maxSyntax bounds the faults of syntax that are told of one file.
const maxSyntax = 20

// blockHeader is a line that begins the next block, and none inside a block.
var blockHeader = regexp.MustCompile(`(?m)^[ \t]*\[\[[^.\[\]]+\]\]`)

// after tells the faults of syntax in the blocks that follow the one at off, whose
// fault ended the decoder: all that stands before them is blanked out.
func (f *File) after(off int) Errors {
	var all Errors
	src := bytes.Clone(f.src)
	for len(all) < maxSyntax {
		from := off
		if end := bytes.IndexByte(src[off:], '\n'); end >= 0 {
			from += end
		} else {
			return all
		}
		next := -1
		for _, at := range blockHeader.FindAllIndex(src[from:], -1) {
			if bytes.Count(src[from:from+at[0]], []byte(`"""`))%2 == 0 { // not inside a text
				next = from + at[0]
				break
			}
		}
		if next < 0 {
			return all
		}
		for i := range src[:next] {
			if src[i] != '\n' {
				src[i] = ' '
			}
		}
		var p toml.ParseError
		if _, err := toml.Decode(string(src), new(map[string]any)); !errors.As(err, &p) {
			return all
		} else {
			all = append(all, f.syntax(p))
			off = f.place(p)
		}
	}
	return all
}

// pos turns a byte offset into a position; columns count characters from 1.
func (f *File) pos(off int) Pos {
	off = min(max(off, 0), len(f.src))
	n := sort.SearchInts(f.lines, off+1) - 1
	return Pos{f.name, n + 1, utf8.RuneCount(f.src[f.lines[n]:off]) + 1}
}

// Name is the name that faults give the file.
func (f *File) Name() string { return f.name }

// Root is the file's top table.
func (f *File) Root() Node { return Node{file: f, entry: &f.root, value: f.value, found: true} }

// Node is a value in a file together with where it stands. The zero Node
// belongs to no file.
type Node struct {
	file  *File
	entry *entry // the nearest one known
	value any
	found bool
}

// Key leads to a key of a table. Where it is missing, the Node returned is not
// found but still has the position of the nearest thing around it.
func (n Node) Key(k string) Node {
	c := Node{file: n.file, entry: n.entry}
	t, ok := n.value.(map[string]any)
	if !ok {
		return c
	}
	c.value, c.found = t[k]
	if e := n.entry.keys[k]; e != nil {
		c.entry = e
	}
	return c
}

// Elem leads to element i of a list. Of a value that is no list, element 0 is
// the value itself.
func (n Node) Elem(i int) Node {
	c := Node{file: n.file, entry: n.entry}
	l, ok := list(n.value)
	if !ok {
		if i == 0 {
			return n
		}
		return c
	}
	if i >= 0 && i < len(l) {
		c.value, c.found = l[i], true
	}
	if i >= 0 && i < len(n.entry.elems) {
		c.entry = n.entry.elems[i]
	}
	return c
}

// Len is the number of elements of a list, 1 for any other value that is
// there, and 0 for one that is not.
func (n Node) Len() int {
	if l, ok := list(n.value); ok {
		return len(l)
	}
	if n.found {
		return 1
	}
	return 0
}

// Keys lists the keys of a table, sorted; nil for any other value.
func (n Node) Keys() []string {
	t, _ := n.value.(map[string]any)
	return slices.Sorted(maps.Keys(t))
}

// Found reports whether the value is in the file.
func (n Node) Found() bool { return n.found }

// Text returns the value if it is a text, else "".
func (n Node) Text() string {
	s, _ := n.value.(string)
	return s
}

// Pos is where the value stands; of a table or an element with a header, the
// header.
func (n Node) Pos() Pos {
	if n.file == nil {
		return Pos{}
	}
	return n.file.pos(n.entry.value)
}

// KeyPos is where the value's key stands, or the value if it has none.
func (n Node) KeyPos() Pos {
	if n.file == nil {
		return Pos{}
	}
	return n.file.pos(n.entry.key)
}

// list sees the two shapes in which the decoder gives lists as one.
func list(v any) ([]any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case []map[string]any:
		r := make([]any, len(l))
		for i := range l {
			r[i] = l[i]
		}
		return r, true
	}
	return nil, false
}

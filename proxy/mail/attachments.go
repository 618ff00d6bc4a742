package mail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"path"
	"strings"
	"unicode"
)

// File is an attachment where it lies in a message.
type File struct {
	Name     string `json:"name"` // for people; never a path
	Encoding string `json:"encoding"`
	From     int64  `json:"from"` // its encoded bytes, from the beginning of the message
	To       int64  `json:"to"`
}

// Taken is a message without its attachments.
type Taken struct {
	Files   []File
	fields  []Field // of the header as it becomes, from Fields
	kept    []span  // of the message's bytes, behind its header
	at      int     // the note stands before kept[at]
	opening string  // what stands before the note
}

type span struct{ from, to int64 }

// Errors of TakeOut.
var (
	ErrSealed = errors.New("the message is signed or encrypted as a whole")
	errParts  = errors.New("the message's parts cannot be told apart")
)

// Bounds of a message's structure.
const (
	maxDepth = 20
	maxParts = 2000
)

// TakeOut finds the attachments of a message that is held, at whatever depth of
// its multiparts, without changing anything yet. What is shown within the text,
// such as the pictures of a multipart/related, is none. There may be none at all.
func TakeOut(m *Message) (*Taken, error) {
	t := &Taken{}
	var head partHead
	for _, f := range m.Fields {
		head.take(f)
	}
	end := m.Body.Size()
	switch {
	case head.sealed():
		return nil, ErrSealed
	case !head.multipart():
		if !head.attached(false) {
			return t, nil
		}
		t.Files = []File{{head.fileName(1), head.encoding, int64(m.Headed), end}}
		t.fields = make([]Field, 0, len(m.Fields))
		versioned := false
		for _, f := range m.Fields {
			if !strings.HasPrefix(strings.ToLower(f.Name), "content-") {
				t.fields = append(t.fields, f)
			}
			versioned = versioned || f.Is("MIME-Version")
		}
		for line := range strings.Lines(noteHead) {
			name, _, _ := strings.Cut(line, ":")
			t.fields = append(t.fields, Field{name, line})
		}
		if !versioned {
			t.fields = append(t.fields, Field{"MIME-Version", "MIME-Version: 1.0\r\n"})
		}
		return t, nil
	}
	w := walker{t: t, at: int64(m.Headed), levels: []level{{head.boundary, head.related()}}, from: int64(m.Headed)}
	if head.boundary == "" {
		return nil, errParts
	}
	return t, w.run(io.NewSectionReader(m.Body, w.at, end-w.at))
}

// noteHead is the header of the note that stands for attachments.
const noteHead = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n"

// Without writes the message as it is without its attachments: its header's
// fields, and what follows the header, with a note in their place.
func (t *Taken) Without(m *Message, note string) ([]Field, io.Reader) {
	text := Base64(note)
	if t.fields != nil {
		return t.fields, strings.NewReader(text)
	}
	var all []io.Reader
	for i, s := range t.kept {
		if i == t.at {
			all = append(all, strings.NewReader(t.opening+noteHead+"\r\n"+text))
		}
		all = append(all, io.NewSectionReader(m.Body, s.from, s.to-s.from))
	}
	return m.Fields, io.MultiReader(all...)
}

// Base64 writes a text as RFC 2045 has it.
func Base64(s string) string {
	var b strings.Builder
	for all := base64.StdEncoding.EncodeToString([]byte(s)); all != ""; {
		n := min(76, len(all))
		b.WriteString(all[:n] + "\r\n")
		all = all[n:]
	}
	return b.String()
}

// Decode reads an attachment's content out of its encoded bytes.
func (f *File) Decode(encoded io.Reader) io.Reader {
	switch f.Encoding {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, encoded)
	case "quoted-printable":
		return quotedprintable.NewReader(encoded)
	}
	return encoded
}

// partHead is what the header of a part says.
type partHead struct {
	typ, boundary, name   string
	disposition, encoding string
	identified            bool // it has a Content-ID
}

func (h *partHead) take(f Field) {
	switch {
	case f.Is("Content-Type"):
		typ, params, err := mime.ParseMediaType(f.Value())
		if err != nil { // with what can be read of it
			typ, _, _ = strings.Cut(f.Value(), ";")
			_, b, _ := boundary(f.Value())
			params = map[string]string{"boundary": b}
		}
		h.typ, h.boundary = strings.ToLower(strings.TrimSpace(typ)), params["boundary"]
		if h.name == "" {
			h.name = params["name"]
		}
	case f.Is("Content-Disposition"):
		kind, params, err := mime.ParseMediaType(f.Value())
		if err != nil {
			kind, _, _ = strings.Cut(f.Value(), ";")
		}
		h.disposition = strings.ToLower(strings.TrimSpace(kind))
		if n := params["filename"]; n != "" {
			h.name = n
		}
	case f.Is("Content-Transfer-Encoding"):
		h.encoding = strings.ToLower(strings.TrimSpace(f.Value()))
	case f.Is("Content-ID"):
		h.identified = true
	}
}

func (h *partHead) multipart() bool { return strings.HasPrefix(h.typ, "multipart/") }

func (h *partHead) related() bool { return h.typ == "multipart/related" }

// sealed tells whether a part would be spoilt by taking something out.
func (h *partHead) sealed() bool {
	switch h.typ {
	case "multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime":
		return true
	}
	return false
}

// attached tells whether a part is an attachment; related, whether it stands in
// a multipart/related.
func (h *partHead) attached(related bool) bool {
	switch {
	case h.multipart():
		return false
	case h.disposition == "attachment":
		return !(related && h.identified)
	case related && h.identified:
		return false
	case h.name != "":
		return true
	}
	return h.typ != "" && !strings.HasPrefix(h.typ, "text/") && !(strings.HasPrefix(h.typ, "image/") && h.disposition == "inline")
}

func (h *partHead) fileName(number int) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffd", r) {
			return -1
		}
		return r
	}, decoded(h.name))
	name = path.Base(strings.ReplaceAll(strings.TrimSpace(name), `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		name = fmt.Sprintf("attachment-%d", number)
		if h.typ == "message/rfc822" {
			name += ".eml"
		}
	}
	if r := []rune(name); len(r) > 200 {
		name = string(r[len(r)-200:])
	}
	return name
}

// level is a multipart around the place that is read.
type level struct {
	boundary string
	related  bool
}

// walker goes through a message's lines.
type walker struct {
	t      *Taken
	levels []level
	at     int64 // of the line

	from    int64 // of what is kept at the moment
	begun   int64 // of the part: where its delimiter stands
	opening string
	parts   int

	heading bool // in a part's header
	head    partHead
	field   []byte
	file    *File // the part is an attachment, and this is it
}

func (w *walker) run(r io.Reader) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for fresh := true; ; {
		line, err := in.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return fmt.Errorf("read the message again: %w", err)
		}
		if ferr := w.line(line, fresh); ferr != nil {
			return ferr
		}
		w.at += int64(len(line))
		fresh = err == nil
		if err == io.EOF {
			return w.end()
		}
	}
}

func (w *walker) line(line []byte, fresh bool) error {
	if fresh && bytes.HasPrefix(line, []byte("--")) {
		if depth, last, ok := w.delimits(line); ok {
			if err := w.closePart(); err != nil {
				return err
			}
			w.levels = w.levels[:depth+1]
			if last {
				w.levels = w.levels[:depth]
				return nil
			}
			if w.parts++; w.parts > maxParts {
				return errParts
			}
			w.begun, w.heading, w.head, w.opening = w.at, true, partHead{}, string(bytes.TrimRight(line, " \t\r\n"))+"\r\n"
			return nil
		}
	}
	if !w.heading {
		return nil
	}
	switch {
	case fresh && len(bytes.TrimRight(line, "\r\n")) == 0:
		return w.headed(w.at + int64(len(line)))
	case fresh && line[0] != ' ' && line[0] != '\t':
		w.endField()
	}
	if len(w.field)+len(line) <= maxPartHeader {
		w.field = append(w.field, line...)
	}
	return nil
}

func (w *walker) endField() {
	if len(w.field) > 0 {
		w.head.take(Field{FieldName(w.field), string(w.field)})
	}
	w.field = w.field[:0]
}

// headed is called where a part's content begins.
func (w *walker) headed(at int64) error {
	w.endField()
	w.heading = false
	h := &w.head
	related := len(w.levels) > 0 && w.levels[len(w.levels)-1].related
	switch {
	case h.sealed():
		return ErrSealed
	case h.multipart():
		if h.boundary == "" || len(w.levels) == maxDepth {
			return errParts
		}
		w.levels = append(w.levels, level{h.boundary, related || h.related()})
	case h.attached(related):
		w.file = &File{Name: h.fileName(len(w.t.Files) + 1), Encoding: h.encoding, From: at}
	}
	return nil
}

// closePart ends the part at the delimiter that begins here.
func (w *walker) closePart() error {
	if w.heading { // a part without content
		if err := w.headed(w.at); err != nil {
			return err
		}
	}
	if w.file == nil {
		return nil
	}
	w.file.To = max(w.file.From, w.at-2) // the line end before a delimiter is its own
	w.t.Files = append(w.t.Files, *w.file)
	w.file = nil
	w.t.kept = append(w.t.kept, span{w.from, w.begun})
	if w.t.opening == "" {
		w.t.at, w.t.opening = len(w.t.kept), w.opening
	}
	w.from = w.at
	return nil
}

func (w *walker) end() error {
	if w.file != nil { // cut short: what follows is all the attachment's
		w.at += 2
		if err := w.closePart(); err != nil {
			return err
		}
		w.at -= 2
		w.from = w.at
	} else if err := w.closePart(); err != nil {
		return err
	}
	w.t.kept = append(w.t.kept, span{w.from, w.at})
	return nil
}

// delimits tells whether a line is a delimiter (RFC 2046, 5.1.1) of a multipart
// around it, of which, and whether it ends it.
func (w *walker) delimits(line []byte) (depth int, last, ok bool) {
	rest := bytes.TrimRight(line[2:], " \t\r\n")
	for i := len(w.levels) - 1; i >= 0; i-- {
		switch b := w.levels[i].boundary; string(rest) {
		case b:
			return i, false, true
		case b + "--":
			return i, true, true
		}
	}
	return 0, false, false
}

package data

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// sql reads dumps of databases (mysqldump, pg_dump, SQLite's .dump): the rows of
// INSERT statements and COPY blocks as tables with the names of their columns,
// everything else as text.
type sql struct{}

// statementsType is the media type of statements without rows, to be read as
// text.
const statementsType = "text/plain; charset=utf-8; x-statements=1"

func (sql) Name() string { return "sql" }

func (sql) Match(p *part.Part, head []byte) bool {
	if !content(p) || p.MediaType == statementsType || len(head) > 0 && head[0] >= 0xfe {
		return false // no UTF-8: see below
	}
	if bytes.IndexByte(head, '(') < 0 && bytes.IndexByte(head, ';') < 0 {
		// A statement at the start it must be.
		if k := ink(head); k == len(head) || !leads(head[k]) && head[k] != 0xef {
			return false
		}
	}
	first := start(head)
	if len(first) == 0 || first[0] == '{' || first[0] == '[' || first[0] == '<' {
		return false
	}
	kind, _ := statement(first)
	if kind == 0 && bytes.IndexByte(head, '(') < 0 && bytes.IndexByte(head, ';') < 0 || charset.ValidPrefix(head)+4 <= len(head) {
		return false
	}
	if kind != 0 {
		return true
	}
	for line := range bytes.Lines(head) {
		if kind, _ := statement(line); kind != 0 {
			if kind != 'c' {
				return true
			}
			return bytes.IndexByte(head, ';') > 0 || bytes.Contains(head, []byte("\n  "))
		}
	}
	return false
}

// leads reports whether a statement with rows may begin so.
func leads(c byte) bool { return c|0x20 == 'i' || c|0x20 == 'r' || c|0x20 == 'c' }

// statement tells whether b begins a statement with rows: 'i' INSERT, 'r'
// REPLACE, 'o' COPY; or 'c' CREATE TABLE, or 0. n is the length of its keywords.
func statement(b []byte) (kind byte, n int) {
	if len(b) == 0 || !leads(b[0]) {
		return 0, 0
	}
	for _, s := range []struct {
		kind  byte
		words string
	}{
		{'i', "INSERT INTO "}, {'i', "INSERT IGNORE INTO "}, {'i', "INSERT OR REPLACE INTO "}, {'r', "REPLACE INTO "},
		{'o', "COPY "}, {'c', "CREATE TABLE IF NOT EXISTS "}, {'c', "CREATE TABLE "},
	} {
		if hasPrefixFold(b, s.words) {
			if s.kind == 'o' {
				line, _, _ := bytes.Cut(b, []byte("\n"))
				if !bytes.Contains(line, []byte(" FROM stdin")) {
					continue
				}
			}
			return s.kind, len(s.words)
		}
	}
	return 0, 0
}

func (sql) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("sql", "utf-8")
	src, release := open(p)
	defer release()
	d := &dump{src: src, columns: map[string][]string{}, line: true}
	for {
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		other := &statements{d: d}
		if other.fill(); len(other.out) > 0 {
			if err := d.hand(ctx, b, e, part.Part{Path: "statements", MediaType: statementsType, Body: other, Size: -1}); err != nil {
				return err
			}
		}
		if d.err != nil {
			break
		}
		rows := d.rows()
		if err := d.hand(ctx, b, e, part.Part{Path: rows.name, MediaType: table.Type, Body: rows, Size: -1}); err != nil {
			return err
		}
	}
	if d.err != io.EOF {
		return part.Stop(ctx, e, d.err, true)
	}
	return nil
}

// dump is a dump being read.
type dump struct {
	src     *bufio.Reader
	columns map[string][]string // of tables that were made
	line    bool                // src is at the start of a line
	err     error
}

func (d *dump) hand(ctx context.Context, b *part.Budget, e part.Emitter, p part.Part) error {
	if err := e.Child(p); err != nil {
		return err
	}
	if err := part.Drain(ctx, b, p.Body); err != nil && d.err == nil {
		d.err = err
	}
	return nil
}

// maxStatement bounds what is looked at of a statement before its rows.
const maxStatement = 16 << 10

// statements reads text up to the next statement with rows.
type statements struct {
	d     *dump
	out   []byte
	begun bool // something other than white space was read
	store []byte
}

func (s *statements) Read(p []byte) (int, error) {
	if len(s.out) == 0 {
		s.fill()
	}
	if len(s.out) == 0 {
		if s.d.err != nil && s.d.err != io.EOF {
			return 0, s.d.err
		}
		return 0, io.EOF
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// fill takes the next lines; leading empty ones are passed over.
func (s *statements) fill() {
	s.store = s.store[:0]
	for len(s.store) < 8<<10 && s.d.err == nil {
		if s.d.line {
			b, _ := s.d.src.Peek(maxStatement)
			switch kind, n := statement(b); {
			case kind == 'c':
				s.d.made(b[n:])
			case kind == 'o', kind != 0 && valuesAt(b[n:]) > 0:
				s.out = s.store
				return
			}
		}
		line, err := s.d.src.ReadSlice('\n')
		s.d.line = err == nil
		if err != nil && err != bufio.ErrBufferFull {
			s.d.err = err
		}
		if s.begun = s.begun || len(bytes.TrimSpace(line)) > 0; s.begun {
			s.store = append(s.store, line...)
		}
	}
	s.out = s.store
}

// made notes the columns of a table that is made.
func (d *dump) made(b []byte) {
	name, rest := qualified(string(b))
	if end := strings.IndexByte(rest, ';'); end >= 0 && len(d.columns) < maxRelations {
		d.columns[name], _ = columnsOf(rest)
	}
}

// qualified takes a name, perhaps with that of its schema before it.
func qualified(s string) (name, rest string) {
	name, rest = identifier(s)
	for strings.HasPrefix(rest, ".") {
		name, rest = identifier(rest[1:])
	}
	return name, rest
}

// insertHead takes apart what stands before the rows: the table, its columns if
// they are named. n is the length up to them, 0 if it is no such statement.
func insertHead(b []byte) (name string, columns []string, n int) {
	if !bytes.Contains(b, []byte("VALUES")) && !bytes.Contains(b, []byte("values")) {
		return "", nil, 0
	}
	s := string(b)
	name, rest := qualified(s)
	rest = strings.TrimLeft(rest, " \t\r\n")
	if strings.HasPrefix(rest, "(") {
		list, behind := definitions(rest[1:])
		for _, c := range list {
			c, _ = identifier(c)
			columns = append(columns, c)
		}
		rest = strings.TrimLeft(behind, " \t\r\n")
	}
	if len(rest) < 6 || !strings.EqualFold(rest[:6], "VALUES") {
		return "", nil, 0
	}
	return name, columns, len(s) - len(rest) + 6
}

func valuesAt(b []byte) int {
	_, _, n := insertHead(b)
	return n
}

// rows begins with the rows of the statement that src is at.
func (d *dump) rows() *tuples {
	b, _ := d.src.Peek(maxStatement)
	kind, n := statement(b)
	t := &tuples{d: d, copied: kind == 'o'}
	if t.copied {
		line, _ := d.src.ReadSlice('\n')
		var rest string
		t.name, rest = qualified(string(line[min(n, len(line)):]))
		if k := strings.IndexByte(rest, '('); k >= 0 {
			list, _ := definitions(rest[k+1:])
			for _, c := range list {
				c, _ = identifier(c)
				t.columns = append(t.columns, c)
			}
		}
	} else {
		name, columns, m := insertHead(b[n:])
		t.name, t.columns, t.begin = name, columns, bytes.Clone(b[:n+m])
		d.src.Discard(n + m)
	}
	if len(t.columns) == 0 {
		t.columns = d.columns[t.name]
	}
	d.line = false
	return t
}

// tuples reads the rows of statements into one table, one after another, as a
// table.
type tuples struct {
	d       *dump
	name    string
	columns []string
	begin   []byte // of the statement, up to its rows
	copied  bool   // tab-separated lines, up to "\."
	head    bool   // the header row was written
	done    bool
	out     []byte
	read    int
}

func (t *tuples) Read(p []byte) (int, error) {
	for t.read == len(t.out) {
		t.out, t.read = t.out[:0], 0
		if !t.head && len(t.columns) > 0 {
			for _, c := range t.columns {
				t.out = append(appendCell(t.out, c), '\t')
			}
			t.out = append(t.out, '\n')
		}
		t.head = true
		for len(t.out) < 16<<10 && !t.done {
			if t.copied {
				t.copyLine()
			} else {
				t.tuple()
			}
		}
		if len(t.out) == 0 {
			if t.d.err != nil && t.d.err != io.EOF {
				return 0, t.d.err
			}
			return 0, io.EOF
		}
	}
	n := copy(p, t.out[t.read:])
	t.read += n
	return n, nil
}

// copyLine takes one line of a COPY block. Its escapes (PostgreSQL, COPY, text
// format) are few; those of control characters become spaces.
func (t *tuples) copyLine() {
	line, err := t.d.src.ReadSlice('\n')
	if err != nil && err != bufio.ErrBufferFull {
		t.d.err, t.done = err, true
	}
	if content := bytes.TrimRight(line, "\r\n"); string(content) == `\.` {
		t.done, t.d.line = true, true
		return
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '\\' && i+1 < len(line) {
			i++
			switch c = line[i]; c {
			case 'N':
				continue
			case 'n', 'r', 't', 'b', 'f', 'v':
				c = ' '
			}
		} else if c == '\r' {
			continue
		}
		t.out = append(t.out, c)
	}
}

// maxRow bounds a row in memory; what goes beyond is read as text.
const maxRow = 8 << 20

// byte takes one byte, 0 at the end.
func (t *tuples) byte() byte {
	if len(t.out) > maxRow {
		t.done = true
		return 0
	}
	c, err := t.d.src.ReadByte()
	if err != nil {
		t.d.err, t.done = err, true
		return 0
	}
	return c
}

// next takes the first byte that is no white space.
func (t *tuples) next() byte {
	for {
		if c := t.byte(); c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
}

// tuple takes a row in parentheses and what stands behind it.
func (t *tuples) tuple() {
	if c := t.next(); c != '(' {
		t.leave(c)
		return
	}
	for cell := 0; !t.done; cell++ {
		if cell > 0 {
			t.out = append(t.out, '\t')
		}
		if end := t.value(); end != ',' {
			break
		}
	}
	t.out = append(t.out, '\n')
	if t.done {
		return
	}
	switch c := t.next(); c {
	case ',':
	case ';':
		t.another()
	default:
		t.leave(c)
	}
}

// leave ends the rows at a byte that belongs to something else.
func (t *tuples) leave(c byte) {
	if !t.done && c != 0 {
		t.d.src.UnreadByte()
	}
	t.done = true
}

// another goes on with the next statement if it has rows for the same columns.
func (t *tuples) another() {
	for {
		c, err := t.d.src.Peek(1)
		if err != nil || c[0] != '\n' && c[0] != '\r' && c[0] != ' ' {
			break
		}
		t.d.src.Discard(1)
	}
	if b, _ := t.d.src.Peek(len(t.begin)); bytes.Equal(b, t.begin) { // as nearly always
		t.d.src.Discard(len(t.begin))
		return
	}
	t.d.line = true
	b, _ := t.d.src.Peek(maxStatement)
	if kind, n := statement(b); kind == 'i' || kind == 'r' {
		name, columns, m := insertHead(b[n:])
		if len(columns) == 0 {
			columns = t.d.columns[name]
		}
		if m > 0 && name == t.name && slices.Equal(columns, t.columns) {
			t.d.src.Discard(n + m)
			t.d.line = false
			return
		}
	}
	t.done = true
}

// value takes one value as a cell, and returns the byte that ended it: a comma
// or a parenthesis.
func (t *tuples) value() byte {
	from := len(t.out)
	depth, text := 0, false // text: a string came last
	for c := t.next(); !t.done; c = t.byte() {
		switch {
		case c == '\'' || c == '"':
			hexed := len(t.out) == from+1 && t.out[from]|0x20 == 'x'
			if kind := t.out[from:]; hexed || len(kind) == 1 && (kind[0] == 'N' || kind[0] == 'E') || string(kind) == "_binary " {
				t.out = t.out[:from]
			}
			t.quoted(c)
			if hexed {
				t.unhex(from)
			}
			text = true
		case text && t.joins(c, from):
		case c == '(' && t.called(from):
			text = true
		case c == '(':
			depth++
			t.out = append(t.out, c)
		case c == ')' && depth > 0:
			depth--
			t.out = append(t.out, c)
		case (c == ',' || c == ')') && depth == 0:
			cell := bytes.TrimSpace(t.out[from:])
			switch {
			case string(cell) == "NULL":
				t.out = t.out[:from]
			case bytes.HasPrefix(cell, []byte("0x")):
				t.out = append(t.out[:from], cell[2:]...)
				t.unhex(from)
			}
			return c
		case c < ' ':
			t.out = append(t.out, ' ')
		default:
			t.out = append(t.out, c)
		}
	}
	return 0
}

// unhex turns the digits from offset from on into what they stand for, if that
// is text.
func (t *tuples) unhex(from int) {
	raw := make([]byte, len(t.out[from:])/2)
	n, err := hex.Decode(raw, t.out[from:])
	if err == nil && readable(raw[:n]) {
		t.out = appendCell(t.out[:from], string(raw[:n]))
	}
}

// quoted takes a string up to its closing quote, which is doubled or behind a
// backslash within it.
func (t *tuples) quoted(quote byte) {
	for {
		b, _ := t.d.src.Peek(t.d.src.Buffered())
		n := 0
		for n < len(b) && b[n] != quote && b[n] != '\\' && b[n] >= ' ' {
			n++
		}
		t.out = append(t.out, b[:n]...)
		t.d.src.Discard(n)
		c := t.byte()
		if t.done {
			return
		}
		switch c {
		case quote:
			if b, err := t.d.src.Peek(1); err != nil || b[0] != quote {
				return
			}
			t.d.src.Discard(1)
		case '\\':
			switch b, _ := t.d.src.Peek(1); {
			case len(b) == 0:
			case b[0] == quote || b[0] == '\\' || b[0] == '"' || b[0] == '\'':
				c = t.byte()
			case b[0] == 'n' || b[0] == 'r' || b[0] == 't' || b[0] == '0':
				t.byte()
				c = ' '
			}
		}
		if c < ' ' {
			c = ' '
		}
		t.out = append(t.out, c)
	}
}

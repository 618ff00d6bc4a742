package data

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// sqlite reads databases of SQLite 3 (https://www.sqlite.org/fileformat.html):
// each table is a table with the names of its columns, the schema is text, and
// so is what deleted rows left behind. Blobs of some size are nested parts.
// Indexes hold nothing that is not in tables. A write-ahead log beside the file
// is not known here.
type sqlite struct{}

func (sqlite) Name() string { return "sqlite" }

const sqliteMagic = "SQLite format 3\x00"

// Starts implements part.Marked.
func (sqlite) Starts() string { return sqliteMagic[:1] }

func (sqlite) Match(p *part.Part, head []byte) bool {
	return content(p) && len(head) >= 100 && string(head[:16]) == sqliteMagic
}

func (sqlite) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("sqlite", "")
	at, size, err := part.Anywhere(p, 0)
	if err != nil && size == 0 {
		return part.Stop(ctx, e, err, false)
	}
	d := &database{ctx: ctx, b: b, at: at}
	if !d.header(size) {
		e.Skip(part.DecodeError, false, "sqlite header")
		return nil
	}
	if err != nil { // the rest of the file could not be had
		reason, detail := part.ReasonOf(err)
		e.Skip(reason, true, detail)
	}
	if size < d.told {
		e.Skip(part.Truncated, true, "sqlite file is shorter than told")
	}
	if err := d.read(e); err != nil {
		return err
	}
	switch {
	case d.err != nil:
		return part.Stop(ctx, e, d.err, true)
	case d.broken:
		e.Skip(part.DecodeError, true, "sqlite pages are damaged")
	}
	return nil
}

// database is an open database.
type database struct {
	ctx    context.Context
	b      *part.Budget
	at     io.ReaderAt
	page   int    // size in bytes
	usable int    // of a page
	pages  uint32 // in the file
	told   int64  // size of the file by its header, 0 if not told
	coding byte   // of text: 1 UTF-8, 2 UTF-16LE, 3 UTF-16BE
	seen   []uint64
	broken bool
	err    error // of the budget or of reading
}

func (d *database) header(size int64) bool {
	var h [100]byte
	if n, _ := d.at.ReadAt(h[:], 0); n < len(h) {
		return false
	}
	d.page = int(binary.BigEndian.Uint16(h[16:]))
	if d.page == 1 {
		d.page = 64 << 10
	}
	if d.page < 512 || d.page&(d.page-1) != 0 {
		return false
	}
	d.usable = d.page - int(h[20])
	if d.usable < 480 {
		return false
	}
	d.pages = uint32(min((size+int64(d.page)-1)/int64(d.page), 1<<32-1))
	if h[24] == h[92] && h[25] == h[93] && h[26] == h[94] && h[27] == h[95] { // the size is valid
		d.told = int64(binary.BigEndian.Uint32(h[28:])) * int64(d.page)
	}
	d.coding = byte(binary.BigEndian.Uint32(h[56:]))
	d.seen = make([]uint64, d.pages/64+1)
	return true
}

// load reads page n into buf, once only for each page.
func (d *database) load(n uint32, buf []byte) bool {
	if n == 0 || n > d.pages || d.seen[n/64]&(1<<(n%64)) != 0 {
		d.broken = true
		return false
	}
	d.seen[n/64] |= 1 << (n % 64)
	return d.raw(n, buf)
}

func (d *database) raw(n uint32, buf []byte) bool {
	if d.err == nil {
		d.err = d.b.Spend(d.ctx, 0)
	}
	if d.err != nil {
		return false
	}
	k, err := d.at.ReadAt(buf[:d.page], int64(n-1)*int64(d.page))
	if k < d.page {
		clear(buf[k:d.page])
		if err != nil && err != io.EOF {
			d.err = err
			return false
		}
	}
	return true
}

// relation is a table in the schema.
type relation struct {
	name    string
	root    uint32
	columns []string
	rowid   int // the column that stands for the row's number, -1 if none
}

// read hands on the schema, the tables and what is left of deleted rows.
func (d *database) read(e part.Emitter) error {
	schema := d.rows(relation{root: 1, rowid: -1})
	var relations []relation
	var statements []byte
	for len(relations) < maxRelations {
		row, ok := schema.next()
		if !ok {
			break
		}
		if len(row) < 5 {
			continue
		}
		if sql := row[4].text; sql != "" && len(statements) < 1<<20 {
			statements = append(append(statements, sql...), ";\n"...)
		}
		if row[0].text == "table" && row[3].integer > 0 && row[3].integer <= int64(d.pages) {
			r := relation{name: row[1].text, root: uint32(row[3].integer), rowid: -1}
			r.columns, r.rowid = columnsOf(row[4].text)
			relations = append(relations, r)
		}
	}
	if len(statements) > 0 {
		if err := e.Child(child("schema", statementsType, statements)); err != nil {
			return err
		}
	}
	var remains []byte
	for _, r := range relations {
		if d.err != nil {
			return nil
		}
		rows := d.rows(r)
		if err := e.Child(part.Part{Path: r.name, MediaType: table.Type, Body: &sheet{rows: rows}, Size: -1}); err != nil {
			return err
		}
		for { // the child may have left some
			if _, ok := rows.next(); !ok {
				break
			}
		}
		for _, blob := range rows.blobs {
			if err := e.Child(blob); err != nil {
				return err
			}
		}
		if rows.lost {
			e.Skip(part.TooMany, true, "blobs")
		}
		remains = append(remains, rows.remains...)
	}
	remains = d.free(append(remains, schema.remains...))
	if len(remains) > 0 && d.err == nil {
		return e.Child(child("deleted rows", "text/plain; charset=utf-8", remains))
	}
	return nil
}

const (
	maxRelations = 4096
	maxRemains   = 8 << 20
	maxBlobs     = 1000
	maxBlobBytes = 32 << 20
	minBlob      = 64 // shorter ones are keys and hashes
)

// free appends the text in pages that are in no table: those on the list of
// free pages, and lost ones. Pages of indexes are among them, whose keys are in
// the tables; they are left out.
func (d *database) free(dst []byte) []byte {
	buf := make([]byte, d.page)
	for n := uint32(1); n <= d.pages && len(dst) < maxRemains; n++ {
		if d.seen[n/64]&(1<<(n%64)) != 0 {
			continue
		}
		if !d.raw(n, buf) {
			break
		}
		if buf[0] != indexLeaf && buf[0] != indexInterior {
			dst = d.appendRuns(dst, buf)
		}
	}
	return dst
}

// sheet reads rows as a table.
type sheet struct {
	rows *rows
	out  []byte
	read int
	head bool // the header row was written
}

func (s *sheet) Read(p []byte) (int, error) {
	for s.read == len(s.out) {
		s.out, s.read = s.out[:0], 0
		if !s.head {
			s.head = true
			for _, c := range s.rows.columns {
				s.out = append(appendCell(s.out, c), '\t')
			}
			s.out = append(s.out, '\n')
		}
		for len(s.out) < 16<<10 {
			row, ok := s.rows.next()
			if !ok {
				break
			}
			for i := range row {
				if i > 0 {
					s.out = append(s.out, '\t')
				}
				s.out = row[i].append(s.out)
			}
			s.out = append(s.out, '\n')
		}
		if len(s.out) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, s.out[s.read:])
	s.read += n
	return n, nil
}

// columnsOf returns the names of the columns that a CREATE TABLE statement
// gives, in the order in which rows hold them, and which one is the row's
// number, -1 if none.
func columnsOf(sql string) (names []string, rowid int) {
	rowid = -1
	from := strings.IndexByte(sql, '(')
	if from < 0 {
		return nil, -1
	}
	defs, rest := definitions(sql[from+1:])
	var keys []string
	for _, def := range defs {
		name, tail := identifier(def)
		upper := strings.ToUpper(tail)
		if word := strings.ToUpper(name); !strings.ContainsAny(def[:1], "\"`['") {
			switch word {
			case "PRIMARY":
				if k := strings.IndexByte(tail, '('); k >= 0 {
					list, _ := definitions(tail[k+1:])
					for _, key := range list {
						key, _ = identifier(key)
						keys = append(keys, key)
					}
				}
				continue
			case "CONSTRAINT", "UNIQUE", "CHECK", "FOREIGN", "KEY":
				continue
			}
		}
		if strings.Contains(upper, "PRIMARY KEY") {
			keys = append(keys, name)
			if kind := strings.Fields(upper); len(kind) > 0 && kind[0] == "INTEGER" {
				rowid = len(names)
			}
		}
		names = append(names, name)
	}
	if strings.Contains(strings.ToUpper(rest), "WITHOUT ROWID") {
		ordered := slices.Clone(keys)
		for _, n := range names {
			if !slices.Contains(keys, n) {
				ordered = append(ordered, n)
			}
		}
		return ordered, -1
	}
	if rowid < 0 && len(keys) == 1 {
		for i, def := range defs {
			name, tail := identifier(def)
			if name == keys[0] && i < len(names) && strings.EqualFold(strings.TrimSpace(tail), "integer") {
				rowid = i
			}
		}
	}
	return names, rowid
}

// definitions splits what stands within parentheses at its commas, and returns
// what stands behind them.
func definitions(s string) (list []string, rest string) {
	depth, start, quote := 0, 0, byte(0)
	put := func(end int) {
		if def := strings.TrimSpace(s[start:end]); def != "" && len(list) < 2000 {
			list = append(list, def)
		}
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '[':
			quote = ']'
		case c == '(':
			depth++
		case c == ')':
			if depth == 0 {
				put(i)
				return list, s[i+1:]
			}
			depth--
		case c == ',' && depth == 0:
			put(i)
			start = i + 1
		}
	}
	put(len(s))
	return list, ""
}

// identifier returns the name that s begins with, without its quotes, and what
// follows, of which nothing is left out.
func identifier(s string) (name, rest string) {
	s = strings.TrimLeft(s, " \t\r\n")
	if s == "" {
		return "", ""
	}
	end := s[0]
	switch end {
	case '[':
		end = ']'
	case '"', '`', '\'':
	default:
		k := strings.IndexAny(s, " \t\r\n(,;.")
		if k < 0 {
			k = len(s)
		}
		return s[:k], s[k:]
	}
	if k := strings.IndexByte(s[1:], end); k >= 0 {
		return s[1 : 1+k], s[2+k:]
	}
	return s[1:], ""
}

// cellName tells where a blob stands.
func cellName(r relation, column int, rowid int64) string {
	name := fmt.Sprint(column + 1)
	if column < len(r.columns) {
		name = r.columns[column]
	}
	return fmt.Sprintf("%s.%s row %d", r.name, name, rowid)
}

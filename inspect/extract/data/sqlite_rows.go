package data

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Kinds of pages.
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

// maxLevels bounds the height of a tree; that of a full database is below it.
const maxLevels = 20

// value is what stands in one column of a row.
type value struct {
	kind    byte // 'n' NULL, 'i', 'f', 't', 'b'
	integer int64
	real    float64
	text    string
	blob    []byte
}

// append writes the value as a cell.
func (v value) append(dst []byte) []byte {
	switch v.kind {
	case 'i':
		return strconv.AppendInt(dst, v.integer, 10)
	case 'f':
		return strconv.AppendFloat(dst, v.real, 'f', -1, 64)
	case 't':
		return appendCell(dst, v.text)
	}
	return dst
}

// rows goes through a tree from left to right.
type rows struct {
	relation
	d       *database
	levels  []level
	values  []value
	payload []byte
	blobs   []part.Part // met on the way
	held    int         // bytes of blobs
	lost    bool        // some blobs were too many
	remains []byte      // text in free places of the pages
}

// level is a page on the way down and the next cell to look at.
type level struct {
	page []byte
	head int // where its header starts
	next int
	done bool // the cell before next was gone into
}

func (d *database) rows(r relation) *rows {
	w := &rows{relation: r, d: d}
	w.enter(r.root)
	return w
}

// enter goes down into a page.
func (w *rows) enter(n uint32) {
	if len(w.levels) >= maxLevels {
		w.d.broken = true
		return
	}
	k := len(w.levels)
	var page []byte
	if k < cap(w.levels) { // storage of a page left behind
		page = w.levels[:k+1][k].page
	}
	if page == nil {
		page = make([]byte, w.d.page)
	}
	if !w.d.load(n, page) {
		return
	}
	l := level{page: page}
	if n == 1 {
		l.head = 100
	}
	switch page[l.head] {
	case indexInterior, tableInterior, indexLeaf, tableLeaf:
	default:
		w.d.broken = true
		return
	}
	w.levels = append(w.levels, l)
	w.freed(&l)
}

func (l *level) kind() byte  { return l.page[l.head] }
func (l *level) cells() int  { return int(binary.BigEndian.Uint16(l.page[l.head+3:])) }
func (l *level) inner() bool { return l.kind() == indexInterior || l.kind() == tableInterior }

// cell returns cell i, as far as the page goes; nil if it lies outside.
func (l *level) cell(i, usable int) []byte {
	at := l.head + 8 + 2*i
	if l.inner() {
		at += 4
	}
	if at+2 > usable {
		return nil
	}
	from := int(binary.BigEndian.Uint16(l.page[at:]))
	if from < l.head+8 || from >= usable {
		return nil
	}
	return l.page[from:usable]
}

// next returns the next row, valid until the one after it, or false at the end.
func (w *rows) next() ([]value, bool) {
	for len(w.levels) > 0 && w.d.err == nil {
		l := &w.levels[len(w.levels)-1]
		switch {
		case l.next > l.cells(), l.next == l.cells() && !l.inner():
			w.levels = w.levels[:len(w.levels)-1]
		case l.next == l.cells():
			l.next++
			w.enter(binary.BigEndian.Uint32(l.page[l.head+8:]))
		default:
			cell := l.cell(l.next, w.d.usable)
			if cell == nil || l.inner() && len(cell) < 5 {
				w.d.broken = true
				l.next++
				continue
			}
			if l.inner() {
				if !l.done {
					l.done = true
					w.enter(binary.BigEndian.Uint32(cell))
					continue
				}
				l.done = false
				cell = cell[4:]
			}
			l.next++
			if l.kind() == tableInterior {
				continue
			}
			if row, ok := w.row(cell, l.kind()); ok {
				return row, true
			}
			w.d.broken = w.d.broken || w.d.err == nil
		}
	}
	return nil, false
}

// row reads the row in a cell.
func (w *rows) row(cell []byte, kind byte) ([]value, bool) {
	size, n := varint(cell)
	if n == 0 || size > 1<<30 {
		return nil, false
	}
	cell = cell[n:]
	var rowid int64
	if kind == tableLeaf {
		id, n := varint(cell)
		if n == 0 {
			return nil, false
		}
		rowid, cell = int64(id), cell[n:]
	}
	payload, ok := w.whole(cell, int(size), kind)
	if !ok {
		return nil, false
	}
	// Cells may lie over one another: what is read again counts again.
	if w.d.err == nil {
		w.d.err = w.d.b.Spend(w.d.ctx, len(payload))
	}
	return w.record(payload, rowid)
}

// whole returns a payload, with what lies on overflow pages.
func (w *rows) whole(cell []byte, size int, kind byte) ([]byte, bool) {
	u := w.d.usable
	most := u - 35
	if kind != tableLeaf {
		most = (u-12)*64/255 - 23
	}
	if size <= most {
		if size > len(cell) {
			return nil, false
		}
		return cell[:size], true
	}
	least := (u-12)*32/255 - 23
	local := least + (size-least)%(u-4)
	if local > most {
		local = least
	}
	if local+4 > len(cell) || int64(size-local) > int64(w.d.pages)*int64(u) {
		return nil, false
	}
	w.payload = append(w.payload[:0], cell[:local]...)
	next := binary.BigEndian.Uint32(cell[local:])
	buf := make([]byte, w.d.page)
	for len(w.payload) < size && next != 0 {
		if !w.d.load(next, buf) {
			return w.payload, w.d.err == nil // what there is
		}
		w.payload = append(w.payload, buf[4:min(u, 4+size-len(w.payload))]...)
		next = binary.BigEndian.Uint32(buf)
	}
	return w.payload, true
}

// record reads a record: types first, then values.
func (w *rows) record(b []byte, rowid int64) ([]value, bool) {
	size, n := varint(b)
	if n == 0 || size > uint64(len(b)) || size < uint64(n) {
		return nil, false
	}
	types, body := b[n:size], b[size:]
	w.values = w.values[:0]
	for len(types) > 0 && len(w.values) < 4096 {
		kind, n := varint(types)
		if n == 0 {
			return nil, false
		}
		types = types[n:]
		v, used := w.value(kind, body)
		if v.kind == 'n' && len(w.values) == w.rowid {
			v = value{kind: 'i', integer: rowid}
		}
		if v.kind == 'b' {
			v = w.blob(v.blob, len(w.values), rowid)
		}
		body = body[used:]
		w.values = append(w.values, v)
	}
	return w.values, true
}

// value reads a value of the given serial type. One that is cut off is given as
// far as it is there.
func (w *rows) value(kind uint64, b []byte) (v value, used int) {
	switch {
	case kind == 0 || kind == 10 || kind == 11:
		return value{kind: 'n'}, 0
	case kind == 8 || kind == 9:
		return value{kind: 'i', integer: int64(kind - 8)}, 0
	case kind < 8:
		n := [...]int{0, 1, 2, 3, 4, 6, 8, 8}[kind]
		if n > len(b) {
			return value{kind: 'n'}, len(b)
		}
		x := int64(int8(b[0]))
		for _, c := range b[1:n] {
			x = x<<8 | int64(c)
		}
		if kind == 7 {
			return value{kind: 'f', real: math.Float64frombits(uint64(x))}, n
		}
		return value{kind: 'i', integer: x}, n
	}
	n := int(min((kind-12)/2, uint64(len(b))))
	if kind&1 == 0 {
		return value{kind: 'b', blob: b[:n]}, n
	}
	return value{kind: 't', text: w.d.text(b[:n])}, n
}

// blob reads a blob as text if it is that; else it is kept as a nested part.
func (w *rows) blob(b []byte, column int, rowid int64) value {
	if len(b) > 0 && utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return r < '\t' || r > '\r' && r < ' ' }) < 0 {
		return value{kind: 't', text: string(b)}
	}
	if len(b) < minBlob {
		return value{kind: 'n'}
	}
	if len(w.blobs) >= maxBlobs || w.held+len(b) > maxBlobBytes {
		w.lost = true
		return value{kind: 'n'}
	}
	w.held += len(b)
	w.blobs = append(w.blobs, child(cellName(w.relation, column, rowid), "", bytes.Clone(b)))
	return value{kind: 'n'}
}

// text reads text in the database's encoding.
func (d *database) text(b []byte) string {
	switch d.coding {
	case 2:
		return charset.Text(b, charset.UTF16LE)
	case 3:
		return charset.Text(b, charset.UTF16BE)
	}
	return text(b) // programs put CP932 in, too
}

// freed keeps the text in the free blocks of a page, and between its cells'
// list and their content.
func (w *rows) freed(l *level) {
	if len(w.remains) > maxRemains/4 {
		return
	}
	b := l.page[:w.d.usable]
	from := l.head + 8 + 2*l.cells()
	if l.inner() {
		from += 4
	}
	to := int(binary.BigEndian.Uint16(b[l.head+5:]))
	if to == 0 {
		to = 64 << 10
	}
	if to = min(to, len(b)); from < to {
		w.remains = w.d.appendRuns(w.remains, b[from:to])
	}
	at := int(binary.BigEndian.Uint16(b[l.head+1:]))
	for range 1000 {
		if at == 0 || at+4 > len(b) {
			break
		}
		size := int(binary.BigEndian.Uint16(b[at+2:]))
		w.remains = w.d.appendRuns(w.remains, b[at+4:min(at+max(size, 4), len(b))])
		next := int(binary.BigEndian.Uint16(b[at:]))
		if next <= at { // they stand in order
			break
		}
		at = next
	}
}

// minRun is the length from which a run of text in free places counts.
const minRun = 6

// appendRuns appends the text in b, one run a line.
func (d *database) appendRuns(dst, b []byte) []byte {
	if d.coding == 2 {
		return runs.Append(dst, b, codepage.Unknown)
	}
	for len(b) > 0 {
		n := 0
		for n < len(b) {
			r, k := utf8.DecodeRune(b[n:])
			if r < ' ' || r == 0x7f || r == utf8.RuneError {
				break
			}
			n += k
		}
		if n >= minRun {
			dst = append(append(dst, b[:n]...), '\n')
		}
		b = b[min(n+1, len(b)):]
	}
	return dst
}

// varint reads SQLite's big-endian integer of variable length; n is 0 if b ends.
func varint(b []byte) (v uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | uint64(b[8]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

package detect

import (
	"bytes"
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// How much of a text's start is looked at to find out its layout.
const (
	sniffBytes = 16 << 10
	gapBytes   = 2 << 10 // for columns that are parted by spaces
	sniffRows  = 40
)

// delimiters are those of tables, in order of trial. Each has to be there.
var delimiters = [...]struct {
	char byte
	sign normal.Signs
}{{'\t', normal.Tab}, {',', normal.Comma}, {';', normal.Semicolon}, {'|', normal.Bar}, {fixed, 0}}

// sniff finds out how text is organised. off is where text stands in the
// block. A table is left open in v.table.
func (v *view) sniff(text []byte, off int) mode {
	head := text[:min(len(text), sniffBytes)]
	if looksJSON(head) {
		return object
	}
	if len(head) < len(text) {
		if i := bytes.LastIndexByte(head, '\n'); i > 0 {
			head = head[:i+1]
		}
	}
	best := 0
	signs := normal.SignsOf(head)
	for _, d := range delimiters {
		if d.char == fixed && (best > 0 || !gapped(head[:min(len(head), gapBytes)])) || d.char != fixed && signs&d.sign == 0 {
			continue
		}
		t := &v.trial
		t.reset()
		t.open(d.char, false)
		s := t.fit(head)
		if s > 0 && t.form && d.char != ',' && d.char != ';' {
			return prose // label, tab, value: a label's line like others
		}
		if s > best {
			best = s
			v.table, v.trial = v.trial, v.table
		}
	}
	if best == 0 {
		return prose
	}
	v.table.from += off
	if v.table.head >= 0 {
		v.table.head += off
		v.table.body += off
	}
	return rows
}

// gapped reports whether two spaces follow each other in b, eight bytes at a time:
// prose is full of single ones.
func gapped(b []byte) bool {
	for ; len(b) > 8; b = b[7:] { // one byte is seen twice: it may be the first of two
		if z := equal8(binary.LittleEndian.Uint64(b), ' '); z&(z>>8) != 0 {
			return true
		}
	}
	return bytes.Contains(b, []byte("  "))
}

// looksJSON reports whether b begins like JSON.
func looksJSON(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) < 2 {
		return false
	}
	rest := bytes.TrimLeft(b[1:], " \t\r\n")
	if len(rest) == 0 {
		return false
	}
	switch b[0] {
	case '{':
		return rest[0] == '"' || rest[0] == '}'
	case '[':
		return rest[0] == '{' || rest[0] == '[' || rest[0] == '"' || rest[0] == ']' && len(rest) < 3
	}
	return false
}

// tableEnd returns where the table ends, if it does so between from and hi; else 0.
func (v *view) tableEnd(from, hi int) int {
	if v.mode != rows || v.table.wide {
		return 0
	}
	if v.table.ready(v.text); !v.table.ended || v.table.to <= from || v.table.to >= hi {
		return 0
	}
	return v.table.to
}

// rowCut returns the last row end in text between from and hi, where from is a
// row's start; 0 if the table is not quoted or has no row end there.
func (v *view) rowCut(text []byte, from, hi int) int {
	if v.mode != rows || !v.table.known || v.table.wide || bytes.IndexByte(text[from:hi], '"') < 0 {
		return 0
	}
	cut := 0
	for i := from; i < hi; {
		quote := hi
		if k := bytes.IndexByte(text[i:hi], '"'); k >= 0 {
			quote = i + k
		}
		if k := bytes.LastIndexByte(text[i:quote], '\n'); k >= 0 {
			cut = i + k + 1
		}
		if i = quote; i < hi {
			if end, ok := quoteEnd(text, i); ok {
				i = end
			}
			i++
		}
	}
	return cut
}

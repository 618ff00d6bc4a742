// Package table hands on sheets that a document's reader has written out as
// text: UTF-8, one row a line, cells set apart by one tab each. A reader gives a
// sheet as a nested part with the media type Type; Line n is then row n of the
// sheet and the cell behind k tabs is the one in column k+1, so that a finding
// can be told by its cell.
package table

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Type is the media type under which a document's reader hands on a sheet.
const Type = "text/tab-separated-values; charset=utf-8; x-sheet=1"

// Reader hands on such a sheet as it is.
type Reader struct{}

// Name implements part.Reader.
func (Reader) Name() string { return "table" }

// Match implements part.Reader. Only the media type tells: what was written out
// by a reader is not to be taken for anything else.
func (Reader) Match(p *part.Part, _ []byte) bool {
	return p.MediaType == Type && len(p.Encodings) == 0
}

const block = 64 << 10

var blocks = sync.Pool{New: func() any { b := make([]byte, 0, block); return &b }}

// Read implements part.Reader.
func (Reader) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("table", "utf-8")
	buf := blocks.Get().(*[]byte)
	defer blocks.Put(buf)
	rows := (*buf)[:0]
	var m normal.Map
	var err error
	for offset := int64(0); ; {
		for len(rows) < cap(rows) && err == nil {
			var n int
			n, err = p.Body.Read(rows[len(rows):cap(rows)])
			rows = rows[:len(rows)+n]
		}
		if len(rows) == 0 {
			break
		}
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		end := len(rows)
		if err == nil {
			if end = bytes.LastIndexByte(rows, '\n') + 1; end == 0 {
				end = normal.Border(rows)
			}
		}
		for at := 0; ; at++ { // what is not UTF-8 is no reason to lose the rest
			if at += charset.ValidPrefix(rows[at:end]); at >= end {
				break
			}
			rows[at] = '?'
		}
		m.Reset(offset)
		if err := e.Text(part.Text{Bytes: rows[:end], Map: &m, Layout: part.Table}); err != nil {
			return err
		}
		if err := decode.Veins(e, rows[:end]); err != nil {
			return err
		}
		offset += int64(end)
		rows = rows[:copy(rows, rows[end:])]
	}
	if err != io.EOF {
		return part.Stop(ctx, e, err, true)
	}
	return nil
}

package office

import (
	"context"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// grid writes out the cells of a sheet: a row a line, cells set apart by a tab,
// so that the lines and the tabs before a cell tell where it is in the sheet.
type grid struct {
	written
	ctx    context.Context
	b      *part.Budget
	row    int // from 0: of the line that is being written
	column int // from 0: of the next cell in it
	begun  bool
	text   int // bytes of cells
	filler int // bytes of lines and tabs for empty ones
}

// Sheets have no more rows and columns than these.
const (
	maxRows    = 1 << 20
	maxColumns = 1 << 14
)

// Filler is bounded, so that a few cells far to the right are no megabytes of
// tabs: beyond freeFiller and fillerRatio times the text, empty cells are left
// out but for nearGap.
const (
	freeFiller  = 1 << 20
	fillerRatio = 8
	nearGap     = 64
)

// place goes to the place of a cell, which is to be appended to out. Cells that
// are out of order come behind those that were written before.
func (g *grid) place(row, column int) {
	if row >= maxRows {
		row = g.row
	}
	if row > g.row {
		g.fill(row-g.row, '\n')
		g.row, g.column, g.begun = row, 0, false
	}
	gap := column - g.column
	if gap < 0 || column >= maxColumns {
		gap = 0
	}
	if g.filler > freeFiller+fillerRatio*g.text {
		gap = min(gap, nearGap)
	}
	if g.begun {
		g.out = append(g.out, '\t')
	}
	g.fill(gap, '\t')
	g.column += gap + 1
	g.begun = true
}

func (g *grid) fill(n int, c byte) {
	if n > nearGap && g.b != nil {
		// Made anew: a few bytes may stand for many lines.
		if over := g.b.Spend(g.ctx, n); over != nil {
			g.err = over
			return
		}
	}
	for range n {
		g.out = append(g.out, c)
	}
	g.filler += n
}

// finish ends the last line.
func (g *grid) finish() {
	if g.begun {
		g.out = append(g.out, '\n')
		g.begun = false
	}
}

// drain hands the elements of x to take until there is enough to read, take sets
// done, or x ends.
func (g *grid) drain(x *scanner, take func(kind token, name []byte), done *bool) error {
	for len(g.out) < enough {
		if *done {
			g.finish()
			return io.EOF
		}
		kind, name := x.next()
		if kind == tokenEnd {
			g.finish()
			if err := x.fault(); err != nil {
				return err
			}
			return io.EOF
		}
		take(kind, name)
		if g.err != nil {
			return g.err
		}
	}
	return nil
}

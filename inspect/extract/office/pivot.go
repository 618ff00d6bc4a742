package office

import (
	"io"
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pivot reads the records that a pivot table keeps of its source (18.10), which
// stay in the workbook when the source is taken out, as a table.
type pivot struct {
	grid
	x      *scanner
	fields []pivotField
	at     int // of the value in its record
	row    int // of the record
}

// pivotField is a column of the source: its name, and the values that records
// give by their number.
type pivotField struct {
	name  string
	items []string
}

// maxPivot bounds the items of one definition, in bytes.
const maxPivot = 16 << 20

// pivotFields reads the definition that records belong to.
func (d *pack) pivotFields(records string) (fields []pivotField) {
	size := 0
	d.lookXML(d.pivots[records], func(x *scanner) error {
		in := false
		for {
			kind, name := x.next()
			switch {
			case kind == tokenEnd:
				return nil // it comes by as a member, and tells
			case string(name) == "sharedItems":
				in = kind == tokenOpen
			case kind != tokenOpen && kind != tokenEmpty:
			case string(name) == "cacheField" && len(fields) < maxColumns:
				fields = append(fields, pivotField{name: x.said("name")})
			case in && len(name) == 1 && len(fields) > 0 && size < maxPivot:
				v := x.said("v")
				size += len(v) + 16
				f := &fields[len(fields)-1]
				f.items = append(f.items, v)
			}
		}
	})
	return fields
}

func (d *pack) pivot(p part.Part, fields []pivotField) error {
	path, x := d.written(p)
	defer x.release()
	s := &pivot{x: x, fields: fields}
	s.ctx, s.b, s.grid.more = d.ctx, d.b, s.more
	for i, f := range fields {
		s.place(0, i)
		s.out = appendCell(s.out, []byte(f.name))
	}
	return d.e.Child(part.Part{Path: path, MediaType: table.Type, Body: &s.written, Size: -1})
}

func (s *pivot) more() error {
	for len(s.out) < enough {
		kind, name := s.x.next()
		switch {
		case kind == tokenEnd:
			s.finish()
			if err := s.x.fault(); err != nil {
				return err
			}
			return io.EOF
		case kind == tokenClose || len(name) != 1:
		case name[0] == 'r':
			s.row, s.at = s.row+1, 0
		default:
			s.put(name[0], s.x.said("v"))
			s.at++
		}
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

func (s *pivot) put(kind byte, v string) {
	if kind == 'x' && s.at < len(s.fields) {
		i, err := strconv.Atoi(v)
		if items := s.fields[s.at].items; err == nil && i >= 0 && i < len(items) {
			v = items[i]
		}
	}
	if v != "" {
		s.place(s.row, s.at)
		s.out = appendCell(s.out, []byte(v))
		s.text += len(v)
	}
}

package extract

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"time"
)

// sheet reads a worksheet as a table: cells in their columns, dates as dates,
// hidden rows and columns like others. Formulas are not shown, their results
// are.
type sheet struct {
	x      xmlScanner
	book   *workbook
	out    []byte // written out and not yet read
	read   int    // of out
	column int    // of the next cell in this row
	value  []byte
}

// maxGap bounds the empty cells written before a cell, so that a few cells far
// to the right are no megabytes of tabs.
const maxGap = 64

func (s *sheet) Read(p []byte) (int, error) {
	for s.read == len(s.out) {
		s.out, s.read = s.out[:0], 0
		for len(s.out) < 16<<10 {
			kind, name := s.x.next()
			if kind == tokenEnd {
				break
			}
			s.take(kind, name)
		}
		if len(s.out) == 0 {
			if err := s.x.fault(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
	}
	n := copy(p, s.out[s.read:])
	s.read += n
	return n, nil
}

// take writes out what an element is.
func (s *sheet) take(kind token, name []byte) {
	switch string(name) {
	case "row":
		if kind == tokenClose && s.column > 0 {
			s.out = append(s.out, '\n')
			s.column = 0
		}
	case "c":
		if kind == tokenOpen {
			s.cell()
		}
	case "oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter":
		if kind == tokenOpen {
			if kind, _ := s.x.next(); kind == tokenText {
				s.out = append(appendCell(s.out, s.x.text), '\n')
			}
		}
	case "dataValidation", "hyperlink":
		for _, a := range []string{"prompt", "error", "location", "display", "tooltip"} {
			if v := s.x.attribute(a); len(v) > 0 {
				s.out = append(appendCell(s.out, appendUnescaped(nil, v)), '\n')
			}
		}
	}
}

// cell reads the cell whose tag was just read.
func (s *sheet) cell() {
	column := columnOf(s.x.attribute("r"))
	if column < 0 {
		column = s.column
	}
	kind := byte('n')
	if t := s.x.attribute("t"); len(t) > 0 {
		kind = t[0]
		if string(t) == "str" || string(t) == "inlineStr" {
			kind = 't'
		}
	}
	style, _ := strconv.Atoi(string(s.x.attribute("s")))
	s.value = s.value[:0]
	in, phonetic := false, false
	for {
		token, name := s.x.next()
		switch {
		case token == tokenEnd, token == tokenClose && string(name) == "c":
			s.put(column, kind, style)
			return
		case token == tokenText:
			if in && !phonetic {
				s.value = append(s.value, s.x.text...)
			}
		case string(name) == "v" || string(name) == "t":
			in = token == tokenOpen
		case string(name) == "rPh":
			phonetic = token == tokenOpen
		}
	}
}

// put writes a cell's value into its column.
func (s *sheet) put(column int, kind byte, style int) {
	if len(s.value) == 0 {
		return
	}
	gap := column - s.column
	for range min(max(gap, 0), maxGap) {
		s.out = append(s.out, '\t')
	}
	s.column = column + 1
	switch kind {
	case 's':
		i, err := strconv.Atoi(string(bytes.TrimSpace(s.value)))
		if err == nil {
			s.out = append(s.out, s.book.shared(i)...)
		}
	case 'n':
		s.out = s.number(style)
	default:
		s.out = appendCell(s.out, s.value)
	}
	s.out = append(s.out, '\t')
}

// number writes a number as it is shown, as far as that matters: dates, and
// without an exponent.
func (s *sheet) number(style int) []byte {
	date := style >= 0 && style < len(s.book.dates) && s.book.dates[style]
	if !date && bytes.IndexByte(s.value, 'E') < 0 {
		return appendCell(s.out, s.value)
	}
	v, err := strconv.ParseFloat(string(s.value), 64)
	switch {
	case err != nil || math.Abs(v) > 1e18:
		return appendCell(s.out, s.value)
	case !date:
		return strconv.AppendFloat(s.out, v, 'f', -1, 64)
	}
	return appendDate(s.out, v, s.book.epoch)
}

// appendDate writes a serial date. Day 60 of the usual epoch is 29 February
// 1900, which never was; those before it are one day off.
func appendDate(dst []byte, serial float64, epoch int) []byte {
	if serial < 0 || serial > 2958466 {
		return strconv.AppendFloat(dst, serial, 'f', -1, 64)
	}
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case epoch == 1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case serial < 60:
		start = start.AddDate(0, 0, 1)
	}
	day, part := math.Modf(serial)
	t := start.AddDate(0, 0, int(day)).Add(time.Duration(math.Round(part*86400)) * time.Second)
	if part == 0 {
		return t.AppendFormat(dst, "2006-01-02")
	}
	return t.AppendFormat(dst, "2006-01-02 15:04:05")
}

// columnOf returns the column, from 0, of a reference such as "C12", -1 if it is
// none.
func columnOf(ref []byte) int {
	n := 0
	for _, c := range ref {
		if c-'A' >= 26 {
			break
		}
		if n = n*26 + int(c-'A') + 1; n > 1<<14 {
			return -1
		}
	}
	return n - 1
}

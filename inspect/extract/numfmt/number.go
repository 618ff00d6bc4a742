package numfmt

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// condition reads a condition such as "<=99999999".
func (p *parser) condition(in string) {
	op, rest := in[0], in[1:]
	if rest != "" && (rest[0] == '=' || rest[0] == '>') {
		switch {
		case op == '<' && rest[0] == '=':
			op = 'l'
		case op == '>' && rest[0] == '=':
			op = 'g'
		case op == '<':
			op = '!'
		}
		rest = rest[1:]
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
	if err == nil {
		p.cond, p.limit = op, v
	}
}

func (s *section) holds(v float64) bool {
	switch s.cond {
	case '=':
		return v == s.limit
	case '!':
		return v != s.limit
	case '<':
		return v < s.limit
	case '>':
		return v > s.limit
	case 'l':
		return v <= s.limit
	case 'g':
		return v >= s.limit
	}
	return false
}

// section chooses the section for v and tells whether v's sign is to be shown.
func (f *Format) section(v float64) (s *section, signed bool) {
	all := f.sections
	if all[0].cond != 0 || len(all) > 1 && all[1].cond != 0 {
		for i := range all {
			switch {
			case all[i].cond != 0 && all[i].holds(v), all[i].cond == 0 && (i > 0 || v > 0):
				return &all[i], v < 0
			}
		}
		return nil, true
	}
	switch {
	case len(all) >= 3 && v == 0:
		return &all[2], false
	case len(all) >= 2 && v < 0:
		return &all[1], false
	}
	return &all[0], true
}

// Append appends the number v as f shows it. date1904 says that dates count from
// 1904, not 1900.
func (f *Format) Append(dst []byte, v float64, date1904 bool) []byte {
	if f.Plain() || math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) >= 1e20 {
		return AppendGeneral(dst, v)
	}
	s, signed := f.section(v)
	switch {
	case s == nil || s.fraction:
		return AppendGeneral(dst, v)
	case s.date:
		return s.appendDate(dst, v, date1904)
	}
	from := len(dst)
	dst, exact := s.appendNumber(dst, math.Abs(v), signed && v < 0)
	if !exact || len(bytes.TrimSpace(dst[from:])) == 0 {
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		dst = AppendGeneral(dst, v)
	}
	return dst
}

// AppendGeneral appends v as General shows it in a cell that is wide enough:
// whole, without an exponent where it is no very large or small number, with the
// 15 significant digits that spreadsheets keep. Integers have all their digits.
func AppendGeneral(dst []byte, v float64) []byte {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	case a >= 1e21 || a > 0 && a < 1e-9:
		return strconv.AppendFloat(dst, v, 'E', -1, 64)
	case v == math.Trunc(v):
		return strconv.AppendFloat(dst, v, 'f', 0, 64)
	}
	digits, point := decimal(a)
	if v < 0 {
		dst = append(dst, '-')
	}
	for i := range max(point, 1) {
		dst = append(dst, at(digits, i, point))
	}
	if len(digits) > point {
		dst = append(dst, '.')
		for i := max(point, 1); i < len(digits)+max(1-point, 0); i++ {
			dst = append(dst, at(digits, i, point))
		}
	}
	return dst
}

// at returns the digit at place i of a number whose places before its point are
// max(point, 1).
func at(digits []byte, i, point int) byte {
	if point < 1 {
		i -= 1 - point
	}
	if i < 0 || i >= len(digits) {
		return '0'
	}
	return digits[i]
}

// decimal returns the significant digits of a >= 0, without zeros behind, and
// where the point stands in them: 15 digits, of integers all.
func decimal(a float64) (digits []byte, point int) {
	var b [32]byte
	if a == math.Trunc(a) && a >= 1e15 {
		d := strconv.AppendFloat(b[:0], a, 'f', 0, 64)
		return bytes.TrimRight(d, "0"), len(d)
	}
	s := strconv.AppendFloat(b[:0], a, 'e', 14, 64) // d.dddde±xx
	k := bytes.IndexByte(s, 'e')
	e, _ := strconv.Atoi(string(s[k+1:]))
	digits = append(append(make([]byte, 0, 24), s[0]), s[2:k]...)
	if digits = bytes.TrimRight(digits, "0"); len(digits) == 0 {
		return nil, 0
	}
	return digits, e + 1
}

// round cuts digits after n places behind the point, rounding half up.
func round(digits []byte, point, n int) ([]byte, int) {
	keep := point + n
	if keep >= len(digits) {
		return digits, point
	}
	if keep < 0 {
		return nil, 0
	}
	up := digits[keep] >= '5'
	digits = digits[:keep]
	if !up {
		return digits, point
	}
	for i := keep - 1; i >= 0; i-- {
		if digits[i]++; digits[i] <= '9' {
			return digits, point
		}
		digits[i] = '0'
	}
	return append([]byte{'1'}, digits...), point + 1
}

// appendNumber appends a >= 0 and reports whether all digits of its whole part
// are shown.
func (s *section) appendNumber(dst []byte, a float64, negative bool) (_ []byte, exact bool) {
	digits, at := decimal(a)
	at += 2*s.percent - 3*s.scale
	if len(digits) == 0 {
		at = 0
	}
	exact = s.exponent == 0 && s.scale == 0
	exp := 0
	if s.exponent > 0 && len(digits) > 0 {
		exp = at - max(s.whole, 1)
		at = max(s.whole, 1)
	}
	digits, at = round(digits, at, s.decimals)
	places := max(at, 0) // digits before the point
	if negative && len(digits) > 0 {
		dst = append(dst, '-')
	}
	if s.whole == 0 && s.decimals == 0 && !s.general {
		exact = len(digits) == 0
	}
	left := s.whole // digit tokens to come before the point
	next := 0       // decimals shown
	behind := false
	put := func(i int) { // the digit i places before the point, from 1
		c := byte('0')
		if k := places - i; k >= 0 && k < len(digits) {
			c = digits[k]
		}
		dst = append(dst, c)
		if s.grouped && i > 1 && (i-1)%3 == 0 {
			dst = append(dst, ',')
		}
	}
	for _, t := range s.tokens {
		switch t.kind {
		case literal:
			dst = append(dst, t.text...)
		case general:
			dst = AppendGeneral(dst, a)
		case point:
			if s.whole == 0 {
				for i := places; i > 0; i-- {
					put(i)
				}
			}
			dst = append(dst, '.')
			behind = true
		case digit:
			if behind {
				dst = s.decimal(dst, digits, at, next, t.letter)
				next++
				continue
			}
			if left == s.whole {
				for i := places; i > left; i-- {
					put(i)
				}
			}
			switch {
			case left <= places || t.letter == '0':
				put(left)
			case t.letter == '?':
				dst = append(dst, ' ')
			}
			left--
		case exponent:
			dst = append(dst, 'E')
			if exp < 0 {
				dst = append(dst, '-')
			} else if t.letter == '+' {
				dst = append(dst, '+')
			}
			e := strconv.Itoa(max(exp, -exp))
			for range s.exponent - len(e) {
				dst = append(dst, '0')
			}
			dst = append(dst, e...)
		}
	}
	return dst, exact
}

// decimal appends the digit n places behind the point.
func (s *section) decimal(dst, digits []byte, at, n int, letter byte) []byte {
	k := at + n
	switch {
	case k >= 0 && k < len(digits):
		return append(dst, digits[k])
	case k < 0 || letter == '0':
		return append(dst, '0')
	}
	return dst
}

package numfmt

import (
	"math"
	"strconv"
	"time"
)

// last is the day behind 31 December 9999, the last that spreadsheets know.
const last = 2958466

// moment is a serial date taken apart.
type moment struct {
	day          int // serial, from 1900
	year, month  int
	dayOfMonth   int
	weekday      time.Weekday
	hour, min    int
	sec, milli   int
	totalSeconds int64 // for elapsed times
	negative     bool
	anteMeridiem bool
	twelve       int // the hour on a clock of twelve
}

// take takes a serial date apart. Day 60 of the usual epoch is 29 February
// 1900, which never was; those before it are one day off.
func take(v float64, fine int) moment {
	unit := math.Pow10(fine)
	ticks := math.Round(math.Abs(v) * 86400 * unit)
	seconds := int64(ticks / unit)
	m := moment{negative: v < 0, totalSeconds: seconds}
	m.milli = int((ticks - float64(seconds)*unit) * math.Pow10(3-fine))
	m.day = int(seconds / 86400)
	s := int(seconds % 86400)
	m.hour, m.min, m.sec = s/3600, s/60%60, s%60
	m.twelve, m.anteMeridiem = m.hour%12, m.hour < 12
	if m.twelve == 0 {
		m.twelve = 12
	}
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if m.day < 60 {
		start = start.AddDate(0, 0, 1)
	}
	t := start.AddDate(0, 0, m.day)
	m.year, m.month, m.dayOfMonth, m.weekday = t.Year(), int(t.Month()), t.Day(), t.Weekday()
	if m.day == 60 {
		m.month, m.dayOfMonth = 2, 29
	}
	return m
}

func (s *section) appendDate(dst []byte, v float64, date1904 bool) []byte {
	if date1904 && !s.elapsed {
		v += 1462
	}
	if v >= last || v < 0 && !s.elapsed {
		return AppendGeneral(dst, v)
	}
	m := take(v, s.fine)
	if m.negative {
		dst = append(dst, '-')
	}
	for _, t := range s.tokens {
		switch t.kind {
		case literal:
			dst = append(dst, t.text...)
		case general:
			dst = AppendGeneral(dst, v)
		case ampm:
			dst = appendHalf(dst, t.text, m.anteMeridiem)
		case field:
			dst = s.appendField(dst, t, &m)
		}
	}
	if v >= 1 && !s.elapsed && s.shows != showsYear|showsMonth|showsDay {
		dst = strconv.AppendInt(append(dst, ' '), int64(m.year), 10)
		dst = strconv.AppendInt(append(dst, '/'), int64(m.month), 10)
		dst = strconv.AppendInt(append(dst, '/'), int64(m.dayOfMonth), 10)
	}
	return dst
}

// appendHalf appends the half of the day in the words of the format.
func appendHalf(dst []byte, words string, morning bool) []byte {
	for i := range words {
		if words[i] != '/' {
			continue
		}
		if morning {
			return append(dst, words[:i]...)
		}
		return append(dst, words[i+1:]...)
	}
	return dst
}

func appendPadded(dst []byte, n int64, width int) []byte {
	b := strconv.FormatInt(n, 10)
	for range width - len(b) {
		dst = append(dst, '0')
	}
	return append(dst, b...)
}

func (s *section) appendField(dst []byte, t token, m *moment) []byte {
	two := min(t.count, 2)
	switch t.letter {
	case 'y':
		if t.count <= 2 {
			return appendPadded(dst, int64(m.year%100), 2)
		}
		return appendPadded(dst, int64(m.year), 4)
	case 'b':
		if t.count <= 2 {
			return appendPadded(dst, int64((m.year+543)%100), 2)
		}
		return appendPadded(dst, int64(m.year+543), 4)
	case 'g', 'e', 'r':
		return appendEra(dst, t, m)
	case 'm':
		return appendName(dst, t.count, m.month, time.Month(m.month).String())
	case 'd':
		return appendName(dst, t.count, m.dayOfMonth, m.weekday.String())
	case 'a':
		const days = "日月火水木金土"
		dst = append(dst, days[3*int(m.weekday):3*int(m.weekday)+3]...)
		if t.count > 3 {
			dst = append(dst, "曜日"...)
		}
		return dst
	case 'h':
		if s.clock {
			return appendPadded(dst, int64(m.twelve), two)
		}
		return appendPadded(dst, int64(m.hour), two)
	case 'i':
		return appendPadded(dst, int64(m.min), two)
	case 's':
		return appendPadded(dst, int64(m.sec), two)
	case '.':
		dst = append(dst, '.')
		return append(dst, appendPadded(nil, int64(m.milli), 3)[:t.count]...)
	case 'H':
		return appendPadded(dst, m.totalSeconds/3600, t.count)
	case 'M':
		return appendPadded(dst, m.totalSeconds/60, t.count)
	case 'S':
		return appendPadded(dst, m.totalSeconds, t.count)
	}
	return dst
}

// appendName appends a month or day: a number, or its English name.
func appendName(dst []byte, count, n int, name string) []byte {
	switch {
	case count <= 2:
		return appendPadded(dst, int64(n), count)
	case count == 3:
		return append(dst, name[:3]...)
	case count == 5:
		return append(dst, name[:1]...)
	}
	return append(dst, name...)
}

// eras are the Japanese eras that spreadsheets know, the latest first.
var eras = []struct {
	year, month, day int
	letter           string
	name             string
}{
	{2019, 5, 1, "R", "令和"},
	{1989, 1, 8, "H", "平成"},
	{1926, 12, 25, "S", "昭和"},
	{1912, 7, 30, "T", "大正"},
	{1868, 1, 25, "M", "明治"},
}

func appendEra(dst []byte, t token, m *moment) []byte {
	date := m.year*10000 + m.month*100 + m.dayOfMonth
	for _, e := range eras {
		if date < e.year*10000+e.month*100+e.day {
			continue
		}
		year := int64(m.year - e.year + 1)
		switch {
		case t.letter == 'e':
			return appendPadded(dst, year, min(t.count, 2))
		case t.letter == 'r':
			return appendPadded(append(dst, e.name...), year, 2)
		case t.count == 1:
			return append(dst, e.letter...)
		case t.count == 2:
			return append(dst, e.name[:3]...)
		}
		return append(dst, e.name...)
	}
	return dst
}

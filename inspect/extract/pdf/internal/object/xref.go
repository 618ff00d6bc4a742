package object

import (
	"bytes"
)

// readTables reads the cross-reference tables and streams from the newest to
// the oldest. It reports whether that led anywhere.
func (f *File) readTables() bool {
	tail := f.src.window(max(f.src.size-2048, 0), 2048)
	k := bytes.LastIndex(tail, []byte("startxref"))
	if k < 0 {
		return false
	}
	at, ok := NewLexer(tail[k+len("startxref"):]).Next().(int)
	if !ok {
		return false
	}
	next := []int{at}
	seen := map[int]bool{}
	for len(next) > 0 && len(seen) < 1000 {
		at, next = next[0], next[1:]
		if seen[at] || at <= 0 && len(seen) > 0 {
			continue
		}
		seen[at] = true
		if !f.Step() {
			return false
		}
		d, ok := f.table(int64(at) + f.origin)
		if !ok && f.origin > 0 {
			d, ok = f.table(int64(at))
		}
		if !ok {
			return false
		}
		for k, v := range d {
			if f.Trailer[k] == nil {
				f.Trailer[k] = v
			}
		}
		// A hybrid file's stream comes before older tables (7.5.8.4).
		if x, ok := d["XRefStm"].(int); ok {
			next = append(next, x)
		}
		switch prev := d["Prev"].(type) {
		case int:
			next = append(next, prev)
		case float64:
			next = append(next, int(prev))
		}
	}
	return len(f.entries) > 0
}

// table reads one table or stream and returns its dictionary.
func (f *File) table(at int64) (Dict, bool) {
	w := f.src.window(at, 64)
	if trimmed := bytes.TrimLeft(w, "\r\n \t\x00"); bytes.HasPrefix(trimmed, []byte("xref")) {
		return f.plainTable(at + int64(len(w)-len(trimmed)) + 4)
	}
	o, _, ok := f.parse(at)
	s, isStream := o.(*Stream)
	if !ok || !isStream || s.Dict["Type"] != Name("XRef") {
		return nil, false
	}
	s.plain = true
	return s.Dict, f.xrefStream(s)
}

// plainTable reads a table whose keyword ends at an offset, and its trailer.
func (f *File) plainTable(at int64) (Dict, bool) {
	for size := 64 << 10; ; size *= 8 {
		w := f.src.window(at, size)
		l := &Lexer{b: w, refs: true}
		found := map[int]entry{}
		d, done, ok := f.sections(l, found)
		if done && (l.at < len(w)-64 || len(w) < size) {
			for n, e := range found {
				f.enter(n, e)
			}
			return d, ok
		}
		if len(w) < size || size > 64<<20 || f.err != nil {
			return nil, false
		}
	}
}

// sections reads the sections of a table. done is false if the bytes ended
// first.
func (f *File) sections(l *Lexer, found map[int]entry) (d Dict, done, ok bool) {
	for f.Step() {
		first := l.Next()
		if first == Keyword("trailer") {
			d, ok := l.Next().(Dict)
			return d, true, ok
		}
		start, ok1 := first.(int)
		count, ok2 := l.Next().(int)
		if !ok1 || !ok2 || count < 0 {
			_, end := first.(End)
			return nil, !end, false
		}
		for i := range count {
			at, ok1 := l.Next().(int)
			gen, ok2 := l.Next().(int)
			kind, ok3 := l.Next().(Keyword)
			if !ok1 || !ok2 || !ok3 || len(found) > maxEntries {
				return nil, l.at < len(l.b), false
			}
			if i == 0 && start == 1 && kind == "f" && gen == 65535 {
				start = 0 // numbered from 1 by mistake
			}
			if kind == "n" && at > 0 {
				found[start+i] = entry{at: int64(at) + f.origin, gen: gen}
			}
		}
	}
	return nil, true, false
}

// enter adds an entry, unless a newer table had one.
func (f *File) enter(num int, e entry) {
	if _, ok := f.entries[num]; !ok && num >= 0 && len(f.entries) < maxEntries {
		f.entries[num] = e
	}
}

// xrefStream reads a cross-reference stream (7.5.8).
func (f *File) xrefStream(s *Stream) bool {
	var w [3]int
	row := 0
	for i, o := range f.Array(s.Dict["W"]) {
		n := f.Int(o, -1)
		if n < 0 || n > 8 {
			return false
		}
		if i < 3 {
			w[i] = n
		}
		row += n
	}
	if row == 0 {
		return false
	}
	data, _ := f.Data(s)
	index := f.Array(s.Dict["Index"])
	if len(index) == 0 {
		index = Array{0, f.Int(s.Dict["Size"], 0)}
	}
	for i := 0; i+1 < len(index); i += 2 {
		start, count := f.Int(index[i], 0), f.Int(index[i+1], 0)
		for n := start; n < start+count && len(data) >= row; n++ {
			kind := 1
			if w[0] > 0 {
				kind = field(data[:w[0]])
			}
			a, b := field(data[w[0]:w[0]+w[1]]), field(data[w[0]+w[1]:w[0]+w[1]+w[2]])
			data = data[row:]
			switch kind {
			case 1:
				f.enter(n, entry{at: int64(a) + f.origin, gen: b})
			case 2:
				if a > 0 {
					f.enter(n, entry{at: int64(b), within: a})
				}
			}
		}
	}
	return true
}

func field(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

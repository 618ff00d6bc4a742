package object

import (
	"bytes"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// rebuild finds the objects by looking through the whole file. Of objects with
// one number the last counts.
func (f *File) rebuild() {
	f.rebuilt = true
	clear(f.cache)
	f.held = 0
	old := f.Trailer
	f.Trailer = Dict{}
	f.entries = map[int]entry{}
	var streams []int
	f.eachObject(func(num, gen int, at int64) {
		if len(f.entries) < maxEntries {
			f.entries[num] = entry{at: at, gen: gen}
			streams = append(streams, num)
		}
	})
	f.trailers()
	if f.Trailer["Encrypt"] == nil && old["Encrypt"] != nil {
		f.Trailer["Encrypt"], f.Trailer["ID"] = old["Encrypt"], old["ID"]
	}
	// Object streams and cross-reference streams, and a catalogue if none is named.
	var packed []int
	for _, n := range streams {
		if f.entries[n].within > 0 || !f.Step() {
			continue
		}
		head := f.src.window(f.entries[n].at, 512)
		switch {
		case bytes.Contains(head, []byte("ObjStm")):
			packed = append(packed, n)
		case bytes.Contains(head, []byte("/XRef")):
			if s, ok := f.load(n).(*Stream); ok && s.Dict["Type"] == Name("XRef") {
				f.adopt(s.Dict)
			}
		case bytes.Contains(head, []byte("/Catalog")) && f.Dict(f.Trailer["Root"])["Pages"] == nil:
			if d := f.Dict(Ref{Num: n}); d["Type"] == Name("Catalog") {
				f.Trailer["Root"] = Ref{Num: n}
			}
		}
	}
	if len(packed) > 0 {
		_ = f.decrypt() // told by who opens the file
		f.unpack(packed)
	}
	if f.Dict(f.Trailer["Root"])["Pages"] == nil {
		f.findRoot()
	}
}

// unpack enters the objects of object streams that stand nowhere else.
func (f *File) unpack(packed []int) {
	for _, n := range packed {
		s, ok := f.load(n).(*Stream)
		if !ok || s.Dict["Type"] != Name("ObjStm") || !f.Step() {
			continue
		}
		for num := range f.Objects(s) {
			if e, ok := f.entries[num]; (!ok || e.within > 0) && num >= 0 && len(f.entries) < maxEntries {
				f.entries[num] = entry{within: n}
				delete(f.cache, num)
			}
		}
	}
}

// findRoot looks for a catalogue among all objects.
func (f *File) findRoot() {
	for _, n := range f.Numbers() {
		d, ok := f.load(n).(Dict)
		if !f.Step() {
			return
		}
		if ok && d["Type"] == Name("Catalog") && d["Pages"] != nil {
			f.Trailer["Root"] = Ref{Num: n}
		}
	}
}

// adopt takes what a trailer says, over what older ones said.
func (f *File) adopt(d Dict) {
	for _, k := range []Name{"Root", "Info", "Encrypt", "ID"} {
		if v := d[k]; v != nil {
			if k == "Root" && f.Dict(v)["Pages"] == nil {
				continue
			}
			f.Trailer[k] = v
		}
	}
}

// trailers reads all trailers of the file.
func (f *File) trailers() {
	mark := []byte("trailer")
	for at := int64(0); f.Step(); at += int64(len(mark)) {
		if at = f.src.find(at, mark); at < 0 {
			return
		}
		l := &Lexer{b: f.src.window(at+int64(len(mark)), 8<<10), refs: true}
		if d, ok := l.Next().(Dict); ok {
			f.adopt(d)
		}
	}
}

// eachObject calls found for everything that looks like "12 0 obj", in order.
func (f *File) eachObject(found func(num, gen int, at int64)) {
	const step = 64 << 10
	mark := []byte("obj")
	for at := int64(0); at < f.src.size && f.Step(); at += step {
		// Enough is read before and behind for headers across two blocks.
		from := max(at-32, 0)
		w := f.src.window(from, step+int(at-from)+len(mark))
		for i := int(at - from); ; i++ {
			k := bytes.Index(w[min(i, len(w)):], mark)
			if k < 0 || i+k >= int(at-from)+step {
				break
			}
			i += k
			if i > 0 && w[i-1] == 'd' { // endobj
				continue
			}
			if num, gen, start, ok := headerBefore(w[:i]); ok {
				found(num, gen, from+int64(start))
			}
		}
	}
	if !f.Step() {
		f.Fault(part.TimedOut, "")
	}
}

// headerBefore reads "12 0 " at the end of b.
func headerBefore(b []byte) (num, gen, at int, ok bool) {
	i := len(b)
	number := func() (n, digits int) {
		for scale := 1; i > 0 && b[i-1]-'0' < 10 && digits < 10; digits++ {
			i--
			n += scale * int(b[i]-'0')
			scale *= 10
		}
		return n, digits
	}
	spaces := func() (n int) {
		for i > 0 && Space(b[i-1]) {
			i--
			n++
		}
		return n
	}
	spaces()
	gen, g := number()
	s := spaces()
	num, n := number()
	return num, gen, i, g > 0 && s > 0 && n > 0
}

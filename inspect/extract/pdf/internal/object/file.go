package object

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// File is an open PDF file.
type File struct {
	Trailer Dict

	ctx     context.Context
	b       *part.Budget
	src     source
	origin  int64 // of "%PDF-", from which offsets count
	entries map[int]entry
	cache   map[int]any
	held    int             // values in cache, about
	loading map[int]bool    // guards against objects that need themselves
	read    map[int64]bool  // streams that were read, by their offset
	spans   map[int64]int64 // where what was parsed starts and ends
	endless int64           // from where on no stream ends, 0 if not known
	crypt   *crypt
	given   []string // passwords
	rebuilt bool
	err     error // the budget's
	faults  []part.Fault
	remarks []byte // comments within objects
}

// entry is where an object is.
type entry struct {
	at     int64 // in the file; in an object stream, its index there
	within int   // number of the object stream, 0 if in the file itself
	gen    int
}

const (
	maxHeld    = 8 << 20 // bytes of a file that is read once and kept
	maxEntries = 1 << 21
	maxCached  = 1 << 20 // values in the cache
	maxFaults  = 8
)

// Open reads where the objects of a file are. An error is one of the budget,
// or says that the file opens neither without a password nor with one of these:
// a *part.Fault with part.Encrypted.
func Open(ctx context.Context, b *part.Budget, r io.ReaderAt, size int64, passwords []string) (*File, error) {
	f := &File{
		ctx: ctx, b: b, given: passwords, src: source{r: r, size: size},
		entries: map[int]entry{}, cache: map[int]any{}, loading: map[int]bool{}, read: map[int64]bool{}, spans: map[int64]int64{},
		Trailer: Dict{},
	}
	if size <= maxHeld {
		f.src.window(0, int(size)) // every later window is of this one
	}
	head := f.src.window(0, 1024)
	f.origin = int64(max(bytes.Index(head, []byte("%PDF-")), 0))
	if !f.readTables() || !f.usable() {
		f.rebuild()
	}
	if f.err != nil {
		return f, f.err
	}
	err := f.decrypt()
	if err == nil && !f.rebuilt && !f.opens() {
		// What looked whole is not: the pages cannot be had.
		f.crypt = nil
		f.rebuild()
		err = f.decrypt()
	}
	if f.err != nil {
		return f, f.err
	}
	return f, err
}

// usable reports whether the tables lead to the document's catalogue, which
// can be told before decrypting.
func (f *File) usable() bool {
	root := f.Dict(f.Trailer["Root"])
	return len(root) > 0 && root["Pages"] != nil
}

// opens reports whether the page tree begins as it should.
func (f *File) opens() bool {
	pages := f.Dict(f.Dict(f.Trailer["Root"])["Pages"])
	if len(pages) == 0 {
		return false
	}
	kids := f.Array(pages["Kids"])
	if len(kids) == 0 {
		return pages["Type"] == Name("Page") || pages["Kids"] != nil
	}
	return len(f.Dict(kids[0])) > 0
}

// Err returns the error of the budget that ended the reading, if one did.
func (f *File) Err() error { return f.err }

// Fault notes that something of the file could not be read.
func (f *File) Fault(why part.Reason, detail string) {
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, part.Fault{Reason: why, Detail: detail})
	}
}

// Faults returns what could not be read, the first ones.
func (f *File) Faults() []part.Fault { return f.faults }

// WasRead reports whether the bytes of a stream have been asked for.
func (f *File) WasRead(s *Stream) bool { return f.read[s.at] }

// Step looks at the clock and reports whether to go on.
func (f *File) Step() bool {
	if f.err == nil {
		f.err = f.b.Spend(f.ctx, 0)
	}
	return f.err == nil
}

// Numbers returns the numbers of all objects, in order.
func (f *File) Numbers() []int {
	all := make([]int, 0, len(f.entries))
	for n := range f.entries {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// Get follows references until it comes to an object.
func (f *File) Get(o any) any {
	for range 16 {
		r, ok := o.(Ref)
		if !ok {
			return o
		}
		o = f.load(r.Num)
	}
	return nil
}

// Dict returns a dictionary, that of a stream too; empty if o is none.
func (f *File) Dict(o any) Dict {
	switch v := f.Get(o).(type) {
	case Dict:
		return v
	case *Stream:
		return v.Dict
	}
	return nil
}

// Array returns an array; one object is one of one.
func (f *File) Array(o any) Array {
	switch v := f.Get(o).(type) {
	case nil:
		return nil
	case Array:
		return v
	default:
		return Array{v}
	}
}

// Name returns a name, "" if o is none.
func (f *File) Name(o any) Name {
	n, _ := f.Get(o).(Name)
	return n
}

// Int returns a number as an int, otherwise what it is to be then.
func (f *File) Int(o any, otherwise int) int {
	switch v := f.Get(o).(type) {
	case int:
		return v
	case float64:
		return int(v)
	}
	return otherwise
}

// load returns the object of that number.
func (f *File) load(num int) any {
	if o, ok := f.cache[num]; ok {
		return o
	}
	e, ok := f.entries[num]
	if !ok || f.loading[num] || len(f.loading) > 32 || !f.Step() {
		return nil
	}
	f.loading[num] = true
	defer delete(f.loading, num)
	var o any
	if e.within > 0 {
		o = f.compressed(num, e)
	} else {
		var ref Ref
		var ok bool
		o, ref, ok = f.parse(e.at)
		if (!ok || ref.Num != num) && !f.rebuilt {
			f.rebuild()
			if e, ok = f.entries[num]; !ok {
				return nil
			}
			if e.within > 0 {
				o = f.compressed(num, e)
			} else {
				o, _, _ = f.parse(e.at)
			}
		}
	}
	f.keep(num, o)
	return o
}

func (f *File) keep(num int, o any) {
	if f.held > maxCached {
		clear(f.cache)
		f.held = 0
	}
	f.cache[num] = o
	f.held += weight(o)
}

// weight is about how many values an object holds.
func weight(o any) int {
	n := 1
	switch v := o.(type) {
	case String:
		n += len(v) / 16
	case Array:
		for _, x := range v {
			n += weight(x)
		}
	case Dict:
		for _, x := range v {
			n += weight(x) + 1
		}
	case *Stream:
		n += weight(v.Dict)
	}
	return n
}

// parse reads the object whose header is at an offset of the file.
func (f *File) parse(at int64) (any, Ref, bool) {
	said := len(f.remarks)
	for size := 4 << 10; ; size *= 8 {
		w := f.src.window(at, size)
		f.remarks = f.remarks[:said]
		l := (&Lexer{b: w, refs: true}).Remarks(&f.remarks)
		ref, ok := l.header()
		if !ok {
			if size == 4<<10 && len(w) == size {
				continue
			}
			return nil, ref, false
		}
		o := l.Next()
		whole := int64(len(w)) == f.src.size-at || l.at < len(w)-32
		if d, ok := o.(Dict); ok && whole {
			if s, ok := f.stream(l, d, at); ok {
				s.Ref = ref
				f.spans[at] = s.at + s.size
				f.unlock(s.Dict, ref)
				return s, ref, true
			}
		}
		if whole || size > 64<<20 {
			if k, ok := o.(Keyword); ok && k == "endobj" {
				o = nil
			}
			if l.at == len(w) {
				f.Fault(part.Truncated, "an object has no end")
			}
			f.spans[at] = at + int64(l.at)
			return f.unlock(o, ref), ref, true
		}
	}
}

// stream makes d a stream if its bytes follow.
func (f *File) stream(l *Lexer, d Dict, base int64) (*Stream, bool) {
	l.space()
	if !bytes.HasPrefix(l.Rest(), []byte("stream")) {
		return nil, false
	}
	l.at += 6
	if r := l.Rest(); len(r) > 1 && r[0] == '\r' && r[1] == '\n' {
		l.at += 2
	} else if len(r) > 0 && (r[0] == '\n' || r[0] == '\r') {
		l.at++
	}
	s := &Stream{Dict: d, at: base + int64(l.at)}
	s.size = int64(f.Int(d["Length"], -1))
	if s.size >= 0 && s.at+s.size <= f.src.size {
		after := bytes.TrimLeft(f.src.window(s.at+s.size, 32), "\r\n \t\x00")
		if bytes.HasPrefix(after, []byte("endstream")) || bytes.HasPrefix(after, []byte("endobj")) {
			return s, true
		}
	}
	// The length is wrong: look for the end.
	end := int64(-1)
	if f.endless == 0 || s.at < f.endless {
		if end = f.src.find(s.at, []byte("endstream")); end < 0 {
			end = f.src.find(s.at, []byte("endobj"))
		}
	}
	if end < 0 {
		f.endless = s.at
		end = f.src.size
		f.Fault(part.Truncated, "a stream has no end")
	}
	s.size = end - s.at
	if tail := f.src.window(max(end-2, s.at), int(min(2, s.size))); bytes.HasSuffix(tail, []byte("\r\n")) {
		s.size -= 2
	} else if bytes.HasSuffix(tail, []byte("\n")) || bytes.HasSuffix(tail, []byte("\r")) {
		s.size--
	}
	return s, true
}

// compressed returns an object of an object stream. All that are in it are
// kept, as they are mostly wanted together.
func (f *File) compressed(num int, e entry) any {
	if in, ok := f.entries[e.within]; !ok || in.within > 0 {
		return nil
	}
	s, ok := f.load(e.within).(*Stream)
	if !ok {
		return nil
	}
	var found any
	for n, o := range f.Objects(s) {
		if n == num {
			found = o
		} else if g, ok := f.entries[n]; ok && g.within == e.within {
			f.keep(n, o)
		}
	}
	return found
}

// Objects returns the objects in an object stream by their numbers.
func (f *File) Objects(s *Stream) map[int]any {
	data, _ := f.Data(s)
	n, first := f.Int(s.Dict["N"], 0), f.Int(s.Dict["First"], 0)
	all := map[int]any{}
	if n <= 0 || first <= 0 || first > len(data) {
		return all
	}
	head := NewLexer(data[:first])
	for range min(n, len(data)) {
		num, ok1 := head.Next().(int)
		at, ok2 := head.Next().(int)
		if !ok1 || !ok2 || !f.Step() {
			break
		}
		if at < 0 || at >= len(data)-first {
			continue
		}
		l := (&Lexer{b: data, at: first + at, refs: true}).Remarks(&f.remarks)
		o := l.Next()
		switch o.(type) {
		case End, Keyword:
			o = nil
		}
		all[num] = o
	}
	return all
}

// source is the bytes of a file.
type source struct {
	r    io.ReaderAt
	size int64
	last []byte // the last window, where it is
	at   int64
}

// window returns n bytes at an offset, fewer at the end. They are valid until
// the next call and are not to be changed.
func (s *source) window(at int64, n int) []byte {
	if at < 0 || at >= s.size || n <= 0 {
		return nil
	}
	n = int(min(int64(n), s.size-at))
	if at >= s.at && at+int64(n) <= s.at+int64(len(s.last)) {
		return s.last[at-s.at:][:n]
	}
	// A fresh buffer: what was read before may still be in use.
	s.last, s.at = make([]byte, min(max(int64(n), 32<<10), s.size-at)), at
	k, _ := s.r.ReadAt(s.last, at)
	s.last = s.last[:k]
	return s.last[:min(n, k)]
}

// find returns the offset of the first occurrence of what from at on, -1 if
// there is none.
func (s *source) find(at int64, what []byte) int64 {
	const step = 64 << 10
	for at < s.size {
		w := s.window(at, step+len(what))
		if k := bytes.Index(w, what); k >= 0 {
			return at + int64(k)
		}
		if len(w) < step {
			break
		}
		at += step
	}
	return -1
}

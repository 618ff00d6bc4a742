package glyph

import (
	"sort"

	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// CMap leads from the codes in a string to character identifiers (CIDs) or to
// text.
type CMap struct {
	Vertical bool

	spaces []space
	cids   []span[int]
	texts  []span[string]
	lists  []span[[]string]
	base   *CMap
	coding *coding // of a predefined one, nil for others
}

// space is a range of codes of n bytes.
type space struct {
	n      int
	lo, hi uint32
}

// span gives the codes lo to hi a value; how that of the others follows from
// lo's, its user knows.
type span[T any] struct {
	lo, hi uint32
	value  T
}

const (
	maxSpans = 1 << 17
	maxUnits = 64 // bytes of text for one code
)

// Size is about how many entries the CMap holds.
func (m *CMap) Size() int { return len(m.spaces) + len(m.cids) + len(m.texts) + len(m.lists) }

// ParseCMap reads a CMap or a ToUnicode CMap (9.7.5, 9.10.3). base is the one
// that it names by usecmap, if the file has that as a stream; nil if not.
func ParseCMap(b []byte, base *CMap) *CMap {
	m := &CMap{base: base}
	l := object.NewLexer(b)
	var args []any
	for len(m.cids)+len(m.texts)+len(m.lists)+len(m.spaces) < maxSpans {
		o := l.Next()
		word, ok := o.(object.Keyword)
		if !ok {
			if _, end := o.(object.End); end {
				break
			}
			if args = append(args, o); len(args) > 1<<12 {
				args = args[1<<11:]
			}
			continue
		}
		switch word {
		case "usecmap":
			if name, ok := last(args).(object.Name); ok && m.base == nil {
				m.base = Predefined(string(name))
			}
		case "def":
			if n := len(args); n >= 2 && args[n-2] == object.Name("WMode") {
				m.Vertical = args[n-1] == 1
			}
		case "endcodespacerange":
			for ; len(args) >= 2; args = args[2:] {
				lo, ok1 := args[0].(object.String)
				hi, ok2 := args[1].(object.String)
				if ok1 && ok2 && len(lo) > 0 && len(lo) <= 4 {
					m.spaces = append(m.spaces, space{len(lo), number(lo), number(hi)})
				}
			}
		case "endcidchar", "endbfchar":
			for ; len(args) >= 2; args = args[2:] {
				if code, ok := args[0].(object.String); ok {
					m.add(number(code), number(code), args[1])
				}
			}
		case "endcidrange", "endbfrange":
			for ; len(args) >= 3; args = args[3:] {
				lo, ok1 := args[0].(object.String)
				hi, ok2 := args[1].(object.String)
				if ok1 && ok2 {
					m.add(number(lo), number(hi), args[2])
				}
			}
		}
		args = args[:0]
	}
	byStart(m.cids)
	byStart(m.texts)
	byStart(m.lists)
	return m
}

func last(a []any) any {
	if len(a) == 0 {
		return nil
	}
	return a[len(a)-1]
}

func byStart[T any](s []span[T]) {
	sort.SliceStable(s, func(i, j int) bool { return s[i].lo < s[j].lo })
}

func number(s []byte) uint32 {
	var n uint32
	for _, c := range s {
		n = n<<8 | uint32(c)
	}
	return n
}

// add enters what a range of codes stands for.
func (m *CMap) add(lo, hi uint32, value any) {
	if hi < lo {
		return
	}
	switch v := value.(type) {
	case int:
		m.cids = append(m.cids, span[int]{lo, hi, v})
	case object.String:
		m.texts = append(m.texts, span[string]{lo, hi, string(v)})
	case object.Name:
		if s := Named(string(v)); s != "" {
			m.lists = append(m.lists, span[[]string]{lo, lo, []string{s}})
		}
	case object.Array:
		list := make([]string, 0, len(v))
		for _, o := range v {
			switch w := o.(type) {
			case object.String:
				list = append(list, units(w, 0))
			case object.Name:
				list = append(list, Named(string(w)))
			default:
				list = append(list, "")
			}
		}
		m.lists = append(m.lists, span[[]string]{lo, hi, list})
	}
}

// units reads UTF-16BE, its last unit raised by more.
func units(s []byte, more uint32) string {
	s = s[:min(len(s), maxUnits)]
	if len(s) == 1 {
		s = []byte{0, s[0]}
	}
	u := make([]uint16, len(s)/2)
	for i := range u {
		u[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	if len(u) > 0 {
		u[len(u)-1] += uint16(more)
	}
	return fromUnits(u)
}

// look finds the value of a code. Where spans overlap, the later start counts.
func look[T any](s []span[T], code uint32) (span[T], bool) {
	i := sort.Search(len(s), func(i int) bool { return s[i].lo > code })
	for k := i - 1; k >= max(i-8, 0); k-- {
		if code <= s[k].hi {
			return s[k], true
		}
	}
	return span[T]{}, false
}

// Next returns the code that s begins with and its length, at least 1.
func (m *CMap) Next(s []byte) (code uint32, n int) {
	if m.coding != nil {
		n = min(m.coding.size(s), len(s))
		return number(s[:n]), n
	}
	for n := 1; n <= min(4, len(s)); n++ {
		for _, r := range m.spaces {
			if r.n == n && r.holds(number(s[:n])) {
				return number(s[:n]), n
			}
		}
	}
	if len(m.spaces) == 0 && m.base != nil {
		return m.base.Next(s)
	}
	n = 2
	for i, r := range m.spaces {
		if i == 0 || r.n < n {
			n = r.n
		}
	}
	n = min(n, len(s))
	return number(s[:n]), n
}

// holds compares byte by byte (9.7.6.3).
func (r space) holds(code uint32) bool {
	for shift := 0; shift < 8*r.n; shift += 8 {
		c := byte(code >> shift)
		if c < byte(r.lo>>shift) || c > byte(r.hi>>shift) {
			return false
		}
	}
	return true
}

// Text returns the text that a code stands for, "" if the CMap does not say.
func (m *CMap) Text(code uint32, n int) string {
	if m.coding != nil {
		return m.coding.text(code, n)
	}
	if s, ok := look(m.texts, code); ok {
		return units([]byte(s.value), code-s.lo)
	}
	if s, ok := look(m.lists, code); ok && int(code-s.lo) < len(s.value) {
		return s.value[code-s.lo]
	}
	if m.base != nil {
		if _, ok := look(m.cids, code); !ok {
			return m.base.Text(code, n)
		}
	}
	return ""
}

// CID returns the character identifier of a code. known is false if the CMap
// does not say.
func (m *CMap) CID(code uint32, n int) (cid int, known bool) {
	if m.coding != nil {
		return m.coding.cid(code, n)
	}
	if s, ok := look(m.cids, code); ok {
		return s.value + int(code-s.lo), true
	}
	if m.base != nil {
		return m.base.CID(code, n)
	}
	return 0, false
}

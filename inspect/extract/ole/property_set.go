package ole

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
)

// What the properties of the two usual sets are called ([MS-OLEPS] 3.1).
var (
	summaryNames  = map[uint32]string{2: "Title", 3: "Subject", 4: "Author", 5: "Keywords", 6: "Comments", 7: "Template", 8: "Last author", 9: ignored, 18: "Application"}
	documentNames = map[uint32]string{2: "Category", 14: "Manager", 15: "Company", 26: "Content type", 27: "Status", 28: "Language"}
)

const ignored = "-" // the number of revisions

// summary reads a stream of property sets.
func (s *scope) summary(n *node, path string) error {
	b, err := s.bytes(n)
	if b == nil {
		return err
	}
	return s.text(path, appendProperties(nil, b))
}

// appendProperties appends the text in property sets ([MS-OLEPS]), a line each.
func appendProperties(dst, b []byte) []byte {
	if len(b) < 48 || binary.LittleEndian.Uint16(b) != 0xfffe {
		return dst
	}
	for i := range min(int(binary.LittleEndian.Uint32(b[24:])), 4) {
		at := 28 + 20*i
		if at+20 > len(b) {
			break
		}
		names := documentNames
		if binary.LittleEndian.Uint32(b[at:]) == 0xf29f85e0 {
			names = summaryNames
		}
		if i > 0 {
			names = nil // made by users
		}
		if from := int(binary.LittleEndian.Uint32(b[at+16:])); from < len(b) {
			p := propertySet{b: b[from:], names: names, out: dst}
			p.read()
			dst = p.out
		}
	}
	return dst
}

type propertySet struct {
	b      []byte
	names  map[uint32]string
	custom bool // named by users
	page   int
	out    []byte
}

func (p *propertySet) word(at int) uint32 {
	if at < 0 || at+4 > len(p.b) {
		return 0
	}
	return binary.LittleEndian.Uint32(p.b[at:])
}

func (p *propertySet) read() {
	count := min(int(p.word(4)), (len(p.b)-8)/8)
	for i := range max(count, 0) {
		if p.word(8+8*i) == 1 {
			p.page = int(p.word(int(p.word(12+8*i))+4) & 0xffff)
		}
	}
	for i := range max(count, 0) {
		if p.word(8+8*i) == 0 {
			p.dictionary(int(p.word(12 + 8*i)))
		}
	}
	for i := range max(count, 0) {
		id, at := p.word(8+8*i), int(p.word(12+8*i))
		if id < 2 || id >= 0x80000000 || p.names[id] == ignored {
			continue
		}
		line := len(p.out)
		if name := p.names[id]; name != "" {
			p.out = append(append(p.out, name...), ": "...)
		}
		start := len(p.out)
		if p.value(int(p.word(at)), at+4); len(p.out) > start {
			p.out = append(p.out, '\n')
		} else {
			p.out = p.out[:line]
		}
	}
}

// dictionary reads the names that users gave to properties.
func (p *propertySet) dictionary(at int) {
	names := map[uint32]string{}
	n := int(p.word(at))
	at += 4
	for range min(n, len(p.b)/9) {
		id, size := p.word(at), int(p.word(at+4))
		at += 8
		if p.page == codepage.UTF16 {
			size = (2*size + 3) &^ 3
		}
		if size < 0 || at+size > len(p.b) {
			break
		}
		names[id] = p.text(p.b[at : at+size])
		at += size
	}
	p.names, p.custom = names, true
}

func (p *propertySet) text(b []byte) string {
	s := codepage.Text(p.page, b)
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// Types of values ([MS-OLEPS] 2.2).
const (
	typeInt   = 3
	typeReal  = 5
	typeBSTR  = 8
	typeLPSTR = 0x1e
	typeWide  = 0x1f
	typeTime  = 0x40
	typeMany  = 0x1000
	typeAny   = 12
)

// value appends a value and returns where the next one begins in a vector.
func (p *propertySet) value(kind, at int) int {
	b := p.b[min(max(at, 0), len(p.b)):]
	put := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			p.out = append(append(p.out, s...), ' ')
		}
	}
	switch kind & 0xffff {
	case typeLPSTR, typeBSTR:
		size := min(int(p.word(at)), len(b)-4)
		if size > 0 {
			put(p.text(b[4 : 4+size]))
		}
		return at + 4 + max(size, 0)
	case typeWide:
		size := min(2*int(p.word(at)), (len(b)-4)&^1)
		if size > 0 {
			s, _, _ := strings.Cut(charset.Text(b[4:4+size], charset.UTF16LE), "\x00")
			put(s)
		}
		return at + 4 + (max(size, 0)+3)&^3
	case typeInt:
		if p.custom {
			put(strconv.Itoa(int(int32(p.word(at)))))
		}
		return at + 4
	case typeReal:
		if len(b) >= 8 {
			put(strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)), 'f', -1, 64))
		}
		return at + 8
	case typeTime:
		if len(b) >= 8 {
			if v := binary.LittleEndian.Uint64(b) / 1e7; v > 11644473600 && v < 1e12 {
				put(time.Unix(int64(v)-11644473600, 0).UTC().Format("2006-01-02 15:04:05"))
			}
		}
		return at + 8
	case typeMany | typeLPSTR, typeMany | typeWide, typeMany | typeAny:
		n := int(p.word(at))
		at += 4
		for range min(n, len(b)/4) {
			k := kind &^ typeMany
			if k == typeAny {
				k = int(p.word(at))
				at += 4
			}
			if at >= len(p.b) || k == typeAny {
				break
			}
			at = p.value(k, at)
		}
		return at
	}
	return at + 4
}

package ole

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const person = "関守 太郎"

// files maps the paths of streams, steps joined by "/", to what they hold.
type files map[string]string

// compoundFile writes a compound file of version 3.
func compoundFile(f files) []byte { return compoundFileOf(f, 512) }

// compoundFileOf writes one with sectors of that size: 512 or, in version 4, 4096.
func compoundFileOf(f files, sector int) []byte {
	b := &builder{sector: sector, dir: []entry{{name: "Root Entry", kind: rootKind, left: none, right: none, down: none}}}
	paths := make([]string, 0, len(f))
	for p := range f {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	storages := map[string]int{"": 0}
	for _, p := range paths {
		parent := 0
		steps := strings.Split(p, "/")
		for i := range len(steps) - 1 {
			prefix := strings.Join(steps[:i+1], "/")
			if _, ok := storages[prefix]; !ok {
				storages[prefix] = b.add(parent, entry{name: steps[i], kind: storageKind})
			}
			parent = storages[prefix]
		}
		e := entry{name: steps[len(steps)-1], kind: streamKind, size: int64(len(f[p]))}
		if len(f[p]) < 4096 {
			e.start = b.putMini([]byte(f[p]))
		} else {
			e.start = b.put([]byte(f[p]))
		}
		b.add(parent, e)
	}
	return b.finish()
}

const (
	none     = 0xffffffff
	chainEnd = 0xfffffffe
)

type builder struct {
	sector     int
	dir        []entry
	body, mini []byte
	fat, minis []uint32
}

// add puts e below parent, behind its other members.
func (b *builder) add(parent int, e entry) int {
	e.left, e.right, e.down = none, none, none
	b.dir = append(b.dir, e)
	n := uint32(len(b.dir) - 1)
	at := &b.dir[parent].down
	for *at != none {
		at = &b.dir[*at].right
	}
	*at = n
	return int(n)
}

func chainOf(table *[]uint32, sectors int) uint32 {
	if sectors == 0 {
		return chainEnd
	}
	start := len(*table)
	for i := range sectors {
		*table = append(*table, uint32(start+i+1))
	}
	(*table)[len(*table)-1] = chainEnd
	return uint32(start)
}

func pad(b []byte, size int) []byte {
	return append(b, make([]byte, (size-len(b)%size)%size)...)
}

func (b *builder) put(data []byte) uint32 {
	start := chainOf(&b.fat, (len(data)+b.sector-1)/b.sector)
	b.body = append(b.body, pad(bytes.Clone(data), b.sector)...)
	return start
}

func (b *builder) putMini(data []byte) uint32 {
	start := chainOf(&b.minis, (len(data)+63)/64)
	b.mini = append(b.mini, pad(bytes.Clone(data), 64)...)
	return start
}

func (b *builder) finish() []byte {
	b.dir[0].size = int64(len(b.mini))
	b.dir[0].start = b.put(b.mini)
	miniTable := b.put(words(b.minis, b.sector/4))
	var dir []byte
	for _, e := range b.dir {
		raw := make([]byte, 128)
		name := wide(e.name)
		copy(raw, name)
		binary.LittleEndian.PutUint16(raw[64:], uint16(len(name)+2))
		raw[66], raw[67] = e.kind, 1
		for i, v := range []uint32{e.left, e.right, e.down} {
			binary.LittleEndian.PutUint32(raw[68+4*i:], v)
		}
		binary.LittleEndian.PutUint32(raw[116:], e.start)
		binary.LittleEndian.PutUint32(raw[120:], uint32(e.size))
		dir = append(dir, raw...)
	}
	first := b.put(dir)
	head := make([]byte, b.sector)
	copy(head, signature)
	copy(head[24:], "\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00")
	if b.sector == 4096 {
		head[26], head[30] = 4, 12
	}
	per := b.sector/4 - 1
	n := (len(b.fat) + per) / per
	binary.LittleEndian.PutUint32(head[44:], uint32(n))
	binary.LittleEndian.PutUint32(head[48:], first)
	binary.LittleEndian.PutUint32(head[56:], 4096)
	binary.LittleEndian.PutUint32(head[60:], miniTable)
	binary.LittleEndian.PutUint32(head[68:], chainEnd)
	for i := range 109 {
		binary.LittleEndian.PutUint32(head[76+4*i:], none)
	}
	for i := range n {
		binary.LittleEndian.PutUint32(head[76+4*i:], uint32(len(b.fat)))
		b.fat = append(b.fat, 0xfffffffd)
	}
	return append(append(head, b.body...), words(b.fat, b.sector/4)...)
}

// words writes numbers out, filled up with free ones to a multiple of n.
func words(w []uint32, n int) []byte {
	var b []byte
	for _, v := range w {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for len(b)%(4*n) != 0 {
		b = binary.LittleEndian.AppendUint32(b, none)
	}
	return b
}

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// le2 and le4 write numbers of two and four bytes.
func le2(v int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(v))) }
func le4(v int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }

func readers() []part.Reader {
	return slices.Concat([]part.Reader{table.Reader{}}, Readers(), decode.Readers())
}

func inspect(t testing.TB, b []byte) *parttest.Tree {
	t.Helper()
	return inspectWithin(t, b, part.Limits{Time: 5 * time.Second})
}

func inspectWithin(t testing.TB, b []byte, l part.Limits) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(b), Size: int64(len(b))}, l)
}

// expect checks that each text stands in a part whose path ends so, and that the
// reasons told are these.
func expect(t *testing.T, x *parttest.Tree, reasons string, texts map[string]string) {
	t.Helper()
	for text, path := range texts {
		if s := x.Find(text); !strings.HasSuffix(s.Path, path) {
			t.Errorf("%q was found in %s, not in %s", text, s.Path, path)
		}
	}
	if got := strings.Join(x.Skips(), " "); got != reasons {
		t.Errorf("reasons %q, want %q\n%s", got, reasons, x)
	}
}

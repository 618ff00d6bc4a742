package ole

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

const signature = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// maxSector bounds the numbers of sectors; what lies above means free or an end
// ([MS-CFB] 2.1).
const maxSector = 0xfffffffa

const (
	maxContainer = 64 << 30
	maxDirectory = 1 << 18 // entries
	maxNesting   = 32      // storages within storages
)

// container is a compound file ([MS-CFB]) opened for reading. Files that are cut
// off, or whose tables are damaged, are read as far as they go: faults come up in
// the streams that they concern.
type container struct {
	at         io.ReaderAt
	size       int64
	shift      uint
	fat, mini  []uint32
	cutoff     int64
	ministream *stream
	entries    []entry
	root       *node
	used       []bool // sectors that belong to something, by number
	damage     error  // of the tables themselves
	followed   int64  // sectors, by all chains so far
}

// entry is one of the directory as stored.
type entry struct {
	name              string
	kind              byte
	left, right, down uint32
	class             [16]byte
	start             uint32
	size              int64
}

// node is a storage or a stream in the tree.
type node struct {
	name    string
	storage bool
	class   [16]byte
	start   uint32
	size    int64
	nodes   []*node // of a storage, in stored order
	taken   bool    // a reader has made use of it
	plain   []byte  // what a stream holds, once it is decrypted
}

const (
	storageKind = 1
	streamKind  = 2
	rootKind    = 5
)

var errNoContainer = &part.Fault{Reason: part.DecodeError, Detail: "compound file header is damaged"}

// open reads the tables of a compound file.
func open(at io.ReaderAt, size int64) (*container, error) {
	var head [512]byte
	if n, _ := at.ReadAt(head[:], 0); n < len(head) {
		return nil, &part.Fault{Reason: part.Truncated, Detail: "compound file ends in its header"}
	}
	c := &container{at: at, size: size, shift: uint(binary.LittleEndian.Uint16(head[30:])), cutoff: 4096}
	if c.shift != 9 && c.shift != 12 {
		if c.shift = 9; head[26] == 4 {
			c.shift = 12
		}
	}
	if size > maxContainer {
		return nil, &part.Fault{Reason: part.TooLarge, Detail: "compound file over 64 GiB"}
	}
	total := (size - 1) >> c.shift // the header takes the place of one
	c.used = make([]bool, total)
	c.readTable(head[:], int(total))
	c.readDirectory(binary.LittleEndian.Uint32(head[48:]))
	if len(c.entries) == 0 {
		return nil, errNoContainer
	}
	first := &c.entries[0]
	c.ministream = c.chain(first.start, first.size)
	c.mini = c.chain(binary.LittleEndian.Uint32(head[60:]), -1).words(c.ministream.size/64 + 1)
	c.tree()
	return c, nil
}

// sector reads sector n whole, or as much of it as there is.
func (c *container) sector(n uint32, buf []byte) []byte {
	buf = buf[:1<<c.shift]
	k, _ := c.at.ReadAt(buf, (int64(n)+1)<<c.shift)
	return buf[:k]
}

// readTable reads the allocation table by the list in the header and its
// continuation. Entries that are missing lead to the next sector: most streams
// are written in one piece.
func (c *container) readTable(head []byte, total int) {
	buf := make([]byte, 1<<c.shift)
	c.table(head[76:512], buf)
	next := binary.LittleEndian.Uint32(head[68:])
	more := make([]byte, 1<<c.shift)
	for int64(next) < int64(total) && !c.used[next] {
		c.used[next] = true
		s := c.sector(next, more)
		if len(s) < 1<<c.shift {
			break
		}
		c.table(s[:len(s)-4], buf)
		next = binary.LittleEndian.Uint32(s[len(s)-4:])
	}
}

// table reads the sectors of the allocation table whose numbers list holds.
func (c *container) table(list, buf []byte) {
	total := len(c.used)
	for ; len(list) >= 4 && len(c.fat) < total; list = list[4:] {
		n := binary.LittleEndian.Uint32(list)
		if n >= maxSector {
			continue
		}
		var s []byte
		if int64(n) < int64(total) {
			s = c.sector(n, buf)
			c.used[n] = true
		}
		if len(s) < 1<<c.shift {
			c.damage = &part.Fault{Reason: part.Truncated, Detail: "compound file: allocation table is cut off"}
		}
		for i := 0; i < 1<<c.shift; i += 4 {
			next := uint32(len(c.fat) + 1)
			if i+4 <= len(s) {
				next = binary.LittleEndian.Uint32(s[i:])
			}
			c.fat = append(c.fat, next)
		}
	}
}

func (c *container) readDirectory(start uint32) {
	dir := c.chain(start, -1)
	raw := make([]byte, 128)
	for i := int64(0); i < min(dir.size/128, maxDirectory); i++ {
		if n, _ := dir.ReadAt(raw, i*128); n < len(raw) {
			break
		}
		e := entry{
			kind: raw[66], left: binary.LittleEndian.Uint32(raw[68:]), right: binary.LittleEndian.Uint32(raw[72:]),
			down: binary.LittleEndian.Uint32(raw[76:]), start: binary.LittleEndian.Uint32(raw[116:]),
			size: int64(binary.LittleEndian.Uint32(raw[120:])),
		}
		copy(e.class[:], raw[80:])
		if c.shift == 12 {
			e.size |= int64(binary.LittleEndian.Uint32(raw[124:])&0x7fffffff) << 32
		}
		name := raw[:min(64, int(binary.LittleEndian.Uint16(raw[64:]))&^1)]
		e.name = charset.Text(bytes.TrimSuffix(name, []byte{0, 0}), charset.UTF16LE)
		c.entries = append(c.entries, e)
	}
	if dir.err != nil {
		c.damage = dir.err
	}
}

// tree links the entries. One that no other leads to is put below the root, so
// that a damaged directory hides nothing.
func (c *container) tree() {
	seen := make([]bool, len(c.entries))
	seen[0] = true
	c.root = &node{storage: true, class: c.entries[0].class}
	c.children(c.root, c.entries[0].down, seen, 0)
	for i := range c.entries {
		if e := &c.entries[i]; !seen[i] && (e.kind == streamKind && e.size > 0 || e.kind == storageKind) {
			c.damage = errDirectory
			c.root.nodes = append(c.root.nodes, c.node(uint32(i), seen, 1))
		}
	}
	c.entries = nil
}

var errDirectory = &part.Fault{Reason: part.DecodeError, Detail: "compound file: directory is damaged"}

func (c *container) node(i uint32, seen []bool, depth int) *node {
	e := &c.entries[i]
	seen[i] = true
	n := &node{name: e.name, storage: e.kind == storageKind || e.kind == rootKind, class: e.class, start: e.start, size: e.size}
	if n.storage && depth < maxNesting {
		c.children(n, e.down, seen, depth)
	}
	return n
}

// children puts the siblings below n, from entry i on, into n. What lies deeper
// than maxNesting is left and so ends up below the root.
func (c *container) children(n *node, i uint32, seen []bool, depth int) {
	var stack []uint32
	for {
		for int64(i) < int64(len(seen)) && !seen[i] {
			seen[i] = true
			stack = append(stack, i)
			i = c.entries[i].left
		}
		if len(stack) == 0 {
			return
		}
		i = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		e := &c.entries[i]
		if e.kind == storageKind || e.kind == streamKind {
			n.nodes = append(n.nodes, c.node(i, seen, depth+1))
		}
		i = e.right
	}
}

// find returns the member of n with that name, as Windows compares names: without
// regard to case. nil if there is none.
func (n *node) find(name string) *node {
	for _, m := range n.nodes {
		if equalFold(m.name, name) {
			return m
		}
	}
	return nil
}

func equalFold(a, b string) bool { return bytes.EqualFold([]byte(a), []byte(b)) }

// stream is a chain of sectors, readable at any place.
type stream struct {
	at      io.ReaderAt
	sectors []uint32
	shift   uint
	head    int64 // bytes before sector 0
	size    int64
	err     error // how it ends, if not well
	pos     int64 // of Read
}

// chain follows the allocation table from start. size -1 takes the chain as long
// as it is. Where the table ends early, the stream does too, with an error.
func (c *container) chain(start uint32, size int64) *stream {
	s := &stream{at: c.at, shift: c.shift, head: 1 << c.shift}
	c.follow(s, c.fat, start, size, int64(len(c.used)))
	for _, n := range s.sectors {
		if int64(n) < int64(len(c.used)) {
			c.used[n] = true
		}
	}
	// Of the last sector of a file the end may be missing.
	if n := len(s.sectors); n > 0 {
		last := int64(s.sectors[n-1])
		if end := c.size - (last+1)<<c.shift; end < 1<<c.shift {
			s.cut(int64(n-1)<<c.shift + max(end, 0))
		}
	}
	return s
}

// stream opens the stream that n is.
func (c *container) stream(n *node) *stream {
	if n.plain != nil {
		return &stream{at: bytes.NewReader(n.plain), sectors: []uint32{0}, shift: 62, size: int64(len(n.plain))}
	}
	if n.size >= c.cutoff {
		return c.chain(n.start, n.size)
	}
	s := &stream{at: c.ministream, shift: 6}
	c.follow(s, c.mini, n.start, n.size, (c.ministream.size+63)/64)
	if s.err == nil && c.ministream.err != nil {
		for i, k := range s.sectors {
			if end := (int64(k) + 1) * 64; end > c.ministream.size {
				s.cut(int64(i) * 64)
				break
			}
		}
	}
	return s
}

// maxShared is how often, on average, the sectors of a file may be read: a few
// streams are read twice, but no two streams share sectors.
const maxShared = 16

// follow gathers the sectors of a chain of at most total.
func (c *container) follow(s *stream, table []uint32, n uint32, size, total int64) {
	s.size = size
	if c.followed > maxShared*(c.size>>6+1024) {
		s.size, s.err = 0, &part.Fault{Reason: part.Bomb, Detail: "compound file: streams lie upon one another"}
		return
	}
	want := total
	if size >= 0 {
		want = (size + 1<<s.shift - 1) >> s.shift
	}
	// A chain that leads back to itself has as many links as there are sectors.
	for int64(len(s.sectors)) < min(want, total) && int64(n) < total {
		s.sectors = append(s.sectors, n)
		if int64(n) >= int64(len(table)) {
			s.err = &part.Fault{Reason: part.Truncated, Detail: "compound file: allocation table is cut off"}
			n++
			continue
		}
		n = table[n]
	}
	c.followed += int64(len(s.sectors))
	if have := int64(len(s.sectors)) << s.shift; have < s.size || size < 0 {
		if size >= 0 {
			s.err = &part.Fault{Reason: part.Truncated, Detail: "compound file: a stream ends early"}
		}
		s.size = have
	}
}

// cut ends s early.
func (s *stream) cut(size int64) {
	if size < s.size {
		s.size = size
		s.err = &part.Fault{Reason: part.Truncated, Detail: "compound file ends early"}
	}
}

// ReadAt implements io.ReaderAt.
func (s *stream) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	for n < len(p) {
		if off >= s.size {
			if s.err != nil {
				return n, s.err
			}
			return n, io.EOF
		}
		i := off >> s.shift
		in := off & (1<<s.shift - 1)
		end := i + 1 // neighbours are read at once
		for end < int64(len(s.sectors)) && s.sectors[end] == s.sectors[end-1]+1 && (end-i)<<s.shift < int64(len(p)-n)+in {
			end++
		}
		k := min(int64(len(p)-n), (end-i)<<s.shift-in, s.size-off)
		got, err := s.at.ReadAt(p[n:n+int(k)], s.head+int64(s.sectors[i])<<s.shift+in)
		n += got
		off += int64(got)
		if int64(got) < k {
			if err == nil || err == io.EOF {
				err = &part.Fault{Reason: part.Truncated, Detail: "compound file ends early"}
			}
			return n, err
		}
	}
	return n, nil
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadAt(p, s.pos)
	s.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// words returns s as at most limit numbers of four bytes.
func (s *stream) words(limit int64) []uint32 {
	b := make([]byte, min(s.size, 4*limit))
	n, _ := s.ReadAt(b, 0)
	w := make([]uint32, n/4)
	for i := range w {
		w[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return w
}

// bytes returns the start of s, up to limit bytes, and how it ends if not well
// or not there.
func (s *stream) bytes(limit int64) ([]byte, error) {
	b := make([]byte, min(s.size, limit))
	n, err := s.ReadAt(b, 0)
	switch {
	case n < len(b):
	case s.size > limit:
		err = &part.Fault{Reason: part.TooLarge, Detail: "a stream of a compound file is too large"}
	default:
		err = s.err
	}
	return b[:n], err
}

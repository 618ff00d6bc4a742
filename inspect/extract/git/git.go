// Package git reads what git sends and keeps of a repository: packs of objects,
// on their own or in the request of a push (git-scm.com/docs/gitformat-pack,
// gitprotocol-pack). Files are nested parts under their names, as far as the
// pack has the trees that name them; messages of commits and tags, and the names
// in trees, are text.
//
// Many objects are kept as differences from others. Those whose base is in the
// pack, and in the memory that is spent on it, are put together; of others, whose
// base the other side has already, what was added is read, and the pack counts
// as read partly: a value of which the other side has a half is not whole.
package git

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's name of an object, not a protection
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zlib"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the one reader.
func Readers() []part.Reader { return []part.Reader{reader{}} }

type reader struct{}

func (reader) Name() string { return "git-pack" }

const (
	packHead = "PACK"
	sha1Size = 20
)

// Starts implements part.Marked.
func (reader) Starts() string { return "P0123456789abcdefABCDEF" }

func (reader) Match(p *part.Part, head []byte) bool {
	return len(p.Encodings) == 0 && (isPack(head) || isPush(head))
}

func isPack(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == packHead && b[4] == 0 && b[5] == 0 && b[6] == 0 && (b[7] == 2 || b[7] == 3)
}

// isPush looks for the first command: its length, two object names, a ref.
func isPush(b []byte) bool {
	if len(b) < 4+2*41+5 {
		return false
	}
	n, ok := lineLength(b)
	if !ok || n < 4+2*41+5 {
		return false
	}
	name := bytes.IndexByte(b[4:], ' ')
	return (name == 40 || name == 64) && len(b) > 4+2*name+2+5 && hexOnly(b[4:4+name]) && hexOnly(b[5+name:5+2*name]) &&
		string(b[6+2*name:6+2*name+5]) == "refs/"
}

func hexOnly(b []byte) bool {
	for _, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// lineLength reads the length before a pkt-line, itself included.
func lineLength(b []byte) (int, bool) {
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return int(n), err == nil
}

var sources = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}

func (reader) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("git-pack", "")
	src := sources.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); sources.Put(src) }()
	r := &pack{ctx: ctx, e: e, b: b, src: &counter{Reader: src}, hashSize: sha1Size,
		byPlace: map[int64]*object{}, byName: map[string]*object{}, names: map[string]string{}}
	err := r.read()
	if err == nil || r.emitted != nil {
		return r.emitted
	}
	return part.Stop(ctx, e, part.Decoding("git pack", err), true)
}

// counter knows how far it has read.
type counter struct {
	*bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// Bounds of what is kept to put differences together, and of one object that
// is held in memory.
const (
	maxKept   = 32 << 20
	maxObject = 8 << 20
	maxNames  = 1 << 17
)

// object is one that is kept.
type object struct {
	kind byte
	data []byte
}

// pack is the state of one reading.
type pack struct {
	ctx      context.Context
	e        part.Emitter
	b        *part.Budget
	src      *counter
	hashSize int
	inflate  io.ReadCloser
	emitted  error // of the emitter

	byPlace map[int64]*object
	byName  map[string]*object // by raw object name
	names   map[string]string  // of files, by raw object name
	kept    int
	dropped bool // something was too much to be kept
	thin    bool // a base is not in the pack
	number  int
}

// child hands a part on.
func (r *pack) child(p part.Part) error {
	r.emitted = r.e.Child(p)
	return r.emitted
}

func (r *pack) text(path, text string) error {
	return r.child(part.Part{Path: path, Body: strings.NewReader(text), Size: int64(len(text))})
}

func (r *pack) read() error {
	if err := r.commands(); err != nil {
		return err
	}
	var head [12]byte
	start := r.src.n
	if n, err := io.ReadFull(r.src, head[:]); n == 0 {
		return nil // refs only
	} else if err != nil {
		return err
	} else if !isPack(head[:]) {
		return &part.Fault{Reason: part.DecodeError, Detail: "no pack where one should begin"}
	}
	for range binary.BigEndian.Uint32(head[8:]) {
		if err := r.object(start); err != nil {
			return err
		}
	}
	switch {
	case r.dropped:
		r.e.Skip(part.TooLarge, true, "differences from objects that are too large to be kept")
	case r.thin:
		r.e.Skip(part.Truncated, true, "of changed files, what was added; the rest is at the other side")
	}
	if _, err := io.CopyN(io.Discard, r.src, int64(r.hashSize)); err != nil {
		return err
	}
	if _, err := r.src.Peek(1); err == nil {
		return r.child(part.Part{Path: "trailing data", Body: r.src, Size: -1})
	}
	return nil
}

// maxCommands bounds the bytes of a push's commands and options.
const maxCommands = 1 << 20

// commands reads what stands before the pack in a push.
func (r *pack) commands() error {
	var text strings.Builder
	for text.Len() < maxCommands {
		b, err := r.src.Peek(4)
		if err != nil || string(b) == packHead {
			break
		}
		n, ok := lineLength(b)
		if !ok || n > 0 && n < 4 {
			return &part.Fault{Reason: part.DecodeError, Detail: "not git's lines"}
		}
		line := make([]byte, max(n, 4))
		if _, err := io.ReadFull(r.src, line); err != nil {
			return err
		}
		if strings.Contains(string(line), "object-format=sha256") {
			r.hashSize = 32
		}
		for i, c := range line {
			if c == 0 {
				line[i] = ' '
			}
		}
		if n > 0 {
			text.WriteString(strings.TrimRight(string(line[4:]), "\n") + "\n")
		}
	}
	if text.Len() == 0 {
		return nil
	}
	return r.text("commands", text.String())
}

// The kinds of entries of a pack.
const (
	commit   = 1
	tree     = 2
	blob     = 3
	tag      = 4
	ofsDelta = 6
	refDelta = 7
)

var kinds = map[byte]string{commit: "commit", tree: "tree", blob: "blob", tag: "tag"}

// object reads the next entry.
func (r *pack) object(start int64) error {
	if err := r.b.Spend(r.ctx, 0); err != nil {
		return err
	}
	r.number++
	place := r.src.n - start
	kind, size, err := r.header()
	if err != nil {
		return err
	}
	var base *object
	switch kind {
	case commit, tree, blob, tag:
	case ofsDelta:
		back, err := r.offset()
		if err != nil {
			return err
		}
		if base = r.byPlace[place-back]; base == nil {
			r.dropped = true
		}
	case refDelta:
		name := make([]byte, r.hashSize)
		if _, err := io.ReadFull(r.src, name); err != nil {
			return err
		}
		base = r.byName[string(name)]
	default:
		return &part.Fault{Reason: part.DecodeError, Detail: "an unknown kind of object"}
	}
	if err := r.open(); err != nil {
		return err
	}
	body := part.NewMeter(r.ctx, r.b, "zlib", io.LimitReader(r.inflate, size))
	if size > maxObject {
		r.dropped = r.dropped || kind != blob
		if err := r.child(part.Part{Path: fmt.Sprintf("%s %d", kinds[kind&3], r.number), Body: body, Size: -1}); err != nil {
			return err
		}
		if err := part.Drain(r.ctx, r.b, body); err != nil {
			return err
		}
		return r.ended()
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if int64(len(data)) < size {
		return io.ErrUnexpectedEOF
	}
	if err := r.ended(); err != nil {
		return err
	}
	if kind == ofsDelta || kind == refDelta {
		return r.delta(place, base, data)
	}
	return r.whole(place, kind, data)
}

// open begins the compressed bytes of an entry. What is read is exactly these,
// as the source gives single bytes.
func (r *pack) open() (err error) {
	if r.inflate == nil {
		r.inflate, err = zlib.NewReader(r.src)
		return err
	}
	return r.inflate.(zlib.Resetter).Reset(r.src, nil)
}

// ended reads the end of an entry's compressed bytes, with their checksum.
func (r *pack) ended() error {
	var one [1]byte
	n, err := r.inflate.Read(one[:])
	if n > 0 {
		return &part.Fault{Reason: part.DecodeError, Detail: "an object is longer than it says"}
	}
	if err == io.EOF {
		err = nil
	}
	return err
}

// header reads an entry's kind and size.
func (r *pack) header() (kind byte, size int64, err error) {
	c, err := r.src.ReadByte()
	if err != nil {
		return 0, 0, unexpected(err)
	}
	kind, size = c>>4&7, int64(c&15)
	for shift := 4; c&0x80 != 0; shift += 7 {
		if c, err = r.src.ReadByte(); err != nil {
			return 0, 0, unexpected(err)
		}
		if shift > 50 {
			return 0, 0, &part.Fault{Reason: part.DecodeError, Detail: "an impossible size"}
		}
		size |= int64(c&0x7f) << shift
	}
	return kind, size, nil
}

// offset reads how far back the base of a difference stands.
func (r *pack) offset() (int64, error) {
	n := int64(0)
	for i := 0; ; i++ {
		c, err := r.src.ReadByte()
		if err != nil || i > 8 {
			return 0, unexpected(err)
		}
		n = n<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return n, nil
		}
		n++
	}
}

func unexpected(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// whole takes an object in full.
func (r *pack) whole(place int64, kind byte, data []byte) error {
	name := ""
	if r.hashSize == sha1Size {
		h := sha1.New() //nolint:gosec
		fmt.Fprintf(h, "%s %d\x00", kinds[kind], len(data))
		h.Write(data)
		name = string(h.Sum(nil))
	}
	if r.kept+len(data) <= maxKept {
		o := &object{kind, data}
		r.kept += len(data)
		r.byPlace[place] = o
		if name != "" {
			r.byName[name] = o
		}
	}
	path := fmt.Sprintf("%s %d", kinds[kind], r.number)
	if kind == tree {
		return r.tree(path, data)
	}
	p := part.Part{Path: path, Body: bytes.NewReader(data), Size: int64(len(data))}
	if file := r.names[name]; kind == blob && file != "" {
		p.Path, p.Name = file, file
	}
	return r.child(p)
}

// tree hands on the names in a directory, and remembers whose they are.
func (r *pack) tree(path string, data []byte) error {
	var text strings.Builder
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		if !ok || len(rest) < r.hashSize {
			break // git would not take it
		}
		_, name, _ := strings.Cut(string(head), " ")
		text.WriteString(name + "\n")
		if id := string(rest[:r.hashSize]); len(r.names) < maxNames {
			r.names[id] = name
		}
		data = rest[r.hashSize:]
	}
	if len(data) > 0 {
		text.Write(data)
	}
	return r.text(path, text.String())
}

// delta takes a difference from a base, which is nil if it is not at hand.
func (r *pack) delta(place int64, base *object, data []byte) error {
	whole, added, ok := apply(base, data)
	switch {
	case !ok:
		return &part.Fault{Reason: part.DecodeError, Detail: "a difference does not fit its base"}
	case base != nil:
		if err := r.b.Spend(r.ctx, len(whole)); err != nil {
			return err
		}
		return r.whole(place, base.kind, whole)
	}
	r.thin = true
	return r.child(part.Part{Path: fmt.Sprintf("change %d", r.number), Body: bytes.NewReader(added), Size: int64(len(added))})
}

// apply makes an object of its base and a difference. Without a base, added is
// what the difference adds, one run a line.
func apply(base *object, data []byte) (whole, added []byte, ok bool) {
	from, n := binary.Uvarint(data)
	if n <= 0 {
		return nil, nil, false
	}
	data = data[n:]
	to, n := binary.Uvarint(data)
	if n <= 0 || to > 4*maxObject {
		return nil, nil, false
	}
	data = data[n:]
	if base != nil && from != uint64(len(base.data)) {
		return nil, nil, false
	}
	for len(data) > 0 {
		c := data[0]
		data = data[1:]
		if c == 0 {
			return nil, nil, false
		}
		if c&0x80 == 0 {
			if int(c) > len(data) {
				return nil, nil, false
			}
			if base != nil {
				whole = append(whole, data[:c]...)
			} else {
				added = append(append(added, data[:c]...), '\n')
			}
			data = data[c:]
		} else {
			var at, size uint64
			for i := range 7 {
				if c>>i&1 == 0 {
					continue
				}
				if len(data) == 0 {
					return nil, nil, false
				}
				if i < 4 {
					at |= uint64(data[0]) << (8 * i)
				} else {
					size |= uint64(data[0]) << (8 * (i - 4))
				}
				data = data[1:]
			}
			if size == 0 {
				size = 0x10000
			}
			if base != nil {
				if at+size > uint64(len(base.data)) {
					return nil, nil, false
				}
				whole = append(whole, base.data[at:at+size]...)
			}
		}
		if uint64(len(whole)) > to {
			return nil, nil, false
		}
	}
	return whole, added, true
}

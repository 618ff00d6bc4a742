package archive

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Property IDs of 7z headers (7zFormat.txt of the LZMA SDK).
const (
	propEnd = iota
	propHeader
	propArchive
	propAdditional
	propMain
	propFiles
	propPackInfo
	propUnpackInfo
	propSubStreams
	propSize
	propCRC
	propFolder
	propUnpackSize
	propUnpackStreams
	propEmptyStream
	propEmptyFile
	propAnti
	propName
	propEncoded = 0x17
)

// maxSevenFiles bounds the members of one archive, maxSevenCoders the coders of
// one folder.
const (
	maxSevenFiles  = 1 << 17
	maxSevenCoders = 32
)

var (
	errSevenHeader = errors.New("7z header")
	errSevenFiles  = &part.Fault{Reason: part.TooMany, Detail: "more than 131072 members"}
)

// sevenHeader is what a 7z header says: folders of coded streams, whose output,
// one after another, is that of the files that have any.
type sevenHeader struct {
	start   int64   // of the first packed stream
	packed  []int64 // where each packed stream ends, from there
	folders []sevenFolder
	files   []sevenFile
}

type sevenFile struct {
	name  string
	empty bool // it has no stream
}

// sevenFolder is a graph of coders: each has one output, and inputs that are
// packed streams or outputs of others.
type sevenFolder struct {
	coders []sevenCoder
	binds  []sevenBind
	inputs []int   // which inputs are packed streams, in their order
	first  int     // of its packed streams
	sizes  []int64 // of the coders' outputs
	sum    sevenSum
	parts  []sevenPart
}

type sevenCoder struct {
	method     uint64
	inputs     int
	firstInput int
	props      []byte
}

// sevenBind leads the output of one coder into an input.
type sevenBind struct{ input, output int }

// sevenPart is one file's share of a folder's output.
type sevenPart struct {
	size int64
	sum  sevenSum
}

type sevenSum struct {
	crc   uint32
	known bool
}

// main returns the coder whose output is the folder's.
func (f *sevenFolder) main() int {
	for i := range f.coders {
		if f.bound(i) < 0 {
			return i
		}
	}
	return 0
}

// bound returns the input that the output of coder i goes to, -1 if none.
func (f *sevenFolder) bound(i int) int {
	for _, b := range f.binds {
		if b.output == i {
			return b.input
		}
	}
	return -1
}

// sevenParser walks through a header. What is wrong with it is told by fail,
// after which all reads give zero. Counts are checked against what is left.
type sevenParser struct {
	b    []byte
	fail error
}

func (p *sevenParser) stop() {
	if p.fail == nil {
		p.fail = errSevenHeader
	}
	p.b = nil
}

func (p *sevenParser) bytes(n int) []byte {
	if n < 0 || n > len(p.b) {
		p.stop()
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

func (p *sevenParser) byte() byte {
	if b := p.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// number reads a number of one to nine bytes.
func (p *sevenParser) number() uint64 {
	first := p.byte()
	n := bits.LeadingZeros8(^first)
	var v uint64
	for i, c := range p.bytes(n) {
		v |= uint64(c) << (8 * i)
	}
	if n < 7 {
		v |= uint64(first&(1<<(7-n)-1)) << (8 * n)
	}
	return v
}

// size reads a number of bytes.
func (p *sevenParser) size() int64 {
	v := p.number()
	if v > 1<<62 {
		p.stop()
		return 0
	}
	return int64(v)
}

// count reads how many things follow that take at least one bit each.
func (p *sevenParser) count() int {
	v := p.number()
	if v > uint64(len(p.b))*8+8 {
		p.stop()
		return 0
	}
	return int(v)
}

// bits reads n bits.
func (p *sevenParser) bits(n int) []bool {
	b := p.bytes((n + 7) / 8)
	if b == nil {
		return nil
	}
	set := make([]bool, n)
	for i := range set {
		set[i] = b[i/8]&(0x80>>(i%8)) != 0
	}
	return set
}

// sums reads n checksums of which some may be missing.
func (p *sevenParser) sums(n int) []sevenSum {
	if n > 8*len(p.b) {
		p.stop()
		return nil
	}
	all := p.byte() != 0
	var set []bool
	if !all {
		set = p.bits(n)
	}
	if p.fail != nil {
		return nil
	}
	sums := make([]sevenSum, n)
	for i := range sums {
		if all || set[i] {
			b := p.bytes(4)
			if b == nil {
				return nil
			}
			sums[i] = sevenSum{binary.LittleEndian.Uint32(b), true}
		}
	}
	return sums
}

// skip passes a property of unknown meaning.
func (p *sevenParser) skip() { p.bytes(int(min(p.number(), 1<<31-1))) }

// header reads what stands behind propHeader.
func (p *sevenParser) header() (h sevenHeader) {
	for p.fail == nil {
		switch p.byte() {
		case propEnd:
			return h
		case propArchive:
			for p.fail == nil && p.byte() != propEnd {
				p.skip()
			}
		case propAdditional:
			p.streams(new(sevenHeader))
		case propMain:
			p.streams(&h)
		case propFiles:
			p.files(&h)
		default:
			p.stop()
		}
	}
	return h
}

// streams reads the packed streams and the folders.
func (p *sevenParser) streams(h *sevenHeader) {
	for p.fail == nil {
		switch p.byte() {
		case propEnd:
			if p.fail != nil {
				return
			}
			for i := range h.folders {
				if f := &h.folders[i]; f.parts == nil {
					f.parts = []sevenPart{{f.sizes[f.main()], f.sum}}
				}
			}
			return
		case propPackInfo:
			p.packInfo(h)
		case propUnpackInfo:
			p.unpackInfo(h)
		case propSubStreams:
			p.subStreams(h)
		default:
			p.stop()
		}
	}
}

func (p *sevenParser) packInfo(h *sevenHeader) {
	h.start = p.size()
	n := p.count()
	for p.fail == nil {
		switch p.byte() {
		case propEnd:
			return
		case propSize:
			var end int64
			for range min(n, len(p.b)) {
				if end += p.size(); end < 0 {
					p.stop()
				}
				h.packed = append(h.packed, end)
			}
		case propCRC:
			p.sums(n)
		default:
			p.stop()
		}
	}
}

func (p *sevenParser) unpackInfo(h *sevenHeader) {
	if p.byte() != propFolder {
		p.stop()
	}
	n := p.count()
	if p.byte() != 0 || n > len(p.b) { // the folders stand elsewhere: no program writes that
		p.stop()
		return
	}
	first := 0
	for range n {
		f := p.folder()
		f.first = first
		first += len(f.inputs)
		if p.fail != nil {
			return
		}
		h.folders = append(h.folders, f)
	}
	if p.byte() != propUnpackSize {
		p.stop()
	}
	for i := range h.folders {
		f := &h.folders[i]
		f.sizes = make([]int64, len(f.coders))
		for k := range f.sizes {
			f.sizes[k] = p.size()
		}
	}
	for p.fail == nil {
		switch p.byte() {
		case propEnd:
			return
		case propCRC:
			for i, s := range p.sums(len(h.folders)) {
				h.folders[i].sum = s
			}
		default:
			p.stop()
		}
	}
}

func (p *sevenParser) folder() (f sevenFolder) {
	n := p.count()
	if n == 0 || n > maxSevenCoders {
		p.stop()
		return f
	}
	inputs := 0
	for range n {
		flags := p.byte()
		c := sevenCoder{inputs: 1, firstInput: inputs}
		for _, b := range p.bytes(int(flags & 0xf)) {
			c.method = c.method<<8 | uint64(b)
		}
		if flags&0x10 != 0 {
			c.inputs = p.count()
			if p.number() != 1 || c.inputs == 0 || c.inputs > maxSevenCoders {
				p.stop()
			}
		}
		if flags&0x20 != 0 {
			c.props = p.bytes(p.count())
		}
		if flags&0x80 != 0 || p.fail != nil {
			p.stop()
			return f
		}
		inputs += c.inputs
		f.coders = append(f.coders, c)
	}
	taken := make([]bool, inputs)
	for range n - 1 {
		b := sevenBind{p.count(), p.count()}
		if b.input >= inputs || b.output >= n || taken[b.input] || f.bound(b.output) >= 0 {
			p.stop()
			return f
		}
		taken[b.input] = true
		f.binds = append(f.binds, b)
	}
	packed := inputs - (n - 1)
	if packed == 1 {
		for i, t := range taken {
			if !t {
				f.inputs = append(f.inputs, i)
			}
		}
		return f
	}
	for range packed {
		i := p.count()
		if i >= inputs || taken[i] {
			p.stop()
			return f
		}
		taken[i] = true
		f.inputs = append(f.inputs, i)
	}
	return f
}

// subStreams reads how the folders' outputs are divided.
func (p *sevenParser) subStreams(h *sevenHeader) {
	kind := p.byte()
	total := 0
	for i := range h.folders {
		n := 1
		if kind == propUnpackStreams {
			n = p.count()
		}
		// All but the last have their sizes in the header.
		if total += n; n > len(p.b)+1 || total > maxSevenFiles {
			p.stop()
			return
		}
		h.folders[i].parts = make([]sevenPart, n)
	}
	if kind == propUnpackStreams {
		kind = p.byte()
	}
	sized := kind == propSize
	for i := range h.folders {
		f := &h.folders[i]
		left := f.sizes[f.main()]
		for k := range f.parts {
			size := left
			if k < len(f.parts)-1 {
				if !sized {
					p.stop()
					return
				}
				size = p.size()
			}
			if size > left {
				p.stop()
				return
			}
			f.parts[k].size = size
			left -= size
		}
	}
	if sized {
		kind = p.byte()
	}
	if len(h.folders) > 0 && kind == propCRC {
		p.partSums(h)
		kind = p.byte()
	}
	for p.fail == nil && kind != propEnd {
		p.skip()
		kind = p.byte()
	}
}

// partSums reads the checksums of the parts that have none from their folder.
func (p *sevenParser) partSums(h *sevenHeader) {
	var open []*sevenPart
	for i := range h.folders {
		f := &h.folders[i]
		if len(f.parts) == 1 && f.sum.known {
			f.parts[0].sum = f.sum
			continue
		}
		for k := range f.parts {
			open = append(open, &f.parts[k])
		}
	}
	for i, s := range p.sums(len(open)) {
		open[i].sum = s
	}
}

func (p *sevenParser) files(h *sevenHeader) {
	n := p.number()
	if n > maxSevenFiles {
		p.stop()
		p.fail = errSevenFiles
		return
	}
	h.files = make([]sevenFile, n)
	for p.fail == nil {
		kind := p.number()
		if kind == propEnd {
			return
		}
		body := sevenParser{b: p.bytes(int(min(p.number(), 1<<31-1)))}
		switch kind {
		case propEmptyStream:
			for i, empty := range body.bits(int(n)) {
				h.files[i].empty = empty
			}
		case propName:
			if body.byte() != 0 { // names stand elsewhere: no program writes that
				body.stop()
			}
			for i := range h.files {
				h.files[i].name = body.name()
			}
		}
		if body.fail != nil {
			p.stop()
		}
	}
}

// name reads UTF-16 up to a NUL.
func (p *sevenParser) name() string {
	var units []uint16
	for at := 0; at+2 <= len(p.b); at += 2 {
		u := binary.LittleEndian.Uint16(p.b[at:])
		if u == 0 {
			p.b = p.b[at+2:]
			return string(utf16.Decode(units))
		}
		units = append(units, u)
	}
	p.stop()
	return ""
}

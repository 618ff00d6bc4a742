package office

import (
	"encoding/binary"

	"github.com/klauspost/compress/s2"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// texts keeps the strings that the cells of a workbook share, in little memory:
// in blocks, which are compressed once there are many. Cells mostly ask for them
// in their order.
type texts struct {
	count  int
	size   int      // bytes in all
	kept   int      // bytes in blocks
	blocks [][]byte // of blockTexts strings, each behind its length
	tail   []byte   // the last block, growing
	slab   []byte   // storage for blocks

	cache  []opened // each block has one place in it
	large  opened   // for a block of long strings
	seen   []uint64 // which were asked for, one bit each
	packed []byte   // scratch
	dict   *s2.Dict // what small blocks have in common
}

// opened is a block made ready.
type opened struct {
	block  int // -1: none
	text   []byte
	ends   []uint32
	buffer []byte // storage for what was compressed
}

const (
	blockTexts = 32
	plainBytes = 8 << 20 // of blocks that are kept as they are
	maxKept    = 256 << 20
	cacheWays  = 2048    // blocks held ready
	maxCached  = 4 << 10 // of one block, to be held ready with others
	slabBytes  = 1 << 20
)

// add takes in the next string.
func (t *texts) add(s []byte) error {
	if t.size += len(s) + 1; t.kept+len(t.tail) > maxKept {
		return &part.Fault{Reason: part.TooLarge, Detail: "shared strings over 256 MiB"}
	}
	t.tail = append(binary.AppendUvarint(t.tail, uint64(len(s))), s...)
	if t.count++; t.count%blockTexts == 0 {
		t.close()
	}
	return nil
}

// close ends the last block. The first byte of a block tells whether it is
// compressed.
func (t *texts) close() {
	if len(t.tail) == 0 {
		return
	}
	mark, body := byte(0), t.tail
	if t.size > plainBytes {
		if t.dict == nil {
			t.dict = s2.MakeDict(t.sample(), nil)
		}
		t.packed = t.dict.EncodeBetter(t.packed[:cap(t.packed)], t.tail)
		mark, body = 1, t.packed
	}
	if len(t.slab)+1+len(body) > cap(t.slab) {
		t.slab = make([]byte, 0, max(slabBytes, 1+len(body)))
	}
	from := len(t.slab)
	t.slab = append(append(t.slab, mark), body...)
	t.blocks = append(t.blocks, t.slab[from:len(t.slab):len(t.slab)])
	t.kept += 1 + len(body)
	t.tail = t.tail[:0]
}

// sample returns text that is like what follows: of the last blocks.
func (t *texts) sample() []byte {
	var s []byte
	for i := len(t.blocks) - 1; i >= 0 && len(s) < s2.MaxDictSize; i-- {
		s = append(s, t.blocks[i][1:]...)
	}
	return append(s, t.tail...)
}

// done ends taking in.
func (t *texts) done() {
	t.close()
	t.tail, t.packed, t.slab = nil, nil, nil
	t.seen = make([]uint64, t.count/64+1)
	t.large.block = -1
	t.cache = make([]opened, min(cacheWays, len(t.blocks)))
	for i := range t.cache {
		t.cache[i].block = -1
	}
}

// get returns string i, nil if there is none, and notes that it was asked for.
// It is valid until the next call.
func (t *texts) get(i int) []byte {
	if i < 0 || i >= t.count {
		return nil
	}
	t.seen[i/64] |= 1 << (i % 64)
	return t.at(i)
}

func (t *texts) at(i int) []byte {
	o := t.ready(i / blockTexts)
	i %= blockTexts
	from := uint32(0)
	if i > 0 {
		from = o.ends[i-1]
	}
	b := o.text[from:o.ends[i]]
	_, w := binary.Uvarint(b)
	return b[w:]
}

// ready makes a block ready.
func (t *texts) ready(block int) *opened {
	o := &t.cache[block%cacheWays]
	if o.block == block {
		return o
	}
	b := t.blocks[block]
	if n, err := s2.DecodedLen(b[1:]); b[0] == 1 && (err != nil || n > maxCached) {
		if o = &t.large; o.block == block {
			return o
		}
	}
	o.text = b[1:]
	if b[0] == 1 {
		o.text, _ = t.dict.Decode(o.buffer[:cap(o.buffer)], b[1:]) // cannot fail: it is our own
		o.buffer = o.text
	}
	o.block, o.ends = block, o.ends[:0]
	for at := 0; at < len(o.text); {
		n, w := binary.Uvarint(o.text[at:])
		at += w + int(n)
		o.ends = append(o.ends, uint32(at))
	}
	return o
}

// unused returns string i if it was never asked for. It is valid until the next
// call.
func (t *texts) unused(i int) []byte {
	if t.seen[i/64]>>(i%64)&1 != 0 {
		return nil
	}
	return t.at(i)
}

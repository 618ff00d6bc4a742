// Package lists is the form of the word lists of package dict. It is used as it
// is embedded, with nothing to unpack, and one question asks several lists for a
// word at once.
//
// A set of lists is made by Build and read by Open. It holds, for each word, not the
// word but a record of 40 bits: a print, which is a part of its hash, and the
// number of a row, which says what each list has on it. Rows are few, some
// hundreds, as what is known of most words is the same; where there is but one,
// a record is a print of 32 bits. Records lie in buckets by another part of
// the hash. In front there is a Filter of a byte a word, small enough for the
// second-level cache, which alone answers for 19 of 20 words that are not listed.
//
// The price of five bytes a word is that a strange word may be taken for one with
// the same hash: one in billions, and the same ones with every run.
package lists

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"unsafe"
)

// Lists says what each of several lists has on a word. It is immutable and safe
// for concurrent use.
type Lists struct {
	filter  Filter
	starts  []byte // of each bucket, and behind the last: its first record, by startOf
	records []byte // by bucket: print | row<<bits
	rows    []byte // width bytes each
	words   uint64
	size    uint64 // of a record, in bytes
	width   int
	shift   uint   // 64 - log2 of the number of buckets
	bits    uint   // of the print
	print   uint64 // its mask
	record  uint64 // the mask of a record
}

// The header: words, rows, words of the filter (32 bits each), then log2 of the
// buckets and the width of a row (8 bits each).
const headerSize = 3*4 + 2

const (
	// slack lies behind the records, so that each can be read as eight bytes.
	slack = 4
	// startBias is added to how far a bucket's start is from where it would be
	// if all buckets were alike.
	startBias = 1 << 15
)

// recordSize returns the bytes of a record, and the bits of a print in it, where
// there are as many rows.
func recordSize(rows int) (size uint64, print uint) {
	if rows <= 1 {
		return 4, 32
	}
	return 5, uint(40 - bits.Len(uint(rows-1)))
}

// Row returns what is known of the word with that Hash, a byte a list in the
// order of Build; nil if no list has it. The caller must not change it.
func (l *Lists) Row(hash uint64) []byte {
	if !l.filter.Has(hash) {
		return nil
	}
	b := hash >> (l.shift & 63)
	first, limit := l.start(b), l.start(b+1)
	for at := first * l.size; at < limit*l.size; at += l.size {
		r := binary.LittleEndian.Uint64(l.records[at:])
		if (r^hash)&l.print == 0 {
			row := int(r & l.record >> (l.bits & 63))
			return l.rows[row*l.width : (row+1)*l.width]
		}
	}
	return nil
}

// start returns the first record of bucket b.
func (l *Lists) start(b uint64) uint64 {
	return b*l.words>>((64-l.shift)&63) + uint64(binary.LittleEndian.Uint16(l.starts[2*b:])) - startBias
}

// Len is the number of words.
func (l *Lists) Len() int { return int(l.words) }

// Open reads what Build made. It looks at the sizes alone. Of nothing it makes
// lists without words.
func Open(data string) (*Lists, error) {
	if data == "" {
		return &Lists{filter: noWords}, nil
	}
	b := view(data)
	if len(b) < headerSize {
		return nil, errors.New("damaged lists: no header")
	}
	u32 := func(i int) int { return int(binary.LittleEndian.Uint32(b[4*i:])) }
	words, rows, filter := u32(0), u32(1), u32(2)
	log, width := uint(b[12]), int(b[13])
	l := &Lists{words: uint64(words), width: width, shift: 64 - log}
	l.size, l.bits = recordSize(rows)
	l.print, l.record = 1<<l.bits-1, 1<<(8*l.size)-1
	b = b[headerSize:]
	if log == 0 || log > 24 || len(b) != rows*width+2*(1<<log+1)+8*filter+int(l.size)*words+slack {
		return nil, fmt.Errorf("damaged lists of %d bytes", len(data))
	}
	take := func(n int) (part []byte) { part, b = b[:n:n], b[n:]; return part }
	l.rows, l.starts, l.filter, l.records = take(rows*width), take(2*(1<<log+1)), Filter{take(8 * filter)}, b
	return l, nil
}

// Build makes lists of words with their rows, which all have the same width. The
// same words give the same bytes.
func Build(words map[string][]byte) ([]byte, error) {
	rows := slices.SortedFunc(maps.Values(words), slices.Compare)
	rows = slices.CompactFunc(rows, slices.Equal)
	width := 0
	if len(rows) > 0 {
		width = len(rows[0])
	}
	number := map[string]uint64{}
	for i, r := range rows {
		if len(r) != width {
			return nil, fmt.Errorf("rows of %d and %d bytes", width, len(r))
		}
		number[string(r)] = uint64(i)
	}
	log := uint(max(bits.Len(uint(len(words)/4))-1, 1)) // four to eight words a bucket
	size, print := recordSize(len(rows))
	type entry struct{ bucket, record uint64 }
	var entries []entry
	for w, r := range words {
		h := Hash([]byte(w))
		entries = append(entries, entry{h >> (64 - log), h&(1<<print-1) | number[string(r)]<<print})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.record, b.record))
	})
	filter := NewFilter(maps.Keys(words), len(words))

	out := binary.LittleEndian.AppendUint32(nil, uint32(len(words)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(rows)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(filter.words)/8))
	out = append(out, byte(log), byte(width))
	out = append(out, slices.Concat(rows...)...)
	at := 0
	for b := range uint64(1<<log + 1) {
		for at < len(entries) && entries[at].bucket < b {
			at++
		}
		start := at - int(b*uint64(len(words))>>log) + startBias
		if start < 0 || start >= 2*startBias {
			return nil, errors.New("buckets too unlike")
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(start))
	}
	out = append(out, filter.words...)
	prints := map[entry]bool{}
	for _, e := range entries {
		same := entry{e.bucket, e.record & (1<<print - 1)}
		if prints[same] {
			return nil, errors.New("two words with the same hash")
		}
		prints[same] = true
		out = append(out, binary.LittleEndian.AppendUint64(nil, e.record)[:size]...)
	}
	return append(out, make([]byte, slack)...), nil
}

// Hash is the hash of a word by which Lists and Filters are asked. It has no key:
// who looks for a strange word that is taken for a listed one will find one, and
// gains a wrong guess at what that word is.
func Hash(b []byte) uint64 {
	const k1, k2 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	h := uint64(len(b)) * k1
	for ; len(b) > 16; b = b[8:] {
		h = mix(h^binary.LittleEndian.Uint64(b), k1)
	}
	var head, tail uint64 // they may overlap
	switch n := len(b); {
	case n >= 8:
		head, tail = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		head, tail = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		head = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return mix(mix(h^head, k1)^tail, k2)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// view is the bytes of s, which must not be changed.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

package decode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// embeds lists the archives that are looked for in other files: programs that
// unpack themselves, and pictures with one put behind. Each has a mark, at some
// place, and a look at what stands around it, in embedHead bytes, so that a
// program that only knows the format is not taken for an archive.
var embeds = []struct {
	name, mark string
	place      int
	holds      func(b []byte) bool
}{
	{"zip", "PK\x03\x04", 0, func(b []byte) bool { return b[4] < 0x40 && b[5] == 0 }},
	{"rar", "Rar!\x1a\x07", 0, func(b []byte) bool { return b[6] == 0 && b[9] == 0x73 || b[6] == 1 && b[7] == 0 }},
	{"7z", "7z\xbc\xaf\x27\x1c", 0, func(b []byte) bool {
		return b[6] == 0 && crc32.ChecksumIEEE(b[12:32]) == binary.LittleEndian.Uint32(b[8:])
	}},
	{"cab", "MSCF\x00\x00\x00\x00", 0, func(b []byte) bool { return b[24] <= 9 && b[25] == 1 }},
	{"lzh", "-lh", 2, holdsLzh},
	{"gzip", "\x1f\x8b\x08", 0, func(b []byte) bool { return b[3] < 0x20 && b[8]&^6 == 0 && (b[9] <= 13 || b[9] == 255) }},
}

const embedHead = 32

// embedBegins tells which of embeds have a mark that begins with a byte, a bit each.
var embedBegins = func() (t [256]uint8) {
	for i := range embeds {
		t[embeds[i].mark[0]] |= 1 << i
	}
	return t
}()

// holdsLzh looks for the header of a member of level 0 or 1 with a name that is
// no longer than the header, or one of level 2.
func holdsLzh(b []byte) bool {
	if b[6] != '-' || bytes.IndexByte([]byte("01234567d"), b[5]) < 0 {
		return false
	}
	switch b[20] {
	case 0, 1:
		return b[0] >= 22+b[21] && b[0]-22-b[21] < 64 && b[22] >= ' '
	case 2:
		return binary.LittleEndian.Uint16(b) >= 26 && b[1] < 4 && b[19] == ' '
	}
	return false
}

// embedded returns where in b, which stands at offset of a file, an archive
// begins that was put behind or into it, and which; -1 if none does. hints are
// the traces of b, if there are any.
func embedded(b []byte, offset int64, hints *traces) (first int, name string) {
	first = -1
	from := 0
	if offset == 0 {
		from = 1 // the file itself
	}
	end := len(b)
	if hints.blocks > 0 {
		for at := hints.embed(from); at < end; at = hints.embed(at + 1) {
			for which := embedBegins[b[at]]; which != 0; which &= which - 1 {
				m := &embeds[bits.TrailingZeros8(which)]
				k := at - m.place
				if k >= from && k+embedHead <= end && bytes.HasPrefix(b[at:], []byte(m.mark)) && m.holds(b[k:]) {
					first, name = k, m.name
					end = k + embedHead - 1
				}
			}
		}
		return first, name
	}
	for _, m := range embeds {
		for at := from; at+embedHead <= end; at++ {
			k := bytes.Index(b[at+m.place:end], []byte(m.mark))
			if k < 0 || at+k+embedHead > end {
				break
			}
			if at += k; m.holds(b[at:]) {
				first, name = at, m.name
				end = at + embedHead - 1 // only one before it counts
				break
			}
		}
	}
	return first, name
}

package decode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// embeds lists the archives that are looked for in other files: programs that
// unpack themselves, and pictures with one put behind. Each has a signature and
// a look at what follows, in 32 bytes, so that a program that only knows the
// format is not taken for an archive.
var embeds = []struct {
	name, magic string
	follows     func(b []byte) bool
}{
	{"zip", "PK\x03\x04", func(b []byte) bool { return b[4] < 0x40 && b[5] == 0 }},
	{"rar", "Rar!\x1a\x07", func(b []byte) bool { return b[6] == 0 && b[9] == 0x73 || b[6] == 1 && b[7] == 0 }},
	{"7z", "7z\xbc\xaf\x27\x1c", func(b []byte) bool {
		return b[6] == 0 && crc32.ChecksumIEEE(b[12:32]) == binary.LittleEndian.Uint32(b[8:])
	}},
	{"cab", "MSCF\x00\x00\x00\x00", func(b []byte) bool { return b[24] <= 9 && b[25] == 1 }},
}

const embedHead = 32

// embedded returns where in b, which stands at offset of a file, an archive
// begins that was put behind or into it, and which; -1 if none does.
func embedded(b []byte, offset int64) (int, string) {
	first, name := -1, ""
	for _, m := range embeds {
		from := 0
		if offset == 0 {
			from = 1 // the file itself
		}
		end := len(b)
		if first >= 0 {
			end = min(end, first+embedHead)
		}
		for {
			k := bytes.Index(b[min(from, end):end], []byte(m.magic))
			if k < 0 || from+k+embedHead > end {
				break
			}
			if m.follows(b[from+k:]) {
				first, name = from+k, m.name
				break
			}
			from += k + 1
		}
	}
	return first, name
}

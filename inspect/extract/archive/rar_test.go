package archive

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
)

// rar4Block makes a block of RAR 4: its header from the type on, and its data.
func rar4Block(kind byte, flags uint16, rest []byte, data string) []byte {
	h := make([]byte, 7, 7+len(rest)+len(data))
	h[2] = kind
	le.PutUint16(h[3:], flags)
	le.PutUint16(h[5:], uint16(7+len(rest)))
	h = append(h, rest...)
	le.PutUint16(h, uint16(crc32.ChecksumIEEE(h[2:])))
	return append(h, data...)
}

// rar4File makes a stored member, or service block.
func rar4File(name, body string, flags uint16, kind ...byte) []byte {
	h := make([]byte, 25, 64)
	le.PutUint32(h, uint32(len(body)))
	le.PutUint32(h[4:], uint32(len(body)))
	h[8] = 3
	le.PutUint32(h[9:], crc32.ChecksumIEEE([]byte(body)))
	h[17], h[18] = 29, 0x30
	le.PutUint16(h[19:], uint16(len(name)))
	h = append(h, name...)
	if len(kind) == 0 {
		kind = []byte{0x74}
	}
	return rar4Block(kind[0], 0x8000|flags, h, body)
}

func rar4Archive(blocks ...[]byte) []byte { return rar4Flagged(0, blocks...) }

func rar4Flagged(flags uint16, blocks ...[]byte) []byte {
	b := append([]byte(rar4Magic), rar4Block(0x73, flags, make([]byte, 6), "")...)
	for _, block := range blocks {
		b = append(b, block...)
	}
	return append(b, rar4Block(0x7b, 0x4000, nil, "")...)
}

// rar5Block makes a block of RAR 5.
func rar5Block(rest []byte, data string) []byte {
	h := binary.AppendUvarint(make([]byte, 4), uint64(len(rest)))
	h = append(h, rest...)
	le.PutUint32(h, crc32.ChecksumIEEE(h[4:]))
	return append(h, data...)
}

// rar5File makes a stored member, or service block.
func rar5File(name, body string, locked bool, kind ...byte) []byte {
	if len(kind) == 0 {
		kind = []byte{2}
	}
	var extra []byte
	if locked { // version 0, AES-256, no check, 2^15 rounds, salt, IV
		extra = append([]byte{36, 1, 0, 0, 15}, make([]byte, 32)...)
	}
	h := []byte{kind[0], 2}
	if locked {
		h[1] = 3
		h = binary.AppendUvarint(h, uint64(len(extra)))
	}
	h = binary.AppendUvarint(h, uint64(len(body)))
	h = append(h, 4) // there is a checksum
	h = binary.AppendUvarint(h, uint64(len(body)))
	h = append(h, 0)
	h = le.AppendUint32(h, crc32.ChecksumIEEE([]byte(body)))
	h = append(h, 0, 1)
	h = binary.AppendUvarint(h, uint64(len(name)))
	h = append(append(h, name...), extra...)
	return rar5Block(h, body)
}

func rar5Archive(blocks ...[]byte) []byte { return rar5Flagged(0, blocks...) }

func rar5Flagged(flags byte, blocks ...[]byte) []byte {
	b := append([]byte(rar5Magic), rar5Block([]byte{1, 0, flags}, "")...)
	for _, block := range blocks {
		b = append(b, block...)
	}
	return append(b, rar5Block([]byte{5, 0, 0}, "")...)
}

func TestRar(t *testing.T) {
	cp932, _ := japanese.ShiftJIS.NewEncoder().String("名簿/表.csv")
	for _, c := range []struct {
		name, path, skips string
		body              []byte
	}{
		{"4", "名簿.csv", "", rar4Archive(rar4File("名簿.csv", customers, 0))},
		{"5", "名簿.csv", "", rar5Archive(rar5File("名簿.csv", customers, false))},
		{"4, name in CP932", "名簿/表.csv", "", rar4Archive(rar4File(cp932, customers, 0))},
		{"4, second", "b", "", rar4Archive(rar4File("a", "x", 0), rar4File("b", customers, 0))},
		{"4, comment", "comment", "", rar4Archive(rar4File("CMT", customers, 0, 0x7a), rar4File("b", "x", 0))},
		{"5, comment", "comment", "", rar5Archive(rar5File("CMT", customers+"\x00", false, 3), rar5File("b", "x", false))},
		{"5, NTFS stream", "stream", "", rar5Archive(rar5File("b", "x", false), rar5File("STM", customers, false, 3))},
		{"4, behind", "trailing data", "", append(rar4Archive(rar4File("b", "x", 0)), customers...)},
		{"5, behind", "trailing data", "", append(rar5Archive(rar5File("b", "x", false)), customers...)},
		{"4, encrypted", "b", "encrypted encrypted", rar4Archive(rar4File("a", "????????????????", 4), rar4File("b", customers, 0))},
		{"5, encrypted", "b", "encrypted encrypted", rar5Archive(rar5File("a", "????????????????", true), rar5File("b", customers, false))},
		{"4, encrypted headers", "", "encrypted", append(rar4Flagged(0x80), "????????????????????????"...)},
		{"5, encrypted headers", "", "encrypted", append([]byte(rar5Magic), rar5Block(append([]byte{4, 0, 0, 0, 15}, make([]byte, 16)...), "????????????????")...)},
		{"4, first volume", "b", "truncated truncated", rar4Flagged(0x101, rar4File("b", customers, 2))},
		{"4, later volume", "c", "truncated", rar4Flagged(1, rar4File("b", "the rest of it", 1), rar4File("c", customers, 0))},
		{"5, a volume", "b", "truncated", rar5Flagged(1, rar5File("b", customers, false))},
		{"4, cut off", "b", "truncated truncated", rar4Archive(rar4File("b", customers+customers, 0))[:7+13+33+len(customers)]},
		{"4, wrong checksum", "b", "decode-error decode-error", rar4Archive([]byte(strings.Replace(string(rar4File("b", customers+"x", 0)), customers+"x", customers+"y", 1)))},
	} {
		x := inspect(t, c.body)
		if got := skips(x); got != c.skips {
			t.Errorf("%s: skipped %q, want %q:\n%s", c.name, got, c.skips, x)
		}
		if c.path == "" {
			continue
		}
		if s := x.Find(person); s.Path != "upload » "+c.path {
			t.Errorf("%s: found in %s:\n%s", c.name, s.Path, x)
		}
	}
}

package decode

import (
	"bytes"
	"encoding/binary"
)

// lockFinder looks, while a file streams by, for the marks of encryption that
// can be seen without reading the format: PDF's /Encrypt, the streams that
// encrypted Office files have, BIFF's FilePass record, Word's fEncrypted bit,
// the encryption headers of RAR and ZIP, the AES coder in 7z's header.
type lockFinder struct {
	name  string
	found bool
	tail  [64]byte // the end of the last block, for marks across two
	n     int
}

// utf16 spells an ASCII name as compound files do.
func utf16(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

// lockMarks lists, by format, bytes that only encrypted files have.
var lockMarks = map[string][][]byte{
	"pdf": {[]byte("/Encrypt "), []byte("/Encrypt\n"), []byte("/Encrypt\r"), []byte("/Encrypt<")},
	"ole": {utf16("EncryptedPackage"), utf16("EncryptedSummary"), utf16("EncryptionInfo")},
	"7z":  {{0x06, 0xf1, 0x07, 0x01}},
	"pgp": {[]byte("-----BEGIN PGP MESSAGE")},
	"age": {[]byte("age-encryption.org/")},

	"openssl-salted": {[]byte("Salted__")},
}

func (l *lockFinder) start(name string, head []byte) {
	l.name = name
	switch name {
	case "rar":
		l.found = rarLocked(head)
	case "zip":
		l.found = len(head) > 8 && head[2] == 3 && head[6]&1 != 0 // of a member; what else a file may begin with has no such bit there
	}
}

// look examines the next block. Blocks may overlap.
func (l *lockFinder) look(b []byte, offset int64) {
	marks := lockMarks[l.name]
	if l.found || len(marks) == 0 {
		return
	}
	var seam [128]byte
	joined := append(append(seam[:0], l.tail[:l.n]...), b[:min(len(b), 64)]...)
	for _, mark := range marks {
		l.found = l.found || bytes.Contains(b, mark) || bytes.Contains(joined, mark)
	}
	if l.name == "ole" && !l.found {
		l.found = officeLocked(b, offset)
	}
	l.n = copy(l.tail[:], b[max(0, len(b)-len(l.tail)):])
}

// officeLocked looks at the starts of sectors for a workbook whose first record
// but one is FilePass ([MS-XLS] 2.4.117) and for a Word document with fEncrypted
// set ([MS-DOC] 2.5.2).
func officeLocked(b []byte, offset int64) bool {
	for i := int(-offset & 511); i+64 <= len(b); i += 512 {
		s := b[i:]
		switch binary.LittleEndian.Uint16(s) {
		case 0x0809:
			next := 4 + int(binary.LittleEndian.Uint16(s[2:]))
			for range 3 {
				if next+4 > len(s) {
					break
				}
				kind, size := binary.LittleEndian.Uint16(s[next:]), int(binary.LittleEndian.Uint16(s[next+2:]))
				if kind == 0x2f {
					return true
				}
				if kind != 0x86 && kind != 0xe1 && kind != 0x42 { // what may stand before it
					break
				}
				next += 4 + size
			}
		case 0xa5ec, 0xa5dc:
			if s[0x0b]&1 != 0 {
				return true
			}
		}
	}
	return false
}

// rarLocked reports whether a RAR archive's headers, or its first file, are
// encrypted. (RAR 4 technote; RAR 5.0 archive format.)
func rarLocked(b []byte) bool {
	if len(b) > 8 && b[6] == 1 && b[7] == 0 { // RAR 5
		return rar5Locked(b[8:])
	}
	for at := 7; at+7 <= len(b); {
		kind, flags := b[at+2], binary.LittleEndian.Uint16(b[at+3:])
		size := int(binary.LittleEndian.Uint16(b[at+5:]))
		switch {
		case kind == 0x73 && flags&0x80 != 0, kind == 0x74 && flags&0x04 != 0:
			return true
		case kind == 0x74 || size < 7:
			return false
		}
		if flags&0x8000 != 0 && at+11 <= len(b) {
			size += int(min(binary.LittleEndian.Uint32(b[at+7:]), 1<<20))
		}
		at += size
	}
	return false
}

func rar5Locked(b []byte) bool {
	for len(b) > 8 {
		size, n := binary.Uvarint(b[4:])
		if n <= 0 || size > uint64(len(b)) {
			return false
		}
		head := b[4+n:]
		if uint64(len(head)) < size {
			return false
		}
		rest := head[size:]
		head = head[:size]
		kind, n := binary.Uvarint(head)
		if n <= 0 {
			return false
		}
		switch kind {
		case 4: // archive encryption header
			return true
		case 2: // file: look for the encryption record, type 1, in its extra area
			return rar5Extra(head[n:])
		}
		flags, k := binary.Uvarint(head[n:])
		if k <= 0 || flags&2 != 0 {
			return false
		}
		b = rest
	}
	return false
}

// rar5Extra reports whether a file header, from its flags on, has an encryption
// record.
func rar5Extra(h []byte) bool {
	flags, n := binary.Uvarint(h)
	if n <= 0 || flags&1 == 0 {
		return false
	}
	extra, n2 := binary.Uvarint(h[n:])
	if n2 <= 0 || extra > uint64(len(h)) {
		return false
	}
	for x := h[uint64(len(h))-extra:]; len(x) > 1; {
		size, n := binary.Uvarint(x)
		if n <= 0 || size == 0 || size > uint64(len(x)-n) {
			return false
		}
		if kind, k := binary.Uvarint(x[n:]); k > 0 && kind == 1 {
			return true
		}
		x = x[uint64(n)+size:]
	}
	return false
}

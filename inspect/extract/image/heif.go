package image

import (
	"bytes"
	"encoding/binary"
)

func isHEIF(head []byte) bool {
	if len(head) < 16 || string(head[4:8]) != "ftyp" {
		return false
	}
	switch string(head[8:12]) {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis":
		return true
	}
	return false
}

// heif reads the items of metadata in HEIF and AVIF files (ISO/IEC 23008-12,
// ISO/IEC 14496-12): EXIF and XMP.
func (f *file) heif() {
	for at := int64(0); at < f.size && !f.stopped(); {
		kind, head, n := f.box(at)
		if n < head {
			return
		}
		if kind == "meta" {
			f.items(f.bytes(at+head+4, n-head-4))
		}
		at += n
	}
}

// box reads the header of the box at offset at: its type, and the lengths of
// its header and of all of it. A length of 0 goes to the end of the file.
func (f *file) box(at int64) (kind string, head, size int64) {
	h := f.bytes(at, 16)
	if len(h) < 8 {
		return "", 8, 0
	}
	kind, head, size = string(h[4:8]), 8, int64(binary.BigEndian.Uint32(h))
	switch {
	case size == 1 && len(h) == 16:
		head, size = 16, int64(binary.BigEndian.Uint64(h[8:])&(1<<62-1))
	case size == 0:
		size = f.size - at
	}
	return kind, head, size
}

// items reads the boxes within a meta box: iinf tells what items there are, iloc
// where they are.
func (f *file) items(meta []byte) {
	kinds := map[uint32]string{}
	var places []byte
	for b := meta; len(b) >= 8; {
		n := int64(binary.BigEndian.Uint32(b))
		if n < 8 || n > int64(len(b)) {
			break
		}
		switch body := b[8:n]; string(b[4:8]) {
		case "iinf":
			itemKinds(body, kinds)
		case "iloc":
			places = body
		}
		b = b[n:]
	}
	f.locate(places, kinds)
}

// itemKinds reads iinf: the types of the items by number.
func itemKinds(b []byte, kinds map[uint32]string) {
	if len(b) < 6 {
		return
	}
	if b[0] == 0 {
		b = b[6:]
	} else {
		b = b[min(8, len(b)):]
	}
	for len(b) >= 20 && len(kinds) < 10000 {
		n := int64(binary.BigEndian.Uint32(b))
		if n < 20 || n > int64(len(b)) {
			return
		}
		if version := b[8]; version == 2 {
			kinds[uint32(binary.BigEndian.Uint16(b[12:]))] = string(b[16:20])
		} else if version > 2 && n >= 22 {
			kinds[binary.BigEndian.Uint32(b[12:])] = string(b[18:22])
		}
		b = b[n:]
	}
}

// number takes a big-endian number of n bytes off b.
func number(b *[]byte, n int) (v uint64) {
	n = min(n, len(*b))
	for _, c := range (*b)[:n] {
		v = v<<8 | uint64(c)
	}
	*b = (*b)[n:]
	return v
}

// locate reads iloc and hands on the items that hold text.
func (f *file) locate(b []byte, kinds map[uint32]string) {
	if len(b) < 8 {
		return
	}
	version := b[0]
	sizes := binary.BigEndian.Uint16(b[4:])
	offset, length, base, index := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	b = b[6:]
	wide := 2
	if version == 2 {
		wide = 4
	}
	if version == 0 {
		index = 0
	}
	for range number(&b, wide) {
		if len(b) == 0 || f.stopped() {
			return
		}
		id := uint32(number(&b, wide))
		method := uint64(0)
		if version > 0 {
			method = number(&b, 2) & 15
		}
		number(&b, 2) // data reference
		from := number(&b, base)
		extents := number(&b, 2)
		kind := kinds[id]
		wanted := method == 0 && (kind == "Exif" || kind == "mime")
		var item []byte
		start := int64(-1)
		for range extents {
			if len(b) == 0 {
				break
			}
			number(&b, index)
			at := int64((from + number(&b, offset)) & (1<<62 - 1))
			n := int64(number(&b, length) & (1<<62 - 1))
			if wanted && len(item) < maxField {
				item = append(item, f.bytes(at, n)...)
				if start = at; extents > 1 || kind == "mime" {
					f.took(at, n)
				}
			}
		}
		switch {
		case kind == "mime":
			f.xmp(item)
		case wanted && len(item) > 4:
			skip := int64(binary.BigEndian.Uint32(item)) + 4
			if skip < int64(len(item)) {
				if start += skip; extents > 1 {
					start = -1
				}
				f.exif(bytes.Clone(item[skip:]), start)
			}
		}
	}
}

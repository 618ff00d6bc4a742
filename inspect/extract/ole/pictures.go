package ole

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pictures hands on the pictures in b that are files of their own: records of
// drawings ([MS-ODRAW] 2.2.23) in PNG, JPEG or TIFF, and metafiles, which are
// compressed.
func (s *scope) pictures(b []byte, path string) error {
	for i, n := 0, 1; i+25 < len(b) && n <= maxPictures; i++ {
		kind := binary.LittleEndian.Uint16(b[i+2:])
		if kind < 0xf01a || kind > 0xf02a || b[i]&0xf != 0 {
			continue
		}
		size := int64(binary.LittleEndian.Uint32(b[i+4:]))
		if size < 25 || size > int64(len(b)-i-8) {
			continue
		}
		body := b[i+8:][:size]
		p := part.Part{Path: fmt.Sprintf("%s%spicture %d", path, part.Separator, n), Size: -1}
		if image := picture(body); image != nil {
			p.Body, p.Size = bytes.NewReader(image), int64(len(image))
		} else if z := metafile(body); z != nil && kind <= lastMetafile {
			p.Body = part.NewMeter(s.ctx, s.b, "zlib", z)
		} else {
			continue
		}
		if err := s.child(p); err != nil {
			return err
		}
		n++
		i += 7 + int(size)
	}
	return nil
}

// lastMetafile is the last kind of record that holds one.
const lastMetafile = 0xf01c

// metafile returns what gives the metafile in a record, nil if there is none. One or
// two identifiers and a header of 34 bytes stand before it.
func metafile(body []byte) io.Reader {
	for _, at := range []int{16, 32} {
		const head, compression, deflated = 34, 32, 0
		if len(body) < at+head+2 || body[at+compression] != deflated || body[at+head] != 0x78 {
			continue
		}
		if z, err := zlib.NewReader(bytes.NewReader(body[at+head:])); err == nil {
			return z
		}
	}
	return nil
}

// maxPictures bounds the pictures of one stream.
const maxPictures = 10000

// picture returns the file in a picture's record, nil if there is none that is
// known. One or two identifiers of 16 bytes and a byte stand before it.
func picture(body []byte) []byte {
	for _, at := range []int{17, 33} {
		if len(body) < at+16 {
			continue
		}
		for _, magic := range []string{"\x89PNG", "\xff\xd8\xff", "II*\x00", "MM\x00*"} {
			if bytes.HasPrefix(body[at:], []byte(magic)) {
				return body[at:]
			}
		}
	}
	return nil
}

package ole

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pictures hands on the pictures in b that are files of their own: records of
// drawings ([MS-ODRAW] 2.2.23) in PNG, JPEG, TIFF or DIB. Metafiles come
// compressed and are handed on as they are in their record.
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
		image := picture(body)
		if image == nil {
			continue
		}
		if err := s.child(part.Part{Path: fmt.Sprintf("%s%spicture %d", path, part.Separator, n), Body: bytes.NewReader(image), Size: int64(len(image))}); err != nil {
			return err
		}
		n++
		i += 7 + int(size)
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

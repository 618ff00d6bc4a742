package ole

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

// maxSummaries bounds the streams of encrypted properties.
const maxSummaries = 16

// encryptedProperties reads the properties of a document that was opened, if they
// are in a stream of their own ([MS-OFFCRYPTO] 2.3.5.4).
func (s *scope) encryptedProperties() error {
	n := s.dir.find("EncryptedSummary") // of presentations
	if n == nil {
		n = s.dir.find("encryption")
	}
	if n == nil || s.key == nil || s.key.block == nil {
		return nil
	}
	b, err := s.bytes(n)
	if len(b) < 8 {
		return err
	}
	cut := func(from, size uint32, block uint32) []byte {
		if int64(from)+int64(size) > int64(len(b)) {
			return nil
		}
		plain := make([]byte, size)
		s.key.block(block).XORKeyStream(plain, b[from:from+size])
		return plain
	}
	list := fields{b: cut(word(b, 0), word(b, 4), 0)}
	for range min(list.word(), maxSummaries) {
		from, size := list.word(), list.word()
		head := list.take(8)
		if list.bad {
			break
		}
		name := charset.Text(list.take(2*int64(head[2])+2), charset.UTF16LE)
		if list.bad || !strings.HasSuffix(strings.TrimRight(name, "\x00"), "SummaryInformation") {
			continue
		}
		if err := s.text(shown(strings.TrimRight(name, "\x00")), appendProperties(nil, cut(from, size, uint32(short(head, 0))))); err != nil {
			return err
		}
	}
	return err
}

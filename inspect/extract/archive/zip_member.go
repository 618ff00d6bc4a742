package archive

import (
	"bufio"
	"hash/crc32"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// zipMember is what a local header, or the directory, says of a member.
type zipMember struct {
	place            int64 // of its local header
	name             string
	texts            []string // other names it has, and what else reads as text
	flags, method    int
	size, compressed int64
	time, crc        uint32
	aes              zipAES
	unread           bool // passed over until the directory tells its size
}

// streamed reports whether the sizes come only behind the data (4.3.9).
func (m *zipMember) streamed() bool { return m.flags&8 != 0 }

// bounded reports whether the header says how long the data is.
func (m *zipMember) bounded() bool { return !m.streamed() || m.compressed > 0 }

// locked reports whether the member is encrypted: by ZipCrypto or the strong
// encryption of the specification, or by AES as WinZip has it (method 99).
func (m *zipMember) locked() bool { return m.flags&1 != 0 || m.method == 99 }

// zipCodecs lists the compression methods (4.4.5) that are codecs.
var zipCodecs = map[int]*codec.Codec{
	8: &codec.Deflate, 9: &codec.Deflate64, 12: &codec.Bzip2, 20: &codec.Zstd, 93: &codec.Zstd, 95: &codec.XZ,
}

// exact reports whether the reader of the contents takes no more than belongs to
// it.
func (m *zipMember) exact() bool {
	c := zipCodecs[m.method]
	return m.method == 14 || c != nil && c.Rest
}

// open returns a reader of the member's contents, and what takes it back.
func (m *zipMember) open(stored *bufio.Reader) (io.Reader, func(), error) {
	switch c := zipCodecs[m.method]; {
	case c != nil:
		return c.Open(stored)
	case m.method == 0:
		return stored, nil, nil
	case m.method == 14: // a version, the size of the properties, the properties
		h := make([]byte, 9)
		if _, err := io.ReadFull(stored, h); err != nil {
			return nil, nil, io.ErrUnexpectedEOF
		}
		size := m.size
		if m.flags&2 != 0 || m.streamed() { // an end mark tells
			size = -1
		}
		r, err := codec.NewLZMA(stored, h[4:], size)
		return r, nil, err
	}
	return nil, nil, unknownMethod(uint64(m.method))
}

// names reads the name and the extra fields.
func (m *zipMember) names(src io.Reader, name, extra int) error {
	b := make([]byte, name+extra)
	if _, err := io.ReadFull(src, b); err != nil {
		return err
	}
	m.name = zipText(b[:name], m.flags)
	m.extra(b[:name], b[name:])
	return nil
}

// zipText reads a name or a comment: UTF-8 if flag 11 says so.
func zipText(b []byte, flags int) string {
	if flags&0x800 != 0 {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return member.DecodeName(b)
}

// extra reads the extra fields (4.5): sizes of 64 bits, a name or comment in
// Unicode, and what is not known and reads as text.
func (m *zipMember) extra(name, b []byte) {
	for len(b) >= 4 {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return
		}
		f := b[:n]
		b = b[n:]
		switch id {
		case 1:
			for _, v := range []*int64{&m.size, &m.compressed} {
				if *v == 1<<32-1 && len(f) >= 8 {
					*v, f = int64(le.Uint64(f)), f[8:]
				}
			}
			if m.place == 1<<32-1 && len(f) >= 8 {
				m.place = int64(le.Uint64(f))
			}
		case 0x7075, 0x6375:
			if len(f) <= 5 {
				continue
			}
			text := strings.ToValidUTF8(string(f[5:]), "\ufffd")
			if id == 0x7075 && crc32.ChecksumIEEE(name) == le.Uint32(f[1:]) && text != m.name {
				// Of the two, programs show this one.
				text, m.name = m.name, text
			}
			m.texts = append(m.texts, text)
		case 0x9901: // AES: version, vendor, strength, method
			if len(f) >= 7 && f[4] >= 1 && f[4] <= 3 {
				m.aes = zipAES{int(f[4]), int(le.Uint16(f[5:]))}
			}
		case 0x000a, 0x000d, 0x0017, 0x5455, 0x5855, 0x7855, 0x7875, 0xa220, 0xcafe, 0xd935:
			// times, owners, keys, padding
		default:
			if len(f) >= 8 && charset.Detect(f, true, false, "").Sure > 0.5 {
				m.texts = append(m.texts, member.DecodeName(f))
			}
		}
	}
}

// same reports whether two descriptions give the same bytes.
func (m *zipMember) same(d *zipMember) bool {
	return !m.unread && m.method == d.method && m.locked() == d.locked() && (m.compressed == d.compressed || !m.bounded())
}

// unfound is told of a member whose local header is not where the directory
// says.
var unfound = &part.Fault{Reason: part.DecodeError, Detail: "only the directory names it"}

package mail

import (
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pgp recognises OpenPGP messages in binary form (RFC 9580) that are encrypted,
// for a key or with a password. Those in armour are known by package decode.
type pgp struct{}

func (pgp) Name() string { return "pgp" }

// Packet types.
const (
	keyForKey    = 1  // session key, encrypted for a public key
	keyForPhrase = 3  // session key, or none, from a password
	sealed       = 9  // encrypted data
	sealedSafe   = 18 // encrypted and integrity protected
	sealedAEAD   = 20
	marker       = 10
)

// Match follows the packets from the start until one of encrypted data.
func (pgp) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(p.Encodings) > 0 {
		return false
	}
	keys := 0
	for range 64 {
		kind, size, body, ok := packet(head)
		if !ok {
			return false
		}
		switch kind {
		case keyForKey:
			if size < 10 || len(body) < 10 || body[0] != 3 && body[0] != 6 {
				return false
			}
			if a := body[9]; body[0] == 3 && a != 1 && a != 2 && a != 16 && a != 18 && a != 25 && a != 26 {
				return false
			}
		case keyForPhrase:
			if size < 4 || len(body) < 4 || body[0] < 4 || body[0] > 6 || body[1] > 60 {
				return false
			}
		case marker:
			if size != 3 {
				return false
			}
		case sealedSafe:
			return keys > 0 && len(body) > 0 && (body[0] == 1 || body[0] == 2)
		case sealed, sealedAEAD:
			return keys > 0
		default:
			return false
		}
		if keys++; size > len(body) {
			return true // the next packet is out of sight
		}
		head = body[size:]
	}
	return true
}

// packet reads the header of the packet that b begins with. body begins with its
// content, which may go on beyond b; where the length is not told, or only that
// of a first piece, size is b's rest.
func packet(b []byte) (kind byte, size int, body []byte, ok bool) {
	if len(b) < 8 || b[0]&0x80 == 0 {
		return 0, 0, nil, false
	}
	if b[0]&0x40 == 0 { // old format
		kind = b[0] >> 2 & 15
		switch b[0] & 3 {
		case 0:
			return kind, int(b[1]), b[2:], true
		case 1:
			return kind, int(b[1])<<8 | int(b[2]), b[3:], true
		case 2:
			return kind, int(b[1])<<24 | int(b[2])<<16 | int(b[3])<<8 | int(b[4]), b[5:], true
		}
		return kind, len(b) - 1, b[1:], true
	}
	kind = b[0] & 63
	switch n := int(b[1]); {
	case n < 192:
		return kind, n, b[2:], true
	case n < 224:
		return kind, (n-192)<<8 + int(b[2]) + 192, b[3:], true
	case n == 255:
		return kind, int(b[2])<<24 | int(b[3])<<16 | int(b[4])<<8 | int(b[5]), b[6:], true
	}
	return kind, len(b) - 2, b[2:], true
}

// Read tells that the message is encrypted.
func (pgp) Read(_ context.Context, _ *part.Part, e part.Emitter, _ *part.Budget) error {
	e.Format("pgp", "")
	e.Skip(part.Encrypted, false, "pgp")
	return nil
}

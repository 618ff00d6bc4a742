package office

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
	"golang.org/x/crypto/blowfish" //lint:ignore SA1019 OpenDocument 1.0 and 1.1 use it

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// openSecret is how a member of an OpenDocument is encrypted (ISO/IEC 26300-3, 3.8):
// deflated, then by AES-256 in chained blocks or by Blowfish in cipher feedback mode,
// with a key that is derived from the password's hash.
type openSecret struct {
	blowfish bool
	vector   []byte
	salt     []byte
	rounds   int
	size     int  // of the key
	long     bool // the password's hash is SHA-256, not SHA-1
	sum      []byte
	sumLong  bool // that too
	unknown  bool // it is something else
}

// maxOpenRounds bounds the rounds that a key may take. LibreOffice asks for 100,000.
const maxOpenRounds = 1 << 20

// checked is how many bytes of what is decrypted the checksum is of.
const checked = 1024

// describe takes in the elements that describe the encryption.
func (s *openSecret) describe(x *scanner, name string) {
	bytesOf := func(attribute string) []byte {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(x.said(attribute)))
		s.unknown = s.unknown || err != nil
		return b
	}
	number := func(attribute string, otherwise int) int {
		if n, err := strconv.Atoi(x.said(attribute)); err == nil {
			return n
		}
		return otherwise
	}
	has := func(attribute string, kinds ...string) bool {
		said := strings.ToLower(x.said(attribute))
		for _, k := range kinds {
			if strings.HasSuffix(said, k) {
				return true
			}
		}
		return false
	}
	switch name {
	case "encryption-data":
		s.sum, s.sumLong = bytesOf("checksum"), has("checksum-type", "sha256-1k")
		s.unknown = s.unknown || !s.sumLong && !has("checksum-type", "sha1/1k", "sha1-1k")
	case "algorithm":
		s.vector, s.blowfish = bytesOf("initialisation-vector"), has("algorithm-name", "blowfish cfb", "#blowfish")
		s.unknown = s.unknown || !s.blowfish && !has("algorithm-name", "#aes256-cbc")
	case "key-derivation":
		s.salt, s.rounds, s.size = bytesOf("salt"), number("iteration-count", 0), number("key-size", 16)
		s.unknown = s.unknown || !has("key-derivation-name", "pbkdf2")
	case "start-key-generation":
		s.long = has("start-key-generation-name", "#sha256")
		s.unknown = s.unknown || !s.long && !has("start-key-generation-name", "sha1")
	}
}

// opens reports whether a password can be tried at a bounded cost.
func (s *openSecret) opens() bool {
	size, vector := 32, aes.BlockSize
	if s.blowfish {
		size, vector = 16, blowfish.BlockSize
	}
	return !s.unknown && len(s.sum) > 0 && len(s.salt) > 0 && s.size == size && len(s.vector) == vector && s.rounds > 0 && s.rounds <= maxOpenRounds
}

// cost is how many rounds of hashing a key takes: each of its pieces, of the size
// that SHA-1 gives, takes them all.
func (s *openSecret) cost() int { return s.rounds * ((s.size + sha1.Size - 1) / sha1.Size) }

// key derives the key from a password.
func (s *openSecret) key(password string) []byte {
	short, long := sha1.Sum([]byte(password)), sha256.Sum256([]byte(password))
	start := short[:]
	if s.long {
		start = long[:]
	}
	key, err := pbkdf2.Key(sha1.New, string(start), s.salt, s.rounds, s.size)
	if err != nil {
		return nil // a size that opens has refused
	}
	return key
}

// decrypter returns what decrypts whole blocks, one after another, in place.
func (s *openSecret) decrypter(key []byte) func(b []byte) {
	if s.blowfish {
		c, err := blowfish.NewCipher(key)
		if err != nil {
			return nil
		}
		before := bytes.Clone(s.vector)
		return func(b []byte) { feedBack(c, before, b) }
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	chain := cipher.NewCBCDecrypter(c, s.vector)
	return func(b []byte) { chain.CryptBlocks(b, b[:len(b)&^(aes.BlockSize-1)]) }
}

// feedBack decrypts b in cipher feedback mode; before is the block before, of what
// is encrypted. Only the last piece of a text may end within a block.
func feedBack(c cipher.Block, before, b []byte) {
	for size := c.BlockSize(); len(b) > 0; {
		c.Encrypt(before, before)
		n := min(size, len(b))
		for i := range n {
			before[i], b[i] = b[i], b[i]^before[i]
		}
		b = b[n:]
	}
}

// right reports whether a password's key decrypts what begins with head, which is
// all there is if whole.
func (s *openSecret) right(key, head []byte, whole bool) bool {
	decrypt := s.decrypter(key)
	if decrypt == nil {
		return false
	}
	b := bytes.Clone(head)
	decrypt(b)
	if !s.blowfish {
		if b = b[:len(b)&^(aes.BlockSize-1)]; whole && len(b) > 0 {
			if pad := int(b[len(b)-1]); pad > 0 && pad <= aes.BlockSize {
				b = b[:len(b)-pad]
			}
		}
	}
	b = b[:min(len(b), checked)]
	if s.sumLong {
		sum := sha256.Sum256(b)
		return bytes.Equal(sum[:], s.sum)
	}
	sum := sha1.Sum(b)
	return bytes.Equal(sum[:], s.sum)
}

// unlock returns what an encrypted member holds, nil if no password opens it: one
// opens all members of a document, so those that do not open the first are not tried
// on others.
func (d *pack) unlock(s *openSecret, body *bufio.Reader) io.Reader {
	if !s.opens() {
		return nil
	}
	head, err := body.Peek(checked + 2*aes.BlockSize)
	for password := range d.b.Tries(d.ctx, d.passwords, s.cost()) {
		if key := s.key(password); s.right(key, head, err != nil) {
			d.passwords = []string{password}
			return part.NewMeter(d.ctx, d.b, "opendocument", flate.NewReader(&openPlain{src: body, decrypt: s.decrypter(key)}))
		}
	}
	d.passwords = nil
	return nil
}

// openPlain decrypts what src gives.
type openPlain struct {
	src     io.Reader
	decrypt func(b []byte)
	buf     [4096]byte
	plain   []byte // of buf, still to be read
	err     error
}

func (r *openPlain) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		n, r.err = io.ReadFull(r.src, r.buf[:])
		if r.err == io.ErrUnexpectedEOF {
			r.err = io.EOF
		}
		r.plain = r.buf[:n]
		r.decrypt(r.plain)
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

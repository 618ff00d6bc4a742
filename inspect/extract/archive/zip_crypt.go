package archive

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// maxPasswords bounds how many passwords are tried on a member: that of AES
// costs some half a millisecond each.
const maxPasswords = 32

// unlock decrypts a member's stored bytes by the first of the passwords that
// fits, and returns the member as it is without encryption. It reports false if
// none does.
func (m *zipMember) unlock(stored *bufio.Reader, passwords []string) (plain zipMember, body *bufio.Reader, ok bool) {
	head, _ := stored.Peek(part.HeadSize)
	for _, password := range passwords[:min(len(passwords), maxPasswords)] {
		plain = *m
		plain.flags &^= 1
		open := func(src io.Reader) io.Reader { return nil }
		switch {
		case m.method == 99 && m.aes.strength > 0:
			plain.method = m.aes.method
			open = func(src io.Reader) io.Reader { return m.aesReader(src, password, &plain) }
		case m.method != 99 && m.flags&0x40 == 0: // no strong encryption
			open = func(src io.Reader) io.Reader { return m.classicReader(src, password, &plain) }
		}
		probe := open(bytes.NewReader(head))
		if probe == nil || !plain.begins(probe, len(head)) {
			continue
		}
		plain = *m
		plain.flags &^= 1
		if m.method == 99 {
			plain.method = m.aes.method
		}
		return plain, bufio.NewReader(open(stored)), true
	}
	return *m, nil, false
}

// begins reports whether what is decrypted can be read as the member's method
// has it: a check of one byte fits one wrong password in 256.
func (m *zipMember) begins(r io.Reader, n int) bool {
	c := zipCodecs[m.method]
	if c == nil {
		return true
	}
	body, release, err := c.Open(bufio.NewReader(r))
	if release != nil {
		defer release()
	}
	if err != nil {
		return false
	}
	out, err := io.ReadAll(io.LimitReader(body, 64<<10))
	return err == nil || err == io.ErrUnexpectedEOF && (len(out) > 0 || n < 64)
}

// classicReader is the encryption of PKZIP (APPNOTE 6.1): three keys that the
// password and each byte move on, and twelve bytes first, of which the last is
// known. It is nil if the password is another.
func (m *zipMember) classicReader(src io.Reader, password string, plain *zipMember) io.Reader {
	k := classicKeys{0x12345678, 0x23456789, 0x34567890}
	for i := range len(password) {
		k.update(password[i])
	}
	var head [12]byte
	if _, err := io.ReadFull(src, head[:]); err != nil {
		return nil
	}
	k.decrypt(head[:])
	if last := head[11]; last != byte(m.crc>>24) && !(m.streamed() && last == byte(m.time>>8)) {
		return nil
	}
	plain.compressed -= int64(len(head))
	return &classicReader{src, k}
}

type classicKeys [3]uint32

func (k *classicKeys) update(c byte) {
	k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
	k[1] = (k[1]+k[0]&0xff)*134775813 + 1
	k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
}

func (k *classicKeys) decrypt(b []byte) {
	for i, c := range b {
		t := k[2] | 2
		b[i] = c ^ byte(t*(t^1)>>8)
		k.update(b[i])
	}
}

type classicReader struct {
	src io.Reader
	k   classicKeys
}

func (r *classicReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.k.decrypt(p[:n])
	return n, err
}

// zipAES is what the extra field of WinZip's encryption says.
type zipAES struct{ strength, method int }

// aesReader is WinZip's AES (www.winzip.com/en/support/aes-encryption): a salt,
// two bytes that tell the password, the data in counter mode, and a check sum,
// which is not looked at. It is nil if the password is another.
func (m *zipMember) aesReader(src io.Reader, password string, plain *zipMember) io.Reader {
	const sum = 10
	size := 8 + 8*m.aes.strength // of the key
	salt := make([]byte, size/2+2)
	if _, err := io.ReadFull(src, salt); err != nil {
		return nil
	}
	verifier := salt[size/2:]
	key, err := pbkdf2.Key(sha1.New, password, salt[:size/2], 1000, 2*size+2)
	if err != nil || !bytes.Equal(key[2*size:], verifier) {
		return nil
	}
	block, err := aes.NewCipher(key[:size])
	if err != nil {
		return nil
	}
	left := m.compressed - int64(len(salt)) - sum
	if left < 0 {
		return nil
	}
	plain.compressed = left
	return &aesReader{src: io.LimitReader(src, left), block: block, used: aes.BlockSize}
}

type aesReader struct {
	src   io.Reader
	block cipher.Block
	count uint64
	pad   [aes.BlockSize]byte
	used  int // of pad
}

func (r *aesReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	for i := range p[:n] {
		if r.used == len(r.pad) {
			r.count++ // counts from 1, its low byte first
			r.pad = [aes.BlockSize]byte{}
			binary.LittleEndian.PutUint64(r.pad[:], r.count)
			r.block.Encrypt(r.pad[:], r.pad[:])
			r.used = 0
		}
		p[i] ^= r.pad[r.used]
		r.used++
	}
	return n, err
}

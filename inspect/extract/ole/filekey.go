package ole

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
)

// everybody is the password with which Excel encrypts a workbook whose structure
// is protected without one for opening it, and which it tries on its own: such a
// workbook opens for everybody ([MS-OFFCRYPTO] 2.3.7, note).
const everybody = "VelvetSweatshop"

// passwords lists those to be tried on a document.
func (f *file) passwords() []string { return append(slices.Clip(f.given), everybody) }

// fileKey decrypts the records of a workbook, or the streams of a document.
type fileKey struct {
	xor   *[16]byte                  // obfuscation
	block func(n uint32) *rc4.Cipher // RC4: the key of each block
	size  int64                      // of a block
	at    int64                      // that stream stands at
	in    int64                      // the block that rc4 is for
	rc4   *rc4.Cipher
}

// The sizes of blocks with a key of their own ([MS-XLS] 2.2.10, [MS-DOC] 2.2.6).
const (
	bookBlock = 1024
	wordBlock = 512
)

// openKey makes the key from a FilePass record ([MS-XLS] 2.4.117), if its password
// is this one.
func openKey(record []byte, version int, password string) (*fileKey, bool) {
	if version < 8 {
		return xorKey(record, password)
	}
	if len(record) < 6 {
		return nil, false
	}
	if short(record, 0) == 0 {
		return xorKey(record[2:], password)
	}
	return streamKey(record[2:], bookBlock, password)
}

// streamKey makes the key from the description of RC4 encryption, of which the
// version stands first, if its password is this one.
func streamKey(info []byte, block int64, password string) (k *fileKey, ok bool) {
	major := short(info, 0)
	info = info[min(4, len(info)):]
	switch {
	case major == 1 && len(info) >= 48:
		k, ok = rc4Key(info, password)
	case major >= 2 && major <= 4:
		k, ok = cryptoKey(info, password)
	}
	if ok {
		k.size = block
	}
	return k, ok
}

// xorKey undoes the obfuscation of method 1 ([MS-OFFCRYPTO] 2.3.7.2).
func xorKey(b []byte, password string) (*fileKey, bool) {
	const filling = "\xbb\xff\xff\xba\xff\xff\xb9\x80\x00\xbe\x0f\x00\xbf\x0f\x00"
	if len(b) < 4 || password == "" || len(password) > 15 || uint16(short(b, 2)) != xorVerifier(password) {
		return nil, false
	}
	var array [16]byte
	copy(array[:], password+filling)
	for i := range array {
		array[i] = bits.RotateLeft8(array[i]^b[i&1], -1)
	}
	return &fileKey{xor: &array}, true
}

// xorVerifier tells passwords apart (2.3.7.1).
func xorVerifier(password string) (v uint16) {
	for i := len(password); i >= 0; i-- {
		c := byte(len(password))
		if i > 0 {
			c = password[i-1]
		}
		v = (v>>14&1 | v<<1&0x7fff) ^ uint16(c)
	}
	return v ^ 0xce4b
}

// rc4Key makes the key of Office 97 ([MS-OFFCRYPTO] 2.3.6).
func rc4Key(info []byte, password string) (*fileKey, bool) {
	salt, verifier, hash := info[:16], info[16:32], info[32:48]
	first := md5.Sum(utf16Of(password))
	second := md5.Sum(bytes.Repeat(append(first[:5:5], salt...), 16))
	k := &fileKey{block: func(n uint32) *rc4.Cipher {
		key := md5.Sum(binary.LittleEndian.AppendUint32(second[:5:5], n))
		c, _ := rc4.NewCipher(key[:])
		return c
	}}
	verifier, hash = k.plain(verifier, hash)
	want := md5.Sum(verifier)
	return k, bytes.Equal(hash, want[:])
}

// cryptoInfo is the header of encryption by Windows' cryptographic interface
// ([MS-OFFCRYPTO] 2.3.2) and the start of the verifier behind it (2.3.3).
type cryptoInfo struct {
	algorithm      uint32
	bits           int // of the key
	salt, verifier []byte
	hashSize       int64
}

func cryptoHeader(r *fields) (h cryptoInfo) {
	r.skip(4) // flags
	head := fields{b: r.take(int64(r.word()))}
	head.skip(8)
	h.algorithm = head.word()
	head.skip(4)
	h.bits = int(head.word())
	h.salt = r.take(int64(r.word()))
	h.verifier = r.take(16)
	h.hashSize = int64(r.word())
	r.bad = r.bad || head.bad
	return h
}

// aes reports whether the algorithm is AES with a key of the size that its number
// stands for.
func (h *cryptoInfo) aes() bool {
	return h.algorithm == 0x660e && h.bits == 128 || h.algorithm == 0x660f && h.bits == 192 || h.algorithm == 0x6610 && h.bits == 256
}

// cryptoKey makes the key of Office XP and 2003 ([MS-OFFCRYPTO] 2.3.5).
func cryptoKey(info []byte, password string) (*fileKey, bool) {
	r := fields{b: info}
	h := cryptoHeader(&r)
	hash := r.take(h.hashSize)
	size := h.bits / 8
	if size == 0 {
		size = 5
	}
	const rc4Algorithm = 0x6801
	if r.bad || h.algorithm != rc4Algorithm || size > sha1.Size || len(hash) != sha1.Size {
		return nil, false
	}
	first := sha1.Sum(append(bytes.Clone(h.salt), utf16Of(password)...))
	k := &fileKey{block: func(n uint32) *rc4.Cipher {
		sum := sha1.Sum(binary.LittleEndian.AppendUint32(first[:len(first):len(first)], n))
		key := sum[:size]
		if size == 5 {
			key = append(sum[:5:5], make([]byte, 11)...)
		}
		c, _ := rc4.NewCipher(key)
		return c
	}}
	verifier, hash := k.plain(h.verifier, hash)
	want := sha1.Sum(verifier)
	return k, bytes.Equal(hash, want[:])
}

func utf16Of(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// plain decrypts the verifier and its hash, one behind the other.
func (k *fileKey) plain(verifier, hash []byte) (v, h []byte) {
	both := append(bytes.Clone(verifier), hash...)
	k.block(0).XORKeyStream(both, both)
	return both[:len(verifier)], both[len(verifier):]
}

// decrypt turns the body of a record, which stands at that offset, into plain
// bytes. Some records are never encrypted, and the place in BoundSheet8 is not.
func (k *fileKey) decrypt(id int, offset int64, b []byte) {
	switch id {
	case recBOF, recFilePass, 0x00e1, 0x0138, 0x0194, 0x0195, 0x0196:
		return
	}
	from := 0
	if id == recBoundSheet {
		from = min(4, len(b))
	}
	if k.xor != nil {
		for i := from; i < len(b); i++ {
			b[i] = bits.RotateLeft8(b[i]^k.xor[(offset+int64(len(b)+i))&15], -5)
		}
		return
	}
	k.decryptAt(offset+int64(from), b[from:])
}

// decryptAt turns what stands at that offset of an encrypted stream into plain
// bytes.
func (k *fileKey) decryptAt(at int64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), int(k.size-at%k.size))
		k.seek(at)
		k.rc4.XORKeyStream(b[:n], b[:n])
		k.at += int64(n)
		at += int64(n)
		b = b[n:]
	}
}

// seek makes the key stream stand at that place of the stream.
func (k *fileKey) seek(to int64) {
	if k.rc4 == nil || to/k.size != k.in || to < k.at {
		k.in = to / k.size
		k.rc4 = k.block(uint32(k.in))
		k.at = k.in * k.size
	}
	var skip [bookBlock]byte
	n := to - k.at
	k.rc4.XORKeyStream(skip[:n], skip[:n])
	k.at = to
}

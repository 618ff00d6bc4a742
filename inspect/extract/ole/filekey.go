package ole

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"math/bits"
)

// everybody is the password with which Excel encrypts a workbook whose structure
// is protected without one for opening it, and which it tries on its own: such a
// workbook opens for everybody ([MS-OFFCRYPTO] 2.3.7, note).
const everybody = "VelvetSweatshop"

// fileKey decrypts the records of a workbook.
type fileKey struct {
	xor   *[16]byte                  // obfuscation
	block func(n uint32) *rc4.Cipher // RC4: the key of each 1024 bytes
	at    int64                      // that stream stands at
	in    int64                      // the block that rc4 is for
	rc4   *rc4.Cipher
}

const keyBlock = 1024

// openKey makes the key from a FilePass record ([MS-XLS] 2.4.117), if its
// password is the one for everybody.
func openKey(record []byte, version int) (*fileKey, bool) {
	if version < 8 {
		return xorKey(record)
	}
	if len(record) < 6 {
		return nil, false
	}
	kind, major := short(record, 0), short(record, 2)
	info := record[6:]
	switch {
	case kind == 0:
		return xorKey(record[2:])
	case major == 1 && len(info) >= 48:
		return rc4Key(info)
	case major >= 2 && major <= 4:
		return cryptoKey(info)
	}
	return nil, false
}

// xorKey undoes the obfuscation of method 1 ([MS-OFFCRYPTO] 2.3.7.2).
func xorKey(b []byte) (*fileKey, bool) {
	const verifier = 0x9a0a // of the password
	if len(b) < 4 || short(b, 2) != verifier {
		return nil, false
	}
	var array [16]byte
	copy(array[:], everybody+"\xbb")
	for i := range array {
		array[i] = bits.RotateLeft8(array[i]^b[i&1], -1)
	}
	return &fileKey{xor: &array}, true
}

// rc4Key makes the key of Office 97 ([MS-OFFCRYPTO] 2.3.6).
func rc4Key(info []byte) (*fileKey, bool) {
	salt, verifier, hash := info[:16], info[16:32], info[32:48]
	first := md5.Sum(utf16Of(everybody))
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

// cryptoKey makes the key of Office XP and 2003 ([MS-OFFCRYPTO] 2.3.5).
func cryptoKey(info []byte) (*fileKey, bool) {
	r := fields{b: info}
	r.skip(4) // flags
	head := fields{b: r.take(int64(r.word()))}
	head.skip(8)
	algorithm := head.word()
	head.skip(4)
	size := int(head.word()) / 8
	if size == 0 {
		size = 5
	}
	salt := r.take(int64(r.word()))
	verifier := r.take(16)
	hash := r.take(int64(r.word()))
	const rc4Algorithm = 0x6801
	if r.bad || head.bad || algorithm != rc4Algorithm || size > sha1.Size || len(hash) != sha1.Size {
		return nil, false
	}
	first := sha1.Sum(append(bytes.Clone(salt), utf16Of(everybody)...))
	k := &fileKey{block: func(n uint32) *rc4.Cipher {
		sum := sha1.Sum(binary.LittleEndian.AppendUint32(first[:len(first):len(first)], n))
		key := sum[:size]
		if size == 5 {
			key = append(sum[:5:5], make([]byte, 11)...)
		}
		c, _ := rc4.NewCipher(key)
		return c
	}}
	verifier, hash = k.plain(verifier, hash)
	want := sha1.Sum(verifier)
	return k, bytes.Equal(hash, want[:])
}

func utf16Of(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
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
	at := offset + int64(from)
	for b = b[from:]; len(b) > 0; {
		n := min(len(b), int(keyBlock-at%keyBlock))
		k.seek(at)
		k.rc4.XORKeyStream(b[:n], b[:n])
		k.at += int64(n)
		at += int64(n)
		b = b[n:]
	}
}

// seek makes the key stream stand at that place of the workbook's stream.
func (k *fileKey) seek(to int64) {
	if k.rc4 == nil || to/keyBlock != k.in || to < k.at {
		k.in = to / keyBlock
		k.rc4 = k.block(uint32(k.in))
		k.at = k.in * keyBlock
	}
	var skip [keyBlock]byte
	n := to - k.at
	k.rc4.XORKeyStream(skip[:n], skip[:n])
	k.at = to
}

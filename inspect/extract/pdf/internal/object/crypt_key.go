package object

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
)

// padding fills up passwords (algorithm 2).
const padding = "\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08" +
	"\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a"

// Rounds of hashing that a password costs, at most: as user's and as owner's, of
// MD5 up to revision 4; in revision 6 a round hashes some ten kilobytes, up to 288
// times.
const (
	legacyRounds = 200
	modernRounds = 1 << 16
)

// open derives the key and reports whether it is right. The empty user password
// comes first, with which files open that only restrict printing or copying.
func (c *crypt) open(f *File, d Dict) bool {
	unlock, rounds := c.legacy(f, d), legacyRounds
	if r := f.Int(d["R"], 0); r >= 5 {
		unlock, rounds = c.modern(f, d, r), modernRounds
	}
	if unlock == nil {
		return false
	}
	if unlock("", false) {
		return true
	}
	for password := range f.b.Tries(f.ctx, f.given, rounds) {
		if unlock(password, false) || unlock(password, true) {
			return true
		}
	}
	return false
}

// text returns a string of the encryption dictionary.
func (f *File) text(d Dict, key Name) []byte {
	s, _ := f.Get(d[key]).(String)
	return s
}

// legacy returns what tries a password up to revision 4, of the user (algorithms
// 2, 4 and 5) or the owner (3 and 7).
func (c *crypt) legacy(f *File, d Dict) func(password string, owner bool) bool {
	o, u, r := f.text(d, "O"), f.text(d, "U"), f.Int(d["R"], 0)
	size := f.Int(d["Length"], 40)
	if size < 40 {
		size *= 8 // given in bytes
	}
	switch f.Int(d["V"], 0) {
	case 1:
		size = 40
	case 4:
		size = 128
	}
	n := min(max(size/8, 5), 16)
	var id []byte
	if ids := f.Array(f.Trailer["ID"]); len(ids) > 0 {
		id, _ = f.Get(ids[0]).(String)
	}
	permissions := binary.LittleEndian.AppendUint32(nil, uint32(int64(f.Int(d["P"], 0))))
	stretch := func(key []byte) []byte {
		if r >= 3 {
			for range 50 {
				sum := md5.Sum(key[:n])
				key = sum[:]
			}
		}
		return key[:n]
	}
	return func(password string, owner bool) bool {
		padded := []byte(password + padding)[:len(padding)]
		if owner {
			sum := md5.Sum(padded)
			padded = bytes.Clone(o[:min(len(o), 32)])
			rc4Rounds(stretch(sum[:]), padded, r, true)
		}
		h := md5.New()
		h.Write(padded)
		h.Write(o[:min(len(o), 32)])
		h.Write(permissions)
		h.Write(id)
		if r >= 4 && !c.metadata {
			h.Write([]byte{0xff, 0xff, 0xff, 0xff})
		}
		c.key = stretch(h.Sum(nil))
		if r < 3 {
			want := []byte(padding)
			rc4Rounds(c.key, want, r, false)
			return bytes.Equal(want, u[:min(len(u), 32)])
		}
		sum := md5.Sum(append([]byte(padding), id...))
		want := sum[:]
		rc4Rounds(c.key, want, r, false)
		return len(u) >= 16 && bytes.Equal(want, u[:16])
	}
}

// rc4Rounds encrypts b in place, from revision 3 on by twenty keys made of one, or
// decrypts it, if back.
func rc4Rounds(key, b []byte, r int, back bool) {
	rounds := 1
	if r >= 3 {
		rounds = 20
	}
	turned := make([]byte, len(key))
	for i := range rounds {
		if back {
			i = rounds - 1 - i
		}
		for k := range turned {
			turned[k] = key[k] ^ byte(i)
		}
		if c, err := rc4.NewCipher(turned); err == nil {
			c.XORKeyStream(b, b)
		}
	}
}

// modern returns what tries a password of revisions 5 and 6 (algorithm 2.A).
func (c *crypt) modern(f *File, d Dict, r int) func(password string, owner bool) bool {
	o, u := f.text(d, "O"), f.text(d, "U")
	oe, ue := f.text(d, "OE"), f.text(d, "UE")
	return func(password string, owner bool) bool {
		check, sealed, user := u, ue, []byte(nil)
		if owner {
			check, sealed, user = o, oe, u[:min(len(u), 48)]
		}
		if len(check) < 48 || len(sealed) < 32 {
			return false
		}
		given := []byte(password[:min(len(password), 127)])
		hash := func(salt []byte) []byte {
			if r == 5 {
				sum := sha256.Sum256(bytes.Join([][]byte{given, salt, user}, nil))
				return sum[:]
			}
			return hash2B(given, salt, user)
		}
		if !bytes.Equal(hash(check[32:40]), check[:32]) {
			return false
		}
		b, err := aes.NewCipher(hash(check[40:48]))
		if err != nil {
			return false
		}
		c.key = make([]byte, 32)
		cipher.NewCBCDecrypter(b, make([]byte, 16)).CryptBlocks(c.key, sealed[:32])
		return true
	}
}

// hash2B is algorithm 2.B. user is empty for a user password. It ends after 288
// rounds at the latest.
func hash2B(password, salt, user []byte) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{password, salt, user}, nil))
	k := sum[:]
	for round := 1; ; round++ {
		e := bytes.Repeat(bytes.Join([][]byte{password, k, user}, nil), 64)
		b, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(b, k[16:32]).CryptBlocks(e, e)
		mod := 0
		for _, v := range e[:16] {
			mod += int(v)
		}
		switch mod % 3 {
		case 0:
			s := sha256.Sum256(e)
			k = s[:]
		case 1:
			s := sha512.Sum384(e)
			k = s[:]
		default:
			s := sha512.Sum512(e)
			k = s[:]
		}
		if round >= 64 && int(e[len(e)-1]) <= round-32 {
			return k[:32]
		}
	}
}

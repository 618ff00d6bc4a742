package ole

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"hash"
	"strings"
)

// standardLock reads the header of Office 2007's encryption ([MS-OFFCRYPTO]
// 2.3.4.5): AES in single blocks, with a key of SHA-1.
func standardLock(info []byte) (l packageLock) {
	r := fields{b: info}
	h := cryptoHeader(&r)
	hash := r.take(32)
	if r.bad || !h.aes() {
		return l
	}
	const rounds = 50000
	open := func(password string) func(uint32, []byte) {
		sum := stretched(sha1.New(), h.salt, password, rounds)
		sum = hashed(sha1.New(), sum, make([]byte, 4))
		key := append(standardHalf(sum, 0x36), standardHalf(sum, 0x5c)...)[:h.bits/8]
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil
		}
		decrypt := func(_ uint32, b []byte) {
			for ; len(b) >= aes.BlockSize; b = b[aes.BlockSize:] {
				block.Decrypt(b, b)
			}
		}
		plain := append(bytes.Clone(h.verifier), hash...)
		decrypt(0, plain)
		if want := sha1.Sum(plain[:16]); !bytes.Equal(want[:], plain[16:][:sha1.Size]) {
			return nil
		}
		return decrypt
	}
	return packageLock{rounds, open}
}

// standardHalf is one half of what the key is cut from (2.3.4.7).
func standardHalf(sum []byte, fill byte) []byte {
	b := bytes.Repeat([]byte{fill}, 64)
	for i, c := range sum {
		b[i] ^= c
	}
	half := sha1.Sum(b)
	return half[:]
}

// agileLock reads the description of Office 2010's and later encryption
// ([MS-OFFCRYPTO] 2.3.4.10): a key of its own for the package, encrypted by one of
// the password.
func agileLock(description []byte) (l packageLock) {
	var x struct {
		Data agileCipher `xml:"keyData"`
		Keys []struct {
			URI string `xml:"uri,attr"`
			Key struct {
				agileCipher
				Rounds   int       `xml:"spinCount,attr"`
				Verifier encoded64 `xml:"encryptedVerifierHashInput,attr"`
				Hash     encoded64 `xml:"encryptedVerifierHashValue,attr"`
				Value    encoded64 `xml:"encryptedKeyValue,attr"`
			} `xml:"encryptedKey"`
		} `xml:"keyEncryptors>keyEncryptor"`
	}
	if xml.Unmarshal(description, &x) != nil || !x.Data.known() {
		return l
	}
	for _, k := range x.Keys {
		k := k.Key
		if !k.known() || k.Rounds < 0 || len(k.Verifier) == 0 || len(k.Value) < x.Data.Bits/8 {
			continue // a certificate's
		}
		open := func(password string) func(uint32, []byte) {
			sum := stretched(k.digest(), k.Salt, password, k.Rounds)
			iv := k.vector(k.Salt)
			plain := func(purpose string, b []byte) []byte {
				return k.decrypt(k.fit(hashed(k.digest(), sum, []byte(purpose)), k.Bits/8), iv, b)
			}
			verifier, hash := plain("\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", k.Verifier), plain("\xd7\xaa\x0f\x6d\x30\x61\x34\x4e", k.Hash)
			want := hashed(k.digest(), verifier[:min(len(verifier), len(k.Salt))])
			if len(hash) < len(want) || !bytes.Equal(want, hash[:len(want)]) {
				return nil
			}
			key := plain("\x14\x6e\x0b\xe7\xab\xac\xd0\xd6", k.Value)[:x.Data.Bits/8]
			return func(n uint32, b []byte) {
				iv := x.Data.vector(hashed(x.Data.digest(), x.Data.Salt, binary.LittleEndian.AppendUint32(nil, n)))
				copy(b, x.Data.decrypt(key, iv, b))
			}
		}
		return packageLock{k.Rounds, open}
	}
	return l
}

// agileCipher is a cipher and a hash as attributes name them.
type agileCipher struct {
	Block    int       `xml:"blockSize,attr"`
	Bits     int       `xml:"keyBits,attr"`
	Cipher   string    `xml:"cipherAlgorithm,attr"`
	Chaining string    `xml:"cipherChaining,attr"`
	Hash     string    `xml:"hashAlgorithm,attr"`
	Salt     encoded64 `xml:"saltValue,attr"`
}

var agileHashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA1": sha1.New, "SHA256": sha256.New, "SHA384": sha512.New384, "SHA512": sha512.New,
}

// known reports whether the cipher is AES in blocks that are chained, which is
// what Office and others write, with a hash that is known.
func (c *agileCipher) known() bool {
	return c.Cipher == "AES" && c.Chaining == "ChainingModeCBC" && c.Block == aes.BlockSize &&
		(c.Bits == 128 || c.Bits == 192 || c.Bits == 256) && c.digest() != nil
}

func (c *agileCipher) digest() hash.Hash {
	if make := agileHashes[strings.ReplaceAll(c.Hash, "-", "")]; make != nil {
		return make()
	}
	return nil
}

// fit cuts b to n bytes, or fills it up.
func (c *agileCipher) fit(b []byte, n int) []byte {
	for len(b) < n {
		b = append(b, 0x36)
	}
	return b[:n]
}

func (c *agileCipher) vector(b []byte) []byte { return c.fit(bytes.Clone(b), aes.BlockSize) }

// decrypt returns the whole blocks of b in clear.
func (c *agileCipher) decrypt(key, iv, b []byte) []byte {
	plain := make([]byte, len(b)&^(aes.BlockSize-1))
	if block, err := aes.NewCipher(key); err == nil {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, b[:len(plain)])
	}
	return plain
}

// encoded64 is an attribute in base64, empty if it is damaged.
type encoded64 []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *encoded64) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.DecodeString(string(text))
	if err == nil {
		*e = b
	}
	return nil
}

// stretched hashes the password, and again what comes of it, so many rounds.
func stretched(h hash.Hash, salt []byte, password string, rounds int) []byte {
	sum := hashed(h, salt, utf16Of(password))
	var count [4]byte
	for i := range rounds {
		binary.LittleEndian.PutUint32(count[:], uint32(i))
		h.Reset()
		h.Write(count[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum
}

func hashed(h hash.Hash, all ...[]byte) []byte {
	h.Reset()
	for _, b := range all {
		h.Write(b)
	}
	return h.Sum(nil)
}

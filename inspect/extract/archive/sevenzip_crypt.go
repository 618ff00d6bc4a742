package archive

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Encryption of 7z (7zAES.cpp of 7-Zip): AES-256 in chained blocks, whose key is
// the hash of salt, password and a counter, over and over. Nothing tells a right
// password but that what is decrypted can be decoded and has the checksum that is
// stored.
const (
	maxSevenPower = 20 // 2^20 rounds for a key; 7-Zip writes 2^19
	unhashedPower = 63 // the key is the password as it is
	provenSize    = 16 << 20
	provingRounds = 1 << 14 // what decoding on trial costs, in rounds
	roundsToOne   = 8       // of this key, which cost as much as one of others
)

// sevenKey is what a coder's properties say of its key.
type sevenKey struct {
	power int
	salt  string
	iv    [aes.BlockSize]byte
}

func (c *sevenCoder) key() (k sevenKey, err error) {
	if len(c.props) == 0 {
		return k, errProps
	}
	first, rest := c.props[0], c.props[1:]
	k.power = int(first & 0x3f)
	if first&0xc0 == 0 {
		return k, nil
	}
	if len(rest) == 0 {
		return k, errProps
	}
	salt, iv := int(first>>7)+int(rest[0]>>4), int(first>>6&1)+int(rest[0]&15)
	if rest = rest[1:]; len(rest) < salt+iv {
		return k, errProps
	}
	k.salt = string(rest[:salt])
	copy(k.iv[:], rest[salt:][:iv])
	return k, nil
}

// rounds is how often deriving the key hashes.
func (k *sevenKey) rounds() int {
	if k.power == unhashedPower {
		return 1
	}
	return 1 << k.power
}

// derive makes the key of a password.
func (k *sevenKey) derive(password string) []byte {
	text := []byte(k.salt)
	for _, u := range utf16.Encode([]rune(password)) {
		text = binary.LittleEndian.AppendUint16(text, u)
	}
	if k.power == unhashedPower {
		return append(text, make([]byte, 32)...)[:32]
	}
	// Many rounds are hashed at once.
	const step = 64
	h := sha256.New()
	size := len(text) + 8
	block := bytes.Repeat(append(text, make([]byte, 8)...), step)
	for i := 0; i < k.rounds(); {
		n := 0
		for ; n < step && i < k.rounds(); n++ {
			binary.LittleEndian.PutUint64(block[n*size+size-8:], uint64(i))
			i++
		}
		h.Write(block[:n*size])
	}
	return h.Sum(nil)
}

// unlock makes the folder readable if it is encrypted and one of the passwords
// fits. What does not is an error with the reason.
// fits tells which do.
func (z *sevenReader) unlock(f *sevenFolder, fits func(*sevenFolder) bool) error {
	rounds, locked := provingRounds, false
	for i := range f.coders {
		c := &f.coders[i]
		if c.method != methodAES {
			continue
		}
		locked = true
		k, err := c.key()
		if err != nil {
			return &part.Fault{Reason: part.Encrypted, Err: err}
		}
		if k.power > maxSevenPower && k.power != unhashedPower {
			return &part.Fault{Reason: part.Encrypted, Detail: fmt.Sprintf("a password is needed whose key takes more than %d rounds", 1<<maxSevenPower)}
		}
		rounds += k.rounds() / roundsToOne
	}
	if !locked {
		return nil
	}
	if z.password != "" && fits(f) { // the one of the folders before
		return nil
	}
	for password := range z.b.Tries(z.ctx, z.passwords, rounds) {
		if password == z.password {
			continue
		}
		z.use(password)
		if fits(f) {
			return nil
		}
	}
	z.use("")
	return &part.Fault{Reason: part.Encrypted}
}

// use makes the password the one that folders are opened with.
func (z *sevenReader) use(password string) { z.password, z.keys = password, map[string][]byte{} }

// fits reports whether the password opens the folder: its first part has the
// checksum that it should have or, if it is large and compressed, a good deal of
// it can be decoded.
func (z *sevenReader) fits(f *sevenFolder) bool {
	if len(f.parts) == 0 {
		return false
	}
	r, release, err := z.folder(f)
	defer release()
	if err != nil {
		return false
	}
	first := f.parts[0]
	if f.sum.known && len(f.parts) == 1 {
		first.sum = f.sum
	}
	limit := first.size
	if f.particular() {
		limit = min(limit, provenSize)
	}
	h := crc32.NewIEEE()
	n, err := io.Copy(h, io.LimitReader(part.NewMeter(z.ctx, z.b, "7z", r), limit))
	switch {
	case err != nil || n < limit:
		return false
	case n < first.size:
		return true
	}
	return first.sum.known && h.Sum32() == first.sum.crc
}

// fitsHeader reports whether the password opens the folder that the header is in.
// Some programs store no checksum of it; there is a header in it then.
func (z *sevenReader) fitsHeader(f *sevenFolder) bool {
	if f.sum.known {
		return z.fits(f)
	}
	raw, err := z.headerOf(f)
	if err != nil {
		return false
	}
	p := &sevenParser{b: raw}
	switch p.byte() {
	case propHeader:
		p.header()
	case propEncoded:
		p.streams(&sevenHeader{})
	default:
		return false
	}
	return p.fail == nil
}

// particular reports whether one of the coders fails soon on what is no output of
// its own. PPMd takes anything, as filters do.
func (f *sevenFolder) particular() bool {
	return slices.ContainsFunc(f.coders, func(c sevenCoder) bool {
		return c.method == 0x030101 || c.method == 0x21 || sevenCodecs[c.method] != nil
	})
}

// decrypted opens a coder that is encrypted, by the password in use. What it puts
// out has that size.
func (z *sevenReader) decrypted(c *sevenCoder, src *bufio.Reader, size int64) (io.Reader, error) {
	k, err := c.key()
	if err != nil {
		return nil, err
	}
	id := fmt.Sprint(k.power, " ", k.salt)
	if z.keys[id] == nil {
		z.keys[id] = k.derive(z.password)
	}
	block, err := aes.NewCipher(z.keys[id])
	if err != nil {
		return nil, err
	}
	return &chained{src: src, mode: cipher.NewCBCDecrypter(block, k.iv[:]), left: size}, nil
}

// chained decrypts blocks that are chained.
type chained struct {
	src   *bufio.Reader
	mode  cipher.BlockMode
	left  int64 // to be put out; zeros fill the last block
	buf   [4096]byte
	plain []byte
}

func (r *chained) Read(p []byte) (int, error) {
	if len(r.plain) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		n, err := io.ReadFull(r.src, r.buf[:])
		if n &^= aes.BlockSize - 1; n == 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		r.mode.CryptBlocks(r.buf[:n], r.buf[:n])
		r.plain = r.buf[:min(int64(n), r.left)]
		r.left -= int64(len(r.plain))
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

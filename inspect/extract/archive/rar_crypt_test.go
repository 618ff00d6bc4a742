package archive

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const rarPassword = "himitsu 秘密"

var rarSalt, rarIV = []byte("salt of sixteen."), []byte("vector of sixtee")

// inBlocks encrypts b, padded with zeros, by AES in chained blocks.
func inBlocks(key, iv, b []byte) []byte {
	c, _ := aes.NewCipher(key)
	out := append(bytes.Clone(b), make([]byte, (16-len(b)%16)%16)...)
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(out, out)
	return out
}

// rar5Key derives the key of RAR 5 and the value by which passwords are checked.
func rar5Key(power int) (key, check []byte) {
	derived := func(more int) []byte {
		b, _ := pbkdf2.Key(sha256.New, rarPassword, rarSalt, 1<<power+more, 32)
		return b
	}
	check = make([]byte, 8)
	for i, c := range derived(32) {
		check[i%8] ^= c
	}
	sum := sha256.Sum256(check)
	return derived(0), append(check, sum[:4]...)
}

// rar5Locked makes a stored, encrypted member of RAR 5.
func rar5Locked(name, body string, power int) []byte {
	key, check := rar5Key(min(power, 20))
	record := append([]byte{1, 0, 1, byte(power)}, rarSalt...)
	record = append(append(record, rarIV...), check...)
	extra := append([]byte{byte(len(record))}, record...)
	data := string(inBlocks(key, rarIV, []byte(body)))
	h := []byte{2, 3}
	h = binary.AppendUvarint(h, uint64(len(extra)))
	h = binary.AppendUvarint(h, uint64(len(data)))
	h = append(h, 4) // there is a checksum
	h = binary.AppendUvarint(h, uint64(len(body)))
	h = append(h, 0)
	h = le.AppendUint32(h, crc32.ChecksumIEEE([]byte(body)))
	h = append(h, 0, 1)
	h = binary.AppendUvarint(h, uint64(len(name)))
	return rar5Block(append(append(h, name...), extra...), data)
}

// rar5Hidden makes an archive of RAR 5 whose headers are encrypted too.
func rar5Hidden(name, body string) []byte {
	key, check := rar5Key(4)
	h := append([]byte{4, 0, 0, 1, 4}, rarSalt...)
	b := append([]byte(rar5Magic), rar5Block(append(h, check...), "")...)
	for _, block := range [][]byte{rar5Block([]byte{1, 0, 0}, ""), rar5Locked(name, body, 4), rar5Block([]byte{5, 0, 0}, "")} {
		n, k := binary.Uvarint(block[4:])
		head := 4 + k + int(n)
		b = append(append(b, rarIV...), inBlocks(key, rarIV, block[:head])...)
		b = append(b, block[head:]...)
	}
	return b
}

// rar4Key derives the key and vector of RAR 3 and 4.
func rar4Key(salt []byte) (key, iv []byte) {
	var seed []byte
	for _, u := range utf16.Encode([]rune(rarPassword)) {
		seed = le.AppendUint16(seed, u)
	}
	seed = append(seed, salt...)
	h := sha1.New()
	for i := range 1 << 18 {
		h.Write(append(seed, byte(i), byte(i>>8), byte(i>>16)))
		if i%(1<<14) == 0 {
			iv = append(iv, h.Sum(nil)[19])
		}
	}
	sum := h.Sum(nil)
	for i := range 4 {
		key = le.AppendUint32(key, binary.BigEndian.Uint32(sum[4*i:]))
	}
	return key, iv
}

// rar4Locked makes a stored, encrypted member of RAR 4.
func rar4Locked(name, body string) []byte {
	key, iv := rar4Key(rarSalt[:8])
	h := make([]byte, 25, 64)
	data := string(inBlocks(key, iv, []byte(body)))
	le.PutUint32(h, uint32(len(data)))
	le.PutUint32(h[4:], uint32(len(body)))
	h[8] = 3
	le.PutUint32(h[9:], crc32.ChecksumIEEE([]byte(body)))
	h[17], h[18] = 29, 0x30
	le.PutUint16(h[19:], uint16(len(name)))
	h = append(append(h, name...), rarSalt[:8]...)
	return rar4Block(0x74, 0x8000|0x400|4, h, data)
}

// rar4Hidden makes an archive of RAR 4 whose headers are encrypted too.
func rar4Hidden(name, body string) []byte {
	key, iv := rar4Key(rarSalt[:8])
	b := append([]byte(rar4Magic), rar4Block(0x73, 0x80, make([]byte, 6), "")...)
	for _, block := range [][]byte{rar4Locked(name, body), rar4Block(0x7b, 0x4000, nil, "")} {
		head := int(le.Uint16(block[5:]))
		b = append(append(b, rarSalt[:8]...), inBlocks(key, iv, block[:head])...)
		b = append(b, block[head:]...)
	}
	return b
}

// TestRarPasswords opens archives with one of the passwords that were written, and
// tells those that none opens.
func TestRarPasswords(t *testing.T) {
	for name, c := range map[string]struct {
		body  []byte
		path  string
		skips string // with the password
	}{
		"5":                 {rar5Archive(rar5Locked("名簿.csv", customers, 4)), "名簿.csv", ""},
		"5, second":         {rar5Archive(rar5File("a", "x", false), rar5Locked("b", customers, 4)), "b", ""},
		"5, names too":      {rar5Hidden("名簿.csv", customers), "名簿.csv", ""},
		"5, too many":       {rar5Archive(rar5Locked("b", customers, 24)), "", "encrypted encrypted"},
		"5, too many later": {rar5Archive(rar5Locked("a", customers, 4), rar5Locked("b", customers, 24)), "a", "encrypted encrypted"},
		"4":                 {rar4Archive(rar4Locked("名簿.csv", customers)), "名簿.csv", ""},
		"4, names too":      {rar4Hidden("名簿.csv", customers), "名簿.csv", ""},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(passwords ...string) *parttest.Tree {
				size := int64(len(c.body))
				p := part.Part{Body: io.LimitReader(bytes.NewReader(c.body), size), Size: size, Passwords: passwords}
				return parttest.Read(t, readers(), p, part.Limits{})
			}
			for _, passwords := range [][]string{nil, {"another", ""}} {
				if x := read(passwords...); x.Has(person) || !strings.Contains(skips(x), "encrypted") {
					t.Errorf("with %q:\n%s", passwords, x)
				}
			}
			x := read("another", rarPassword)
			if got := skips(x); got != c.skips {
				t.Errorf("skipped %q, want %q:\n%s", got, c.skips, x)
			}
			if c.path != "" {
				if s := x.Find(person); s.Path != "upload » "+c.path {
					t.Errorf("found in %s", s.Path)
				}
			}
		})
	}
}

// FuzzRarPasswords changes archives of RAR 5. Of RAR 4 a key costs more than a
// fuzzer has time for.
func FuzzRarPasswords(f *testing.F) {
	f.Add(rar5Archive(rar5Locked("a", customers, 4)))
	f.Add(rar5Hidden("a", customers))
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		p := part.Part{Body: bytes.NewReader(body), Size: int64(len(body)), Passwords: []string{"another", rarPassword}}
		parttest.Read(t, readers(), p, part.Limits{Bytes: 64 << 20, Entries: 100, Time: 20 * time.Second})
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

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
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// method is a way to encrypt.
type method uint8

const (
	inClear method = iota
	methodRC4
	methodAES
	methodAES256
	locked // by a password that is not known
)

// crypt is the standard security handler (7.6.4) with the empty user password,
// with which files open that only restrict printing or copying.
type crypt struct {
	key                   []byte
	strings, streams, eff method
	metadata              bool // is encrypted too
	dict                  int  // number of the encryption dictionary, 0 if direct
}

// padding fills up passwords (algorithm 2).
const padding = "\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08" +
	"\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a"

// decrypt makes the file's contents readable if they are encrypted.
func (f *File) decrypt() error {
	d, ok := f.Get(f.Trailer["Encrypt"]).(Dict)
	if !ok || f.crypt != nil {
		return nil
	}
	c := &crypt{metadata: true}
	if r, ok := f.Trailer["Encrypt"].(Ref); ok {
		c.dict = r.Num
	}
	denied := &part.Fault{Reason: part.Encrypted, Detail: "a password is needed"}
	if filter := f.Name(d["Filter"]); filter != "Standard" {
		return &part.Fault{Reason: part.Encrypted, Detail: "a certificate or another key is needed"}
	}
	if b, ok := f.Get(d["EncryptMetadata"]).(bool); ok {
		c.metadata = b
	}
	switch f.Int(d["V"], 0) {
	case 1, 2, 3:
		c.strings, c.streams, c.eff = methodRC4, methodRC4, methodRC4
	case 4, 5, 6:
		c.strings, c.streams = f.filterMethod(d, "StrF"), f.filterMethod(d, "StmF")
		if c.eff = c.streams; d["EFF"] != nil {
			c.eff = f.filterMethod(d, "EFF")
		}
	default:
		return denied
	}
	if !c.open(f, d) {
		if c.strings != inClear || c.streams != inClear {
			return denied
		}
		c.eff = locked // only the attachments are encrypted
	}
	f.crypt = c
	clear(f.cache) // what was read so far was read encrypted
	f.held = 0
	return nil
}

// filterMethod returns what the crypt filter does that a key of the encryption
// dictionary names.
func (f *File) filterMethod(d Dict, key Name) method {
	name := f.Name(d[key])
	switch f.Name(f.Dict(f.Dict(d["CF"])[name])["CFM"]) {
	case "V2":
		return methodRC4
	case "AESV2":
		return methodAES
	case "AESV3":
		return methodAES256
	}
	return inClear
}

// open derives the key and reports whether it is right.
func (c *crypt) open(f *File, d Dict) bool {
	text := func(k Name) []byte { s, _ := f.Get(d[k]).(String); return s }
	o, u := text("O"), text("U")
	r := f.Int(d["R"], 0)
	if r >= 5 {
		return c.open256(r, u, text("UE"))
	}
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
	h := md5.New()
	h.Write([]byte(padding))
	h.Write(o[:min(len(o), 32)])
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(int64(f.Int(d["P"], 0)))))
	h.Write(id)
	if r >= 4 && !c.metadata {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)
	if r >= 3 {
		for range 50 {
			sum := md5.Sum(key[:n])
			key = sum[:]
		}
	}
	c.key = key[:n]
	if r < 3 {
		want := []byte(padding)
		rc4With(c.key, want)
		return bytes.Equal(want, u[:min(len(u), 32)])
	}
	sum := md5.Sum(append([]byte(padding), id...))
	want := sum[:]
	turned := make([]byte, n)
	for i := range 20 {
		for k := range turned {
			turned[k] = c.key[k] ^ byte(i)
		}
		rc4With(turned, want)
	}
	return len(u) >= 16 && bytes.Equal(want, u[:16])
}

func rc4With(key, b []byte) {
	if c, err := rc4.NewCipher(key); err == nil {
		c.XORKeyStream(b, b)
	}
}

// open256 is algorithm 2.A for the empty user password.
func (c *crypt) open256(r int, u, ue []byte) bool {
	if len(u) < 48 || len(ue) < 32 {
		return false
	}
	hash := func(salt []byte) []byte {
		if r == 5 {
			sum := sha256.Sum256(salt)
			return sum[:]
		}
		return hash2B(salt)
	}
	if !bytes.Equal(hash(u[32:40]), u[:32]) {
		return false
	}
	b, err := aes.NewCipher(hash(u[40:48]))
	if err != nil {
		return false
	}
	c.key = make([]byte, 32)
	cipher.NewCBCDecrypter(b, make([]byte, 16)).CryptBlocks(c.key, ue[:32])
	return true
}

// hash2B is algorithm 2.B for the empty user password.
func hash2B(salt []byte) []byte {
	sum := sha256.Sum256(salt)
	k := sum[:]
	for round := 1; ; round++ {
		e := bytes.Repeat(k, 64)
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

// keyFor returns the key of one object (algorithm 1).
func (c *crypt) keyFor(m method, ref Ref) []byte {
	if m == methodAES256 {
		return c.key
	}
	b := append([]byte{}, c.key...)
	b = append(b, byte(ref.Num), byte(ref.Num>>8), byte(ref.Num>>16), byte(ref.Gen), byte(ref.Gen>>8))
	if m == methodAES {
		b = append(b, "sAlT"...)
	}
	sum := md5.Sum(b)
	return sum[:min(len(c.key)+5, 16)]
}

// unlock decrypts the strings in an object that stands in the file itself.
func (f *File) unlock(o any, ref Ref) any {
	c := f.crypt
	if c == nil || c.strings == inClear || ref.Num == c.dict {
		return o
	}
	return c.unlock(o, c.keyFor(c.strings, ref))
}

func (c *crypt) unlock(o any, key []byte) any {
	switch v := o.(type) {
	case String:
		return c.text(v, key)
	case Array:
		for i := range v {
			v[i] = c.unlock(v[i], key)
		}
	case Dict:
		for k := range v {
			v[k] = c.unlock(v[k], key)
		}
	}
	return o
}

func (c *crypt) text(s String, key []byte) String {
	r, err := c.reader(c.strings, key, bytes.NewReader(s))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(r)
	return out
}

// stream returns a reader of a stream's decrypted bytes.
func (c *crypt) stream(f *File, s *Stream, r io.Reader) io.Reader {
	m := c.streams
	switch kind := f.Name(s.Dict["Type"]); {
	case kind == "XRef", kind == "Metadata" && !c.metadata:
		return r
	case kind == "EmbeddedFile":
		m = c.eff
	}
	for i, name := range f.Array(s.Dict["Filter"]) {
		if f.Name(name) != "Crypt" {
			continue
		}
		params := f.Array(s.Dict["DecodeParms"])
		if i >= len(params) {
			return r
		}
		name := f.Name(f.Dict(params[i])["Name"])
		if name == "" || name == "Identity" {
			return r
		}
		m = f.filterMethod(Dict{"CF": f.Dict(f.Trailer["Encrypt"])["CF"], "is": name}, "is")
	}
	out, err := c.reader(m, c.keyFor(m, s.Ref), r)
	if err != nil {
		return faulty{err}
	}
	return out
}

// reader decrypts r.
func (c *crypt) reader(m method, key []byte, r io.Reader) (io.Reader, error) {
	switch {
	case m == inClear:
		return r, nil
	case m == locked:
		return nil, &part.Fault{Reason: part.Encrypted, Detail: "attachments need a password"}
	case m == methodRC4:
		s, err := rc4.NewCipher(key)
		if err != nil {
			return nil, &part.Fault{Reason: part.Encrypted, Err: err}
		}
		return cipher.StreamReader{S: s, R: r}, nil
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, &part.Fault{Reason: part.Encrypted, Err: err}
	}
	return &cbcReader{b: b, src: r}, nil
}

// cbcReader decrypts AES in CBC mode: the vector comes first, the last block is
// padded (PKCS #7). Bytes that fill no block are dropped.
type cbcReader struct {
	b       cipher.Block
	src     io.Reader
	mode    cipher.BlockMode
	buf     [4096]byte
	pending []byte
	held    [16]byte // the last block, which may be padding
	has     bool
	err     error
}

func (r *cbcReader) Read(out []byte) (int, error) {
	for len(r.pending) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(out, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

func (r *cbcReader) fill() {
	if r.mode == nil {
		var iv [16]byte
		if _, err := io.ReadFull(r.src, iv[:]); err != nil {
			r.err = io.EOF
			return
		}
		r.mode = cipher.NewCBCDecrypter(r.b, iv[:])
	}
	// The block held back goes first.
	at := 0
	if r.has {
		at = copy(r.buf[:], r.held[:])
	}
	n, err := io.ReadFull(r.src, r.buf[at:len(r.buf)-(len(r.buf)-at)%16])
	n -= n % 16
	r.mode.CryptBlocks(r.buf[at:at+n], r.buf[at:at+n])
	all := r.buf[:at+n]
	if err != nil {
		if r.err = io.EOF; err != io.EOF && err != io.ErrUnexpectedEOF {
			r.err = err
		}
		if k := len(all); k > 0 {
			if pad := int(all[k-1]); pad >= 1 && pad <= 16 {
				all = all[:k-pad]
			}
		}
		r.pending = all
		return
	}
	if len(all) == 0 {
		return
	}
	k := len(all) - 16
	copy(r.held[:], all[k:])
	r.has, r.pending = true, all[:k]
}

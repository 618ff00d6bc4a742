package object

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
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

// crypt is the standard security handler (7.6.4).
type crypt struct {
	key                   []byte
	strings, streams, eff method
	metadata              bool // is encrypted too
	dict                  int  // number of the encryption dictionary, 0 if direct
}

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

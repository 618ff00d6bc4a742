package pieces

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/minio/sio"
)

// A file is a salt, the length of what is sealed about the piece, that, and the
// sealed bytes. Both are sealed in the DARE 2.0 format
// (github.com/minio/sio/blob/master/DARE.md) under a key of the file's own,
// made of the Store's and the salt; so what is changed, cut, or put in another
// file's place is noticed.
const (
	suffix   = ".piece"
	saltSize = 32
	maxMeta  = 8 << 10
	chunk    = 64 << 10 // DARE's package
)

func (s *Store) sealing(salt []byte, what string) sio.Config {
	h := hmac.New(sha256.New, s.c.Key)
	io.WriteString(h, what+"\x00")
	h.Write(salt)
	return sio.Config{MinVersion: sio.Version20, MaxVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: h.Sum(nil)}
}

// write makes p's file. It is there whole or not at all.
func (s *Store) write(dir string, p *piece, body io.Reader) (err error) {
	f, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return explain(err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = explain(err)
		}
	}()
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	// The digest stands before the bytes of which it is, so these are read
	// first into place.
	const room = saltSize + 4 + maxMeta
	if _, err := f.Seek(room, io.SeekStart); err != nil {
		return err
	}
	w, err := sio.EncryptWriter(struct{ io.Writer }{f}, s.sealing(salt, "bytes"))
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), body)
	if err == nil && n != p.Size {
		err = fmt.Errorf("piece has %d bytes instead of %d", n, p.Size)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	h.Sum(p.Digest[:0])
	meta, err := json.Marshal(p)
	if err != nil {
		return err
	}
	head := append(salt, 0, 0, 0, 0)
	sealed := &buffer{}
	mw, err := sio.EncryptWriter(sealed, s.sealing(salt, "about"))
	if err != nil {
		return err
	}
	if _, err := mw.Write(meta); err != nil {
		return err
	}
	if err := mw.Close(); err != nil {
		return err
	}
	if len(sealed.b) > maxMeta {
		return errors.New("its place is too long to be kept")
	}
	binary.BigEndian.PutUint32(head[saltSize:], uint32(len(sealed.b)))
	if _, err := f.WriteAt(append(head, sealed.b...), 0); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	p.file = filepath.Join(dir, newName(s.now()))
	return os.Rename(f.Name(), p.file)
}

type buffer struct{ b []byte }

func (b *buffer) Write(p []byte) (int, error) { b.b = append(b.b, p...); return len(p), nil }

// explain turns a full disk into ErrFull.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// readMeta reads what a file says of its piece.
func (s *Store) readMeta(path string) (*piece, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var head [saltSize + 4]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[saltSize:])
	if n > maxMeta {
		return nil, errors.New("not a piece")
	}
	r, err := sio.DecryptReader(io.LimitReader(f, int64(n)), s.sealing(head[:saltSize], "about"))
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	p := &piece{file: path}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, err
	}
	return p, nil
}

// opened is a file of which bytes are read.
type opened struct {
	f  *os.File
	at io.ReaderAt
}

func (s *Store) open(p *piece) (*opened, error) {
	s.mu.Lock()
	path := p.file // Rename changes it
	s.mu.Unlock()
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var salt [saltSize]byte
	const room = saltSize + 4 + maxMeta
	if _, err := io.ReadFull(f, salt[:]); err != nil {
		f.Close()
		return nil, err
	}
	at, err := sio.DecryptReaderAt(io.NewSectionReader(f, room, 1<<62), s.sealing(salt[:], "bytes"))
	if err != nil {
		f.Close()
		return nil, err
	}
	return &opened{f, at}, nil
}

// Package outbox keeps messages that were acknowledged and have not gone on yet:
// encrypted, on disk, through restarts. What Put has returned for is there after
// a crash, whole, and stays until Remove has returned for it.
//
// It knows nothing of mail: an item is bytes that do not change, and a short text
// about them that does. It is no queue either: package smtp decides when what
// goes.
package outbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/minio/sio"
)

// Config says where items lie. All but Max are needed.
type Config struct {
	Dir string // made if it is not there
	Key []byte // 32 bytes; without the same key nothing can be read again
	Max int64  // bytes of all items; default 10 GiB
}

// Store keeps items in one folder, which is its own. Safe for concurrent use;
// what is done with one item is up to its user to put in order.
type Store struct {
	c Config

	mu    sync.Mutex
	used  int64
	sizes map[string]int64
}

// Errors of Put.
var (
	ErrFull = errors.New("there is no room to keep it")
	errID   = errors.New("not an item's name")
)

// The files of an item: its bytes, and what is said about them. It is there if
// and only if both are.
const (
	bytesSuffix = ".bytes"
	aboutSuffix = ".about"
	newSuffix   = ".new"
)

// maxAbout bounds what is said about an item, in bytes.
const maxAbout = 4 << 20

// Open opens a store. What a crash left half way is removed: nobody was told
// that it was kept.
func Open(c Config) (*Store, error) {
	if len(c.Key) != 32 || c.Dir == "" {
		return nil, errors.New("outbox needs a folder and a key of 32 bytes")
	}
	if c.Max == 0 {
		c.Max = 10 << 30
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the outbox: %w", err)
	}
	s := &Store{c: c, sizes: map[string]int64{}}
	all, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	about := map[string]bool{}
	for _, f := range all {
		if id, ok := strings.CutSuffix(f.Name(), aboutSuffix); ok {
			about[id] = true
		}
	}
	for _, f := range all {
		id, ok := strings.CutSuffix(f.Name(), bytesSuffix)
		if info, err := f.Info(); ok && about[id] && err == nil {
			s.sizes[id] = info.Size()
			s.used += info.Size()
		} else if ok || strings.HasSuffix(f.Name(), newSuffix) {
			os.Remove(filepath.Join(c.Dir, f.Name()))
		}
	}
	for id := range about {
		if _, ok := s.sizes[id]; !ok {
			os.Remove(s.path(id, aboutSuffix))
		}
	}
	return s, nil
}

// NewID makes a name that nobody guesses.
func NewID() string {
	var b [20]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func (s *Store) path(id, suffix string) string { return filepath.Join(s.c.Dir, id+suffix) }

// sealing makes a file's own key of the store's and a salt, so that what is
// changed, cut or put in another file's place is noticed.
func (s *Store) sealing(salt []byte, id, suffix string) sio.Config {
	h := hmac.New(sha256.New, s.c.Key)
	io.WriteString(h, id+suffix+"\x00")
	h.Write(salt)
	return sio.Config{MinVersion: sio.Version20, MaxVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: h.Sum(nil)}
}

const saltSize = 32

// write makes one of an item's files, whole and on disk, but for its entry in
// the folder.
func (s *Store) write(id, suffix string, from io.Reader, room int64) (n int64, err error) {
	name := s.path(id, suffix)
	f, err := os.OpenFile(name+newSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, explain(err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(name + newSuffix)
			err = explain(err)
		}
	}()
	salt := make([]byte, saltSize)
	rand.Read(salt)
	if _, err := f.Write(salt); err != nil {
		return 0, err
	}
	w, err := sio.EncryptWriter(struct{ io.Writer }{f}, s.sealing(salt, id, suffix))
	if err != nil {
		return 0, err
	}
	read, err := io.Copy(w, io.LimitReader(from, room+1))
	if err == nil && read > room {
		err = ErrFull
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return 0, err
	}
	if n, err = f.Seek(0, io.SeekCurrent); err != nil {
		return 0, err
	}
	if err = errors.Join(f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return n, os.Rename(name+newSuffix, name)
}

// sync makes the folder's entries durable.
func (s *Store) sync() error {
	d, err := os.Open(s.c.Dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// explain turns a full disk into ErrFull.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// Put keeps an item under a name of NewID's. It is on disk when Put returns nil.
func (s *Store) Put(id string, about []byte, bytes io.Reader) error {
	if !named(id) || len(about) > maxAbout {
		return errID
	}
	s.mu.Lock()
	room := s.c.Max - s.used
	s.mu.Unlock()
	n, err := s.write(id, bytesSuffix, bytes, max(room, 0))
	if err != nil {
		return fmt.Errorf("keep a message: %w", err)
	}
	if _, err = s.write(id, aboutSuffix, strings.NewReader(string(about)), maxAbout); err == nil {
		err = s.sync()
	}
	if err != nil {
		os.Remove(s.path(id, aboutSuffix))
		os.Remove(s.path(id, bytesSuffix))
		return fmt.Errorf("keep a message: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[id] = n
	s.used += n
	return nil
}

// Update says something else about an item. It is on disk when Update returns
// nil; otherwise one of the two is.
func (s *Store) Update(id string, about []byte) error {
	if !s.has(id) || len(about) > maxAbout {
		return errID
	}
	_, err := s.write(id, aboutSuffix, strings.NewReader(string(about)), maxAbout)
	if err == nil {
		err = s.sync()
	}
	if err != nil {
		return fmt.Errorf("note what is kept: %w", err)
	}
	return nil
}

// Remove forgets an item, for good when it returns nil.
func (s *Store) Remove(id string) error {
	if !s.has(id) {
		return errID
	}
	err := os.Remove(s.path(id, aboutSuffix)) // without it the rest does not count
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, s.sync()); err != nil {
		return fmt.Errorf("remove what was kept: %w", err)
	}
	os.Remove(s.path(id, bytesSuffix)) // if not, Open does
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= s.sizes[id]
	delete(s.sizes, id)
	return nil
}

func (s *Store) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.sizes[id]
	return ok
}

// named tells whether a name is of the kind of NewID's, and so stays in the
// folder.
func named(id string) bool {
	return len(id) == 32 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Each reads what is said about every item. Those that cannot be read, because
// their file is damaged or of another key, are counted; they stay where they are.
func (s *Store) Each(f func(id string, about []byte)) (unreadable int) {
	s.mu.Lock()
	var ids []string
	for id := range s.sizes {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	for _, id := range ids {
		b, err := s.open(id, aboutSuffix)
		if err != nil {
			unreadable++
			continue
		}
		about, err := io.ReadAll(io.NewSectionReader(b, 0, b.size))
		b.Close()
		if err != nil {
			unreadable++
			continue
		}
		f(id, about)
	}
	return unreadable
}

// Item is an item's bytes. Safe for concurrent use.
type Item struct {
	io.ReaderAt
	f    *os.File
	size int64
}

// Get opens an item's bytes. The caller closes it.
func (s *Store) Get(id string) (*Item, error) {
	if !s.has(id) {
		return nil, errID
	}
	return s.open(id, bytesSuffix)
}

func (s *Store) open(id, suffix string) (_ *Item, err error) {
	f, err := os.Open(s.path(id, suffix))
	if err != nil {
		return nil, fmt.Errorf("read what is kept: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			err = fmt.Errorf("read what is kept: %w", err)
		}
	}()
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(f, salt); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	sealed := info.Size() - saltSize
	size, err := sio.DecryptedSize(uint64(sealed))
	if err != nil {
		return nil, err
	}
	at, err := sio.DecryptReaderAt(io.NewSectionReader(f, saltSize, sealed), s.sealing(salt, id, suffix))
	if err != nil {
		return nil, err
	}
	return &Item{at, f, int64(size)}, nil
}

// Size is the length of the bytes.
func (i *Item) Size() int64 { return i.size }

// Close gives the file back.
func (i *Item) Close() error { return i.f.Close() }

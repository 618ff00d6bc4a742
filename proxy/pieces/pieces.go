// Package pieces keeps the pieces of uploads that come in several requests
// until the upload is complete, so that the whole can be inspected before the
// request that completes it leaves.
//
// Pieces lie encrypted in a folder of their own and survive a restart, since
// such an upload may take days. All is bounded: bytes of one upload and of all,
// uploads, pieces, and time. What did not fit, or was never seen here, is told
// by Join, never made up for. It does not know what the bytes mean, nor what
// becomes of them at the service.
package pieces

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Errors of Add, told apart with errors.Is.
var (
	// ErrFull: the piece does not fit, now or into this upload.
	ErrFull = errors.New("no room to keep the piece")
	// ErrShare: its sender has too much under way. It is an ErrFull.
	ErrShare = fmt.Errorf("%w: the sender's share is used up", ErrFull)
)

// Config is what a Store needs; zero numbers take the defaults.
type Config struct {
	Dir    string // made with mode 0700; required
	Key    []byte // 32 bytes that stay the same over restarts; required
	Upload int64  // bytes of one upload; default 2 GiB
	Total  int64  // bytes of all; default 8 GiB
	Count  int    // uploads at once; default 2,000
	// Nobody's uploads leave no room for those of others: bytes of one sender's,
	// default half of Total, one upload of the largest size at least; and how many,
	// default a quarter of Count.
	PerSender int64
	OfSender  int
	Pieces    int           // of one upload; default 10,000
	Keep      time.Duration // since the last piece; default 48 h
	Others    Others        // other nodes that pieces may have come to; nil: none
}

// Place says where in an upload a piece belongs: by its offset, or, where ID is
// not empty, by an order that is known at the end.
type Place struct {
	Offset int64  `json:"offset,omitempty"`
	ID     string `json:"id,omitempty"`
	Total  int64  `json:"total"`            // size of the whole, -1 if unknown
	Count  int    `json:"count,omitempty"`  // of pieces by ID, which then are numbers from 0 on; 0 if unknown
	Remote bool   `json:"remote,omitempty"` // the bytes are at the service already
	// Sender is whose share it takes; "" for nobody's. Of the one who began the
	// upload a keyed digest is kept.
	Sender string `json:"sender,omitempty"`
}

// Store keeps pieces. Safe for concurrent use.
type Store struct {
	c   Config
	now func() time.Time

	mu      sync.Mutex
	uploads map[string]*upload // by folder
	bytes   int64
	swept   time.Time
}

// upload is the pieces of one, under the Store's lock.
type upload struct {
	dir    string
	sender string   // digest of who began it; "" for nobody
	pieces []*piece // in the order in which they came
	bytes  int64
	lost   bool            // a piece did not fit
	older  map[string]bool // files of other nodes, in whose place a later one is
	last   time.Time
}

// piece is one file.
type piece struct {
	Place
	Size   int64    `json:"size"`
	Digest [32]byte `json:"digest"`

	file string
}

// Open makes a Store, and its folder if need be, and finds what an earlier one
// kept there. Files that cannot be read are removed.
func Open(c Config) (*Store, error) {
	set(&c.Upload, 2<<30)
	set(&c.Total, 8<<30)
	set(&c.Count, 2000)
	set(&c.Pieces, 10000)
	set(&c.Keep, 48*time.Hour)
	set(&c.PerSender, c.Total/2)
	set(&c.OfSender, max(1, c.Count/4))
	c.PerSender = max(c.PerSender, c.Upload)
	switch {
	case c.Dir == "":
		return nil, errors.New("open pieces: no folder is given")
	case len(c.Key) != 32:
		return nil, fmt.Errorf("open pieces: the key has %d bytes instead of 32", len(c.Key))
	case c.Upload < 0 || c.Total < 0 || c.Count < 0 || c.Pieces < 0 || c.Keep < 0 || c.OfSender < 0:
		return nil, errors.New("open pieces: a limit is negative")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open pieces: %w", err)
	}
	s := &Store{c: c, now: time.Now, uploads: map[string]*upload{}}
	dirs, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open pieces: %w", err)
	}
	for _, d := range dirs {
		if d.IsDir() && len(d.Name()) == 2*keySize {
			if err := s.load(d.Name()); err != nil {
				return nil, fmt.Errorf("open pieces: %w", err)
			}
		}
	}
	return s, nil
}

func set[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// keySize is how much of a keyed digest of its session names an upload's folder.
const keySize = 16

// lostMark is a file that holds the digest of the sender.
const lostMark = "lost"

func (s *Store) folder(session string) string {
	return s.digest("session", session)
}

func (s *Store) digest(what, of string) string {
	h := hmac.New(sha256.New, s.c.Key)
	io.WriteString(h, what+"\x00"+of)
	return hex.EncodeToString(h.Sum(nil)[:keySize])
}

// load takes back the upload in a folder.
func (s *Store) load(name string) error {
	u := &upload{dir: filepath.Join(s.c.Dir, name)}
	files, err := os.ReadDir(u.dir)
	if err != nil {
		return err
	}
	for _, f := range files { // in the order of their names, which is that of their coming
		path := filepath.Join(u.dir, f.Name())
		if i, err := f.Info(); err == nil && i.ModTime().After(u.last) {
			u.last = i.ModTime()
		}
		if f.Name() == lostMark {
			u.lost = true
			if b, err := os.ReadFile(path); err == nil {
				u.sender = string(b)
			}
			continue
		}
		var p *piece
		if strings.HasSuffix(f.Name(), suffix) {
			p, err = s.readMeta(path)
		}
		if p == nil || err != nil {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		u.take(p)
		u.sender = cmp.Or(u.sender, p.Sender)
		s.bytes += p.Size
	}
	if len(u.pieces) == 0 && !u.lost || s.now().Sub(u.last) > s.c.Keep {
		s.bytes -= u.bytes
		return os.RemoveAll(u.dir)
	}
	s.uploads[name] = u
	return nil
}

// take adds p, and returns the pieces whose place it takes.
func (u *upload) take(p *piece) (instead []*piece) {
	kept := u.pieces[:0]
	for _, q := range u.pieces {
		if q.at(p) {
			instead = append(instead, q)
			u.bytes -= q.Size
			continue
		}
		kept = append(kept, q)
	}
	u.pieces = append(kept, p)
	u.bytes += p.Size
	return instead
}

// at tells whether p takes the place of q.
func (q *piece) at(p *piece) bool {
	return q.ID == p.ID && (p.ID != "" || q.Offset == p.Offset && (q.Size <= p.Size || q.Size == 0))
}

// Held is a piece that was added.
type Held struct {
	s       *Store
	session string
	p       *piece
	sure    bool // all other nodes were asked for theirs
}

// Add keeps a piece of size bytes, in the stead of one at the same place. If it
// cannot be kept, the upload is marked as one that cannot be joined. What came to
// other nodes is fetched.
func (s *Store) Add(session string, at Place, body io.Reader, size int64) (*Held, error) {
	h, err := s.add(session, at, body, size)
	if err == nil {
		h.sure = s.gather(s.folder(session))
	}
	return h, err
}

func (s *Store) add(session string, at Place, body io.Reader, size int64) (*Held, error) {
	name := s.folder(session)
	if at.Sender != "" {
		at.Sender = s.digest("sender", at.Sender)
	}
	dir, total, err := s.reserve(name, at.Sender, size)
	if err != nil {
		s.lose(name)
		return nil, err
	}
	p := &piece{Place: at, Size: size}
	p.Total = max(at.Total, total) // it may take the place of the one that knew
	err = s.write(dir, p, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.bytes -= size
		s.loseLocked(name)
		return nil, fmt.Errorf("keep piece: %w", err)
	}
	u := s.uploads[name]
	if u == nil { // dropped meanwhile
		s.bytes -= size
		os.Remove(p.file)
		return nil, fmt.Errorf("keep piece: %w", ErrFull)
	}
	for _, q := range u.take(p) {
		s.bytes -= q.Size
		os.Remove(q.file)
	}
	u.last = s.now()
	return &Held{s: s, session: session, p: p}, nil
}

// reserve makes room for size more bytes of an upload, and returns its folder
// and its size, -1 if that is not known.
func (s *Store) reserve(name, sender string, size int64) (dir string, total int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); now.Sub(s.swept) > time.Minute {
		s.swept = now
		s.sweep(now)
	}
	u := s.uploads[name]
	if u == nil {
		if len(s.uploads) >= s.c.Count {
			return "", 0, fmt.Errorf("%w: there are %d uploads in pieces already", ErrFull, len(s.uploads))
		}
		if n, _ := s.share(sender); n >= s.c.OfSender {
			return "", 0, fmt.Errorf("%w: %d uploads in pieces", ErrShare, n)
		}
		u = &upload{dir: filepath.Join(s.c.Dir, name), sender: sender, last: s.now()}
		if err := os.MkdirAll(u.dir, 0o700); err != nil {
			return "", 0, fmt.Errorf("keep piece: %w", err)
		}
		s.uploads[name] = u
	}
	switch {
	case u.bytes+size > s.c.Upload:
		return "", 0, fmt.Errorf("%w: the upload is larger than %d bytes", ErrFull, s.c.Upload)
	case s.bytes+size > s.c.Total:
		return "", 0, fmt.Errorf("%w: the share of the disk is used up", ErrFull)
	case len(u.pieces) >= s.c.Pieces:
		return "", 0, fmt.Errorf("%w: the upload has more than %d pieces", ErrFull, s.c.Pieces)
	}
	if _, bytes := s.share(u.sender); bytes+size > s.c.PerSender {
		return "", 0, fmt.Errorf("%w: %d bytes", ErrShare, bytes)
	}
	s.bytes += size
	return u.dir, u.total(), nil
}

// share is what a sender has under way: none, of nobody.
func (s *Store) share(sender string) (uploads int, bytes int64) {
	if sender == "" {
		return 0, 0
	}
	for _, u := range s.uploads {
		if u.sender == sender {
			uploads++
			bytes += u.bytes
		}
	}
	return uploads, bytes
}

// sweep forgets uploads that nobody has gone on with.
func (s *Store) sweep(now time.Time) {
	for name, u := range s.uploads {
		if now.Sub(u.last) > s.c.Keep {
			s.dropLocked(name)
		}
	}
}

func (s *Store) lose(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loseLocked(name)
}

// loseLocked marks an upload as incomplete here, for good. Where even that
// fails, what is missing is found when it is joined.
func (s *Store) loseLocked(name string) {
	if u := s.uploads[name]; u != nil && !u.lost {
		u.lost = true
		_ = os.WriteFile(filepath.Join(u.dir, lostMark), []byte(u.sender), 0o600)
	}
}

// Drop forgets an upload, here and at other nodes.
func (s *Store) Drop(session string) {
	name := s.folder(session)
	s.Forget(name)
	if s.c.Others != nil {
		s.c.Others.Drop(name)
	}
}

func (s *Store) dropLocked(name string) {
	if u := s.uploads[name]; u != nil {
		delete(s.uploads, name)
		s.bytes -= u.bytes
		_ = os.RemoveAll(u.dir) // else Open finds it, and it expires
	}
}

// Rename gives an upload the session that the service has named, once it has.
func (s *Store) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, name := s.folder(from), s.folder(to)
	u := s.uploads[old]
	if u == nil || s.uploads[name] != nil {
		return fmt.Errorf("rename upload: %w", os.ErrNotExist)
	}
	dir := filepath.Join(s.c.Dir, name)
	if err := os.Rename(u.dir, dir); err != nil {
		return fmt.Errorf("rename upload: %w", err)
	}
	u.dir = dir
	for _, p := range u.pieces {
		p.file = filepath.Join(dir, filepath.Base(p.file))
	}
	delete(s.uploads, old)
	s.uploads[name] = u
	return nil
}

// Stats are a Store's gauges.
type Stats struct {
	Uploads int
	Bytes   int64
}

// Stats returns the present numbers.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{len(s.uploads), s.bytes}
}

// Withdraw takes the piece out again: it did not leave.
func (h *Held) Withdraw() {
	s := h.s
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.folder(h.session)
	u := s.uploads[name]
	if u == nil {
		return
	}
	for i, p := range u.pieces {
		if p == h.p {
			u.pieces = append(u.pieces[:i], u.pieces[i+1:]...)
			u.bytes -= p.Size
			s.bytes -= p.Size
			os.Remove(p.file)
			break
		}
	}
	if len(u.pieces) == 0 && !u.lost {
		s.dropLocked(name)
	}
}

// Apart reports whether bytes before the piece are missing here, and may be at
// another node that could not be asked.
func (h *Held) Apart() bool {
	number, err := strconv.Atoi(h.p.ID)
	if h.sure || h.p.ID != "" && h.p.Count == 0 || err != nil && h.p.ID != "" {
		return false // who lists the pieces at the end tells what is missing
	}
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	u := h.s.uploads[h.s.folder(h.session)]
	if u == nil {
		return true
	}
	if h.p.ID == "" {
		_, _, gap := u.byOffset()
		return gap
	}
	before := 0
	for _, p := range u.pieces {
		if p.ID < h.p.ID {
			before++
		}
	}
	return before < number
}

// Complete reports whether the pieces make up a whole of known size, or are as
// many as there are.
func (h *Held) Complete() bool {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	u := h.s.uploads[h.s.folder(h.session)]
	if u == nil {
		return false
	}
	if h.p.ID != "" {
		return h.p.Count > 0 && len(u.pieces) >= h.p.Count
	}
	total := u.total()
	_, end, gap := u.byOffset()
	return total >= 0 && !gap && end >= total
}

// total is the size of the whole, -1 if no piece told.
func (u *upload) total() int64 {
	total := int64(-1)
	for _, p := range u.pieces {
		total = max(total, p.Total)
	}
	return total
}

// newName makes a name that sorts by time.
func newName(now time.Time) string {
	var b [6]byte
	rand.Read(b[:])
	return fmt.Sprintf("%016x-%s%s", now.UnixNano(), hex.EncodeToString(b[:]), suffix)
}

// byOffset lists which bytes of which pieces follow one another from the start,
// where they end, and whether there is a gap between them.
func (u *upload) byOffset() (runs []run, end int64, gap bool) {
	sorted := append([]*piece(nil), u.pieces...)
	sort.SliceStable(sorted, func(i, k int) bool { return sorted[i].Offset < sorted[k].Offset })
	for _, p := range sorted {
		if p.Offset > end {
			gap = true
			end = p.Offset
		}
		if skip := end - p.Offset; skip < p.Size {
			runs = append(runs, run{p: p, skip: skip})
			end = p.Offset + p.Size
		}
	}
	return runs, end, gap
}

// Package evidence keeps what a rule asks to be kept of an upload, encrypted to
// the auditors' keys (age, https://age-encryption.org): who runs the proxy
// cannot open it, nor can who steals its disk. One file an incident, written
// whole or not at all, bounded in size, deleted when its time is over.
//
// A file holds, encrypted, one line of JSON, a [Head], and then the content:
// the body as it was sent, or one [Piece] a line for what was found.
//
// The package does not record: whoever keeps, opens or deletes does.
package evidence

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
)

// What may be kept.
const (
	Matched = "matched" // what was found, with some text around it
	Body    = "body"    // the whole body as it was sent
)

// Head begins what is kept.
type Head struct {
	Incident  string    `json:"incident"`
	What      string    `json:"what"` // Matched or Body
	Time      time.Time `json:"time"`
	User      string    `json:"user,omitempty"`
	Host      string    `json:"host,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	MediaType string    `json:"media_type,omitempty"`
	FileName  string    `json:"file_name,omitempty"`
	Encodings []string  `json:"encodings,omitempty"` // of a body
	Bytes     int64     `json:"bytes"`               // of the body as it was sent
}

// Piece is one thing that was found.
type Piece struct {
	Type   string `json:"type"`
	In     string `json:"in"`             // the part
	Line   int    `json:"line,omitempty"` // from 1
	Value  string `json:"value"`
	Around string `json:"around,omitempty"` // the text around it, if it is known
}

// Config is how evidence is kept. Zero numbers take the defaults.
type Config struct {
	Dir        string
	Recipients []string      // age1…, one at least
	Max        int64         // bytes of one incident; default 16 MiB; the rest is cut off
	Total      int64         // bytes of all; default 10 GiB; then nothing more is kept
	Keep       time.Duration // default 400 days
}

// Store keeps evidence. Safe for concurrent use.
type Store struct {
	cfg Config
	to  []age.Recipient

	mu   sync.Mutex
	used int64 // bytes on disk, and those that are being written
}

// Defaults of Config.
const (
	defaultMax   = 16 << 20
	defaultTotal = 10 << 30
	defaultKeep  = 400 * 24 * time.Hour
)

// Errors of the store.
var (
	ErrFull     = errors.New("there is no more room for evidence")
	ErrIncident = errors.New("that is no incident number")
	ErrNone     = errors.New("there is no evidence of this incident")
)

// Recipients reads the public keys of auditors.
func Recipients(keys []string) ([]age.Recipient, error) {
	if len(keys) == 0 {
		return nil, errors.New("no recipient; write an auditor's public key, as \"age-keygen\" prints it")
	}
	var all []age.Recipient
	for _, k := range keys {
		r, err := age.ParseRecipients(strings.NewReader(k))
		if err != nil || len(r) != 1 {
			return nil, fmt.Errorf("%q is no public key; write such as \"age1…\", as \"age-keygen\" prints it", k)
		}
		all = append(all, r...)
	}
	return all, nil
}

// Open opens the store, making its folder if need be.
func Open(c Config) (*Store, error) {
	to, err := Recipients(c.Recipients)
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	if c.Max <= 0 {
		c.Max = defaultMax
	}
	if c.Total <= 0 {
		c.Total = defaultTotal
	}
	if c.Keep <= 0 {
		c.Keep = defaultKeep
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	s := &Store{cfg: c, to: to}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partSuffix) { // of a crash
			_ = os.Remove(filepath.Join(c.Dir, e.Name()))
		} else if info, err := e.Info(); err == nil {
			s.used += info.Size()
		}
	}
	return s, nil
}

const (
	suffix     = ".age"
	partSuffix = ".part"
)

var goodIncident = regexp.MustCompile(`^[A-Z]{2}-[0-9A-Z-]{4,40}$`)

// path is the file of an incident.
func path(dir, incident string) (string, error) {
	if !goodIncident.MatchString(incident) {
		return "", fmt.Errorf("%w: %q", ErrIncident, incident)
	}
	return filepath.Join(dir, incident+suffix), nil
}

// Kept is what came of keeping.
type Kept struct {
	Bytes int64 // on disk
	Cut   bool  // there was more than the bound
}

// Keep keeps what write writes. It returns when that is on disk.
func (s *Store) Keep(h Head, write func(io.Writer) error) (k Kept, err error) {
	name, err := path(s.cfg.Dir, h.Incident)
	if err != nil {
		return k, fmt.Errorf("keep evidence: %w", err)
	}
	if _, err := os.Lstat(name); err == nil {
		return k, fmt.Errorf("keep evidence: there is some of %s already", h.Incident)
	}
	room := s.cfg.Max + 1<<20 // the encryption adds a little
	if !s.take(room) {
		return k, fmt.Errorf("keep evidence: %w", ErrFull)
	}
	defer func() { s.take(k.Bytes - room) }()
	if k, err = s.keep(name, h, write); err != nil {
		_ = os.Remove(name + partSuffix)
		return Kept{}, fmt.Errorf("keep evidence: %w", err)
	}
	return k, nil
}

func (s *Store) keep(name string, h Head, write func(io.Writer) error) (k Kept, err error) {
	f, err := os.OpenFile(name+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return k, err
	}
	defer f.Close()
	buffer := bufio.NewWriter(f)
	enc, err := age.Encrypt(buffer, s.to...)
	if err != nil {
		return k, err
	}
	head, err := json.Marshal(h)
	if err != nil {
		return k, err
	}
	if _, err = enc.Write(append(head, '\n')); err != nil {
		return k, err
	}
	to := &bounded{w: enc, left: s.cfg.Max}
	if err = write(to); err != nil && !errors.Is(err, errCut) {
		return k, err
	}
	if err = errors.Join(enc.Close(), buffer.Flush(), f.Sync()); err != nil {
		return k, err
	}
	info, err := f.Stat()
	if err != nil {
		return k, err
	}
	if err = errors.Join(f.Close(), os.Rename(name+partSuffix, name)); err != nil {
		return k, err
	}
	if d, err := os.Open(s.cfg.Dir); err == nil {
		_ = d.Sync() // some systems cannot
		_ = d.Close()
	}
	return Kept{Bytes: info.Size(), Cut: to.cut}, nil
}

// take takes room, or gives it back if n is negative.
func (s *Store) take(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 && s.used+n > s.cfg.Total {
		return false
	}
	s.used = max(0, s.used+n)
	return true
}

// errCut ends the writing of what is over the bound.
var errCut = errors.New("over the bound")

// bounded passes on so many bytes.
type bounded struct {
	w    io.Writer
	left int64
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(p)) <= b.left {
		b.left -= int64(len(p))
		return b.w.Write(p)
	}
	b.cut = true
	n, err := b.w.Write(p[:b.left])
	b.left = 0
	if err == nil {
		err = errCut
	}
	return n, err
}

// Info is one piece of evidence, as far as it can be told without opening it.
type Info struct {
	Incident string
	Bytes    int64
	Kept     time.Time
}

// Stat tells of an incident's evidence; ok is false if there is none.
func Stat(dir, incident string) (i Info, ok bool) {
	name, err := path(dir, incident)
	if err != nil {
		return i, false
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return i, false
	}
	return Info{incident, info.Size(), info.ModTime()}, true
}

// List lists what is kept in dir, the oldest first.
func List(dir string) ([]Info, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list evidence: %w", err)
	}
	var all []Info
	for _, e := range entries {
		if incident, ok := strings.CutSuffix(e.Name(), suffix); ok {
			if i, ok := Stat(dir, incident); ok {
				all = append(all, i)
			}
		}
	}
	slices.SortFunc(all, func(a, b Info) int { return a.Kept.Compare(b.Kept) })
	return all, nil
}

// Expired lists what is kept longer than it may be, so that it can be recorded
// before Remove.
func (s *Store) Expired(now time.Time) ([]Info, error) {
	all, err := List(s.cfg.Dir)
	return slices.DeleteFunc(all, func(i Info) bool { return now.Sub(i.Kept) <= s.cfg.Keep }), err
}

// Remove deletes an incident's evidence.
func (s *Store) Remove(incident string) error {
	name, err := path(s.cfg.Dir, incident)
	if err == nil {
		var info fs.FileInfo
		if info, err = os.Stat(name); err == nil {
			if err = os.Remove(name); err == nil {
				s.take(-info.Size())
			}
		}
	}
	if err != nil {
		return fmt.Errorf("remove evidence: %w", err)
	}
	return nil
}

// Read opens an incident's evidence in dir with an auditor's identities. The
// caller has recorded that, closes the content, and must not trust any of it
// before reading it to its end without an error: only then it is whole.
func Read(dir, incident string, identities ...age.Identity) (h Head, content io.ReadCloser, err error) {
	name, err := path(dir, incident)
	if err != nil {
		return h, nil, fmt.Errorf("open evidence: %w", err)
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil, fmt.Errorf("open evidence: %w: %s", ErrNone, incident)
	}
	if err != nil {
		return h, nil, fmt.Errorf("open evidence: %w", err)
	}
	var dec io.Reader
	if dec, err = age.Decrypt(bufio.NewReader(f), identities...); err == nil {
		r := bufio.NewReaderSize(dec, maxHead)
		var line []byte
		if line, err = r.ReadSlice('\n'); err == nil {
			err = json.Unmarshal(line, &h)
		}
		content = struct {
			io.Reader
			io.Closer
		}{r, f}
	}
	if err == nil && h.Incident != incident {
		err = fmt.Errorf("the file is that of %q", h.Incident)
	}
	if err != nil {
		_ = f.Close()
		return Head{}, nil, fmt.Errorf("open evidence: %w", err)
	}
	return h, content, nil
}

// maxHead bounds the first line.
const maxHead = 64 << 10

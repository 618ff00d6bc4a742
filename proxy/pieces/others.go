package pieces

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Others are the Stores of other nodes, to which pieces of the same upload may
// have come. They have the same key, so that they name an upload alike and can
// read each other's files.
type Others interface {
	// Ask tells what they hold of an upload. sure is false if one of them may
	// hold some of it and did not answer.
	Ask(upload string) (all []Holding, sure bool)
	// Fetch copies a file that a node holds, sealed as it is, to w.
	Fetch(node, upload, file string, w io.Writer) error
	// Drop tells them that an upload is over.
	Drop(upload string)
}

// Holding is what a node holds of an upload.
type Holding struct {
	Node  string `json:"node"`
	Files []File `json:"files,omitempty"`
	Lost  bool   `json:"lost,omitempty"` // a piece did not fit there
}

// File is a piece as another node may fetch it.
type File struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // of the piece, in bytes
}

// A piece that came to another node keeps its name, which says when it came, and
// has that node's behind it.
var (
	goodFile = regexp.MustCompile(`^[0-9a-f]{16}-[0-9a-f]{12}\.piece$`)
	fetched  = regexp.MustCompile(`^([0-9a-f]{16}-[0-9a-f]{12})@([A-Za-z0-9_-]+)\.piece$`)
)

func fetchedName(file, node string) string {
	return strings.TrimSuffix(file, suffix) + "@" + node + suffix
}

// Holding tells another node what this one holds of an upload: what came to it
// itself.
func (s *Store) Holding(upload string) (h Holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[upload]
	if u == nil {
		return h
	}
	h.Lost = u.lost
	for _, p := range u.pieces {
		if name := filepath.Base(p.file); goodFile.MatchString(name) {
			h.Files = append(h.Files, File{name, p.Size})
		}
	}
	return h
}

// ReadFile reads of a file that Holding told, from a place on, into b. At its end
// the error is io.EOF.
func (s *Store) ReadFile(upload, file string, off int64, b []byte) (int, error) {
	s.mu.Lock()
	path := ""
	if u := s.uploads[upload]; u != nil {
		for _, p := range u.pieces {
			if filepath.Base(p.file) == file && goodFile.MatchString(file) {
				path = p.file
			}
		}
	}
	s.mu.Unlock()
	if path == "" {
		return 0, fmt.Errorf("read piece: %w", os.ErrNotExist)
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("read piece: %w", err)
	}
	defer f.Close()
	return f.ReadAt(b, off)
}

// Forget drops an upload of which another node says that it is over.
func (s *Store) Forget(upload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(upload)
}

// gather fetches what other nodes hold of an upload and this one does not, and
// tells whether all of them answered. It is called after this node's own piece
// is kept: of two nodes that do so at once, one sees the other's.
func (s *Store) gather(upload string) (sure bool) {
	if s.c.Others == nil {
		return true
	}
	all, sure := s.c.Others.Ask(upload)
	for _, h := range all {
		if h.Lost {
			s.lose(upload)
		}
		s.forgetWithdrawn(upload, h)
		for _, f := range h.Files {
			switch err := s.fetch(upload, h.Node, f); {
			case errors.Is(err, ErrFull):
				s.lose(upload)
			case err != nil:
				sure = false // it may have been taken back, or its node is gone
			}
		}
	}
	return sure
}

// forgetWithdrawn removes what a node held and holds no more: it did not leave.
func (s *Store) forgetWithdrawn(upload string, h Holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[upload]
	if u == nil {
		return
	}
	u.pieces = slices.DeleteFunc(u.pieces, func(p *piece) bool {
		m := fetched.FindStringSubmatch(filepath.Base(p.file))
		if m == nil || m[2] != h.Node || slices.ContainsFunc(h.Files, func(f File) bool { return f.Name == m[1]+suffix }) {
			return false
		}
		u.bytes -= p.Size
		s.bytes -= p.Size
		os.Remove(p.file)
		return true
	})
}

// has tells whether a piece of another node need not be fetched.
func (u *upload) has(name string) bool {
	return u != nil && (u.older[name] || slices.ContainsFunc(u.pieces, func(p *piece) bool { return filepath.Base(p.file) == name }))
}

// fetch keeps a copy of a piece that another node holds.
func (s *Store) fetch(upload, node string, f File) (err error) {
	name := fetchedName(f.Name, node)
	if !goodFile.MatchString(f.Name) || !fetched.MatchString(name) || f.Size < 0 {
		return fmt.Errorf("fetch piece: %q of %q is no file of a piece", f.Name, node)
	}
	s.mu.Lock()
	have := s.uploads[upload].has(name)
	s.mu.Unlock()
	if have {
		return nil
	}
	dir, _, err := s.reserve(upload, "", f.Size)
	if err != nil {
		return err
	}
	p, err := s.copy(dir, node, upload, f)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[upload]
	switch {
	case err == nil && u == nil: // dropped meanwhile
		err = fmt.Errorf("fetch piece: %w", os.ErrNotExist)
	case err == nil && !u.has(name):
		path := filepath.Join(u.dir, name)
		if err = os.Rename(p.file, path); err == nil {
			p.file = path
			s.insert(u, p)
			u.last = s.now()
			return nil
		}
	}
	s.bytes -= f.Size
	if p != nil {
		os.Remove(p.file)
	}
	return err
}

// insert adds a piece that another node has. Which one counts of two at the same
// place is told by when they came, not by when they were fetched.
func (s *Store) insert(u *upload, p *piece) {
	name := filepath.Base(p.file)
	for _, q := range u.pieces {
		if q.at(p) && filepath.Base(q.file) > name {
			if u.older == nil {
				u.older = map[string]bool{}
			}
			u.older[name] = true
			s.bytes -= p.Size
			os.Remove(p.file)
			return
		}
	}
	for _, q := range u.take(p) {
		s.bytes -= q.Size
		os.Remove(q.file)
	}
	slices.SortStableFunc(u.pieces, func(a, b *piece) int { return strings.Compare(filepath.Base(a.file), filepath.Base(b.file)) })
}

// copy fetches a file into the upload's folder, under a name for the time being.
func (s *Store) copy(dir, node, upload string, f File) (p *piece, err error) {
	to, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return nil, explain(err)
	}
	defer func() {
		if err != nil {
			to.Close()
			os.Remove(to.Name())
			p, err = nil, explain(err)
		}
	}()
	if err := s.c.Others.Fetch(node, upload, f.Name, &capped{to, sealedSize(f.Size)}); err != nil {
		return nil, fmt.Errorf("fetch piece: %w", err)
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	if p, err = s.readMeta(to.Name()); err != nil {
		return nil, fmt.Errorf("fetch piece: %w", err)
	}
	if p.Size != f.Size {
		return nil, fmt.Errorf("fetch piece: it has %d bytes instead of %d", p.Size, f.Size)
	}
	return p, nil
}

// sealedSize is the most that the file of a piece takes.
func sealedSize(n int64) int64 { return saltSize + 4 + maxMeta + n + (n/chunk+1)*64 }

// capped writes no more than it may.
type capped struct {
	w    io.Writer
	left int64
}

func (c *capped) Write(b []byte) (int, error) {
	if c.left -= int64(len(b)); c.left < 0 {
		return 0, errors.New("it is longer than it was said to be")
	}
	return c.w.Write(b)
}

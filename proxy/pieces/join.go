package pieces

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
)

// run is a piece's share of a whole.
type run struct {
	p    *piece
	skip int64 // bytes of the piece that stand before already
	from int64 // in the whole
}

func (r *run) size() int64 { return r.p.Size - r.skip }

// Whole is what the pieces of an upload make up. Its bytes can be read at any
// place, by one goroutine or by several; Close gives its file back.
type Whole struct {
	s    *Store
	runs []run
	size int64

	// Missing tells that there are bytes that were never seen here; Lost
	// that there are some that did not fit.
	Missing, Lost bool

	mu     sync.Mutex
	in     *piece // whose file is open
	file   *opened
	window [chunk]byte // of it
	first  int64       // place of the window in the piece
	fill   int
}

// Join puts an upload together: in the order of the IDs given, or, if order is
// nil, of the IDs sorted, or of the offsets. Of an upload that is not known all
// is missing. What came to other nodes is fetched; where that cannot be known,
// an upload that does not tell by itself how much it is has bytes missing.
func (s *Store) Join(session string, order []string) *Whole {
	return s.join(session, order, s.gather(s.folder(session)))
}

// join is Join of what is here; sure tells that this is all that there is.
func (s *Store) join(session string, order []string, sure bool) *Whole {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &Whole{s: s}
	u := s.uploads[s.folder(session)]
	if u == nil {
		w.Missing = true
		return w
	}
	w.Lost = u.lost
	byID := map[string]*piece{}
	for _, p := range u.pieces {
		if p.ID != "" {
			byID[p.ID] = p
		}
	}
	if len(byID) == 0 {
		var end int64
		w.runs, end, w.Missing = u.byOffset()
		w.Missing = w.Missing || u.total() > end || len(order) > 0 || !sure && u.total() < 0
	} else {
		if order == nil {
			w.Missing = !sure
			for id := range byID {
				order = append(order, id)
			}
			sort.Strings(order)
		}
		for _, id := range order {
			p := byID[id]
			if p == nil {
				w.Missing = true
				continue
			}
			w.runs = append(w.runs, run{p: p})
		}
	}
	for i := range w.runs {
		w.runs[i].from = w.size
		w.size += w.runs[i].size()
	}
	return w
}

// Size is the bytes there are.
func (w *Whole) Size() int64 { return w.size }

// Pieces is how many pieces they come from.
func (w *Whole) Pieces() int { return len(w.runs) }

// Digest identifies the whole as it was cut into pieces.
func (w *Whole) Digest() (sum [sha256.Size]byte) {
	h := sha256.New()
	for i := range w.runs {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(w.runs[i].skip))
		h.Write(n[:])
		h.Write(w.runs[i].p.Digest[:])
	}
	h.Sum(sum[:0])
	return sum
}

// ReadAt implements io.ReaderAt.
func (w *Whole) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read upload: negative offset")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	i := sort.Search(len(w.runs), func(i int) bool { return w.runs[i].from+w.runs[i].size() > off })
	for ; i < len(w.runs) && n < len(b); i++ {
		r := &w.runs[i]
		at := off + int64(n) - r.from + r.skip
		for at < r.p.Size && n < len(b) {
			if err := w.load(r.p, at); err != nil {
				return n, fmt.Errorf("read upload: %w", err)
			}
			k := copy(b[n:], w.window[at-w.first:w.fill])
			n, at = n+k, at+int64(k)
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// load makes the window hold what is at a place of p.
func (w *Whole) load(p *piece, at int64) error {
	if w.in == p && w.file != nil && at >= w.first && at < w.first+int64(w.fill) {
		return nil
	}
	if w.in != p || w.file == nil {
		w.close()
		f, err := w.s.open(p)
		if err != nil {
			return err
		}
		w.in, w.file = p, f
	}
	w.first = at / chunk * chunk
	n := int(min(chunk, p.Size-w.first))
	k, err := w.file.at.ReadAt(w.window[:n], w.first)
	if k < n {
		w.fill = 0
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	w.fill = n
	return nil
}

func (w *Whole) close() {
	if w.file != nil {
		w.file.f.Close()
	}
	w.in, w.file, w.fill = nil, nil, 0
}

// Close gives the file back and wipes what was read last.
func (w *Whole) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.close()
	clear(w.window[:])
	return nil
}

// Reader reads the whole from the start.
func (w *Whole) Reader() *io.SectionReader { return io.NewSectionReader(w, 0, w.size) }

// Around returns up to n bytes of what stands before the piece and after it, as
// far as that is here: a record may be cut between two pieces. Where the
// pieces' order is not known yet, that of their IDs is taken.
func (h *Held) Around(n int) (before, after []byte) {
	whole := h.s.join(h.session, nil, true)
	defer whole.Close()
	for i := range whole.runs {
		r := &whole.runs[i]
		if r.p != h.p {
			continue
		}
		if i > 0 && next(&whole.runs[i-1], r) {
			from := max(0, r.from-int64(n))
			before = make([]byte, r.from-from)
			if _, err := whole.ReadAt(before, from); err != nil {
				before = nil
			}
		}
		if i+1 < len(whole.runs) && next(r, &whole.runs[i+1]) {
			from := r.from + r.size()
			after = make([]byte, min(int64(n), whole.size-from))
			if _, err := whole.ReadAt(after, from); err != nil && err != io.EOF {
				after = nil
			}
		}
		break
	}
	return before, after
}

// next reports whether b follows a without a gap that is known.
func next(a, b *run) bool {
	return a.p.ID != "" || a.p.Offset+a.p.Size == b.p.Offset+b.skip
}

package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// Errors that say that the log and a witness do not agree. They do not go away
// by trying again.
var (
	// ErrAhead: the witness has cosigned more records than the log has.
	ErrAhead = errors.New("the witness has seen more records than the log has: the log was cut or put back")
	// ErrFork: the log does not continue what the witness has cosigned.
	ErrFork = errors.New("the log does not continue what the witness has cosigned: it was changed")
)

// Source is the log: its last checkpoint as a signed note (nil before the
// first), and proofs between sizes that checkpoints cover.
type Source interface {
	Last() (checkpoint.Checkpoint, []byte)
	ProveGrowth(from, to uint64) ([]tlog.Hash, error)
}

// Status is how things stand with one witness.
type Status struct {
	Name string
	// Cosigned is the last checkpoint that it cosigned for us, At when.
	Cosigned checkpoint.Checkpoint
	At       time.Time
	// Err is why the last try failed, nil if it did not; Since when none
	// succeeded.
	Err   error
	Since time.Time
}

// Client gets cosignatures from one witness. Run does it all; the rest may be
// called at any time.
type Client struct {
	url  string
	key  note.Verifier
	from Source
	file string
	http *http.Client

	mu sync.Mutex
	st Status
}

// NewClient asks the witness at url, whose public key is key. The last
// cosigned checkpoint is kept in dir, to be shown to whoever verifies the log.
func NewClient(url, key, dir string, from Source, c *http.Client) (*Client, error) {
	v, err := checkpoint.ParseKey(key)
	if err != nil {
		return nil, err
	}
	w := &Client{url: strings.TrimSuffix(url, "/"), key: v, from: from, http: c,
		file: "cosigned-" + id(v.Name())[:16], st: Status{Name: v.Name(), Since: time.Now()}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of cosignatures: %w", err)
	}
	w.file = filepath.Join(dir, w.file)
	if b, err := os.ReadFile(w.file); err == nil {
		w.took(b) // a damaged one counts as none: the witness knows better
	}
	return w, nil
}

// Status tells how things stand.
func (w *Client) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.st
}

// took notes a cosigned checkpoint.
func (w *Client) took(b []byte) bool {
	c, n, err := checkpoint.Open(b, w.key)
	if err != nil {
		return false
	}
	at, ok := CosignedAt(n)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.st.Cosigned, w.st.At, w.st.Err = c, at, nil
	return ok
}

// CosignedAt is the time of the only verified cosignature of n.
func CosignedAt(n *note.Note) (time.Time, bool) {
	if len(n.Sigs) != 1 {
		return time.Time{}, false
	}
	return checkpoint.CosignedAt(n.Sigs[0])
}

// Run asks for a cosignature every so often until ctx is done; after a failure
// again, more slowly each time up to a minute. changed is called after each
// try.
func (w *Client) Run(ctx context.Context, every time.Duration, changed func(Status)) {
	wait := every
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err := w.Ask(ctx); err != nil && ctx.Err() == nil {
			w.mu.Lock()
			if w.st.Err == nil {
				w.st.Since = time.Now()
			}
			w.st.Err = err
			w.mu.Unlock()
			wait = max(every, min(2*wait, time.Minute))
		} else {
			wait = every
		}
		changed(w.Status())
	}
}

// Ask gets the last checkpoint cosigned, unless it is.
func (w *Client) Ask(ctx context.Context) error {
	c, signed := w.from.Last()
	if signed == nil {
		return nil
	}
	old := w.Status().Cosigned
	if old.Origin != c.Origin {
		old = checkpoint.Checkpoint{}
	}
	if old.Origin != "" && old.Number == c.Number && old.Size == c.Size && old.Root == c.Root {
		return nil
	}
	if old.Size > c.Size {
		return ErrAhead
	}
	size := old.Size
	for try := 0; ; try++ {
		theirs, err := w.send(ctx, size, c, signed)
		if !errors.Is(err, errStale) {
			return err
		}
		switch {
		case theirs > c.Size:
			return ErrAhead
		case theirs == size, try > 0: // the same size, and still not agreed
			return ErrFork
		}
		size = theirs
	}
}

var errStale = errors.New("the witness is elsewhere")

// send posts one request. With errStale it returns the witness's size.
func (w *Client) send(ctx context.Context, old uint64, c checkpoint.Checkpoint, signed []byte) (uint64, error) {
	proof, err := w.from.ProveGrowth(old, c.Size)
	if err != nil {
		return 0, err
	}
	body := request{old, proof, signed}.encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+addPath, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("ask witness: %w", err)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask witness: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, checkpoint.MaxNote))
	if err != nil {
		return 0, fmt.Errorf("ask witness: %w", err)
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusConflict:
		size, err := checkpoint.ParseSize(strings.TrimSuffix(string(b), "\n"))
		if err != nil {
			return 0, fmt.Errorf("ask witness: it answered %d without its size", res.StatusCode)
		}
		return size, errStale
	case http.StatusUnprocessableEntity:
		return 0, ErrFork
	default:
		return 0, fmt.Errorf("ask witness: it answered %s", res.Status)
	}
	cosigned := append(bytes.Clone(signed), b...)
	if !w.took(cosigned) {
		return 0, errors.New("ask witness: its answer is no cosignature of the key that is configured")
	}
	if err := keep(filepath.Dir(w.file), filepath.Base(w.file), cosigned); err != nil {
		return 0, fmt.Errorf("keep cosigned checkpoint: %w", err)
	}
	return 0, nil
}

// Fetch reads the last checkpoint of a log that the witness at url has
// cosigned. An empty origin asks for the only one.
func Fetch(ctx context.Context, url, origin string, key note.Verifier, c *http.Client) (checkpoint.Checkpoint, time.Time, error) {
	path := "/checkpoint"
	if origin != "" {
		path = "/" + id(origin) + path
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+path, nil)
	if err != nil {
		return checkpoint.Checkpoint{}, time.Time{}, fmt.Errorf("ask witness: %w", err)
	}
	res, err := c.Do(req)
	if err != nil {
		return checkpoint.Checkpoint{}, time.Time{}, fmt.Errorf("ask witness: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, checkpoint.MaxNote+1))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %s", res.Status)
	}
	if err != nil {
		return checkpoint.Checkpoint{}, time.Time{}, fmt.Errorf("ask witness: %w", err)
	}
	got, n, err := checkpoint.Open(b, key)
	if err != nil {
		return got, time.Time{}, fmt.Errorf("ask witness: %w", err)
	}
	at, _ := CosignedAt(n)
	return got, at, nil
}

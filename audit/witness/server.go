package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// Server cosigns. It is an http.Handler:
//
//	POST /add-checkpoint        see C2SP tlog-witness
//	GET  /checkpoint            the last cosigned checkpoint, where the witness has one log
//	GET  /HEX/checkpoint        the same of any log; HEX is the SHA-256 of its origin
//	GET  /key                   the witness's public key
//	GET  /status                how many records of each log were cosigned, and how long ago, as JSON
//	GET  /healthz
type Server struct {
	key  *checkpoint.Key
	logs map[string]*witnessed // by origin
	dir  string
	log  *slog.Logger
	mux  *http.ServeMux

	refusedMu sync.Mutex
	refused   map[string]time.Time // when a kind of refusal was last recorded
}

// witnessed is what is known of one log.
type witnessed struct {
	key  note.Verifier
	file string
	mu   sync.Mutex // one request at a time: check, keep, answer
	last checkpoint.Checkpoint
	note []byte    // cosigned; nil before the first
	at   time.Time // when
}

// NewServer cosigns for the logs with the given public keys, whose names are
// their origins. What it has seen is kept in dir, which must outlive it.
func NewServer(key *checkpoint.Key, logs []string, dir string, log *slog.Logger) (*Server, error) {
	s := &Server{key: key, logs: map[string]*witnessed{}, dir: dir, log: log, mux: http.NewServeMux(), refused: map[string]time.Time{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the witness's folder: %w", err)
	}
	for _, k := range logs {
		v, err := checkpoint.ParseKey(k)
		if err != nil {
			return nil, err
		}
		if s.logs[v.Name()] != nil {
			return nil, fmt.Errorf("there are two keys for the log %s", v.Name())
		}
		w := &witnessed{key: v, file: id(v.Name()) + ".checkpoint"}
		if err := w.load(dir, key.Verifier); err != nil {
			return nil, err
		}
		s.logs[v.Name()] = w
	}
	if len(s.logs) == 0 {
		return nil, errors.New("a witness needs the public key of a log")
	}
	s.mux.HandleFunc("POST "+addPath, s.add)
	s.mux.HandleFunc("GET /checkpoint", s.only)
	s.mux.HandleFunc("GET /{id}/checkpoint", s.named)
	s.mux.HandleFunc("GET /key", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, key.Public) })
	s.mux.HandleFunc("GET /status", s.status)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return s, nil
}

func id(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// load reads the last cosigned checkpoint. A damaged one is an error: a
// witness that forgot must not cosign.
func (w *witnessed) load(dir string, own note.Verifier) error {
	b, err := os.ReadFile(filepath.Join(dir, w.file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last checkpoint of %s: %w", w.key.Name(), err)
	}
	for _, v := range []note.Verifier{w.key, own} {
		var n *note.Note
		if w.last, n, err = checkpoint.Open(b, v); err == nil {
			w.at, _ = CosignedAt(n)
		} else {
			return fmt.Errorf("the last checkpoint of %s in %s is damaged, or of other keys: %w", w.key.Name(), w.file, err)
		}
	}
	w.note = b
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) add(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	req, err := parseRequest(b)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	origin, _, _ := strings.Cut(string(req.note), "\n")
	known := s.logs[origin]
	if known == nil {
		http.Error(w, "unknown log", http.StatusNotFound)
		return
	}
	c, _, err := checkpoint.Open(req.note, known.key)
	var unsigned *note.UnverifiedNoteError
	var forged *note.InvalidSignatureError
	switch {
	case errors.As(err, &unsigned), errors.As(err, &forged):
		s.refuse(known, r, http.StatusForbidden, "not signed by the log's key", nil)
		http.Error(w, "not signed by the log's key", http.StatusForbidden)
		return
	case err != nil || c.Origin != origin || req.old > c.Size:
		http.Error(w, errRequest.Error(), http.StatusBadRequest)
		return
	}
	s.cosign(w, r, known, c, req)
}

// cosign answers a request whose checkpoint the log signed.
func (s *Server) cosign(w http.ResponseWriter, r *http.Request, known *witnessed, c checkpoint.Checkpoint, req request) {
	known.mu.Lock()
	defer known.mu.Unlock()
	conflict := func(why string) {
		if why != "" {
			s.refuse(known, r, http.StatusConflict, why, req.note)
		}
		w.Header().Set("Content-Type", sizeType)
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, "%d\n", known.last.Size)
	}
	if req.old != known.last.Size {
		why := ""
		if c.Size < known.last.Size {
			why = fmt.Sprintf("the log has become shorter: %d records after %d", c.Size, known.last.Size)
		}
		conflict(why) // else the node only asks where the witness stands
		return
	}
	old := known.last
	old.Origin = c.Origin
	if c.Size == old.Size && old.Size > 0 && c.Root != old.Root {
		conflict(fmt.Sprintf("the log forked: two roots over %d records", c.Size))
		return
	}
	if err := checkpoint.CheckGrowth(req.proof, old, c); err != nil {
		s.refuse(known, r, http.StatusUnprocessableEntity, err.Error(), req.note)
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	signed, line, err := s.sign(known, req.note)
	if err == nil {
		err = keep(s.dir, known.file, signed)
	}
	if err != nil {
		s.log.Error("checkpoint not cosigned", "log", c.Origin, "error", err)
		http.Error(w, "the witness cannot keep its state", http.StatusInternalServerError)
		return
	}
	known.last, known.note, known.at = c, signed, time.Now()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, line)
}

// sign returns the checkpoint with the log's and the witness's signatures, and
// the witness's line alone.
func (s *Server) sign(known *witnessed, msg []byte) (signed []byte, line string, err error) {
	n, err := note.Open(msg, note.VerifierList(known.key))
	if err != nil {
		return nil, "", err
	}
	n.UnverifiedSigs = nil
	if signed, err = note.Sign(n, s.key); err != nil {
		return nil, "", err
	}
	i := strings.LastIndex(strings.TrimSuffix(string(signed), "\n"), "\n")
	return signed, string(signed[i+1:]), nil
}

// logStatus is one log as /status tells it.
type logStatus struct {
	Log     string    `json:"log"`
	Records uint64    `json:"records"`
	At      time.Time `json:"at"`
	Silent  float64   `json:"silent_seconds"` // since then
}

func (s *Server) list() []logStatus {
	var all []logStatus
	for origin, k := range s.logs {
		k.mu.Lock()
		all = append(all, logStatus{origin, k.last.Size, k.at.UTC(), time.Since(k.at).Seconds()})
		k.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b logStatus) int { return strings.Compare(a.Log, b.Log) })
	return all
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.list())
}

// Watch warns, once each time, of a log that has been cosigned and then asks
// for no cosignature for longer than limit. It runs until ctx is done.
func (s *Server) Watch(ctx context.Context, limit time.Duration) {
	silent := map[string]bool{}
	for {
		for _, l := range s.list() {
			now := !l.At.IsZero() && time.Since(l.At) > limit
			switch {
			case now && !silent[l.Log]:
				s.log.Warn("a log is silent: it stands still, or is kept from its witness", "log", l.Log, "since", l.At)
			case !now && silent[l.Log]:
				s.log.Info("a log is heard again", "log", l.Log)
			}
			silent[l.Log] = now
		}
		select {
		case <-time.After(limit / 10):
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) only(w http.ResponseWriter, r *http.Request) {
	for _, known := range s.logs {
		if len(s.logs) == 1 {
			known.serve(w)
			return
		}
	}
	http.Error(w, "the witness has several logs; ask for /HEX/checkpoint, HEX being the SHA-256 of the log's name", http.StatusNotFound)
}

func (s *Server) named(w http.ResponseWriter, r *http.Request) {
	for origin, known := range s.logs {
		if id(origin) == r.PathValue("id") {
			known.serve(w)
			return
		}
	}
	http.NotFound(w, r)
}

func (k *witnessed) serve(w http.ResponseWriter) {
	k.mu.Lock()
	b := k.note
	k.mu.Unlock()
	if b == nil {
		http.Error(w, "no checkpoint was cosigned yet", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b)
}

// refusal is one line of refused.jsonl. Note is the checkpoint as it was sent:
// signed by the log's key, it is proof of what the log's owner tried.
type refusal struct {
	Time   time.Time `json:"time"`
	Log    string    `json:"log"`
	From   string    `json:"from"`
	Status int       `json:"status"`
	Why    string    `json:"why"`
	Held   string    `json:"held,omitempty"`
	Note   string    `json:"note,omitempty"`
}

const (
	refusedFile  = "refused.jsonl"
	maxRefused   = 16 << 20         // bytes; then nothing more is kept there
	refusedEvery = 10 * time.Second // of one kind and log; all are logged
)

// refuse keeps a record of what was refused. Its failure is only logged: the
// cosignature is refused anyway.
func (s *Server) refuse(k *witnessed, r *http.Request, status int, why string, sent []byte) {
	s.log.Warn("checkpoint refused", "log", k.key.Name(), "from", r.RemoteAddr, "status", status, "why", why)
	s.refusedMu.Lock()
	defer s.refusedMu.Unlock()
	kind := k.key.Name() + "\n" + why
	if now := time.Now(); now.Sub(s.refused[kind]) < refusedEvery {
		return
	} else if len(s.refused) > 1000 {
		clear(s.refused)
	} else {
		s.refused[kind] = now
	}
	line, err := json.Marshal(refusal{time.Now().UTC(), k.key.Name(), r.RemoteAddr, status, why, string(k.note), string(sent)})
	if err == nil {
		err = addLine(filepath.Join(s.dir, refusedFile), line)
	}
	if err != nil {
		s.log.Error("refusal not kept", "error", err)
	}
}

func addLine(file string, line []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > maxRefused {
		return errors.Join(err, errors.New("the file of refusals is full; put it aside"))
	}
	_, err = f.Write(append(slices.Clip(line), '\n'))
	return errors.Join(err, f.Sync())
}

// keep puts a file in place of another, whole and on disk before it returns.
func keep(dir, name string, b []byte) error {
	temp := filepath.Join(dir, name+".new")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(dir, name)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // not every file system can
	return d.Close()
}

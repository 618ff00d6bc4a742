package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sekimori-dlp/sekimori/proxy/pieces"
)

// Pieces brings together the pieces of an upload that came to several nodes: a
// node asks the others for what they hold when it gets one, and fetches it, as
// it lies sealed there. Nothing of it is kept in the engine. It is the
// [pieces.Others] of this node's store. Safe for concurrent use.
type Pieces struct {
	f *Fleet

	mu    sync.Mutex
	store *pieces.Store
	mute  map[string]time.Time // nodes that let us wait in vain, and until when they are not asked
}

// Pieces returns what this node's store asks for those of the others. Serve has
// to be called before Run.
func (f *Fleet) Pieces() *Pieces { return f.pieces }

// Serve gives the others what this node's store holds.
func (p *Pieces) Serve(s *pieces.Store) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store = s
}

const (
	askTime    = 2 * time.Second  // for an answer of one node
	askedLong  = 48 * time.Hour   // a node that was not heard of for longer holds nothing any more
	muteTime   = 15 * time.Second // a node that did not answer is not asked for as long
	pieceBlock = 1 << 20          // bytes of a file a message
	answerers  = 4                // requests that a node answers at once
)

// request is what a node asks another one.
type request struct {
	ID     string `json:"id"` // stands in the answer
	Do     string `json:"do"`
	Upload string `json:"upload"`
	File   string `json:"file,omitempty"`
	At     int64  `json:"at,omitempty"`
}

// What a request asks for.
const (
	doList = "list"
	doRead = "read"
	doDrop = "drop"
)

// answer is the first line of an answer; after it come the bytes of a file.
type answer struct {
	ID   string         `json:"id"`
	Have pieces.Holding `json:"have,omitzero"`
	End  bool           `json:"end,omitempty"` // of the file
	Bad  string         `json:"bad,omitempty"`
}

// answerTo is what answers to a subject are sealed for.
func answerTo(subject string) string { return subject + ".answer" }

// ask sends a request to a node and gives its answer.
func (p *Pieces) ask(node string, r request) (a answer, body []byte, err error) {
	e, subject := p.f.engine, p.f.cfg.piecesSubject(node)
	e.mu.Lock()
	conn := e.conn
	e.mu.Unlock()
	if conn == nil {
		return a, nil, errNotYet
	}
	var id [16]byte
	rand.Read(id[:])
	r.ID = hex.EncodeToString(id[:])
	plain, err := json.Marshal(r)
	if err != nil {
		return a, nil, err
	}
	p.mu.Lock()
	until := p.mute[node]
	p.mu.Unlock()
	if time.Now().Before(until) {
		return a, nil, fmt.Errorf("ask %s for pieces: it did not answer a moment ago", node)
	}
	m, err := conn.Request(subject, e.seal.seal(subject, plain), askTime)
	if errors.Is(err, nats.ErrTimeout) {
		p.mu.Lock()
		p.mute[node] = time.Now().Add(muteTime)
		p.mu.Unlock()
	}
	if err != nil {
		return a, nil, fmt.Errorf("ask %s for pieces: %w", node, err)
	}
	if plain, err = e.seal.open(answerTo(subject), m.Data); err != nil {
		return a, nil, fmt.Errorf("ask %s for pieces: %w", node, err)
	}
	head, body, _ := bytes.Cut(plain, []byte{'\n'})
	if err := json.Unmarshal(head, &a); err != nil || a.ID != r.ID {
		return a, nil, fmt.Errorf("ask %s for pieces: the answer is to something else: %w", node, errSeal)
	}
	if a.Bad != "" {
		return a, nil, fmt.Errorf("ask %s for pieces: %s", node, a.Bad)
	}
	return a, body, nil
}

// others are the nodes that may hold something.
func (p *Pieces) others() (names []string) {
	now := time.Now()
	p.f.roster.mu.Lock()
	defer p.f.roster.mu.Unlock()
	for name, n := range p.f.roster.nodes {
		if now.Sub(n.At) < askedLong {
			names = append(names, name)
		}
	}
	return names
}

// Ask implements pieces.Others. It takes askTime at most.
func (p *Pieces) Ask(upload string) (all []pieces.Holding, sure bool) {
	if p.f.cfg.single() {
		return nil, true
	}
	away, _ := p.f.engine.Away()
	sure = away.IsZero()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, node := range p.others() {
		wg.Go(func() {
			a, _, err := p.ask(node, request{Do: doList, Upload: upload})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				sure = false
				p.f.log.Debug("fleet: a node was not asked for pieces", "node", node, "error", err)
				return
			}
			a.Have.Node = node
			all = append(all, a.Have)
		})
	}
	wg.Wait()
	return all, sure
}

// Fetch implements pieces.Others.
func (p *Pieces) Fetch(node, upload, file string, w io.Writer) error {
	for at := int64(0); ; {
		a, b, err := p.ask(node, request{Do: doRead, Upload: upload, File: file, At: at})
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		if at += int64(len(b)); a.End {
			return nil
		}
		if len(b) == 0 {
			return io.ErrUnexpectedEOF
		}
	}
}

// Drop implements pieces.Others. Who does not hear it forgets the upload when it
// has become too old.
func (p *Pieces) Drop(upload string) {
	if p.f.cfg.single() {
		return
	}
	for _, node := range p.others() {
		go func() { _, _, _ = p.ask(node, request{Do: doDrop, Upload: upload}) }()
	}
}

// run answers the others until ctx is done.
func (p *Pieces) run(ctx context.Context) {
	p.mu.Lock()
	store := p.store
	p.mu.Unlock()
	if store == nil {
		return
	}
	e, subject := p.f.engine, p.f.cfg.piecesSubject(p.f.cfg.Node)
	asked := make(chan *nats.Msg, 64*answerers)
	for ctx.Err() == nil { // the client goes on listening once it does, whatever happens
		e.mu.Lock()
		conn := e.conn
		e.mu.Unlock()
		if conn != nil {
			s, err := conn.ChanSubscribe(subject, asked)
			if err == nil {
				defer func() { _ = s.Unsubscribe() }()
				break
			}
			p.f.log.Warn("fleet: other nodes cannot ask for pieces of uploads", "error", err)
		}
		pause(ctx, firstPause)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for range answerers {
		wg.Go(func() {
			block := make([]byte, pieceBlock)
			for {
				select {
				case <-ctx.Done():
					return
				case m := <-asked:
					if err := p.reply(store, subject, m, block); err != nil {
						p.f.log.Warn("fleet: a request for pieces is not answered", "error", err)
					}
				}
			}
		})
	}
}

func (p *Pieces) reply(store *pieces.Store, subject string, m *nats.Msg, block []byte) error {
	seal := p.f.engine.seal
	plain, err := seal.open(subject, m.Data)
	if err != nil {
		return err
	}
	var r request
	if err := json.Unmarshal(plain, &r); err != nil {
		return err
	}
	a, body := answer{ID: r.ID}, []byte(nil)
	switch r.Do {
	case doList:
		a.Have = store.Holding(r.Upload)
	case doRead:
		n, err := store.ReadFile(r.Upload, r.File, max(r.At, 0), block)
		body, a.End = block[:n], errors.Is(err, io.EOF)
		if err != nil && !a.End {
			a.Bad = "the piece cannot be read"
		}
	case doDrop:
		store.Forget(r.Upload)
	default:
		a.Bad = "it does not know how to " + r.Do
	}
	head, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return m.Respond(seal.seal(answerTo(subject), append(append(head, '\n'), body...)))
}

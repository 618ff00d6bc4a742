package proxy

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
)

// talkPause is how long the client of a call that could be a conversation sends
// nothing, between two messages, until it is taken to wait for an answer.
const talkPause = 50 * time.Millisecond

// talk is a call of gRPC or Connect over HTTP/2, whose client may wait for an
// answer before it goes on. Such a call cannot be held whole: each side would
// wait for the other. So it is inspected in stretches of whole messages: all
// that came until the client paused, and from then on whatever has come, each
// judged by the gate like an upload and passed on only then. A call without a
// pause is one stretch, held whole like any upload.
type talk struct {
	x      *exchange
	chunks chan []byte // what the client sends
	err    error       // why chunks is closed; io.EOF at the end of the body
	ended  bool        // chunks was seen to be closed
	pause  time.Duration

	have []byte // of a chunk, not yet read
	head []byte // of the next message's head
	left uint32 // of the message under way

	// refused is the outcome of a stretch that is kept in.
	refused atomic.Pointer[gate.Outcome]

	mu   sync.Mutex
	over bool
	done chan struct{}
	now  *gate.Outcome // of the stretch on its way out
	r    io.Reader     // of its body; nil between stretches
}

// errKeptIn ends the request at the origin.
var errKeptIn = errors.New("the next message is kept in")

// isTalk tells whether a request's client may wait for answers.
func isTalk(r *http.Request) bool {
	ct := r.Header.Get("Content-Type")
	return r.ProtoMajor == 2 && hasBody(r) &&
		(strings.HasPrefix(ct, "application/grpc") && !strings.HasPrefix(ct, "application/grpc-web") || strings.HasPrefix(ct, "application/connect+"))
}

// converse has the gate see the first stretch only, where a request may be a
// conversation.
func (x *exchange) converse(r *http.Request) {
	if !isTalk(r) {
		return
	}
	t := &talk{x: x, chunks: make(chan []byte), done: make(chan struct{}), pause: talkPause}
	x.talk = t
	x.asked.Body, x.asked.Length = t, -1
	go t.take(&x.in)
}

// take reads what the client sends until it or the exchange ends.
func (t *talk) take(body io.Reader) {
	defer close(t.chunks)
	// Two in turn: while one is read, the other is filled.
	var chunks [2][32 << 10]byte
	for i := 0; ; i ^= 1 {
		n, err := body.Read(chunks[i][:])
		if n > 0 {
			select {
			case t.chunks <- chunks[i][:n]:
			case <-t.done:
				t.err = context.Canceled
				return
			}
		}
		if err != nil {
			t.err = err
			return
		}
	}
}

// Read gives a stretch: messages until the client pauses after one.
func (t *talk) Read(p []byte) (int, error) {
	if len(t.have) == 0 && !t.more() {
		if t.ended {
			return 0, t.err
		}
		return 0, io.EOF
	}
	n := copy(p, t.have)
	t.follow(t.have[:n])
	t.have = t.have[n:]
	return n, nil
}

// more waits for the next chunk; false at the end of a stretch or of the body.
func (t *talk) more() bool {
	var ok bool
	if t.left > 0 || len(t.head) > 0 {
		t.have, ok = <-t.chunks
	} else {
		timer := time.NewTimer(t.pause)
		defer timer.Stop()
		select {
		case t.have, ok = <-t.chunks:
		case <-timer.C:
			return false
		}
	}
	t.ended = !ok
	return ok
}

// follow keeps track of where messages end: each has a flag and its length in
// four bytes before it.
func (t *talk) follow(p []byte) {
	for len(p) > 0 {
		if k := min(int(t.left), len(p)); k > 0 {
			t.left, p = t.left-uint32(k), p[k:]
			continue
		}
		t.head, p = append(t.head, p[0]), p[1:]
		if len(t.head) == 5 {
			t.left, t.head = binary.BigEndian.Uint32(t.head[1:]), t.head[:0]
		}
	}
}

// goOn has a request that passed with its first stretch go on with the next.
func (x *exchange) goOn(r *http.Request) {
	t := x.talk
	if t == nil || t.ended {
		return // it is whole
	}
	t.pause = 0
	if b := x.outcome.Body; b != nil {
		t.r = b.NewReader() // closed with the exchange
	}
	x.upload, x.lent = nil, false
	r.Body, r.GetBody, r.ContentLength = talkBody{t}, nil, -1
}

// talkBody is the body at the origin of a conversation.
type talkBody struct{ t *talk }

// Read implements io.Reader.
func (b talkBody) Read(p []byte) (int, error) {
	t := b.t
	for {
		if r := t.stretch(); r != nil {
			if n, err := r.Read(p); n > 0 || err != io.EOF {
				return n, err
			}
			t.send(nil)
		}
		if len(t.have) == 0 && !t.ended {
			var ok bool
			t.have, ok = <-t.chunks
			t.ended = !ok
		}
		if len(t.have) == 0 {
			return 0, t.err
		}
		q := t.x.asked
		q.Body, q.Use, q.Headers, q.Trailer, q.Query, q.Confirm = t, nil, nil, nil, "", ""
		o := t.x.s.gate.Check(t.x.r.Context(), &q)
		switch {
		case o.Failure == gate.Aborted:
			o.Close()
			return 0, context.Canceled
		case !o.Passes():
			o.Close()
			t.refused.Store(&o)
			t.x.kept(&o, "gRPC")
			return 0, errKeptIn
		}
		t.send(&o)
	}
}

// Close implements io.Closer; the transport calls it when it is done.
func (b talkBody) Close() error {
	b.t.end()
	return nil
}

func (t *talk) stretch() io.Reader {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.r
}

// send has o's body go out next; nil: nothing.
func (t *talk) send(o *gate.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now != nil {
		t.now.Close()
	}
	if t.now, t.r = o, nil; o == nil {
		return
	}
	if t.over {
		o.Close()
		t.now = nil
	} else if o.Body != nil {
		t.r = o.Body.NewReader()
	}
}

// end lets go of everything. It may be called more than once.
func (t *talk) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.over = true
	close(t.done)
	if t.now != nil {
		t.now.Close()
		t.now = nil
	}
}

// refusal is the answer where a later stretch is kept in before the origin has
// answered; nil if none is.
func (t *talk) refusal() *answer.Answer {
	if t == nil {
		return nil
	}
	o := t.refused.Load()
	if o == nil {
		return nil
	}
	t.x.outcome.Close()
	t.x.outcome = *o
	return t.x.refusal()
}

// talkAnswer is the origin's answer in a conversation. Where a later stretch is
// kept in, it ends as the service's own answers do when they fail.
type talkAnswer struct {
	io.ReadCloser
	t    *talk
	resp *http.Response
}

// Read implements io.Reader.
func (a *talkAnswer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == nil || a.t.refused.Load() == nil {
		return n, err
	}
	told := a.t.refusal().Response(a.t.x.r)
	if told.Header["Grpc-Status"] == nil {
		return n, err // Connect: it is cut off
	}
	if a.resp.Trailer == nil {
		a.resp.Trailer = http.Header{}
	}
	for _, name := range []string{"Grpc-Status", "Grpc-Message"} {
		a.resp.Trailer[name] = slices.Clone(told.Header[name])
	}
	return n, io.EOF
}

// kept logs an outcome that keeps something in.
func (x *exchange) kept(o *gate.Outcome, protocol string) {
	x.s.log.Info("kept in", "incident", o.Incident, "action", o.Verdict.Action.String(), "rule", o.Verdict.Rule,
		"failure", string(o.Failure), "user", x.who.User, "address", x.who.Address, "host", x.host, "protocol", protocol)
}

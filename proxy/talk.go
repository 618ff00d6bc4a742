package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// talk is a request whose client may wait for an answer before it goes on, or never
// end: a call of gRPC or Connect over HTTP/2, or a stream of events of undeclared
// length. Such a body cannot be held whole: each side would wait for the other. So it
// is inspected in stretches of whole messages: all that came until the client paused,
// and from then on whatever has come, each judged by the gate like an upload and
// passed on only then. A body without a pause is one stretch, held whole like any
// upload.
type talk struct {
	x      *exchange
	chunks chan []byte   // what the client sends
	err    error         // why chunks is closed; io.EOF at the end of the body
	ended  bool          // chunks was seen to be closed
	taken  chan struct{} // closed with it
	*rhythm
	pause time.Duration
	until int64 // by elapsed, the end of a stretch without a pause; 0: it has none

	have []byte // of a chunk, not yet read
	said before // what went out

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

// converse has the gate see the first stretch only, where a request may be a
// conversation.
func (x *exchange) converse(r *http.Request) {
	by := rhythmOf(r, x.s.cfg.Timeouts.Pause)
	if by == nil || by.longest > 0 && x.asked.Use != nil { // a service whose uploads are known to end
		return
	}
	t := &talk{x: x, chunks: make(chan []byte), taken: make(chan struct{}), done: make(chan struct{}), rhythm: by, pause: by.first}
	if by.longest > 0 {
		t.until = elapsed() + int64(x.s.cfg.Timeouts.Body)
	}
	if r.ProtoMajor == 1 && http.NewResponseController(x.w.ResponseWriter).EnableFullDuplex() != nil {
		return
	}
	x.talk = t
	x.asked.Body, x.asked.Length = x.inTime(t), -1
	go t.take(&x.in)
}

// take reads what the client sends until it or the exchange ends.
func (t *talk) take(body io.Reader) {
	defer close(t.taken)
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
	t.ends.follow(t.have[:n])
	t.have = t.have[n:]
	return n, nil
}

// more waits for the next chunk; false at the end of a stretch or of the body.
func (t *talk) more() bool {
	var ok bool
	switch {
	case !t.ends.between():
		t.have, ok = <-t.chunks
	case t.until > 0 && elapsed() > t.until:
		return false
	default:
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

// goOn has a request that passed with its first stretch go on with the next.
func (x *exchange) goOn(r *http.Request) {
	t := x.talk
	if t == nil || t.ended {
		return // it is whole
	}
	t.pause = t.next
	if b := x.outcome.Body; b != nil {
		t.r = b.NewReader() // closed with the exchange
		t.goesOut(b)
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
		if t.longest > 0 {
			t.until = elapsed() + int64(t.longest)
		}
		q := t.x.asked
		q.Body, q.Use, q.Headers, q.Trailer, q.Query, q.Confirm = t.x.inTime(t), nil, nil, nil, "", ""
		q.Before = t.said.recent()
		o := t.x.checkMessage(t.x.r.Context(), &q)
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
		if o.Body != nil {
			t.goesOut(o.Body)
		}
		t.send(&o)
	}
}

// goesOut keeps a stretch that may go out, to be inspected with the next.
func (t *talk) goesOut(b *hold.Body) {
	sent := make([]byte, min(b.Size(), beforeSize+1))
	if _, err := b.ReadAt(sent, 0); err == nil || err == io.EOF {
		t.said.add(sent)
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

// leave ends a conversation with its exchange. On HTTP/1.1 the server would wait
// for more of the body.
func (t *talk) leave() {
	if t == nil {
		return
	}
	t.end()
	if t.x.r.ProtoMajor == 1 && !t.complete() {
		_ = http.NewResponseController(t.x.w.ResponseWriter).SetReadDeadline(past) // or it has ended
		<-t.taken
	}
}

// complete tells whether the body has come to its end.
func (t *talk) complete() bool {
	select {
	case <-t.taken:
		return t.err == io.EOF
	default:
		return false
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

package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
)

// stream is a large upload that is on its way to its origin before its verdict,
// without its last bytes. Its request is one of its own: where the stream has to be
// broken off, this one is cancelled, so that the origin sees its connection end, or
// its HTTP/2 stream reset, amid the body. What passes all the same is then sent anew
// by the exchange, as any other upload.
type stream struct {
	*gate.Stream
	cancel context.CancelFunc
	done   chan struct{} // closed when there is an answer, or none will come
	resp   *http.Response
	err    error
}

// errPanic is met where a request that was on its own failed by a fault of the
// program.
var errPanic = errors.New("request failed")

// leastStream is the length of the smallest body that may be streamed.
const leastStream = 256 << 10

// mayStream lets the gate have a large body sent on while it is inspected. Bodies
// that are answered to while they come in, and those with trailers, are not; nor is
// what goes to the proxy itself.
func (x *exchange) mayStream(r *http.Request) {
	if r.ContentLength >= 0 && r.ContentLength <= leastStream || !hasBody(r) || x.talk != nil || x.turns || len(r.Trailer) > 0 ||
		x.host == TryHost && !x.s.cfg.NoTry {
		return
	}
	x.asked.Stream = func(s *gate.Stream) { x.startStream(r, s) }
}

// startStream sends r's body on its way. The server writes to r when it has read
// the body, so that the request that is sent is one made of its parts.
func (x *exchange) startStream(r *http.Request, s *gate.Stream) {
	ctx, cancel := context.WithCancel(r.Context())
	u := *r.URL
	out := (&http.Request{
		Method: r.Method, URL: &u, Host: r.Host, Header: r.Header.Clone(),
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
	}).WithContext(ctx)
	x.prepare(out)
	out.ContentLength = x.asked.Length
	out.GetBody = func() (io.ReadCloser, error) { return s.NewReader(), nil }
	out.Body = s.NewReader()
	st := &stream{Stream: s, cancel: cancel, done: make(chan struct{})}
	x.stream = st
	go func() {
		select {
		case <-s.Reset():
			cancel()
		case <-ctx.Done():
		}
	}()
	go func() {
		defer close(st.done)
		defer func() {
			if p := recover(); p != nil {
				x.s.metrics.panics.Inc()
				x.s.log.Error("request failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
				st.resp, st.err = nil, errPanic
			}
		}()
		st.resp, st.err = x.toOrigin(out)
	}()
}

// streams tells whether the exchange's upload is one that is being completed.
func (x *exchange) streams() bool { return x.stream != nil && x.stream.Complete() }

// answer returns what came of the stream's own request.
func (s *stream) answer(*http.Request) (*http.Response, error) {
	<-s.done // the context that ends it is a child of the exchange's
	return s.resp, s.err
}

// end breaks off what is still under way; nothing reads the body any more when it
// returns, but the transport, which is told to stop.
func (s *stream) end() {
	if s == nil {
		return
	}
	s.cancel()
	<-s.done
	if s.resp != nil {
		s.resp.Body.Close()
	}
}

package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/framing"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
	"github.com/sekimori-dlp/sekimori/rules"
)

// exchange is one request and its answer.
type exchange struct {
	s *Server
	r *http.Request
	w writer

	link   *link
	who    rules.Principal
	host   string
	port   int
	tunnel *tunnel       // of a CONNECT, to be filled when the connection is taken over
	bypass *bypass.Entry // under which a CONNECT is relayed uninspected
	// upgraded is the connection once it was turned over to another
	// protocol.
	upgraded *tunnel
	socket   *socket // a stream of HTTP/2 that is to be turned over; nil for anything else

	in       bodyReader // the body as the client sends it
	unmet    []uint64   // sums of header fields that were not seen before
	asked    gate.Transaction
	outcome  gate.Outcome
	upload   *upload         // the held body on its way out
	talk     *talk           // a call that may be a conversation; nil for anything else
	lent     bool            // the held body's memory is on its way out
	stream   *stream         // the body, under way before its verdict; nil for anything else
	trace    *trace.Exchange // nil if it is not traced
	turns    bool            // it asks to turn the connection over to WebSocket
	agreed   string          // the extensions of that
	answered bool            // the response is our own
	drain    bool            // the client may still be sending
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// hasBody tells whether the client announced a body.
func hasBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}

// request is the chain's request handler: the gate, or the answer to a
// confirmation. It returns a response if the request goes no further.
func (x *exchange) request(r *http.Request) (*http.Request, *http.Response) {
	if r.URL.Path == answer.ConfirmPath {
		return r, x.own(x.confirm(r))
	}
	x.ask(r)
	x.converse(r)
	if refusal := x.bar(); refusal != nil {
		return r, x.own(refusal)
	}
	x.mayStream(r)
	x.outcome = x.s.gate.Check(r.Context(), &x.asked)
	x.rememberHeaders()
	switch {
	case x.outcome.Failure == gate.Aborted:
		panic(http.ErrAbortHandler) // nobody there to answer
	case !x.outcome.Passes():
		x.kept(&x.outcome, r.Proto)
		return r, x.own(x.refusal())
	case x.streams():
		return r, nil
	}
	x.prepare(r)
	x.goOn(r)
	return r, nil
}

// send is the one place from which requests leave for an origin.
func (s *Server) send(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	if x == nil || !x.outcome.Passes() {
		panic("request left without a verdict")
	}
	if x.host == TryHost && !s.cfg.NoTry {
		return s.try.RoundTrip(r)
	}
	if x.streams() {
		return x.traced(r, x.stream.answer)
	}
	return x.traced(r, x.toOrigin)
}

// response is the chain's response handler.
func (x *exchange) response(r *http.Request, resp *http.Response, err error) *http.Response {
	if x.answered {
		return resp
	}
	if resp == nil {
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
		if refusal := x.talk.refusal(); refusal != nil {
			return x.own(refusal)
		}
		word, _ := upstream.Cause(err)
		x.s.metrics.origin.WithLabelValues(word).Inc()
		x.s.log.Warn("origin not reached", "host", x.host, "port", x.port, "cause", word, "error", upstream.Say(err))
		return x.own(&answer.Answer{Kind: answer.Kind(word), Host: x.host})
	}
	if x.upload.sent() || x.lent && x.link.sent() {
		x.outcome.Close() // room for others while the answer may take long
	}
	if told := x.outcome.Answered; told != nil {
		told(resp.StatusCode, resp.Header, func() []byte { return peek(resp) })
	}
	if x.turns {
		x.agreed = strings.Join(resp.Header[extensions], ",")
	}
	if x.socket != nil && !x.socket.agreed(resp) {
		return x.own(&answer.Answer{Kind: "origin-broken", Host: x.host})
	}
	x.w.stream = resp.ContentLength < 0
	if x.talk != nil {
		resp.Body = &talkAnswer{resp.Body, x.talk, resp}
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		resp.Body = unfinished{resp.Body}
	}
	x.s.cleanResponse(resp)
	x.supportOwn(resp)
	return resp
}

// interim passes an informational answer of an origin on. Nothing is said of an upload
// that has no verdict yet, nor to clients of old, which do not know such answers.
func (s *Server) interim(r *http.Request, status int, h http.Header) {
	x := exchangeOf(r.Context())
	if x == nil || x.stream != nil || x.turns || !x.r.ProtoAtLeast(1, 1) {
		return
	}
	h = h.Clone()
	s.cleanResponse(&http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h})
	to := x.w.Header()
	maps.Copy(to, h)
	x.w.ResponseWriter.WriteHeader(status)
	for name := range h {
		delete(to, name) // it is not of the answer to come
	}
}

// answerHead is how much of a service's answer is looked at.
const answerHead = 64 << 10

// peek returns the start of an answer's body, decoded, and leaves it whole.
func peek(resp *http.Response) []byte {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, answerHead)) // an error comes again
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b), resp.Body), resp.Body}
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(io.LimitReader(z, answerHead))
	return plain
}

// own turns an answer of ours into the response.
func (x *exchange) own(a *answer.Answer) *http.Response {
	x.answered = true
	x.drain = hasBody(x.r) && x.outcome.Body == nil && x.outcome.Failure != gate.Stalled && x.outcome.Failure != gate.Malformed
	// Over HTTP/2 this would end the other streams too, and is not needed.
	a.Close = x.r.ProtoMajor == 1 && (a.Close || hasBody(x.r) && x.outcome.Body == nil || x.talk != nil && !x.talk.complete())
	return x.s.answer(*a, x.r)
}

// answer completes an answer with what is the same for all.
func (s *Server) answer(a answer.Answer, r *http.Request) *http.Response {
	a.Contact = s.cfg.Contact
	resp := a.Response(r)
	resp.Header["Via"] = s.via.of(1, 1)
	return resp
}

// write answers a request that does not enter the chain.
func (x *exchange) write(a *answer.Answer) {
	resp := x.own(a)
	h := x.w.Header()
	for k, v := range resp.Header {
		h[k] = v
	}
	x.w.WriteHeader(resp.StatusCode)
	if x.r.Method != http.MethodHead {
		io.Copy(&x.w, resp.Body)
	}
}

// finish ends the exchange. A client that was refused before it had sent all
// is read a little longer: closing at once would reset the connection, and it
// would never see why.
func (x *exchange) finish(failed bool) {
	x.talk.leave()
	x.stream.end()
	if b := x.outcome.Body; b != nil && x.lent && !x.link.sent() {
		b.Abandon() // the transport may still read it
	} else {
		x.outcome.Close()
	}
	if u := x.upgraded; u != nil && u.client != nil {
		u.Close() // goproxy leaves it open
		u.messages.end()
	}
	if !x.drain || failed || x.w.hijacked || x.r.ProtoMajor != 1 {
		return
	}
	rc := http.NewResponseController(x.w.ResponseWriter)
	if rc.Flush() != nil || rc.SetReadDeadline(time.Now().Add(x.s.cfg.Timeouts.Drain)) != nil {
		return
	}
	if x.r.Header.Get("Expect") != "" {
		return // it waits for our word before it sends
	}
	io.CopyN(io.Discard, x.r.Body, x.s.cfg.Limits.Drain)
}

// writer is the client's side of an exchange. It flushes what a streaming
// origin sends as it comes, and hands a hijacked connection over with the
// bytes that were read ahead.
type writer struct {
	http.ResponseWriter
	x        *exchange
	stream   bool
	hijacked bool
	status   int
	wrote    int64 // of the body
}

// Unwrap lets http.ResponseController reach the server's own.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter. The head of a streamed answer
// does not wait for its first bytes, which may be long in coming.
func (w *writer) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols && w.x.socket != nil {
		status, w.stream = w.x.socket.began(w.Header()), true
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	if status >= 200 && w.x.link.ends() {
		w.Header().Set("Connection", "close") // over HTTP/2 net/http makes a GOAWAY of it
	}
	w.ResponseWriter.WriteHeader(status)
	if w.stream {
		w.Flush()
	}
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.wrote += int64(n)
	return n, err
}

// Flush implements http.Flusher.
func (w *writer) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// ReadFrom implements io.ReaderFrom, for io.Copy to use.
func (w *writer) ReadFrom(r io.Reader) (n int64, err error) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		k, rerr := r.Read(*buf)
		if k > 0 {
			m, werr := w.ResponseWriter.Write((*buf)[:k])
			n += int64(m)
			w.wrote += int64(m)
			if werr != nil {
				return n, werr
			}
			if w.stream {
				w.Flush()
			}
		}
		if rerr == io.EOF {
			return n, nil
		}
		if rerr != nil {
			// The origin broke off: the client must not take what it has
			// for the whole.
			panic(http.ErrAbortHandler)
		}
	}
}

// unfinished is an answer that goproxy copies by itself, without a word of how it
// ended; see ReadFrom.
type unfinished struct{ io.ReadCloser }

// Read implements io.Reader.
func (u unfinished) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case n > 0:
		return n, nil // it comes again
	}
	panic(http.ErrAbortHandler)
}

// Hijack implements http.Hijacker.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.x.socket != nil {
		w.x.upgraded = w.x.turnOver()
		return w.relay(w.x.upgraded)
	}
	h, ok := w.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, http.ErrNotSupported
	}
	conn, rw, err := h.Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.hijacked = true
	var held []byte
	ahead, _ := rw.Reader.Peek(rw.Reader.Buffered())
	if g, ok := conn.(*framing.Conn); ok {
		conn, held = unguarded(g)
	}
	t := w.x.tunnel
	if t == nil {
		t = &tunnel{who: w.x.who, host: w.x.host, port: w.x.port, named: true}
		w.x.upgraded = t
	}
	t.Conn = conn
	t.ahead = append(append([]byte(nil), ahead...), held...)
	if t.client = clientOf(conn); t.client == nil {
		conn.Close()
		return nil, nil, http.ErrNotSupported
	}
	return w.relay(t)
}

// relay hands over a connection that no server looks after any more.
func (w *writer) relay(t *tunnel) (net.Conn, *bufio.ReadWriter, error) {
	if w.x.upgraded != nil && w.x.asked.Opaque == "" {
		w.x.inspectMessages(t, w.x.agreed)
	}
	if w.x.upgraded != nil {
		t.client.relay(w.x.s.metrics.relayed.WithLabelValues("websocket"))
	}
	return t, bufio.NewReadWriter(bufio.NewReader(t), bufio.NewWriter(t)), nil
}

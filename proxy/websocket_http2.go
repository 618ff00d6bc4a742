package proxy

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	_ "github.com/sekimori-dlp/sekimori/proxy/xconnect" // announces that streams may be turned over
)

// Over HTTP/2 a WebSocket is one stream of many: an extended CONNECT (RFC 8441),
// whose data are what the connection would carry in HTTP/1.1. It is made into the
// request of HTTP/1.1 where it comes in, and the stream into a connection where
// the origin agrees; all between is the same for both. The origin is always asked
// over HTTP/1.1: whoever serves WebSockets has to, as a client learns only on an
// open connection that it may use HTTP/2.

// protocolField is where net/http puts the pseudo-header of that name.
const protocolField = ":protocol"

// overStream takes an extended CONNECT, if r is one. It returns an answer if
// the request goes no further.
func (x *exchange) overStream(r *http.Request) *answer.Answer {
	if r.ProtoMajor != 2 {
		return nil
	}
	protocol, ok := r.Header[protocolField]
	if !ok {
		return nil
	}
	delete(r.Header, protocolField)
	switch {
	// What net/http lets pass: other methods, and a length of what is no body.
	case r.Method != http.MethodConnect, len(r.Header["Content-Length"]) > 0:
		return &answer.Answer{Kind: answer.BadRequest}
	case len(protocol) != 1 || !strings.EqualFold(protocol[0], "websocket"):
		return &answer.Answer{Kind: answer.NoMethod, Status: http.StatusNotImplemented}
	}
	var key [16]byte
	rand.Read(key[:])
	x.socket = &socket{
		Conn: x.link.tunnel, body: r.Body, w: x.w.ResponseWriter, patience: x.s.cfg.Timeouts.Idle,
		key: base64.StdEncoding.EncodeToString(key[:]),
	}
	r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0
	r.Header[keyField] = []string{x.socket.key}
	return nil
}

const (
	keyField    = "Sec-Websocket-Key"
	acceptField = "Sec-Websocket-Accept"
)

// socket is an HTTP/2 stream that is turned over to WebSocket, as a connection.
// The addresses are those of the connection that it is on.
type socket struct {
	net.Conn
	body     io.Reader
	w        http.ResponseWriter
	patience time.Duration // with a client that takes nothing
	key      string        // that the origin was sent

	writing sync.Mutex
	mu      sync.Mutex
	over    bool // the handler may have returned: w is not to be used
}

// agreed tells whether the origin has turned its connection over. A client of
// HTTP/2 leaves it to us to see that the answer is to our request (RFC 8441, 5.1);
// any other success would be taken for one.
func (s *socket) agreed(resp *http.Response) bool {
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return resp.StatusCode/100 != 2
	}
	sum := sha1.Sum([]byte(s.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, 1.3
	return strings.EqualFold(resp.Header.Get("Upgrade"), "websocket") &&
		resp.Header.Get(acceptField) == base64.StdEncoding.EncodeToString(sum[:])
}

// began makes the answer's head that of a stream which is turned over.
func (s *socket) began(h http.Header) (status int) {
	for _, name := range []string{"Connection", "Upgrade", acceptField} {
		delete(h, name)
	}
	return http.StatusOK
}

// turnOver makes the stream a connection, which counts as one more of its
// client's.
func (x *exchange) turnOver() *tunnel {
	c := x.link.tunnel.client.adopt(x.socket)
	return &tunnel{Conn: c, client: c, who: x.who, host: x.host, port: x.port, named: true}
}

// Read implements net.Conn.
func (s *socket) Read(p []byte) (int, error) { return s.body.Read(p) }

// Write implements net.Conn. What is written goes out at once.
func (s *socket) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.isOver() {
		return 0, net.ErrClosed
	}
	timer := time.AfterFunc(s.patience, s.reset)
	defer timer.Stop()
	n, err := s.w.Write(p)
	if err == nil {
		err = http.NewResponseController(s.w).Flush()
	}
	return n, err
}

func (s *socket) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

var past = time.Unix(1, 0)

// reset ends a write under way.
func (s *socket) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		_ = http.NewResponseController(s.w).SetWriteDeadline(past) // then it has ended already
	}
}

// Close implements net.Conn. The stream ends when the handler returns, which
// nothing keeps from doing so any more. It may be called more than once.
func (s *socket) Close() error {
	if !s.writing.TryLock() {
		s.reset()
		s.writing.Lock()
	}
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil
	}
	s.over = true
	return http.NewResponseController(s.w).SetReadDeadline(past)
}

// SetWriteDeadline implements net.Conn. Each write has a bound of its own:
// HTTP/2's would end a stream on which nothing is being written.
func (s *socket) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (s *socket) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

// SetDeadline implements net.Conn.
func (s *socket) SetDeadline(time.Time) error { return errors.ErrUnsupported }

package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpguts"
)

// direct sends what is small and already in memory to origins that are known to
// speak HTTP/1.1, on the goroutine that asks. net/http's Transport serves a
// connection with two goroutines of its own, to stream both ways at once, and
// passing a request and its answer through them costs half of what forwarding a
// small upload costs. Here the request is written in one go and then its answer
// is read; head and body are written and parsed by net/http all the same, and
// whatever does not fit (large or streamed bodies, upgrades, HTTP/2, a parent
// proxy, an origin met for the first time) goes through the Transport.
//
// Safe for concurrent use.
type direct struct {
	o     *Origins
	mu    sync.Mutex
	known map[string]spoken   // by authority
	idle  map[string][]*plain // the one used last is at the end
	total int                 // of idle
	sweep *time.Timer         // nil while nothing is idle
}

const (
	// smallRequest is the largest body that is written before the answer is
	// looked at: both ends' buffers take it, so that an origin that answers
	// early does not make both wait.
	smallRequest = 64 << 10
	maxKnown     = 16384
	// knownFor is how long an origin is believed to speak what it last spoke.
	knownFor = time.Hour
)

// spoken is what an origin last answered in, and when.
type spoken struct {
	version Version
	at      time.Time
}

// Version is one of HTTP.
type Version uint8

// The versions that make a difference.
const (
	Unknown Version = iota
	HTTP10
	HTTP11
	HTTP2
)

func newDirect(o *Origins) *direct {
	return &direct{o: o, known: map[string]spoken{}, idle: map[string][]*plain{}}
}

// fits reports whether r can be sent here, and to which authority.
func (d *direct) fits(r *http.Request) (authority string, ok bool) {
	switch {
	case !canProbe, r.Body != nil && r.Body != http.NoBody && r.GetBody == nil, r.ContentLength < 0, r.ContentLength > smallRequest,
		len(r.Trailer) > 0, len(r.TransferEncoding) > 0, r.Close, r.Method == http.MethodConnect, len(r.Header["Upgrade"]) > 0,
		r.Header["Expect"] != nil, d.o.parent.serves(r.URL.Hostname()) && !d.o.resolved(r.URL), !writable(r):
		return "", false
	}
	authority = authorityOf(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	return authority, d.speaks(authority) == HTTP11
}

// speaks is what an origin speaks, as far as that was learnt of late. The caller has
// mu.
func (d *direct) speaks(authority string) Version {
	k, ok := d.known[authority]
	if !ok || time.Since(k.at) > knownFor {
		return Unknown
	}
	return k.version
}

// writable reports whether r's method and fields can be written as HTTP/1.1: what
// HTTP/2 carries as one value must not become two. The Transport, which gets the
// others, refuses them.
func writable(r *http.Request) bool {
	if !httpguts.ValidHeaderFieldName(r.Method) { // both are tokens
		return false
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return false
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return false
			}
		}
	}
	return true
}

// authorityOf returns the scheme, host and port that r goes to.
func authorityOf(r *http.Request) string {
	port := ""
	if r.URL.Port() == "" {
		port = map[bool]string{true: ":443", false: ":80"}[r.URL.Scheme == "https"]
	}
	return r.URL.Scheme + "://" + strings.ToLower(r.URL.Host) + port
}

// learn notes which version an origin answered in. Where a connection is to be turned
// over it was not free to choose.
func (d *direct) learn(r *http.Request, resp *http.Response) {
	if len(r.Header["Upgrade"]) > 0 {
		return
	}
	k := spoken{HTTP10, time.Now()}
	switch {
	case resp.ProtoMajor == 2:
		k.version = HTTP2
	case resp.ProtoMajor == 1 && resp.ProtoMinor == 1:
		k.version = HTTP11
	}
	authority := authorityOf(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.known[authority]; !ok && len(d.known) >= maxKnown {
		clear(d.known)
	}
	d.known[authority] = k
}

// forget makes the Transport ask an origin again which version it speaks.
func (d *direct) forget(authority string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, authority)
}

// send makes the round trip. The body was written when it returns.
func (d *direct) send(r *http.Request, authority string) (*http.Response, error) {
	for {
		c, err := d.conn(r.Context(), authority)
		if err != nil {
			d.forget(authority)
			closeBody(r)
			return nil, err
		}
		reused := c.used
		c.used = true
		resp, err := c.roundTrip(r)
		if err == nil {
			return resp, nil
		}
		c.close()
		if errors.Is(err, errVersion) {
			d.forget(authority)
		}
		// As RFC 9110, 9.2.2 has it, and as net/http does it.
		if !reused || c.answered || !replayable(r) || r.Context().Err() != nil {
			return nil, err
		}
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func replayable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return r.Header["Idempotency-Key"] != nil || r.Header["X-Idempotency-Key"] != nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// conn returns an idle connection or a new one.
func (d *direct) conn(ctx context.Context, authority string) (*plain, error) {
	for {
		c := d.take(authority)
		if c == nil {
			return d.dial(ctx, authority)
		}
		if c.quiet() {
			return c, nil
		}
		c.close()
	}
}

func (d *direct) take(authority string) *plain {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.idle[authority]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	list[len(list)-1] = nil
	d.keep(authority, list[:len(list)-1])
	d.total--
	return c
}

// keep sets what is idle for an authority. The caller has mu.
func (d *direct) keep(authority string, list []*plain) {
	if len(list) == 0 {
		delete(d.idle, authority)
	} else {
		d.idle[authority] = list
	}
}

func (d *direct) put(c *plain) {
	c.since = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.idle[c.authority]
	if len(list) >= idlePerHost || d.total >= idleTotal || d.known[c.authority].version != HTTP11 {
		c.close()
		return
	}
	d.idle[c.authority] = append(list, c)
	d.total++
	if d.sweep == nil {
		d.sweep = time.AfterFunc(d.o.IdleConnTimeout, d.expire)
	}
}

// expire closes what was idle for too long.
func (d *direct) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := time.Now().Add(-d.o.IdleConnTimeout)
	for authority, list := range d.idle {
		n := 0
		for n < len(list) && list[n].since.Before(before) {
			list[n].close()
			n++
		}
		d.total -= n
		d.keep(authority, list[n:])
	}
	if d.sweep = nil; d.total > 0 {
		d.sweep = time.AfterFunc(d.o.IdleConnTimeout/4+time.Second, d.expire)
	}
}

// closeIdle closes all idle connections.
func (d *direct) closeIdle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, list := range d.idle {
		for _, c := range list {
			c.close()
		}
	}
	clear(d.idle)
	d.total = 0
	if d.sweep != nil {
		d.sweep.Stop()
		d.sweep = nil
	}
}

// errVersion is met where an origin no longer speaks HTTP/1.1.
var errVersion = errors.New("origin chose another protocol")

func (d *direct) dial(ctx context.Context, authority string) (*plain, error) {
	scheme, address, _ := strings.Cut(authority, "://")
	raw, err := d.o.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &plain{d: d, authority: authority, Conn: raw}
	c.abort = func() { raw.SetDeadline(time.Unix(1, 0)) }
	if s, ok := raw.(syscall.Conn); ok {
		c.raw, err = s.SyscallConn()
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	if scheme == "https" {
		cfg := d.o.TLSClientConfig.Clone()
		cfg.NextProtos = []string{"http/1.1"}
		cfg.ServerName, _, _ = net.SplitHostPort(address)
		t := tls.Client(raw, cfg)
		limit, cancel := context.WithTimeout(ctx, d.o.TLSHandshakeTimeout)
		defer cancel()
		if err := t.HandshakeContext(limit); err != nil {
			raw.Close()
			return nil, err
		}
		c.Conn = t
	}
	return c, nil
}

// plain is a connection on which HTTP/1.1 is spoken, one request at a time.
type plain struct {
	net.Conn  // with TLS where there is any
	d         *direct
	authority string
	raw       syscall.RawConn // nil if it cannot be looked at
	abort     func()
	since     time.Time // when it became idle
	used      bool
	answered  bool // something of the answer in progress has come
	head      int64
	in        *bufio.Reader
}

var (
	readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, bufferSize) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, bufferSize) }}
)

// errHead is met where the head of an answer is larger than allowed.
var errHead = errors.New("answer's head is too large")

// Read counts while a head is being read.
func (c *plain) Read(p []byte) (int, error) {
	if c.head <= 0 {
		return 0, errHead
	}
	n, err := c.Conn.Read(p)
	c.head -= int64(n)
	c.answered = c.answered || n > 0
	return n, err
}

func (c *plain) close() { c.Conn.Close() }

// release gives the read buffer back. Where an answer was not read to its end
// somebody may still be reading, and the buffer is left to him.
func (c *plain) release() {
	c.in.Reset(nil)
	readers.Put(c.in)
	c.in = nil
}

func (c *plain) roundTrip(r *http.Request) (resp *http.Response, err error) {
	ctx := r.Context()
	stop := context.AfterFunc(ctx, c.abort)
	defer func() {
		if err != nil {
			stop()
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
		}
	}()
	if t := httptrace.ContextClientTrace(ctx); t != nil && t.GotConn != nil {
		t.GotConn(httptrace.GotConnInfo{Conn: c.Conn, Reused: c.used})
	}
	c.SetDeadline(time.Now().Add(c.d.o.ResponseHeaderTimeout))
	if ctx.Err() != nil {
		closeBody(r)
		return nil, ctx.Err() // the deadline may have undone the abort
	}
	c.answered, c.head = false, c.d.o.MaxResponseHeaderBytes
	c.in = readers.Get().(*bufio.Reader)
	c.in.Reset(c)
	out := writers.Get().(*bufio.Writer)
	out.Reset(c.Conn)
	werr := r.Write(out)
	if werr == nil {
		werr = out.Flush()
	}
	out.Reset(nil)
	writers.Put(out)
	// An origin may refuse before it has read all, and close.
	for resp == nil || resp.StatusCode < 200 {
		if resp, err = http.ReadResponse(c.in, r); err != nil {
			if werr != nil {
				err = werr
			}
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if resp.StatusCode == http.StatusSwitchingProtocols || resp.ProtoMajor != 1 {
			return nil, errVersion
		}
		c.d.o.tell(r, resp.StatusCode, resp.Header)
	}
	c.head = 1 << 62
	if ctx.Err() == nil {
		c.SetDeadline(time.Time{})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	a := &reply{ReadCloser: resp.Body, c: c, stop: stop}
	a.reusable = werr == nil && !resp.Close && resp.ProtoMinor == 1 && !httpguts.HeaderValuesContainsToken(resp.Header["Connection"], "close")
	if resp.Body == http.NoBody || r.Method == http.MethodHead {
		a.end(true)
	}
	resp.Body = a
	return resp, nil
}

// reply is the body of an answer. Its end frees the connection.
type reply struct {
	io.ReadCloser
	c        *plain
	stop     func() bool
	reusable bool
	ended    bool
}

func (a *reply) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil {
		a.end(err == io.EOF)
	}
	return n, err
}

func (a *reply) Close() error {
	if a.ended {
		return nil
	}
	a.end(false)
	return nil
}

// end gives the connection back, whole says that it is between answers.
func (a *reply) end(whole bool) {
	if a.ended {
		return
	}
	a.ended = true
	if free := a.stop(); !free || !whole || !a.reusable || a.c.in.Buffered() > 0 {
		a.c.close()
		return
	}
	a.c.release()
	a.c.d.put(a.c)
}

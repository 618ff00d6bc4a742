package proxy

import (
	"bytes"
	"cmp"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/framing"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/rules"
)

// ask says what the request is, for the gate.
func (x *exchange) ask(r *http.Request) {
	t := &x.asked
	*t = gate.Transaction{
		Principal: x.who, Destination: x.destination(r), Protocol: r.Proto,
		Query: r.URL.RawQuery, Headers: chosen(r.Header, x.s.inspects), FileNames: fileNames(r),
	}
	t.Trace(x.trace)
	x.otherHeaders(r)
	if r.URL.ForceQuery && t.Query == "" {
		t.Query = "?"
	}
	if x.turns = x.socket != nil || isWebSocket(r); x.turns && !speaksFrames(r) {
		t.Opaque = "websocket"
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if read := service.Find(r.Method, x.host, r.URL.Path, r.URL.RawQuery, r.Header); read != nil {
			t.Use = func(body *hold.Body) *service.Use {
				q := service.Request{Method: r.Method, Host: x.host, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header}
				if body != nil {
					q.Body, q.Size = body, body.Size()
				}
				return read(&q)
			}
		}
	}
	if v := r.Header.Get(answer.ConfirmHeader); v != "" {
		token, reason, _ := strings.Cut(v, " ")
		if plain, err := url.PathUnescape(reason); err == nil {
			reason = plain
		}
		t.Confirm, t.Reason = token, reason
	}
	if hasBody(r) {
		x.in = bodyReader{r.Body, x.link.guard}
		t.Body, t.Length = &x.in, r.ContentLength
		if t.Length < 0 {
			t.Body = x.inTime(&x.in)
		}
		t.MediaType = r.Header.Get("Content-Type")
		t.Encodings = encodings(r.Header["Content-Encoding"])
		t.Idle = x.s.cfg.Timeouts.Body
		t.Interrupt = func() {
			http.NewResponseController(x.w.ResponseWriter).SetReadDeadline(time.Unix(1, 0))
		}
		t.Trailer = func() []gate.Header { return trailers(r.Trailer) }
	}
}

// bodyReader names a fault of the framing where net/http makes an unexpected
// end of it.
type bodyReader struct {
	io.Reader
	guard *framing.Conn
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF && b.guard != nil && b.guard.Err() != nil {
		err = b.guard.Err()
	}
	return n, err
}

// inTime bounds how long a body may take whose length nobody knows, so that one
// without end gets an answer.
func (x *exchange) inTime(r io.Reader) io.Reader {
	return &timed{r, elapsed() + int64(x.s.cfg.Timeouts.Upload)}
}

type timed struct {
	io.Reader
	until int64 // by elapsed
}

func (t *timed) Read(p []byte) (int, error) {
	if elapsed() > t.until {
		return 0, os.ErrDeadlineExceeded
	}
	return t.Reader.Read(p)
}

func (x *exchange) destination(r *http.Request) rules.Destination {
	if x.host == TryHost && !x.s.cfg.NoTry {
		return rules.Destination{
			Scheme: r.URL.Scheme, Host: x.host, Port: x.port, Method: r.Method, Path: r.URL.Path,
			Service: "Sekimori try-out", Classes: []string{"file-transfer"},
		}
	}
	return x.s.deps.Classes.Lookup(r.URL.Scheme, x.host, x.port, r.Method, r.URL.Path)
}

func all(string) bool { return true }

// chosen lists fields to be inspected, in a fixed order.
func chosen(h http.Header, choose func(name string) bool) []gate.Header {
	var out []gate.Header
	for name, values := range h {
		if choose(name) {
			for _, v := range values {
				out = append(out, gate.Header{Name: name, Value: v})
			}
		}
	}
	slices.SortFunc(out, func(a, b gate.Header) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// fileNames lists the names that the request itself gives what it uploads.
func fileNames(r *http.Request) []string {
	var names []string
	if v := r.Header.Get("Content-Disposition"); v != "" {
		if _, params, err := mime.ParseMediaType(v); err == nil && params["filename"] != "" {
			names = append(names, params["filename"])
		}
	}
	if v := r.Header.Get("Slug"); v != "" { // RFC 5023, 9.7: percent-encoded UTF-8
		if plain, err := url.PathUnescape(v); err == nil {
			names = append(names, plain)
		}
	}
	if base := path.Base(r.URL.Path); hasBody(r) && strings.Contains(base, ".") {
		names = append(names, base)
	}
	return names
}

func encodings(fields []string) []string {
	var out []string
	for _, f := range fields {
		for e := range strings.SplitSeq(f, ",") {
			if e = strings.ToLower(strings.TrimSpace(e)); e != "" && e != "identity" {
				out = append(out, e)
			}
		}
	}
	return out
}

func isWebSocket(r *http.Request) bool {
	return r.ProtoMajor == 1 && httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade") &&
		httpguts.HeaderValuesContainsToken(r.Header["Upgrade"], "websocket")
}

// prepare makes the request fit for the origin: the held body with its length,
// and no field that was meant for us (RFC 9110, 7.6.1).
func (x *exchange) prepare(r *http.Request) {
	h := r.Header
	trailers := httpguts.HeaderValuesContainsToken(h["Te"], "trailers")
	removeHop(h)
	for _, name := range []string{"Proxy-Authorization", answer.ConfirmHeader, "Expect", "Host"} {
		delete(h, name)
	}
	if x.turns {
		onlyDeflate(h)
		h["Connection"], h["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	}
	if trailers {
		h["Te"] = []string{"trailers"} // gRPC servers ask for it
	}
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = nil // or the transport adds its own
	}
	x.s.via.add(h, r.ProtoMajor, r.ProtoMinor)
	x.traceOnward(h)
	r.RequestURI, r.Close = "", false
	r.TransferEncoding = nil
	r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
	b := x.outcome.Body
	if b == nil || b.Size() == 0 && len(r.Trailer) == 0 {
		r.Trailer = nil
		return
	}
	if r.ContentLength = b.Size(); len(r.Trailer) > 0 {
		r.ContentLength = -1 // chunked, or there is no place for them
	}
	if held, ok := b.Bytes(); ok {
		// The transport writes a body that it knows to be in memory
		// together with the head, but does not tell it when it is done.
		x.lent = true
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(held)), nil }
	} else {
		x.upload = &upload{body: b}
		r.GetBody = func() (io.ReadCloser, error) { return x.upload.open(), nil }
	}
	r.Body, _ = r.GetBody()
}

// hop lists the fields that concern one connection only.
var hop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func removeHop(h http.Header) {
	for _, f := range h["Connection"] {
		for name := range strings.SplitSeq(f, ",") {
			if name = strings.TrimSpace(name); name != "" {
				h.Del(name)
			}
		}
	}
	for _, name := range hop {
		delete(h, name)
	}
}

// cleanResponse makes the origin's response fit for the client.
func (s *Server) cleanResponse(resp *http.Response) {
	h := resp.Header
	switching := resp.StatusCode == http.StatusSwitchingProtocols
	upgrade := h["Upgrade"]
	removeHop(h)
	if switching {
		h["Connection"], h["Upgrade"] = []string{"Upgrade"}, upgrade
	}
	// It offers another way to the origin, HTTP/3, which would not lead
	// through here.
	delete(h, "Alt-Svc")
	s.via.add(h, resp.ProtoMajor, resp.ProtoMinor)
}

// via makes the entries of the Via field, which every message gets (RFC 9110,
// 7.6.3). The usual ones are made once.
type via struct {
	name               string
	http11, http2, old []string
}

func newVia(name string) via {
	return via{name: name, http11: []string{"1.1 " + name}, http2: []string{"2.0 " + name}, old: []string{"1.0 " + name}}
}

// of returns a field with the one entry of a message of this version. It is
// not to be changed.
func (v *via) of(major, minor int) []string {
	switch [2]int{major, minor} {
	case [2]int{1, 1}:
		return v.http11
	case [2]int{2, 0}:
		return v.http2
	case [2]int{1, 0}:
		return v.old
	}
	return []string{strconv.Itoa(major) + "." + strconv.Itoa(minor) + " " + v.name}
}

func (v *via) add(h http.Header, major, minor int) {
	field := v.of(major, minor)
	if before := h["Via"]; len(before) > 0 {
		field = append(before, field...)
	}
	h["Via"] = field
}

// upload gives the held body to the transport, as often as it has to be sent.
type upload struct {
	body   *hold.Body
	opened atomic.Int32
	closed atomic.Int32
}

func (u *upload) open() io.ReadCloser {
	u.opened.Add(1)
	return &uploadReader{Reader: u.body.NewReader(), u: u}
}

// sent tells whether the transport is done with the body.
func (u *upload) sent() bool { return u != nil && u.opened.Load() == u.closed.Load() }

type uploadReader struct {
	*hold.Reader
	u    *upload
	done atomic.Bool
}

func (r *uploadReader) Close() error {
	if !r.done.Swap(true) {
		r.u.closed.Add(1)
	}
	return r.Reader.Close()
}

package icap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/rules"
)

// services are the methods by the path of the service.
var services = map[string][]string{
	"/reqmod":   {"REQMOD"},
	"/respmod":  {"RESPMOD"},
	"/sekimori": {"REQMOD", "RESPMOD"},
}

// exchange is one ICAP request and its answer.
type exchange struct {
	s    *Server
	c    *conn
	head head
	body *body // nil if there is none
	stay bool  // the connection may go on

	chunks body // what body points to
}

// one serves one request, and tells whether the connection goes on.
func (s *Server) one(c *conn) bool {
	if c.hurried.Load() || c.await(s.c.Idle) != nil {
		return false
	}
	x := &exchange{s: s, c: c}
	h := &x.head
	if err := h.read(c.in, s.c.Header); err != nil {
		x.head = head{}
		x.fail(err)
		x.leave()
		return false
	}
	x.stay = !httpguts.HeaderValuesContainsToken(h.fields.values("Connection"), "close") && !c.hurried.Load()
	if h.body {
		x.chunks = body{r: c.in, preview: h.preview >= 0, more: x.proceed}
		x.body = &x.chunks
	}
	methods := services[h.service]
	switch {
	case h.method != "OPTIONS" && h.method != "REQMOD" && h.method != "RESPMOD":
		x.fail(&fault{501, "the method is not implemented"})
	case methods == nil:
		x.fail(&fault{404, "there is no such service"})
	case h.method == "OPTIONS":
		x.options(methods)
	case !slices.Contains(methods, h.method):
		x.fail(&fault{405, "the service does not have this method"})
	case h.method == "RESPMOD":
		x.respmod()
	default:
		x.reqmod()
	}
	if c.out.Flush() != nil {
		return false
	}
	if !x.stay {
		x.leave()
	}
	return x.stay
}

// proceed asks for what follows the preview.
func (x *exchange) proceed() error {
	x.c.out.WriteString("ICAP/1.0 100 Continue\r\n\r\n")
	return x.c.out.Flush()
}

// maxSkip is how much of a body nobody wants is read to keep a connection.
const maxSkip = 1 << 20

// skip reads on to the end of the body, or of the preview. The connection ends
// with this request if that is far.
func (x *exchange) skip(limit int64) {
	b := x.body
	if b == nil || b.done() {
		return
	}
	b.more = func() error { return io.EOF }
	io.Copy(io.Discard, io.LimitReader(b, limit))
	if b.Read(nil); !b.done() {
		x.stay = false
	}
}

// leave ends the connection so that the answer is read: closing it while the
// neighbour still sends would reset it.
func (x *exchange) leave() {
	x.c.out.Flush()
	if h, ok := x.c.Conn.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
	}
	x.c.wait.Store(int64(time.Second))
	end := time.Now().Add(10 * time.Second)
	for n := int64(0); n < 64<<20 && time.Now().Before(end); {
		k, err := x.c.in.Discard(x.c.in.Buffered() + 1)
		if n += int64(k); err != nil {
			return
		}
	}
}

var reasons = map[int]string{
	200: "OK", 204: "No Modifications Needed", 400: "Bad Request", 404: "ICAP Service Not Found", 405: "Method Not Allowed",
	408: "Request Timeout", 431: "Request Header Fields Too Large", 500: "Server Error", 501: "Method Not Implemented", 505: "ICAP Version Not Supported",
}

// status writes the head of an answer; its last lines are the caller's.
func (x *exchange) status(code int) {
	w := x.c.out
	b := strconv.AppendInt(append(w.AvailableBuffer(), "ICAP/1.0 "...), int64(code), 10)
	b = append(append(append(b, ' '), reasons[code]...), "\r\nISTag: "...)
	b = append(append(b, x.s.tag()...), "\r\nDate: "...)
	b = time.Now().UTC().AppendFormat(b, http.TimeFormat)
	w.Write(append(b, "\r\nServer: Sekimori\r\n"...))
	if !x.stay {
		w.WriteString("Connection: close\r\n")
	}
	method := x.head.method
	if method != "OPTIONS" && method != "REQMOD" && method != "RESPMOD" {
		method = "other"
	}
	x.s.requests.WithLabelValues(method, strconv.Itoa(code)).Inc()
}

// fail answers what could not be served.
func (x *exchange) fail(err error) {
	var f *fault
	code := 0
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &f):
		code = f.status
		x.s.d.Log.Info("ICAP request refused", "address", x.c.at, "status", code, "why", f.why)
	case errors.As(err, &timeout) && timeout.Timeout():
		code = 408
	default:
		x.stay = false
		return // nobody there
	}
	if x.body == nil && code != 404 && code != 405 && code != 501 {
		x.stay = false
	}
	x.skip(maxSkip)
	x.status(code)
	x.c.out.WriteString("Encapsulated: null-body=0\r\n\r\n")
}

// options says what a service does (RFC 3507, 4.10).
func (x *exchange) options(methods []string) {
	x.skip(maxSkip)
	preview := x.s.c.Preview
	if slices.Equal(methods, []string{"RESPMOD"}) {
		preview = 0 // nothing is looked at
	}
	x.status(200)
	fmt.Fprintf(x.c.out, "Methods: %s\r\nService: %s\r\nMax-Connections: %d\r\nOptions-TTL: 600\r\nAllow: 204\r\nPreview: %d\r\n"+
		"Transfer-Preview: *\r\nX-Include: X-Client-IP, X-Authenticated-User, X-Authenticated-Groups\r\nEncapsulated: null-body=0\r\n\r\n",
		strings.Join(methods, ", "), x.s.c.Version, x.s.c.Connections, preview)
}

// unchanged gives leave by 204.
func (x *exchange) unchanged() {
	x.status(204)
	x.c.out.WriteString("Encapsulated: null-body=0\r\n\r\n")
}

// echo gives leave by sending back what came.
func (x *exchange) echo(kind string, head []byte, body io.Reader) {
	x.status(200)
	if x.body == nil {
		fmt.Fprintf(x.c.out, "Encapsulated: %s-hdr=0, null-body=%d\r\n\r\n", kind, len(head))
		x.c.out.Write(head)
		return
	}
	fmt.Fprintf(x.c.out, "Encapsulated: %s-hdr=0, %s-body=%d\r\n\r\n", kind, kind, len(head))
	x.c.out.Write(head)
	out := chunked{x.c.out}
	if _, err := io.Copy(out, body); err != nil {
		x.stay = false
		return // without an end, so that nobody takes it for the whole
	}
	out.close(x.body.trailer)
}

// respmod lets everything pass.
func (x *exchange) respmod() {
	h := &x.head
	switch {
	case h.preview >= 0 || h.allow204:
		if x.skip(1 << 62); x.body == nil || x.body.done() {
			x.unchanged()
		}
	case len(h.response) == 0:
		x.fail(bad("RESPMOD without a response"))
	default:
		x.echo("res", h.response, x.body)
	}
}

// reqmod asks the gate.
func (x *exchange) reqmod() {
	req, err := x.request()
	if err != nil {
		x.fail(err)
		return
	}
	ctx := context.Background()
	who := x.who(ctx)
	switch {
	case req.Method == http.MethodConnect:
		x.pass(req, nil) // what goes through the tunnel is asked about by itself, or not opened
		return
	case req.URL.Path == answer.ConfirmPath:
		x.answer(x.s.d.Web.Confirm(req, who), req)
		return
	}
	t, refusal := x.s.d.Web.Describe(req, who)
	if refusal != nil {
		x.answer(refusal, req)
		return
	}
	t.Protocol, t.Idle, t.Interrupt = protocol, x.s.c.Body, x.c.interrupt
	if x.body != nil {
		t.Body = x.body
		t.Trailer = func() []gate.Header { return x.body.trailer }
	}
	traced := x.s.d.Traces.Begin(req.Header.Get("Traceparent"))
	t.Trace(traced)
	o := x.s.d.Gate.Check(ctx, t)
	defer o.Close()
	defer endTrace(traced, req, t, &o)
	var f *fault
	switch {
	case o.Failure == gate.Aborted:
		x.stay = false
	case x.body != nil && errors.As(x.body.err, &f):
		x.fail(f)
	case !o.Passes():
		x.s.d.Log.Info("kept in", "incident", o.Incident, "action", o.Verdict.Action.String(), "rule", o.Verdict.Rule,
			"failure", string(o.Failure), "user", who.User, "address", who.Address, "host", t.Destination.Host)
		x.answer(x.s.d.Web.Refuse(t, &o), req)
	default:
		var held io.Reader
		if o.Body != nil {
			held = o.Body.NewReader()
		}
		x.pass(req, held)
	}
}

// pass gives leave: by 204 where that is allowed (RFC 3507, 4.6), else by the
// request itself, from which a confirmation is taken out.
func (x *exchange) pass(req *http.Request, held io.Reader) {
	_, confirms := req.Header[answer.ConfirmHeader]
	if !confirms && (x.head.allow204 || x.head.preview >= 0 && (x.body == nil || !x.body.asked)) {
		if x.skip(maxSkip); x.stay || x.body == nil || x.body.done() {
			x.unchanged()
		}
		return
	}
	if held == nil {
		held = bytes.NewReader(nil)
	}
	plain := x.head.request
	if confirms {
		plain = without(plain, answer.ConfirmHeader)
	}
	x.echo("req", plain, held)
}

// without takes a field out of a head.
func without(head []byte, name string) []byte {
	var out []byte
	drop := false
	for line := range bytes.Lines(head) {
		if line[0] != ' ' && line[0] != '\t' { // a folded line goes with the one before
			field, _, ok := bytes.Cut(line, []byte(":"))
			drop = ok && strings.EqualFold(string(field), name)
		}
		if !drop {
			out = append(out, line...)
		}
	}
	return out
}

// answer sends a page of ours instead of leave.
func (x *exchange) answer(a *answer.Answer, req *http.Request) {
	x.skip(maxSkip)
	a.Close = false // of the client's connection the neighbour decides
	resp := x.s.d.Web.Write(a, req)
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %s\r\n", resp.Status)
	resp.Header.Write(&head)
	head.WriteString("\r\n")
	x.status(200)
	fmt.Fprintf(x.c.out, "Encapsulated: res-hdr=0, res-body=%d\r\n\r\n", head.Len())
	x.c.out.Write(head.Bytes())
	out := chunked{x.c.out}
	if req.Method != http.MethodHead {
		io.Copy(out, resp.Body)
	}
	out.close(nil)
}

// readers are for encapsulated heads.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// request parses the encapsulated request head.
func (x *exchange) request() (*http.Request, error) {
	raw := x.head.request
	if len(raw) == 0 {
		return nil, bad("REQMOD without a request")
	}
	rest := bytes.NewReader(raw)
	in := readers.Get().(*bufio.Reader)
	defer readers.Put(in)
	in.Reset(rest)
	req, err := http.ReadRequest(in)
	if err != nil || in.Buffered()+rest.Len() > 0 {
		return nil, bad("the encapsulated request is malformed")
	}
	if req.URL.Host == "" {
		req.URL.Host, req.URL.Scheme = req.Host, "http"
	}
	if req.Method == http.MethodConnect {
		return req, nil
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" || req.URL.User != nil {
		return nil, bad("the encapsulated request has no http or https address")
	}
	req.Body, req.ContentLength, req.Trailer = http.NoBody, 0, nil
	if x.body != nil {
		req.Body, req.ContentLength = io.NopCloser(x.body), -1
		if n, err := strconv.ParseInt(req.Header.Get("Content-Length"), 10, 64); err == nil && n > 0 {
			req.ContentLength = n
		}
	}
	return req, nil
}

// who is the neighbour's client, as far as its word is believed.
func (x *exchange) who(ctx context.Context) rules.Principal {
	at, user := x.c.at, ""
	var groups []string
	if x.s.trusts(at) {
		h := x.head.fields
		if a, ok := clientAddress(h.get("X-Client-IP")); ok {
			at = a
		}
		coding := x.s.c.UserCoding
		if user = userName(decodeName(h.get("X-Authenticated-User"), coding)); user == "" {
			user = userName(decodeName(h.get("X-Client-Username"), coding)) // Squid's own
		}
		groups = groupNames(decodeName(strings.Join(h.values("X-Authenticated-Groups"), ","), coding))
	}
	return x.s.d.Accounts.Named(ctx, user, groups, at, "icap")
}

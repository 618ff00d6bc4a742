package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
)

// ServeHTTP takes every request: those to the proxy itself, and those inside a
// tunnel that was opened. It sees to it that the request says clearly where it
// goes and who sends it, and passes it to the chain.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.asksRevoked(r) {
		s.writeRevoked(w, r)
		return
	}
	x := &exchange{s: s, w: writer{ResponseWriter: w}}
	x.w.x = x
	var start time.Time
	if s.deps.Access != nil {
		start = time.Now()
	}
	defer func() {
		p := recover()
		if s.deps.Access != nil && x.r != nil {
			x.access(start, p != nil)
		}
		x.endTrace(p != nil)
		x.finish(p != nil)
		if p == nil {
			return
		}
		if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			s.metrics.panics.Inc()
			s.log.Error("request failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
		panic(http.ErrAbortHandler) // ends this request alone
	}()
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	x.r = r
	x.beginTrace()
	if refusal := x.enter(); refusal != nil {
		x.write(refusal)
		return
	}
	s.chain.ServeHTTP(&x.w, r)
}

// enter finds out who, and where to. It returns an answer if the request goes
// no further.
func (x *exchange) enter() *answer.Answer {
	r, s := x.r, x.s
	if r.ProtoMajor > 1 && r.Method == "PRI" { // HTTP/2 without TLS, to net/http's HTTP/1 server
		return &answer.Answer{Kind: answer.BadRequest, Close: true}
	}
	if !plainMethod(r.Method) {
		return &answer.Answer{Kind: answer.BadRequest}
	}
	if s.loops(r) {
		return &answer.Answer{Kind: answer.Loop}
	}
	x.link = linkOf(r.Context())
	if c := x.link.tls; c != nil && r.TLS == nil {
		state := c.ConnectionState() // of the connection to the proxy
		r.TLS = &state
	}
	if t := x.link.tunnel; t != nil {
		if refusal := x.overStream(r); refusal != nil {
			return refusal
		}
		if r.Method == http.MethodConnect {
			return &answer.Answer{Kind: answer.NoMethod}
		}
		if t.mismatch(r) {
			return &answer.Answer{Kind: answer.Misdirected}
		}
		x.who, x.host, x.port = t.who, t.host, t.port
		r.URL.Scheme, r.URL.Host = t.scheme, t.authority
		if !t.named {
			return x.nameByRequest(t)
		}
		return nil
	}
	if r.Method != http.MethodConnect && !r.URL.IsAbs() {
		return nil // the chain says that this is a proxy
	}
	scheme := r.URL.Scheme
	if r.Method == http.MethodConnect {
		scheme = "" // a port has to be given
	} else if scheme != "http" && scheme != "https" {
		return &answer.Answer{Kind: answer.BadRequest}
	}
	var ok bool
	if x.host, x.port, ok = splitAuthority(r.URL.Host, scheme); !ok || r.URL.User != nil {
		return &answer.Answer{Kind: answer.BadRequest}
	}
	if refusal := x.identify(); refusal != nil {
		return refusal
	}
	if r.Method == http.MethodConnect {
		x.tunnel = &tunnel{who: x.who, host: x.host, port: x.port, named: true, protocol: r.Proto}
		x.bypass = s.exempt(x.host, x.link.door())
		return nil
	}
	r.URL.Host = joinAuthority(x.host, x.port, scheme)
	return nil
}

// plainMethod reports whether a request's method is a name and nothing else: HTTP/2
// carries what would be two words, or two lines, in HTTP/1, and any token may be tens
// of kilobytes of somebody's data, which nobody would inspect.
func plainMethod(m string) bool {
	for i := range len(m) {
		if b := m[i]; (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') && b != '-' && b != '_' {
			return false
		}
	}
	return m != "" && len(m) <= maxMethod
}

// maxMethod is more than the longest method that is registered or in use has.
const maxMethod = 24

// nameByRequest takes the destination from the request itself, in a redirected
// connection without TLS: nothing else has told it.
func (x *exchange) nameByRequest(t *tunnel) *answer.Answer {
	authority := x.r.Host
	if x.r.URL.IsAbs() && x.r.URL.Host != "" {
		authority = x.r.URL.Host
	}
	var ok bool
	if x.host, x.port, ok = splitAuthority(authority, "http"); !ok {
		return &answer.Answer{Kind: answer.BadRequest}
	}
	if x.port != t.port {
		return &answer.Answer{Kind: answer.Misdirected}
	}
	x.r.URL.Scheme, x.r.URL.Host = "http", joinAuthority(x.host, x.port, "http")
	return nil
}

// identify asks who sends; inside a tunnel whoever opened it does.
func (x *exchange) identify() *answer.Answer {
	who, err := x.s.identifyAt(x.r, x.link.door())
	if err == nil {
		x.who = who
		return nil
	}
	a := &answer.Answer{Kind: answer.NoIdentity, Header: http.Header{}}
	var refusal *identity.Refusal
	if errors.As(err, &refusal) {
		refusal.SetHeader(a.Header)
		if a.Status = refusal.Status; a.Status == http.StatusTooManyRequests {
			a.Kind = answer.TooMany
		}
	}
	x.s.metrics.identity.WithLabelValues(string(a.Kind)).Inc()
	x.s.log.Info("sender not identified", "address", x.r.RemoteAddr, "reason", err.Error())
	return a
}

// loops tells whether the request has been here before (RFC 9110, 7.6.3).
func (s *Server) loops(r *http.Request) bool {
	for _, v := range r.Header["Via"] {
		for e := range strings.SplitSeq(v, ",") {
			if f := strings.Fields(e); len(f) > 1 && f[1] == s.cfg.Name {
				return true
			}
		}
	}
	return false
}

func (s *Server) notProxy(w http.ResponseWriter, r *http.Request) {
	if x := exchangeOf(r.Context()); x != nil {
		x.write(&answer.Answer{Kind: answer.NotProxy})
	}
}

// internal is the answer where the chain was entered by a way that should not
// exist.
func (s *Server) internal(r *http.Request) *http.Response {
	return s.answer(answer.Answer{Kind: "engine", Close: true}, r)
}

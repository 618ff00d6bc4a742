package proxy

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/elazarl/goproxy"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// This file is where goproxy is met. It serves as the chain that every request
// takes: its CONNECT dispatch chooses between opening a tunnel and relaying
// it, its request handlers call the gate, its response handlers write the
// answers. Around it stands our own server, because goproxy's interception has
// no 100-continue, no timeouts, no limits, loses bytes sent with CONNECT and
// ends the process when a handler panics. Its built-in authority, whose key is
// public, and its transport, which trusts any origin, are both out of reach:
// ConnectMitm is never returned and the transport is ours.

// newChain wires a goproxy to the server.
func newChain(s *Server) http.Handler {
	p := goproxy.NewProxyHttpServer()
	p.Logger = chainLog{s}
	p.KeepAcceptEncoding = true
	p.KeepHeader = true  // what is for us alone is removed by prepare
	p.AllowHTTP2 = false // HTTP/2 is served by our server, ahead of it
	p.Tr = nil           // no request takes it
	// Not from the environment, as goproxy has it: everything is dialled
	// under our policy.
	p.ConnectDial = nil
	p.ConnectDialWithReq = func(r *http.Request, network, addr string) (net.Conn, error) {
		return s.origins.DialContext(context.WithoutCancel(r.Context()), network, addr)
	}
	p.NonproxyHandler = http.HandlerFunc(s.notProxy)
	p.ConnectionErrHandler = func(conn io.Writer, ctx *goproxy.ProxyCtx, err error) {
		word, _ := upstream.Cause(err)
		resp := s.answer(answer.Answer{Kind: answer.Kind(word), Close: true}, ctx.Req)
		if err := resp.Write(conn); err != nil {
			s.log.Debug("answer not written", "error", err)
		}
	}

	p.OnRequest().HandleConnectFunc(func(host string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		x := exchangeOf(ctx.Req.Context())
		switch {
		case x == nil || x.tunnel == nil:
			return goproxy.RejectConnect, host
		case x.bypass != nil:
			return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: func(r *http.Request, _ net.Conn, _ *goproxy.ProxyCtx) {
				s.spliceTunnel(x.tunnel, x.bypass, r)
			}}, host
		}
		return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: func(r *http.Request, _ net.Conn, _ *goproxy.ProxyCtx) {
			s.serveTunnel(x.tunnel, !r.ProtoAtLeast(1, 1))
		}}, host
	})
	p.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		x := exchangeOf(r.Context())
		if x == nil { // not one of ours: nothing goes out
			return r, s.internal(r)
		}
		ctx.RoundTripper = chainTripper{s}
		return x.request(r)
	})
	p.OnResponse().DoFunc(func(resp *http.Response, ctx *goproxy.ProxyCtx) *http.Response {
		x := exchangeOf(ctx.Req.Context())
		if x == nil {
			return s.internal(ctx.Req)
		}
		return x.response(ctx.Req, resp, ctx.Error)
	})
	return p
}

// chainTripper sends requests that passed the gate.
type chainTripper struct{ s *Server }

func (t chainTripper) RoundTrip(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
	return t.s.send(r)
}

// chainLog keeps goproxy's messages out of the log but for their wording: its
// arguments are URLs and errors that quote them.
type chainLog struct{ s *Server }

func (l chainLog) Printf(format string, _ ...any) {
	l.s.log.Debug("goproxy", "message", format)
}

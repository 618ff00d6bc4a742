package proxy

import (
	"net/http"
	"strings"

	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// Some log-ins hold for the connection on which they were made, and not for a request.
// On one of those that all clients share they would be another's, and fail as soon as
// the next step takes another connection. So the requests of a client's connection on
// which such a log-in is tried go by connections of its own from then on.

// perConnection are the schemes of such log-ins.
var perConnection = []string{"NTLM", "Negotiate"}

// isPerConnection tells whether a field of credentials, or of a challenge, is of one.
func isPerConnection(fields []string) bool {
	for _, f := range fields {
		scheme, _, _ := strings.Cut(f, " ")
		for _, s := range perConnection {
			if strings.EqualFold(scheme, s) {
				return true
			}
		}
	}
	return false
}

// toOrigin sends a request that passed.
func (x *exchange) toOrigin(r *http.Request) (*http.Response, error) {
	if own := x.link.own.Load(); own != nil && own.sender == x.who.Sender() {
		return own.RoundTrip(r)
	}
	if isPerConnection(r.Header["Authorization"]) {
		return x.toOwn().RoundTrip(r)
	}
	resp, err := x.s.origins.RoundTrip(r)
	if err == nil || !upstream.WantsHTTP1(err) || r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return resp, err
	}
	again := r.WithContext(r.Context())
	if r.GetBody != nil {
		if again.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	return x.toOwn().RoundTrip(again)
}

// own are ways to origins that only a connection of one sender takes: a proxy in front
// of this one may send requests of several people on one.
type own struct {
	*upstream.Origins
	sender string
}

// toOwn gives the client's connection ways of its own, if it has none yet.
func (x *exchange) toOwn() *own {
	for {
		old := x.link.own.Load()
		if old != nil && old.sender == x.who.Sender() {
			return old
		}
		fresh := &own{x.s.origins.now.Load().Own(), x.who.Sender()}
		if x.link.own.CompareAndSwap(old, fresh) {
			return fresh
		}
	}
}

// supportOwn tells a client that asks the proxy for whole addresses that such log-ins
// work through it (RFC 4559, 6); without that, some do not try.
func (x *exchange) supportOwn(resp *http.Response) {
	if resp.StatusCode == http.StatusUnauthorized && x.link.tunnel == nil && isPerConnection(resp.Header["Www-Authenticate"]) {
		resp.Header["Proxy-Support"] = []string{"Session-Based-Authentication"}
	}
}

package upstream

import (
	"crypto/tls"
	"errors"
	"net/http"

	"golang.org/x/net/http2"
)

// Own returns Origins that have one connection to each origin, in HTTP/1.1, which nobody
// else's requests take: for a client whose log-in holds for the connection on which it
// was made, as those by NTLM do, and mostly those by Negotiate (RFC 4559, 6). Made for
// each such client; connections that are not used any more are closed as others are.
func (o *Origins) Own() *Origins {
	t := o.Transport.Clone()
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost = 1, 1
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	t.TLSClientConfig.NextProtos = []string{"http/1.1"}
	return &Origins{Transport: t, Interim: o.Interim, allow: o.allow, resolve: o.resolve, parent: o.parent, dialer: o.dialer}
}

// WantsHTTP1 tells whether an origin has refused a request because it came by HTTP/2
// (RFC 9113, 7), as those do that have log-ins for connections.
func WantsHTTP1(err error) bool {
	var reset http2.StreamError
	return errors.As(err, &reset) && reset.Code == http2.ErrCodeHTTP11Required
}

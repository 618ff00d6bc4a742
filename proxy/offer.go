package proxy

import (
	"crypto/tls"
	"slices"

	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// offer chooses which versions of HTTP a client in a tunnel is offered: those that the
// origin speaks, as far as that is known from its answers to others. Before, HTTP/2 is
// offered too, and made into what the origin speaks: bodies are held, trailers go both
// ways and WebSockets are turned over in either. Asking the origin here would tell it
// of a client for whom nothing may leave, and make each handshake wait for another one.
//
// A client that speaks HTTP/2 alone, as those of gRPC do, always gets it.
func (s *Server) offer(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	t, ok := hello.Conn.(*tunnel)
	if !ok || !slices.Contains(hello.SupportedProtos, "http/1.1") {
		return nil, nil
	}
	switch s.origins.Speaks(t.host, t.port) {
	case upstream.HTTP11, upstream.HTTP10:
		return s.tlsOld, nil
	}
	return nil, nil
}

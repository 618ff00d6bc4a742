package proxy

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// A resolver that does not answer costs the request that needs it its time to
// connect, is explained, and holds up nobody else.
func TestSlowResolver(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	usual := net.DefaultResolver
	defer func() { net.DefaultResolver = usual }()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", silent.LocalAddr().String())
	}}
	h := build(t, func(c *Config, _ *Deps, _ *hold.Config) { c.Upstream.Dial = 500 * time.Millisecond })
	type result struct {
		status int
		after  time.Duration
	}
	slow := make(chan result, 4)
	start := time.Now()
	for range cap(slow) {
		c := h.client(false)
		go func() {
			resp, err := c.Post("http://nobody.example/", "text/plain", strings.NewReader("harmless"))
			if err != nil {
				slow <- result{}
				return
			}
			resp.Body.Close()
			slow <- result{resp.StatusCode, time.Since(start)}
		}()
	}
	resp, err := h.client(false).Post("http://"+originHost+"/", "text/plain", strings.NewReader("harmless"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("others meanwhile: %d", resp.StatusCode)
	}
	for range cap(slow) {
		if r := <-slow; r.status != http.StatusGatewayTimeout && r.status != http.StatusBadGateway || r.after > 8*time.Second {
			t.Errorf("%d after %v", r.status, r.after)
		}
	}
	h.clean()
}

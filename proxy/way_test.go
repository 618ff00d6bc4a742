package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"
)

// openWay opens one more way into the house, to be changed and closed.
func (h *house) openWay(d *Door) *Way {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	w, err := h.srv.Open(l, d)
	if err != nil {
		h.t.Fatal(err)
	}
	go w.Serve()
	return w
}

// status of a request, and whether it went over a connection that was there.
func (h *house) over(c *http.Client) (status int, reused bool) {
	h.t.Helper()
	r, err := http.NewRequest("GET", "http://"+originHost+"/", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}))
	resp, err := c.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, reused
}

// TestWayChanges: another door at the same listener holds for requests on
// connections that are open, and what is spoken first for those to come.
func TestWayChanges(t *testing.T) {
	h := build(t)
	w := h.openWay(&Door{Name: "one"})
	c := h.through("http://" + w.Addr().String())
	before, _ := h.over(c)
	never, faults := NewSites("listener", SitesConfig{Never: []string{originHost}})
	if faults != nil || before == http.StatusForbidden {
		t.Fatal(faults, before)
	}
	if err := w.Use(&Door{Name: "two", Kind: DoorHTTPS, Sites: never}); err == nil {
		t.Error("TLS without a certificate")
	}
	if status, reused := h.over(c); status != before || !reused {
		t.Errorf("after a fault: %d, reused %v", status, reused)
	}
	if err := w.Use(&Door{Name: "two", Kind: DoorHTTPS, Names: []string{"localhost"}, Sites: never, Connections: 1}); err != nil {
		t.Fatal(err)
	}
	if status, reused := h.over(c); status != http.StatusForbidden || !reused {
		t.Errorf("under the new door: %d, reused %v", status, reused)
	}
	// It speaks TLS now, and the connection that was there counts.
	if _, err := tls.Dial("tcp", w.Addr().String(), &tls.Config{RootCAs: h.roots, ServerName: "localhost"}); err == nil {
		t.Error("one more connection than the door allows")
	}
	c.CloseIdleConnections()
	eventually(t, "the first connection is gone", func() bool { return w.open.Load() == 0 })
	outer, err := tls.Dial("tcp", w.Addr().String(), &tls.Config{RootCAs: h.roots, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	outer.Close()
}

// TestWayCloses: clients that ask for nothing are let go, and what does not end
// is cut off when the time is over.
func TestWayCloses(t *testing.T) {
	h := build(t)
	w := h.openWay(&Door{})
	h.over(h.through("http://" + w.Addr().String())) // stays open, idle
	silent, err := net.Dial("tcp", w.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	eventually(t, "both are counted", func() bool { return w.open.Load() == 2 })
	if cut := w.Close(t.Context()); cut != 0 || w.open.Load() != 0 {
		t.Errorf("%d were cut off, %d are open", cut, w.open.Load())
	}

	w = h.openWay(&Door{})
	stuck, err := net.Dial("tcp", w.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	io.WriteString(stuck, "POST http://origin.example/ HTTP/1.1\r\nHost: origin.example\r\nContent-Length: 100\r\n\r\nx")
	eventually(t, "the upload is being read", func() bool { return h.srv.deps.Hold.Stats().Bodies == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if cut := w.Close(ctx); cut != 1 {
		t.Errorf("%d were cut off, want 1", cut)
	}
	eventually(t, "it is gone", func() bool { return w.open.Load() == 0 && h.srv.deps.Hold.Stats().Bodies == 0 })
}

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
)

// TestMemoryOfIdleTunnels holds opened tunnels, idle after a request each, and
// sends eight large uploads at once meanwhile. SEKIMORI_TUNNELS says how many;
// docs/capacity.md has the figures for 10,000.
func TestMemoryOfIdleTunnels(t *testing.T) {
	if testing.Short() {
		t.Skip("many handshakes")
	}
	tunnels := 2000
	if n, err := strconv.Atoi(os.Getenv("SEKIMORI_TUNNELS")); err == nil {
		tunnels = n
	}
	in := install(t, "[limit]\nper_client = 20000\n[timeout]\nidle = \"10m\"\n").start()
	pem, err := os.ReadFile(in.ca)
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &tls.Config{RootCAs: roots, ServerName: "upload.example.com", NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(10)}
	open := func() (*tls.Conn, error) {
		c, err := net.Dial("tcp", in.proxy)
		if err != nil {
			return nil, err
		}
		fmt.Fprint(c, "CONNECT upload.example.com:443 HTTP/1.1\r\nHost: upload.example.com:443\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReaderSize(c, 64), &http.Request{Method: http.MethodConnect}); err != nil {
			return nil, err
		}
		s := tls.Client(c, client)
		fmt.Fprint(s, "GET / HTTP/1.1\r\nHost: upload.example.com\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(s), nil)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return s, err
	}
	for range 50 { // what there is once
		c, err := open()
		check(t, err)
		c.Close()
	}
	before := in.memory()
	idle := make([]*tls.Conn, tunnels)
	var wg sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for k := range next {
				var err error
				if idle[k], err = open(); err != nil {
					t.Errorf("tunnel %d: %v", k, err)
				}
			}
		})
	}
	for k := range idle {
		next <- k
	}
	close(next)
	wg.Wait()
	defer func() {
		for _, c := range idle {
			if c != nil {
				c.Close()
			}
		}
	}()
	held := in.memory()
	each := (held - before) / int64(tunnels)
	// Of text, so that it is looked at; nothing in it is anybody's.
	line := []byte("The quick brown fox jumps over the lazy dog, again and again and again.\n")
	large := bytes.Repeat(line, (64<<20)/len(line))
	done := make(chan bool)
	var most int64
	var uploads sync.WaitGroup
	for k := range 8 {
		c := in.http(k%2 == 0)
		c.Timeout = 0
		uploads.Go(func() {
			resp, err := c.Post("https://upload.example.com/large", "text/plain", bytes.NewReader(large))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("a large upload: %s", resp.Status)
			}
		})
	}
	go func() { uploads.Wait(); close(done) }()
	for ended := false; !ended; {
		most = max(most, in.memory())
		select {
		case <-done:
			ended = true
		default:
			in.get("/healthz") // it answers under load, and is what one waits for
		}
	}
	t.Logf("%d idle tunnels: %d MiB, %d KiB each; with 8 uploads of 64 MiB: %d MiB at most", tunnels, held>>20, each>>10, most>>20)
	// Of few, the collector's headroom is a large part.
	if tunnels < 5000 && each > 64<<10 || tunnels >= 5000 && each > 44<<10 {
		t.Errorf("an idle tunnel takes %d KiB", each>>10)
	}
	if bound := int64(600)<<20 - int64(10_000-min(tunnels, 10_000))*34<<10; most > bound {
		t.Errorf("%d MiB at most, want less than %d", most>>20, bound>>20)
	}
	for _, k := range []int{0, tunnels / 2, tunnels - 1} { // they still work
		fmt.Fprint(idle[k], "GET / HTTP/1.1\r\nHost: upload.example.com\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(idle[k]), nil); err != nil {
			t.Errorf("tunnel %d: %v", k, err)
		}
	}
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestH2Spec has h2spec (https://github.com/summerwind/h2spec) look at HTTP/2
// inside an opened tunnel.
func TestH2Spec(t *testing.T) {
	h2spec := kit(t, "h2spec")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	in := install(t, "")
	in.replace("resolve = { ", fmt.Sprintf("resolve = { %q = %q, ", l.Addr().String(), in.origin.addr))
	in.start()
	// It knows no proxies: what it dials leads into a tunnel.
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go tunnelled(c, in.proxy, l.Addr().String())
		}
	}()
	host, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	out, err := exec.Command(h2spec, "--host", host, "--port", port, "--tls", "--insecure", "--timeout", "3").CombinedOutput()
	_, failures, failed := strings.Cut(string(out), "Failures:")
	if err != nil && !failed {
		t.Fatalf("%v: %.2000s", err, out)
	}
	for _, m := range regexp.MustCompile(`× \d+: (.*)`).FindAllStringSubmatch(failures, -1) {
		if !slices.ContainsFunc(otherwise, func(s string) bool { return strings.Contains(m[1], s) }) {
			t.Errorf("%s", m[1])
		}
	}
	if !strings.Contains(string(out), "145 tests") {
		t.Errorf("h2spec did not run whole: %.2000s", out)
	}
	for _, r := range in.origin.all() {
		for name := range r.header {
			if name == "Connection" || name == "Te" {
				t.Errorf("a request with the field %s went on", name)
			}
		}
	}
}

// otherwise lists what the HTTP/2 server of Go's library does in another way,
// none of which lets anything pass: it takes frames larger than it has to, ends a
// connection whose settings name one thing twice, and refuses fields that are of
// HTTP/1 with status 400 instead of ending the stream.
var otherwise = []string{
	"Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE",
	"Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE",
	"Sends a HEADERS frame that contains the connection-specific header field",
	`Sends a HEADERS frame that contains the TE header field with any value other than "trailers"`,
}

// tunnelled relays a connection through a tunnel to an authority.
func tunnelled(c net.Conn, proxy, authority string) {
	defer c.Close()
	p, err := net.DialTimeout("tcp", proxy, 5*time.Second)
	if err != nil {
		return
	}
	defer p.Close()
	fmt.Fprintf(p, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority)
	br := bufio.NewReader(p)
	if resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect}); err != nil || resp.StatusCode != 200 {
		return
	}
	go func() {
		_, _ = io.Copy(p, c)
		p.Close()
	}()
	_, _ = io.Copy(c, br)
}

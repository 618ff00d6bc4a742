package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// by is a client of one of the installation's ways in. reused tells after each
// request whether it went over a connection that was there.
func (in *site) by(address string, h2 bool) (c *http.Client, reused func() bool) {
	in.t.Helper()
	pem, err := os.ReadFile(in.ca)
	check(in.t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	last := false
	tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: address}), TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: h2}
	in.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Timeout: 60 * time.Second, Transport: traced{tr, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { last = i.Reused }}}}, func() bool { return last }
}

type traced struct {
	http.RoundTripper
	trace *httptrace.ClientTrace
}

func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), t.trace)))
}

func post(c *http.Client, body io.Reader) string {
	resp, err := c.Post("https://upload.example.com/", "application/octet-stream", body)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.Status + " " + strings.TrimSpace(string(b))
}

// TestReloadOfListeners opens, changes and closes ways in under clients that are
// using them.
func TestReloadOfListeners(t *testing.T) {
	first, second, third := freeAddress(t), freeAddress(t), freeAddress(t)
	entry := func(name, address, more string) string {
		return fmt.Sprintf("[[listener]]\nname = %q\naddress = %q\n%s\n", name, address, more)
	}
	in := install(t, entry("second", second, ""))
	in.replace("127.0.0.1:0", first)
	in.start()
	reload := func(old, with string, outcome string) {
		t.Helper()
		in.replace(old, with)
		events := func() (n int) {
			for _, e := range in.events("--kind", "reload") {
				if strings.HasPrefix(e.Reason, outcome) {
					n++
				}
			}
			return n
		}
		before := events()
		in.signal(syscall.SIGHUP)
		eventually(t, "the configuration is read", func() bool { return events() > before })
	}
	const loaded, refused = "bypass list and sites", "configuration not loaded"

	type upload struct {
		by      string
		client  *http.Client
		reused  func() bool
		begun   chan bool
		release chan bool
		result  chan string
	}
	var uploads []*upload
	for _, address := range []string{first, second} {
		for _, h2 := range []bool{false, true} {
			u := &upload{by: address, begun: make(chan bool, 1), release: make(chan bool), result: make(chan string, 1)}
			u.client, u.reused = in.by(address, h2)
			if got := post(u.client, strings.NewReader("hello")); got != "200 OK origin got 5 bytes" {
				t.Fatalf("%s at first: %s", address, got)
			}
			go func() {
				u.result <- post(u.client, &slowly{pieces: [][]byte{bytes.Repeat([]byte("a"), 64<<10), bytes.Repeat([]byte("b"), 64<<10)},
					wait: func() { u.begun <- true; <-u.release }})
			}()
			<-u.begun
			uploads = append(uploads, u)
		}
	}
	eventually(t, "the uploads are held", func() bool {
		_, m := in.get("/metrics")
		return metric(m, "sekimori_held_bodies") >= float64(len(uploads))
	})
	idle, err := net.Dial("tcp", second)
	check(t, err)
	defer idle.Close()
	fmt.Fprintf(idle, "GET http://upload.example.com/ HTTP/1.1\r\nHost: upload.example.com\r\n\r\n")
	check(t, idle.SetReadDeadline(time.Now().Add(60*time.Second)))
	_, err = idle.Read(make([]byte, 1))
	check(t, err)

	// The second one goes, a third one comes; of what needs a restart, that is said.
	reload(entry("second", second, ""), entry("third", third, "")+"[hold]\nmax = \"1 GiB\"\n", loaded)
	if c, err := net.Dial("tcp", second); err == nil {
		c.Close()
		t.Error("a listener that was removed takes connections")
	}
	if log := in.log.String(); !strings.Contains(log, "after a restart only") || !strings.Contains(log, `"hold.max"`) {
		t.Errorf("nobody said that hold.max needs a restart: %s", log)
	}
	// A connection without a request ends by itself, and does so well before its time-out of two minutes.
	if _, err := io.Copy(io.Discard, idle); err != nil {
		t.Errorf("an idle client of the removed listener: %v", err)
	}
	client, reused := in.by(third, true)
	if got := post(client, strings.NewReader("hello")); got != "200 OK origin got 5 bytes" {
		t.Errorf("by the new one: %s", got)
	}
	for _, u := range uploads {
		close(u.release)
		if got := <-u.result; got != "200 OK origin got 131072 bytes" {
			t.Errorf("an upload by %s under the reload: %s", u.by, got)
		}
		again := post(u.client, strings.NewReader("hello"))
		if stays := u.by == first; stays && (again != "200 OK origin got 5 bytes" || !u.reused()) {
			t.Errorf("afterwards: %s, on the same connection: %v", again, u.reused())
		} else if !stays && !strings.Contains(again, "refused") {
			t.Errorf("by the removed listener: %s", again)
		}
	}
	eventually(t, "the clients of the removed listener are gone", func() bool {
		return strings.Contains(in.log.String(), `"listener":"second","cut":0`)
	})

	// Another name and policy at the same address: the connection stays.
	reload(entry("third", third, ""), entry("fourth", third, "never = [\"upload.example.com\"]"), loaded)
	if got := post(client, strings.NewReader("hello")); !strings.HasPrefix(got, "403") || !reused() {
		t.Errorf("under the new policy: %.100s, on the same connection: %v", got, reused())
	}
	// One fault, and all stays as it was, with nothing opened.
	fifth := freeAddress(t)
	reload(entry("fourth", third, "never = [\"upload.example.com\"]"), entry("fourth", third, "")+entry("fifth", fifth, "")+entry("taken", in.admin, ""), refused)
	if got := post(client, strings.NewReader("hello")); !strings.HasPrefix(got, "403") || !reused() {
		t.Errorf("after a fault: %.100s, on the same connection: %v", got, reused())
	}
	if c, err := net.Dial("tcp", fifth); err == nil {
		c.Close()
		t.Error("half of a faulty configuration is in force")
	}
	if code := in.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, in.log)
	}
}

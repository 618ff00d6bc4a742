package upstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// wire is an origin that speaks HTTP/1.1 by hand.
type wire struct {
	net.Listener
	conns    atomic.Int32
	requests atomic.Int32
}

// listenWire starts an origin. script serves one connection; it is given its
// number, from 1.
func listenWire(t *testing.T, script func(w *wire, number int, c net.Conn, in *bufio.Reader)) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(w.conns.Add(1))
			go func() {
				defer c.Close()
				script(w, n, c, bufio.NewReader(c))
			}()
		}
	}()
	return w
}

// take reads one request whole.
func (w *wire) take(in *bufio.Reader) (*http.Request, error) {
	r, err := http.ReadRequest(in)
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
		w.requests.Add(1)
	}
	return r, err
}

func newLocal(t *testing.T) *Origins {
	t.Helper()
	o, err := New(Config{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Response: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.CloseIdleConnections)
	return o
}

// ask sends a request to w and returns the answer's status and body.
func ask(t *testing.T, o *Origins, w *wire, method, body string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+w.Addr().String()+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := o.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// known makes an origin one that is known to speak HTTP/1.1.
func (w *wire) known(o *Origins) *wire {
	o.direct.known["http://"+w.Addr().String()] = spoken{HTTP11, time.Now()}
	return w
}

const plainAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestDirectReusesAConnection(t *testing.T) {
	o := newLocal(t)
	w := listenWire(t, func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
		for {
			if _, err := w.take(in); err != nil {
				return
			}
			io.WriteString(c, plainAnswer)
		}
	})
	for i := range 5 {
		status, body, err := ask(t, o, w, "POST", strings.Repeat("x", i*10000))
		if err != nil || status != 200 || body != "ok" {
			t.Fatalf("request %d: %d %q %v", i, status, body, err)
		}
	}
	// The first went through the Transport, which keeps a connection of its own.
	if n := w.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestDirectReadsEveryKindOfAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		method, answer, body string
		status               int
		again                bool // the connection serves another request
	}{
		"length":      {"POST", plainAnswer, "ok", 200, true},
		"chunks":      {"POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", 200, true},
		"no content":  {"PUT", "HTTP/1.1 204 No Content\r\n\r\n", "", 204, true},
		"head":        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", "", 200, true},
		"informed":    {"POST", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + plainAnswer, "ok", 200, true},
		"to the end":  {"POST", "HTTP/1.1 200 OK\r\n\r\nok", "ok", 200, false},
		"closing":     {"POST", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "ok", 200, false},
		"old":         {"POST", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", 200, false},
		"overflowing": {"POST", plainAnswer + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nothers", "ok", 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newLocal(t)
			w := listenWire(t, func(w *wire, _ int, conn net.Conn, in *bufio.Reader) {
				for {
					if _, err := w.take(in); err != nil {
						return
					}
					io.WriteString(conn, c.answer)
					if !c.again && name != "overflowing" {
						return
					}
				}
			}).known(o)
			for range 2 {
				status, body, err := ask(t, o, w, c.method, "content")
				if err != nil || status != c.status || body != c.body {
					t.Fatalf("%d %q %v", status, body, err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if n, want := w.conns.Load(), map[bool]int32{true: 1, false: 2}[c.again]; n != want {
				t.Errorf("%d connections, want %d", n, want)
			}
		})
	}
}

// An origin closes what is idle whenever it likes: an upload sent after that
// arrives, once.
func TestDirectNoticesAClosedConnection(t *testing.T) {
	o := newLocal(t)
	w := listenWire(t, func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
		if _, err := w.take(in); err == nil {
			io.WriteString(c, plainAnswer)
		}
	}).known(o)
	for range 5 {
		if _, _, err := ask(t, o, w, "POST", "content"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := w.requests.Load(); n != 5 {
		t.Errorf("%d requests arrived, want 5", n)
	}
}

// A connection that breaks after the request was sent: what may be sent twice
// is, an upload is not.
func TestDirectSendsAnUploadOnce(t *testing.T) {
	for method, want := range map[string]int32{"POST": 2, "GET": 3} {
		t.Run(method, func(t *testing.T) {
			o := newLocal(t)
			w := listenWire(t, func(w *wire, number int, c net.Conn, in *bufio.Reader) {
				for i := 0; ; i++ {
					if _, err := w.take(in); err != nil || number == 1 && i == 1 {
						return
					}
					io.WriteString(c, plainAnswer)
				}
			}).known(o)
			if _, _, err := ask(t, o, w, method, ""); err != nil {
				t.Fatal(err)
			}
			_, _, err := ask(t, o, w, method, "")
			if failed := err != nil; failed != (method == "POST") {
				t.Errorf("second request: %v", err)
			}
			if n := w.requests.Load(); n != want {
				t.Errorf("%d requests arrived, want %d", n, want)
			}
		})
	}
}

func TestDirectGivesUp(t *testing.T) {
	for name, script := range map[string]func(w *wire, number int, c net.Conn, in *bufio.Reader){
		"on an endless head": func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
			w.take(in)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for range 1000 {
				if _, err := fmt.Fprintf(c, "X-Filler: %s\r\n", strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		},
		"on no answer": func(w *wire, _ int, _ net.Conn, in *bufio.Reader) { w.take(in); w.take(in) },
		"on nonsense":  func(w *wire, _ int, c net.Conn, in *bufio.Reader) { w.take(in); io.WriteString(c, "nonsense\r\n\r\n") },
		"on another version": func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
			w.take(in)
			io.WriteString(c, "HTTP/2.0 200 OK\r\n\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newLocal(t)
			o.ResponseHeaderTimeout = time.Second
			w := listenWire(t, script).known(o)
			if status, _, err := ask(t, o, w, "POST", "content"); err == nil {
				t.Errorf("answered %d", status)
			}
		})
	}
}

// An origin that refuses early and closes is heard.
func TestDirectReadsAnEarlyRefusal(t *testing.T) {
	o := newLocal(t)
	w := listenWire(t, func(_ *wire, _ int, c net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err == nil {
			io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, in)
		}
	}).known(o)
	for range 20 {
		if status, _, err := ask(t, o, w, "POST", strings.Repeat("x", smallRequest)); err != nil || status != 413 {
			t.Fatalf("%d %v", status, err)
		}
	}
}

func TestDirectEndsWithItsClient(t *testing.T) {
	o := newLocal(t)
	gone := make(chan error, 1)
	w := listenWire(t, func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
		w.take(in)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst")
		_, err := in.ReadByte()
		gone <- err
	}).known(o)
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, "POST", "http://"+w.Addr().String()+"/", bytes.NewReader([]byte("content")))
	resp, err := o.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("half an answer was taken for the whole")
	}
	resp.Body.Close()
	select {
	case err := <-gone:
		if errors.Is(err, context.DeadlineExceeded) || err == nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the origin was not told")
	}
}

// The Transport and the direct way say the same over TLS.
func TestDirectOverTLS(t *testing.T) {
	o := newLocal(t)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s %d %d", r.Proto, n, len(r.Header))
	}))
	defer s.Close()
	o.TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	said := map[string]bool{}
	for range 4 {
		r, _ := http.NewRequest("POST", s.URL, strings.NewReader("content"))
		resp, err := o.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		said[string(b)] = true
	}
	if len(said) != 1 || !said["HTTP/1.1 7 2"] {
		t.Errorf("%v", said)
	}
	if o.direct.total != 1 {
		t.Errorf("%d idle, want 1", o.direct.total)
	}
	o.TLSClientConfig.RootCAs = nil
	o.CloseIdleConnections()
	r, _ := http.NewRequest("POST", s.URL, strings.NewReader("content"))
	if resp, err := o.RoundTrip(r); err == nil {
		t.Errorf("an untrusted origin answered %s", resp.Status)
	} else if word, _ := Cause(err); word != "origin-certificate" {
		t.Errorf("cause is %s", word)
	}
}

func TestDirectForgetsIdleConnections(t *testing.T) {
	o := newLocal(t)
	o.IdleConnTimeout = 50 * time.Millisecond
	closed := make(chan struct{})
	w := listenWire(t, func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
		w.take(in)
		io.WriteString(c, plainAnswer)
		w.take(in)
		close(closed)
	}).known(o)
	if _, _, err := ask(t, o, w, "POST", "content"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("it stays open")
	}
}

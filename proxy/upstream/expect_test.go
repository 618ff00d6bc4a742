package upstream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// large is a body that is asked about.
var large = strings.Repeat("0123456789abcdef", (askAbove>>4)+1)

// An origin that refuses by the head is not sent the body, and its answer is heard.
func TestLargeBodiesAreSentWhenWanted(t *testing.T) {
	var got atomic.Int64 // bytes of bodies
	w := listenWire(t, func(w *wire, number int, c net.Conn, in *bufio.Reader) {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if r.Header.Get("Expect") != "100-continue" {
			t.Errorf("connection %d: the origin was not asked", number)
		}
		if number == 1 {
			io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\nConnection: close\r\n\r\nlog in")
			in.WriteTo(counter{&got}) // until the other side has closed
			return
		}
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n%d", n)
	})
	o := newLocal(t)
	if status, body, err := ask(t, o, w, http.MethodPut, large); err != nil || status != http.StatusUnauthorized || body != "log in" {
		t.Errorf("refused: %d %q %v", status, body, err)
	}
	if n := got.Load(); n != 0 {
		t.Errorf("%d bytes were sent all the same", n)
	}
	if status, body, err := ask(t, o, w, http.MethodPut, large); err != nil || status != 200 || body != fmt.Sprint(len(large)) {
		t.Errorf("wanted: %d %q %v", status, body, err)
	}
	if o.deaf.knows("http://" + w.Addr().String()) {
		t.Error("an origin that answers is not asked any more")
	}
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// Origins that refuse the question, or do not hear it, get the body; the next time
// they are not asked.
func TestOriginsThatCannotBeAsked(t *testing.T) {
	for name, refuses := range map[string]bool{"refuses": true, "does not answer": false} {
		t.Run(name, func(t *testing.T) {
			var asked, whole atomic.Int32
			w := listenWire(t, func(w *wire, number int, c net.Conn, in *bufio.Reader) {
				r, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				if r.Header.Get("Expect") != "" {
					asked.Add(1)
					if refuses {
						io.WriteString(c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
						return
					}
				}
				if n, _ := io.Copy(io.Discard, r.Body); n == int64(len(large)) {
					whole.Add(1)
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			})
			o := newLocal(t)
			for range 2 {
				if status, _, err := ask(t, o, w, http.MethodPut, large); err != nil || status != 200 {
					t.Errorf("%d %v", status, err)
				}
			}
			if asked.Load() != 1 || whole.Load() != 2 {
				t.Errorf("asked %d times, %d whole bodies", asked.Load(), whole.Load())
			}
		})
	}
}

func TestSmallBodiesAreNotAskedAbout(t *testing.T) {
	w := listenWire(t, func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
		for {
			r, err := w.take(in)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r.Header.Get("Expect")), r.Header.Get("Expect"))
		}
	})
	o := newLocal(t)
	for _, size := range []int{10, smallRequest + 1, askAbove} {
		if status, body, err := ask(t, o, w, http.MethodPut, large[:size]); err != nil || status != 200 || body != "" {
			t.Errorf("%d bytes: %d %q %v", size, status, body, err)
		}
	}
}

func TestDeafAreBounded(t *testing.T) {
	var d deaf
	for i := range 2 * maxDeaf {
		d.note(fmt.Sprint(i))
	}
	if n := len(d.them); n > maxDeaf || !d.knows(fmt.Sprint(2*maxDeaf-1)) {
		t.Errorf("%d are kept", n)
	}
}

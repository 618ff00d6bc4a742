package proxy

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// clientFrame makes a frame as clients send it.
func clientFrame(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i&3])
	}
	return b
}

// webSocket opens one to an origin that sends back, in hexadecimal frames of a
// server, how many bytes of frames it got so far.
func webSocket(t *testing.T, h *house, agreed string) (net.Conn, *bufio.Reader) {
	t.Helper()
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get(extensions), "x-unknown") {
			t.Error("an extension that is not understood was offered to the origin")
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
		if agreed != "" {
			io.WriteString(rw, "Sec-WebSocket-Extensions: "+agreed+"\r\n")
		}
		io.WriteString(rw, "\r\n")
		rw.Flush()
		total, b := 0, make([]byte, 1<<16)
		for {
			n, err := rw.Read(b)
			if err != nil {
				return
			}
			h.secure.bytes.Add(int64(n))
			total += n
			answer := fmt.Sprintf("%08x", total)
			conn.Write(append([]byte{0x81, byte(len(answer))}, answer...))
		}
	}
	c := inTLS(h)
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, "GET /chat HTTP/1.1\r\nHost: "+originHost+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-unknown\r\n\r\n")
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v %v", resp, err)
	}
	return c, br
}

// arrived waits until the origin got n bytes, as its answers tell.
func arrived(t *testing.T, br *bufio.Reader, n int) {
	t.Helper()
	want := fmt.Sprintf("%08x", n)
	for {
		b := make([]byte, 10)
		if _, err := io.ReadFull(br, b); err != nil {
			t.Fatalf("%d bytes did not arrive: %v", n, err)
		}
		if string(b[2:]) == want {
			return
		}
	}
}

// closed reads the frame with which we close the connection.
func closed(t *testing.T, br *bufio.Reader) (code int, reason string) {
	t.Helper()
	b, err := io.ReadAll(br)
	if err != nil && len(b) == 0 {
		t.Fatal(err)
	}
	if len(b) < 4 || b[0] != 0x88 || int(b[1]) != len(b)-2 {
		t.Fatalf("no closing frame: %q", b)
	}
	return int(binary.BigEndian.Uint16(b[2:])), string(b[4:])
}

func TestWebSocketMessagesAreInspected(t *testing.T) {
	half := len(secret) / 2
	deflate := func(w *flate.Writer, b *bytes.Buffer, text string) []byte {
		b.Reset()
		io.WriteString(w, text)
		w.Flush()
		return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
	}
	for name, c := range map[string]struct {
		agreed string
		frames func(text string) [][]byte // of one message
	}{
		"text":   {"", func(s string) [][]byte { return [][]byte{clientFrame(0x81, []byte(s))} }},
		"binary": {"", func(s string) [][]byte { return [][]byte{clientFrame(0x82, []byte(s))} }},
		"ping":   {"", func(s string) [][]byte { return [][]byte{clientFrame(0x89, []byte(s))} }},
		"large":  {"", func(s string) [][]byte { return [][]byte{clientFrame(0x81, []byte(strings.Repeat("x", 70_000)+s))} }},
		"fragments": {"", func(s string) [][]byte {
			return [][]byte{clientFrame(0x01, []byte(s[:half])), clientFrame(0x89, nil), clientFrame(0x80, []byte(s[half:]))}
		}},
		"compressed": {"permessage-deflate", func(s string) [][]byte {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, 9)
			return [][]byte{clientFrame(0xc1, deflate(w, &b, s))}
		}},
		"compressed with what came before": {"permessage-deflate", func(s string) [][]byte {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, 9)
			first := clientFrame(0xc1, bytes.Clone(deflate(w, &b, s[:half]+" and "+s[half:])))
			return [][]byte{first, clientFrame(0xc1, deflate(w, &b, "now "+s))}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			conn, br := webSocket(t, h, c.agreed)
			n := 0
			for _, f := range c.frames(strings.Repeat("harmless", 4)) {
				conn.Write(f)
				n += len(f)
			}
			arrived(t, br, n)
			conn.Close()

			conn, br = webSocket(t, h, c.agreed)
			before := h.secure.bytes.Load()
			frames := c.frames(secret)
			for _, f := range frames {
				conn.Write(f)
			}
			if name == "compressed with what came before" || name == "fragments" {
				// What came first may be answered.
				if b, err := br.Peek(1); err == nil && b[0] == 0x81 {
					io.CopyN(io.Discard, br, 10)
				}
			}
			code, reason := closed(t, br)
			if code != closePolicy || !strings.Contains(reason, "SK-") {
				t.Errorf("closed with %d %q", code, reason)
			}
			if n := int(h.secure.bytes.Load() - before); n >= len(frames[len(frames)-1]) && len(frames) == 1 {
				t.Errorf("%d bytes reached the origin", n)
			}
			evs := h.audit.events()
			if last := evs[len(evs)-1]; last.Action != "block" || last.Protocol != "WebSocket" || last.Incident == "" {
				t.Errorf("recorded: %+v", last)
			}
		})
	}
}

// TestWebSocketFaults: what cannot be read is not passed on.
func TestWebSocketFaults(t *testing.T) {
	huge := append([]byte{0x82, 0x80 | 127}, append(binary.BigEndian.AppendUint64(nil, maxMessage+1), 1, 2, 3, 4)...)
	for name, c := range map[string]struct {
		frame []byte
		code  int
	}{
		"not masked":             {[]byte{0x81, 1, 'a'}, closeProtocol},
		"compressed, not agreed": {clientFrame(0xc1, []byte("x")), closeProtocol},
		"reserved bit":           {clientFrame(0xa1, []byte("x")), closeProtocol},
		"continues nothing":      {clientFrame(0x80, []byte("x")), closeProtocol},
		"unknown kind":           {clientFrame(0x83, []byte("x")), closeProtocol},
		"fragmented ping":        {clientFrame(0x09, []byte("x")), closeProtocol},
		"too large":              {huge, closeTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			conn, br := webSocket(t, h, "")
			conn.Write(c.frame)
			if code, _ := closed(t, br); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
			h.secure.requests.Store(0)
			h.untouched()
		})
	}
}

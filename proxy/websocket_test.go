package proxy

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
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

// talker is the origin of a WebSocket, which sends back, in hexadecimal frames of
// a server, how many bytes of frames it got so far.
func talker(t *testing.T, h *house, agreed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get(extensions), "x-unknown") {
			t.Error("an extension that is not understood was offered to the origin")
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "+acceptFor(r.Header.Get(keyField))+"\r\n")
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
}

// opener opens a WebSocket to a talker.
type opener func(t *testing.T, h *house, agreed string) (io.WriteCloser, *bufio.Reader)

// overHTTP are the versions of HTTP by which one is opened.
var overHTTP = map[string]opener{"HTTP/1.1": webSocket, "HTTP/2": streamSocket}

func webSocket(t *testing.T, h *house, agreed string) (io.WriteCloser, *bufio.Reader) {
	t.Helper()
	h.secure.handle = talker(t, h, agreed)
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
	one := func(frames ...[]byte) [][][]byte { return [][][]byte{frames} }
	// deflated makes messages that refer back to those before them.
	deflated := func(texts ...string) (messages [][]byte) {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, 9)
		for _, text := range texts {
			b.Reset()
			io.WriteString(w, text)
			w.Flush()
			messages = append(messages, bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))))
		}
		return messages
	}
	filler := make([]byte, 20<<10) // cannot be compressed
	rand.NewChaCha8([32]byte{}).Read(filler)
	for name, c := range map[string]struct {
		agreed   string
		messages func(text string) [][][]byte // each of frames; the text is in the last
	}{
		"text":   {"", func(s string) [][][]byte { return one(clientFrame(0x81, []byte(s))) }},
		"binary": {"", func(s string) [][][]byte { return one(clientFrame(0x82, []byte(s))) }},
		"ping":   {"", func(s string) [][][]byte { return one(clientFrame(0x89, []byte(s))) }},
		"large":  {"", func(s string) [][][]byte { return one(clientFrame(0x81, []byte(strings.Repeat("x", 70_000)+s))) }},
		"fragments": {"", func(s string) [][][]byte {
			return one(clientFrame(0x01, []byte(s[:half])), clientFrame(0x89, nil), clientFrame(0x80, []byte(s[half:])))
		}},
		"a frame for each byte": {"", func(s string) [][][]byte {
			frames := [][]byte{clientFrame(0x01, nil)}
			for i := range len(s) {
				frames = append(frames, clientFrame(0x00, []byte(s[i:i+1])))
			}
			return one(append(frames, clientFrame(0x80, nil))...)
		}},
		"compressed": {"permessage-deflate", func(s string) [][][]byte { return one(clientFrame(0xc1, deflated(s)[0])) }},
		"compressed in fragments": {"permessage-deflate", func(s string) [][][]byte {
			d := deflated(s)[0]
			return one(clientFrame(0x41, d[:1]), clientFrame(0x00, d[1:4]), clientFrame(0x80, d[4:]))
		}},
		"compressed each alone": {"permessage-deflate; client_no_context_takeover", func(s string) [][][]byte {
			return [][][]byte{{clientFrame(0xc1, deflated("before")[0])}, {clientFrame(0xc1, deflated(s)[0])}}
		}},
		"compressed with what came before": {"permessage-deflate", func(s string) [][][]byte {
			d := deflated(s[:half]+" and "+s[half:], "now "+s)
			return [][][]byte{{clientFrame(0xc1, d[0])}, {clientFrame(0xc1, d[1])}}
		}},
		"compressed with what came long before, in fragments": {"permessage-deflate", func(s string) [][][]byte {
			d := deflated(string(filler), s[:half]+" and "+s[half:]+string(filler[:10<<10]), string(filler[10<<10:]), s)
			return [][][]byte{{clientFrame(0xc2, d[0])}, {clientFrame(0xc2, d[1])}, {clientFrame(0xc2, d[2])},
				{clientFrame(0x42, d[3][:2]), clientFrame(0x80, d[3][2:])}}
		}},
		"compressed in a last block": {"permessage-deflate", func(s string) [][][]byte {
			return [][][]byte{{clientFrame(0xc1, append(lastBlock("before"), 0))}, {clientFrame(0xc1, lastBlock(s))}}
		}},
		"not compressed, among compressed": {"permessage-deflate", func(s string) [][][]byte {
			d := deflated("before")
			return [][][]byte{{clientFrame(0xc1, d[0])}, {clientFrame(0x01, []byte(s[:half])), clientFrame(0x80, []byte(s[half:]))}}
		}},
	} {
		eachVersion(t, name, func(t *testing.T, open opener) {
			h := build(t)
			conn, br := open(t, h, c.agreed)
			n := 0
			for _, m := range c.messages(strings.Repeat("harmless", 4)) {
				for _, f := range m {
					conn.Write(f)
					n += len(f)
				}
				arrived(t, br, n)
			}
			conn.Close()

			conn, br = open(t, h, c.agreed)
			before := h.secure.bytes.Load()
			n = 0
			messages := c.messages(secret)
			last := len(messages) - 1
			for _, m := range messages[:last] {
				conn.Write(m[0])
				n += len(m[0])
				arrived(t, br, n)
			}
			for _, f := range messages[last] {
				conn.Write(f)
				if control := f[0]&8 != 0 && len(messages[last]) > 1; control {
					n += len(f)
					arrived(t, br, n)
				}
			}
			code, reason := closed(t, br)
			if code != closePolicy || !strings.Contains(reason, "SK-") {
				t.Errorf("closed with %d %q", code, reason)
			}
			if got := int(h.secure.bytes.Load() - before); got != n {
				t.Errorf("%d bytes reached the origin, want %d", got, n)
			}
			evs := h.audit.events()
			if last := evs[len(evs)-1]; last.Action != "block" || last.Protocol != "WebSocket" || last.Incident == "" {
				t.Errorf("recorded: %+v", last)
			}
		})
	}
}

// lastBlock compresses with a block that is marked as the last.
func lastBlock(text string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func eachVersion(t *testing.T, name string, f func(t *testing.T, open opener)) {
	for version, open := range overHTTP {
		t.Run(name+" over "+version, func(t *testing.T) { f(t, open) })
	}
}

// TestWebSocketFaults: what cannot be read is not passed on.
func TestWebSocketFaults(t *testing.T) {
	huge := append([]byte{0x82, 0x80 | 127}, append(binary.BigEndian.AppendUint64(nil, maxMessage+1), 1, 2, 3, 4)...)
	for name, c := range map[string]struct {
		frame []byte
		code  int
	}{
		"behind the last block":  {clientFrame(0xc1, append(lastBlock("harmless"), lastBlock(secret)...)), closeProtocol},
		"a byte behind it":       {clientFrame(0xc1, append(lastBlock("harmless"), 1)), closeProtocol},
		"not masked":             {[]byte{0x81, 1, 'a'}, closeProtocol},
		"compressed, not agreed": {clientFrame(0xc1, []byte("x")), closeProtocol},
		"reserved bit":           {clientFrame(0xa1, []byte("x")), closeProtocol},
		"continues nothing":      {clientFrame(0x80, []byte("x")), closeProtocol},
		"unknown kind":           {clientFrame(0x83, []byte("x")), closeProtocol},
		"fragmented ping":        {clientFrame(0x09, []byte("x")), closeProtocol},
		"too large":              {huge, closeTooBig},
	} {
		eachVersion(t, name, func(t *testing.T, open opener) {
			h := build(t)
			agreed := ""
			if strings.Contains(name, "behind") {
				agreed = "permessage-deflate"
			}
			conn, br := open(t, h, agreed)
			conn.Write(c.frame)
			if code, _ := closed(t, br); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
			h.secure.requests.Store(0)
			h.untouched()
		})
	}
}

// Messages that come in take of the memory that there is for them; one for which there
// is none waits until another has gone.
func TestWebSocketMessagesShareTheMemory(t *testing.T) {
	const size = 600 << 10
	whole := clientFrame(0x82, bytes.Repeat([]byte{'a'}, size))
	begun, rest := whole[:len(whole)-1], whole[len(whole)-1:]
	eachVersion(t, "too large for the share", func(t *testing.T, open opener) {
		h := build(t, holding(func(c *hold.Config) { c.Messages, c.MessagesPerSender = 1<<20, 512<<10 }))
		conn, br := open(t, h, "")
		go conn.Write(whole)
		if code, _ := closed(t, br); code != closeTooBig {
			t.Errorf("closed with %d", code)
		}
	})
	eachVersion(t, "no room in time", func(t *testing.T, open opener) {
		h := build(t, holding(func(c *hold.Config) { c.Messages, c.Wait = 1<<20, 20*time.Millisecond }))
		one, _ := open(t, h, "")
		one.Write(begun)
		eventually(t, "the first is held", func() bool { return h.spool.Stats().Memory >= size })
		two, br := open(t, h, "")
		go two.Write(whole)
		if code, _ := closed(t, br); code != closeLater {
			t.Errorf("closed with %d", code)
		}
		one.Close()
		eventually(t, "its memory is free", func() bool { return h.spool.Stats().Memory == 0 })
		h.secure.requests.Store(0)
		h.untouched()
	})
	eachVersion(t, "room in time", func(t *testing.T, open opener) {
		h := build(t, holding(func(c *hold.Config) { c.Messages, c.Wait = 1<<20, time.Minute }))
		one, first := open(t, h, "")
		one.Write(begun)
		eventually(t, "the first is held", func() bool { return h.spool.Stats().Memory >= size })
		two, second := open(t, h, "")
		go two.Write(whole)
		one.Write(rest)
		arrived(t, first, len(whole))
		arrived(t, second, len(whole))
		one.Close()
		two.Close()
		eventually(t, "the memory is free", func() bool { return h.spool.Stats().Memory == 0 })
	})
}

// noRoom counts nothing.
type noRoom struct{}

func (noRoom) Take(int64) error { return nil }
func (noRoom) Empty()           {}
func (noRoom) Close()           {}

// A message of frames without content has an end, too.
func TestWebSocketFramesWithoutContent(t *testing.T) {
	empty := bytes.Repeat(clientFrame(0x00, nil), maxHeads) // six times as much as is taken
	in := bytes.NewReader(append(clientFrame(0x02, nil), empty...))
	var out bytes.Buffer
	m := &messages{client: bufio.NewReader(in), writer: &out, room: noRoom{}, judge: func(byte, []byte) (string, bool) { return "", true }}
	if n, err := m.Read(make([]byte, 100)); n > 0 || err == nil || in.Len() < len(empty)/2 {
		t.Errorf("%d bytes passed, %d of %d were not read: %v", n, in.Len(), len(empty), err)
	}
	if code, _ := closed(t, bufio.NewReader(&out)); code != closeTooBig {
		t.Errorf("closed with %d, want %d", code, closeTooBig)
	}
}

// FuzzMessages: what goes on is whole frames, and each message in them was judged.
// Messages that are compressed are only read.
func FuzzMessages(f *testing.F) {
	f.Add(bytes.Join([][]byte{clientFrame(0x01, []byte("one ")), clientFrame(0x89, []byte("ping")), clientFrame(0x80, []byte("message")), clientFrame(0x88, []byte{3, 232, 'x'})}, nil))
	f.Add(bytes.Join([][]byte{clientFrame(0xc1, lastBlock("one")), clientFrame(0x82, []byte(secret)), clientFrame(0x81, []byte("more"))}, nil))
	f.Add(clientFrame(0x82, make([]byte, 300)))
	f.Fuzz(func(t *testing.T, sent []byte) {
		var judged [][]byte
		m := &messages{client: bytes.NewReader(sent), writer: io.Discard, room: noRoom{}, deflated: true, judge: func(_ byte, message []byte) (string, bool) {
			judged = append(judged, bytes.Clone(message))
			return "", !bytes.Contains(message, []byte(secret))
		}}
		out, _ := io.ReadAll(m)
		var message []byte
		for len(out) > 0 {
			first, size, n := out[0], uint64(out[1]&0x7f), 2
			switch size {
			case 126:
				size, n = uint64(binary.BigEndian.Uint16(out[2:])), 4
			case 127:
				size, n = binary.BigEndian.Uint64(out[2:]), 10
			}
			mask, payload := out[n:n+4], bytes.Clone(out[n+4:n+4+int(size)])
			out = out[n+4+int(size):]
			for i := range payload {
				payload[i] ^= mask[i&3]
			}
			switch {
			case first&0x40 != 0:
				return
			case first&15 == opClose && len(payload) >= 2:
				payload = payload[2:]
			case first&15 >= opControl:
			default:
				if first&15 != 0 {
					message = nil
				}
				message = append(message, payload...)
				payload = message
			}
			if first&0x80 == 0 || len(payload) == 0 {
				continue
			}
			if len(judged) == 0 || !bytes.Equal(judged[0], payload) || bytes.Contains(payload, []byte(secret)) {
				t.Fatalf("%q goes on, judged: %q", payload, judged)
			}
			judged = judged[1:]
		}
	})
}

package evasion

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http2"
)

// conversation is what is sent in turns, each when the one before has arrived.
type conversation struct {
	// socket says that the turns are frames of a WebSocket, which are sent one
	// behind the other; else they are of a request's body over HTTP/2.
	socket  bool
	deflate string // what the origin of a WebSocket agrees to
	http2   bool   // that is opened over HTTP/2
	turns   [][]byte
}

// patience is how long a conversation may take: it is over in well under a second.
const patience = 30 * time.Second

// converse holds a conversation, up to where it is broken off.
func (h *house) converse(u upload) (o outcome, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	talk := h.inTurns
	if u.talk.socket {
		talk = h.bySocket
	}
	o, err = talk(ctx, u)
	h.mu.Lock()
	defer h.mu.Unlock()
	o.report, o.verdict, o.arrived = h.last.report, h.last.verdict, h.got.Load()
	o.talked = true
	return o, err
}

// inTurns sends the turns as a request's body.
func (h *house) inTurns(ctx context.Context, u upload) (o outcome, err error) {
	r, w := io.Pipe()
	defer w.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+store+"/call", r)
	if err != nil {
		return o, fmt.Errorf("making the request: %w", err)
	}
	for k, v := range u.header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", u.media)
	over := make(chan error, 1)
	go func() {
		resp, err := h.client2.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body) // a refusal may cut it off
			resp.Body.Close()
			o.status, o.denied = resp.StatusCode, denied(resp)
		}
		r.CloseWithError(io.ErrClosedPipe)
		over <- err
	}()
	want := int64(0)
	for _, turn := range u.talk.turns {
		for h.got.Load() < want {
			select {
			case <-h.came:
				continue
			case err := <-over:
				return o, err
			}
		}
		if _, err := w.Write(turn); err != nil {
			break
		}
		want += int64(len(turn))
	}
	w.Close()
	return o, <-over
}

// bySocket sends the turns by a WebSocket.
func (h *house) bySocket(ctx context.Context, u upload) (o outcome, err error) {
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp", h.address)
	if err != nil {
		return o, err
	}
	defer plain.Close()
	plain.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(plain, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n", store, store)
	if resp, err := http.ReadResponse(bufio.NewReader(oneByOne{plain}), nil); err != nil || resp.StatusCode != http.StatusOK {
		return o, fmt.Errorf("no tunnel: %v", err)
	}
	protocol, open := "http/1.1", overHTTP1
	if u.talk.http2 {
		protocol, open = "h2", overHTTP2
	}
	c := tls.Client(plain, &tls.Config{RootCAs: h.roots, ServerName: store, NextProtos: []string{protocol}})
	to, from, err := open(ctx, c, u.talk.deflate)
	if err != nil {
		return o, err
	}
	total := 0
	for _, f := range u.talk.turns {
		total += len(f)
	}
	go func() {
		for _, f := range u.talk.turns {
			if _, err := to.Write(f); err != nil {
				return // it was closed
			}
		}
	}()
	o.status = http.StatusOK
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(from, head); err != nil {
			return o, fmt.Errorf("the WebSocket was cut off: %w", err)
		}
		payload := make([]byte, head[1])
		if _, err := io.ReadFull(from, payload); err != nil {
			return o, err
		}
		switch {
		case head[0] == 0x88:
			o.status = int(binary.BigEndian.Uint16(payload))
			return o, nil
		case string(payload) == fmt.Sprintf("%08x", total):
			return o, nil
		}
	}
}

// oneByOne reads no more than is asked for, so that nothing is lost behind an answer.
type oneByOne struct{ io.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.Reader.Read(p[:min(1, len(p))]) }

// overHTTP1 opens a WebSocket by RFC 6455.
func overHTTP1(_ context.Context, c net.Conn, deflate string) (io.Writer, io.Reader, error) {
	fmt.Fprintf(c, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n", store)
	if deflate != "" {
		fmt.Fprintf(c, "Sec-WebSocket-Extensions: %s\r\n", deflate)
	}
	fmt.Fprint(c, "\r\n")
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, nil, fmt.Errorf("no WebSocket: %v", err)
	}
	return c, br, nil
}

// overHTTP2 opens one by RFC 8441.
func overHTTP2(ctx context.Context, c net.Conn, deflate string) (io.Writer, io.Reader, error) {
	//lint:ignore SA1019 net/http's own refuses the pseudo-header
	conn, err := (&http2.Transport{}).NewClientConn(c)
	if err != nil {
		return nil, nil, err
	}
	r, w := io.Pipe()
	header := http.Header{":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}}
	if deflate != "" {
		header["Sec-Websocket-Extensions"] = []string{deflate}
	}
	resp, err := conn.RoundTrip((&http.Request{
		Method: http.MethodConnect, URL: &url.URL{Scheme: "https", Host: store, Path: "/socket"}, Body: r, Header: header,
	}).WithContext(ctx))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("no WebSocket: %v", err)
	}
	return w, resp.Body, nil
}

// answer is the origin: it counts what comes, and tells a WebSocket how much that is.
func (h *house) answer(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		h.answerSocket(w, r)
		return
	}
	b := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(b)
		h.arrive(n)
		if err != nil {
			return
		}
	}
}

// arrive counts bytes that reached the origin.
func (h *house) arrive(n int) {
	h.got.Add(int64(n))
	select {
	case h.came <- struct{}{}:
	default:
	}
}

func (h *house) answerSocket(w http.ResponseWriter, r *http.Request) {
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	if offer := r.Header.Get("Sec-Websocket-Extensions"); offer != "" {
		fmt.Fprintf(conn, "Sec-WebSocket-Extensions: %s\r\n", offer)
	}
	fmt.Fprint(conn, "\r\n")
	total, b := 0, make([]byte, 32<<10)
	for {
		n, err := rw.Read(b)
		if err != nil {
			return
		}
		total += n
		h.arrive(n)
		fmt.Fprintf(conn, "\x81\x08%08x", total)
	}
}

// frame makes a frame of a client.
func frame(first byte, payload []byte) []byte {
	var mask [4]byte
	rand.Read(mask[:])
	return maskedFrame(first, mask, payload)
}

func maskedFrame(first byte, mask [4]byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i&3])
	}
	return b
}

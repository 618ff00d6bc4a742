package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func message(text string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text))), text...)
}

// echoMessages answers each message with itself, once it has as many as first.
func echoMessages(first int) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		in := bufio.NewReader(r.Body)
		var all []byte
		for n := 1; ; n++ {
			head := make([]byte, 5)
			if _, err := io.ReadFull(in, head); err != nil {
				break
			}
			body := make([]byte, binary.BigEndian.Uint32(head[1:]))
			if _, err := io.ReadFull(in, body); err != nil {
				return
			}
			if all = append(append(all, head...), body...); n >= first {
				w.Write(all)
				w.(http.Flusher).Flush()
				all = nil
			}
		}
		w.Header().Set("Grpc-Status", "0")
	}
}

// converseWith begins a call; what is sent to it goes out at once.
func converseWith(h *house, ctx context.Context) (send *io.PipeWriter, answer chan *http.Response) {
	h.t.Helper()
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+originHost+"/test.Echo/both", r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	answer = make(chan *http.Response, 1)
	client := h.client(true)
	go func() {
		resp, err := client.Do(req)
		if err != nil && ctx.Err() == nil {
			h.t.Errorf("the call failed: %v", err)
		}
		answer <- resp
	}()
	h.t.Cleanup(func() { w.Close() })
	return w, answer
}

func read(t *testing.T, r io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(r, b); err != nil || string(b) != want {
		t.Fatalf("read %q, %v, want %q", b, err, want)
	}
}

func TestConversation(t *testing.T) {
	h := build(t)
	h.secure.handle = echoMessages(1)
	send, answer := converseWith(h, context.Background())
	send.Write(message("one"))
	resp := <-answer
	read(t, resp.Body, string(message("one")))
	for _, m := range []string{"two", strings.Repeat("long", 100_000)} {
		send.Write(message(m))
		read(t, resp.Body, string(message(m)))
	}
	before := h.secure.bytes.Load()
	send.Write(message("and " + secret))
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("after the secret: %q, %v", rest, err)
	}
	if resp.Trailer.Get("Grpc-Status") != "7" || !strings.Contains(resp.Trailer.Get("Grpc-Message"), "SK-") {
		t.Errorf("the client learns nothing: %v", resp.Trailer)
	}
	if n := h.secure.bytes.Load() - before; n != 0 {
		t.Errorf("%d bytes of the message that was kept in went out", n)
	}
	h.clean()
}

func TestConversationRefusedBeforeItIsAnswered(t *testing.T) {
	h := build(t)
	h.secure.handle = echoMessages(2)
	send, answer := converseWith(h, context.Background())
	send.Write(message("one"))
	eventually(t, "the first message is at the origin", func() bool { return h.secure.bytes.Load() == int64(len(message("one"))) })
	send.Write(message(secret))
	resp := <-answer
	defer resp.Body.Close()
	if resp.Header.Get("Grpc-Status") != "7" || !strings.Contains(resp.Header.Get("Grpc-Message"), "SK-") {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	if n := h.secure.bytes.Load(); n != int64(len(message("one"))) {
		t.Errorf("%d bytes at the origin", n)
	}
	h.clean()
}

func TestConversationsEnd(t *testing.T) {
	h := build(t)
	h.secure.handle = echoMessages(1)
	send, answer := converseWith(h, context.Background())
	send.Write(message("one"))
	resp := <-answer
	read(t, resp.Body, string(message("one")))
	send.Close()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 || resp.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("%q, %v, %v", rest, err, resp.Trailer)
	}
	h.clean()

	gone := make(chan bool)
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		echoMessages(1)(w, r)
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
			h.t.Error("the origin is not told that the client left")
		}
		close(gone)
	}
	ctx, cancel := context.WithCancel(context.Background())
	send, answer = converseWith(h, ctx)
	send.Write(message("one"))
	resp = <-answer
	read(t, resp.Body, string(message("one")))
	cancel()
	send.CloseWithError(context.Canceled) // a plain Close would end the call in order
	<-gone
	h.clean()
}

// A message over a pause, and several in one packet, are cut nowhere else than
// between messages.
func TestStretchesAreWholeMessages(t *testing.T) {
	h := build(t)
	h.secure.handle = echoMessages(1)
	send, answer := converseWith(h, context.Background())
	send.Write(message("one"))
	resp := <-answer
	read(t, resp.Body, string(message("one")))
	// The secret lies across two pieces of one message, the rest in one packet.
	m := message("x" + secret)
	packet := bytes.Join([][]byte{message("two"), message("three"), m[:12]}, nil)
	send.Write(packet)
	send.Write(m[12:])
	io.ReadAll(resp.Body)
	if resp.Trailer.Get("Grpc-Status") != "7" {
		t.Errorf("%v", resp.Trailer)
	}
	for _, ev := range h.audit.events() {
		if ev.Action == "block" && ev.Rule == "no-secrets" {
			return
		}
	}
	t.Error("the secret was not seen whole")
}

// What comes behind the messages is inspected, too: such a call is held whole.
func TestConversationWithTrailers(t *testing.T) {
	h := build(t)
	h.secure.handle = echoMessages(1)
	r, w := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, "https://"+originHost+"/test.Echo/both", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Trailer = http.Header{"X-Note": nil}
	go func() {
		w.Write(message("one"))
		time.Sleep(2 * talkPause)
		req.Trailer["X-Note"] = []string{"it says " + secret}
		w.Close()
	}()
	resp, err := h.client(true).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("Grpc-Status") != "7" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	h.untouched()
}

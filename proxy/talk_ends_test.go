package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

func ofCalls() messageEnds  { return &prefixed{} }
func ofValues() messageEnds { return &values{} }
func ofEvents() messageEnds { return &events{} }

// TestMessageEnds gives each body byte by byte, and tells after which bytes it
// could be cut.
func TestMessageEnds(t *testing.T) {
	for name, c := range map[string]struct {
		ends func() messageEnds
		body string // a | where a message ends
	}{
		"gRPC":              {ofCalls, "|\x00\x00\x00\x00\x02ab|\x00\x00\x00\x00\x00|\x01\x00\x00\x00\x01c|"},
		"values":            {ofValues, "|{\"a\": 1}\n|[1]\r\n|\"x\"\n|\n|{}\n|"},
		"records":           {ofValues, "|\x1e|{\"a\": 1}\n|\x1e|{}\n|"},
		"broken over lines": {ofValues, "|{\n\"a\": 1\n}\n"},
		"a list":            {ofValues, "|{}\n|name,phone\n\n{}\n"},
		"words":             {ofValues, "|name\n"},
		"half a value":      {ofValues, "|{\"a\": \"x\n{}\n"},
		"far in":            {ofValues, "| | | | | | | | | |name\n"},
		"base64":            {ofValues, "|UEsDBBQAAAAI\nAAAA\n"},
		"events":            {ofEvents, "|data: a\ndata: b\n\n|event: x\r\nid: 1\r\n\r\n|: still here\n\n|retry: 10\n\n|data\n\n|\n|"},
		"other fields":      {ofEvents, "|data: a\n\n|note: b\n\n"},
		"a longer name":     {ofEvents, "|database: a\n\n"},
		"no events":         {ofEvents, "|{\"a\": 1}\n\n"},
		"a blank":           {ofEvents, "|data: a\n \n\n"},
		"blanks in a name":  {ofEvents, "|da ta: a\n\n"},
		"only CR":           {ofEvents, "|data: a\r\r"},
	} {
		var got strings.Builder
		ends, sofar := c.ends(), []byte(nil)
		mark := func() {
			if ends.between() {
				got.WriteByte('|')
			}
			atOnce := c.ends()
			if atOnce.follow(sofar); atOnce.between() != ends.between() {
				t.Errorf("%s: %q is cut otherwise when it comes at once", name, sofar)
			}
		}
		mark()
		for _, b := range []byte(strings.ReplaceAll(c.body, "|", "")) {
			ends.follow([]byte{b})
			sofar = append(sofar, b)
			got.WriteByte(b)
			mark()
		}
		if got.String() != c.body {
			t.Errorf("%s: cut as %q, want %q", name, got.String(), c.body)
		}
	}
}

// TestWhatIsNoStreamOfEvents: such a body is held whole.
func TestWhatIsNoStreamOfEvents(t *testing.T) {
	request := func(change func(r *http.Request)) *http.Request {
		r, _ := http.NewRequest(http.MethodPost, "https://"+originHost+"/", io.MultiReader(strings.NewReader("{}\n"))) // of unknown length
		r.ContentLength = -1
		r.Header.Set("Content-Type", "application/x-ndjson; charset=utf-8")
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		change func(r *http.Request)
		want   bool
	}{
		"as it is":         {func(r *http.Request) {}, true},
		"events":           {func(r *http.Request) { r.Header.Set("Content-Type", "Text/Event-Stream") }, true},
		"of known length":  {func(r *http.Request) { r.ContentLength = 3 }, false},
		"compressed":       {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, false},
		"with trailers":    {func(r *http.Request) { r.Trailer = http.Header{"X-Note": nil} }, false},
		"without a body":   {func(r *http.Request) { r.Body = http.NoBody }, false},
		"of another kind":  {func(r *http.Request) { r.Header.Set("Content-Type", "text/csv") }, false},
		"gRPC on HTTP/1.1": {func(r *http.Request) { r.Header.Set("Content-Type", "application/grpc") }, false},
	} {
		if got := rhythmOf(request(c.change), time.Second) != nil; got != c.want {
			t.Errorf("%s: taken apart: %v, want %v", name, got, c.want)
		}
	}
}

// echoLines sends each line back as it comes.
func echoLines(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	rc.EnableFullDuplex()
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.WriteHeader(http.StatusOK)
	rc.Flush()
	in := bufio.NewReader(r.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		io.WriteString(w, line)
		rc.Flush()
	}
}

func soon(c *Config, _ *Deps, _ *hold.Config) { c.Timeouts.Pause = 50 * time.Millisecond }

// streamOf begins to send a stream of events; what is sent to it goes out at once.
func streamOf(h *house, http2 bool, ct string) (send *io.PipeWriter, answer chan *http.Response) {
	h.t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	h.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+originHost+"/events", r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", ct)
	answer = make(chan *http.Response, 1)
	client := h.client(http2)
	go func() {
		resp, err := client.Do(req)
		if err != nil {
			h.t.Errorf("no answer: %v", err)
			resp = &http.Response{Body: http.NoBody, Header: http.Header{}}
		}
		answer <- resp
	}()
	h.t.Cleanup(func() { w.Close() })
	return w, answer
}

func TestStreamsOfEvents(t *testing.T) {
	for _, c := range []struct{ name, ct, one, two, worse string }{
		{"events", "text/event-stream", "data: one\n\n", "event: x\ndata: two\n\n", "data: so\ndata: " + secret + "\n\n"},
		{"values", "application/x-ndjson", "{\"n\": 1}\n", "{\"n\": 2}\n", "{\"n\": \"" + secret + "\"}\n"},
	} {
		for _, version := range []struct {
			name string
			h2   bool
		}{{"HTTP/1.1", false}, {"HTTP/2", true}} {
			t.Run(c.name+" over "+version.name, func(t *testing.T) {
				h := build(t, soon)
				h.secure.handle = echoLines
				send, answer := streamOf(h, version.h2, c.ct)
				io.WriteString(send, c.one)
				resp := <-answer
				read(t, resp.Body, c.one)
				io.WriteString(send, c.two)
				read(t, resp.Body, c.two)
				before := h.secure.bytes.Load()
				half := len(c.worse) / 2
				io.WriteString(send, c.worse[:half])
				time.Sleep(100 * time.Millisecond) // a pause within a message is none
				io.WriteString(send, c.worse[half:])
				if rest, err := io.ReadAll(resp.Body); err == nil || len(rest) > 0 {
					t.Errorf("after the secret: %q, %v", rest, err)
				}
				if n := h.secure.bytes.Load() - before; n != 0 {
					t.Errorf("%d bytes of what was kept in went out", n)
				}
				evs := h.audit.events()
				if last := evs[len(evs)-1]; last.Action != "block" || last.Rule != "no-secrets" || last.Incident == "" {
					t.Errorf("recorded: %+v", last)
				}
				h.clean()
			})
		}
	}
}

// TestStreamOfEventsEnds: what comes to an end is served like any other request,
// and the connection goes on.
func TestStreamOfEventsEnds(t *testing.T) {
	h := build(t, soon)
	c := h.open(originHost+":443", originHost, "http/1.1")
	br := bufio.NewReader(c)
	for i, pause := range []time.Duration{0, 200 * time.Millisecond, 0} {
		io.WriteString(c, "POST /events HTTP/1.1\r\nHost: "+originHost+"\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n")
		time.Sleep(pause)
		io.WriteString(c, "3\r\n{}\n\r\n0\r\n\r\n")
		if resp, body := reply(t, br); resp.StatusCode != 200 || body != "got 6" {
			t.Errorf("%d: %s %s", i, resp.Status, body)
		}
	}
	h.clean()
}

// TestStreamOfEventsRefused: the first stretch, and a later one that the origin
// waits for, are answered while the client could go on for ever.
func TestStreamOfEventsRefused(t *testing.T) {
	for _, first := range []string{"", "{}\n"} {
		for name, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
			t.Run(fmt.Sprintf("%d bytes ahead, %s", len(first), name), func(t *testing.T) {
				h := build(t, soon)
				send, answer := streamOf(h, h2, "application/jsonl")
				if first != "" {
					io.WriteString(send, first)
					eventually(t, "what may leave is at the origin", func() bool { return h.secure.bytes.Load() == int64(len(first)) })
				}
				fmt.Fprintf(send, "%q\n", secret)
				resp := <-answer
				if resp.StatusCode != http.StatusForbidden || resp.Header.Get("Sekimori-Incident") == "" {
					t.Errorf("%s %v", resp.Status, resp.Header)
				}
				if n := h.secure.bytes.Load(); n != int64(len(first)) {
					t.Errorf("%d bytes at the origin", n)
				}
				resp.Body.Close()
				h.clean()
			})
		}
	}
}

// TestBodyWithoutEnd: what is not taken apart gets its answer in time.
func TestBodyWithoutEnd(t *testing.T) {
	h := build(t, func(c *Config, _ *Deps, _ *hold.Config) { c.Timeouts.Upload = 100 * time.Millisecond })
	c := h.open(originHost+":443", originHost, "http/1.1")
	go drip(c)
	resp, _ := reply(t, bufio.NewReader(c))
	if resp.StatusCode != http.StatusRequestTimeout || resp.Header.Get("Sekimori-Incident") == "" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	evs := h.audit.events()
	if last := evs[len(evs)-1]; last.Action != "block" || last.Clause != "stalled" {
		t.Errorf("recorded: %+v", last)
	}
	h.untouched()
}

// drip sends a body a little at a time until nobody takes it.
func drip(c net.Conn) {
	_, err := io.WriteString(c, "POST /up HTTP/1.1\r\nHost: "+originHost+"\r\nTransfer-Encoding: chunked\r\n\r\n")
	for err == nil {
		_, err = io.WriteString(c, "1\r\nx\r\n")
		time.Sleep(5 * time.Millisecond)
	}
}

// FuzzEnds: where messages end does not depend on how the body comes.
func FuzzEnds(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x03abc\x01\x00\x00\x00\x00"), 2)
	f.Add([]byte("data: x\r\n\r\nevent: y\ndata: z\n\n: \n"), 5)
	f.Add([]byte("{\"a\":1}\n\x1e[1]\n\"s\"\nother\n"), 3)
	f.Fuzz(func(t *testing.T, body []byte, size int) {
		size = max(1, min(size, len(body)))
		for _, make := range []func() messageEnds{
			func() messageEnds { return &prefixed{} }, func() messageEnds { return &events{} }, func() messageEnds { return &values{} },
		} {
			whole, cut := make(), make()
			whole.follow(body)
			for b := body; len(b) > 0; b = b[min(size, len(b)):] {
				cut.follow(b[:min(size, len(b))])
			}
			if whole.between() != cut.between() {
				t.Errorf("%T: %v in one, %v in pieces of %d", whole, whole.between(), cut.between(), size)
			}
		}
	})
}

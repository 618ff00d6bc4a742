package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// echoing is a service of gRPC that gives back what it gets, by the kind of the
// method: frame by frame, as it comes, the last, or the one several times.
func echoing(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	kind := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex()
	if kind == "both" {
		w.WriteHeader(http.StatusOK)
		_ = rc.Flush()
	}
	in := bufio.NewReader(r.Body)
	var last []byte
	for {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			break
		}
		last = append(head[:], make([]byte, int(head[2])<<16|int(head[3])<<8|int(head[4]))...)
		if _, err := io.ReadFull(in, last[5:]); err != nil {
			return
		}
		if kind == "both" {
			_, _ = w.Write(last)
			_ = rc.Flush()
		}
	}
	switch kind {
	case "unary", "client":
		_, _ = w.Write(last)
	case "server":
		for range 3 {
			_, _ = w.Write(last)
			_ = rc.Flush()
		}
	}
	w.Header().Set("Grpc-Status", "0")
}

// TestGRPC calls methods of every kind with the usual library.
func TestGRPC(t *testing.T) {
	if testing.Short() {
		t.Skip("real clients take long")
	}
	in := install(t, "[log]\naccess = \"access.log\"\n")
	in.origin.serve(http.HandlerFunc(echoing))
	in.start()
	call := func(kind string) func(*testing.T, *site, string) string {
		return running("/client-go", "grpc", "packages.example.com:443", kind, "FILE")
	}
	const refused = "code = PermissionDenied desc = .*" + told
	tried(t, in, []sender{
		{"unary", call("unary"), `^got \d+\n$`, refused, "HTTP/2.0"},
		{"server stream", call("server"), `^(got \d+\n){3}$`, refused, "HTTP/2.0"},
		{"client stream", call("client"), `^got \d+\n$`, refused, "HTTP/2.0"},
		{"both", call("both"), `^got \d+\n$`, refused, "HTTP/2.0"},
	})
	t.Run("a conversation", func(t *testing.T) {
		in.write("more.csv", products(300).csv())
		out := in.client(nil, kit(t, "client-go"), "grpc", "packages.example.com:443", "both", "products.csv", "more.csv", "products.csv", "people.csv", "products.csv")
		if strings.Count(out, "got ") != 3 || !strings.Contains(out, "PermissionDenied") || !strings.Contains(out, "SK-") {
			t.Errorf("three messages are answered, the fourth is refused: %s", out)
		}
		for _, r := range in.origin.all() {
			if strings.Contains(string(r.body), "顧客番号") {
				t.Error("the list reached the origin")
			}
		}
	})
}

// TestWebSocketClients exchanges messages with the usual libraries.
func TestWebSocketClients(t *testing.T) {
	if testing.Short() {
		t.Skip("real clients take long")
	}
	in := install(t, "")
	in.origin.serve(websocket.Server{Handler: func(c *websocket.Conn) { // it does not look at where a page is from
		var m string
		for websocket.Message.Receive(c, &m) == nil {
			in.origin.mu.Lock()
			in.origin.bytes += len(m)
			in.origin.requests = append(in.origin.requests, received{method: "MESSAGE", body: []byte(m)})
			in.origin.mu.Unlock()
			if websocket.Message.Send(c, m) != nil {
				return
			}
		}
	}})
	in.start()
	in.write("ws.mjs", `
import { createRequire } from 'node:module'
const require = createRequire(process.env.SEKIMORI_CLIENTS + '/js/')
const WebSocket = require('ws')
const { HttpsProxyAgent } = require('https-proxy-agent')
const { readFileSync } = require('node:fs')
const c = new WebSocket('wss://chat.example.com/', { agent: new HttpsProxyAgent(process.env.HTTPS_PROXY) })
c.on('open', () => c.send(readFileSync(process.argv[2], 'utf8')))
c.on('message', (m) => { console.log('got', m.length); c.close() })
c.on('close', (code, reason) => console.log(code, reason.toString()))
c.on('error', (e) => console.log(e.message))
`)
	node := func(t *testing.T, in *site, file string) string {
		kit(t, "js/node_modules/ws")
		return in.client(nil, "node", "ws.mjs", file)
	}
	tried(t, in, []sender{
		{"gorilla", running("/client-go", "gorilla", "wss://chat.example.com/", "FILE"), `^got \d+\n$`, "1008.*" + told, ""},
		{"coder", running("/client-go", "coder", "wss://chat.example.com/", "FILE"), `^got \d+\n$`, "StatusPolicyViolation.*" + told, ""},
		{"gorilla, plain", running("/client-go", "gorilla", "ws://chat.example.com/", "FILE"), `^got \d+\n$`, "1008.*" + told, ""},
		{"ws of Node", node, `got \d+`, "1008 .*" + told, ""},
	})
}

// TestServerSentEvents: an event arrives before the next is asked for.
func TestServerSentEvents(t *testing.T) {
	in := install(t, "")
	next := make(chan bool, 3)
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/next" {
			next <- true
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for n := range 3 {
			fmt.Fprintf(w, "data: event %d\n\n", n)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
		}
	}))
	in.start()
	for _, scheme := range []string{"https", "http"} {
		out := in.client(nil, kit(t, "client-go"), "sse", scheme+"://chat.example.com")
		if strings.Count(out, "data: event") != 3 || strings.Contains(out, "error") {
			t.Errorf("%s: %s", scheme, out)
		}
	}
}

// TestBodiesWithoutEnd: of a request that never ends each event is judged as it
// comes; what nobody can take apart gets an answer in time.
func TestBodiesWithoutEnd(t *testing.T) {
	in := install(t, "[timeout]\npause = \"100ms\"\nupload = \"3s\"\n")
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		w.WriteHeader(http.StatusOK)
		_ = rc.Flush()
		for lines := bufio.NewReader(r.Body); ; {
			line, err := lines.ReadString('\n')
			if strings.Contains(line, "example.jp") {
				t.Error("the list reached the origin")
			}
			if err != nil {
				return
			}
			_, _ = io.WriteString(w, line)
			_ = rc.Flush()
		}
	}))
	in.start()
	list, err := json.Marshal(customers(60).csv())
	check(t, err)
	blocked := func(clause string) (n int) {
		for _, e := range in.events() {
			if e.Action == "block" && e.Incident != "" && strings.Contains(e.Clause, clause) {
				n++
			}
		}
		return n
	}
	for name, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		client, _ := in.by(in.proxy, h2)
		t.Run("events over "+name, func(t *testing.T) {
			before := blocked("")
			body, send := io.Pipe()
			defer send.Close()
			go io.WriteString(send, "{\"note\": \"one\"}\n")
			resp, err := client.Post("https://upload.example.com/events", "application/x-ndjson", body)
			check(t, err)
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			for _, next := range []string{"two", "three"} {
				if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "note") {
					t.Fatalf("%q, %v", line, err)
				}
				_, err = io.WriteString(send, "{\"note\": \""+next+"\"}\n")
				check(t, err)
			}
			_, err = lines.ReadString('\n')
			check(t, err)
			go send.Write(append(list, '\n'))
			if rest, err := io.ReadAll(lines); err == nil {
				t.Errorf("after the list: %q, and no error", rest)
			}
			if n := blocked("") - before; n != 1 {
				t.Errorf("%d blocks were recorded", n)
			}
		})
		t.Run("anything else over "+name, func(t *testing.T) {
			before := blocked("stalled")
			body, send := io.Pipe()
			defer send.Close()
			go func() {
				for err := error(nil); err == nil; time.Sleep(20 * time.Millisecond) {
					_, err = io.WriteString(send, "x")
				}
			}()
			if answer := post(client, body); !strings.HasPrefix(answer, "408 ") {
				t.Errorf("answered %s", answer)
			}
			if n := blocked("stalled") - before; n != 1 {
				t.Errorf("%d of them were recorded", n)
			}
		})
	}
}

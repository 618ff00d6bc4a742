package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/websocket"
	"golang.org/x/text/encoding/japanese"
)

// overHTTP2 opens a tunnel through the proxy in which HTTP/2 is spoken.
func (in *site) overHTTP2(host string) *tls.Conn {
	t := in.t
	t.Helper()
	c, err := net.Dial("tcp", in.proxy)
	check(t, err)
	t.Cleanup(func() { c.Close() })
	check(t, c.SetDeadline(time.Now().Add(time.Minute)))
	fmt.Fprintf(c, "CONNECT %[1]s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", host)
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodConnect})
	check(t, err)
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	pem, err := os.ReadFile(in.ca)
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return tls.Client(c, &tls.Config{RootCAs: roots, ServerName: host, NextProtos: []string{"h2"}})
}

// TestWebSocketOverHTTP2IsAnnounced, unless the environment says otherwise. What
// browsers make of it is in TestScriptsInBrowsers.
func TestWebSocketOverHTTP2IsAnnounced(t *testing.T) {
	for set, want := range map[string]bool{"": true, "gctrace=0": true, "http2xconnect=0": false} {
		t.Run(set, func(t *testing.T) {
			t.Setenv("GODEBUG", set)
			in := install(t, "").start()
			s := in.overHTTP2("chat.example.com")
			_, err := io.WriteString(s, http2.ClientPreface)
			check(t, err)
			fr := http2.NewFramer(s, s)
			check(t, fr.WriteSettings())
			f, err := fr.ReadFrame()
			check(t, err)
			settings, ok := f.(*http2.SettingsFrame)
			if !ok {
				t.Fatalf("the server begins with %v", f)
			}
			if v, ok := settings.Value(http2.SettingEnableConnectProtocol); (ok && v == 1) != want {
				t.Errorf("announced: %v, want %v", !want, want)
			}
		})
	}
}

// frame makes a client's frame of a WebSocket, with less than 64 KiB.
func frame(first byte, payload []byte) []byte {
	n := len(payload)
	b := []byte{first, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0} // a mask of zeros changes nothing
	return append(b, payload...)
}

// TestListsInMessages sends lists over HTTP/2, cut in the middle of their records.
func TestListsInMessages(t *testing.T) {
	in := install(t, "")
	var mu sync.Mutex
	var arrived strings.Builder
	in.origin.serve(websocket.Server{Handler: func(c *websocket.Conn) {
		var m []byte
		for websocket.Message.Receive(c, &m) == nil {
			mu.Lock()
			arrived.Write(m)
			mu.Unlock()
			_ = websocket.Message.Send(c, "ok")
		}
	}})
	in.start()
	for name, cut := range map[string]func(text []byte) [][]byte{
		"fragments": func(text []byte) (frames [][]byte) {
			frames = append(frames, frame(0x01, nil))
			for piece := range slices.Chunk(text, 10) {
				frames = append(frames, frame(0x00, piece))
			}
			return append(frames, frame(0x80, nil))
		},
		"binary": func(text []byte) [][]byte { return [][]byte{frame(0x82, text)} },
		"text that is none": func(text []byte) [][]byte {
			old, err := japanese.ShiftJIS.NewEncoder().Bytes(text)
			check(t, err)
			return [][]byte{frame(0x81, old)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			//lint:ignore SA1019 net/http's own refuses the pseudo-header
			conn, err := (&http2.Transport{}).NewClientConn(in.overHTTP2("chat.example.com"))
			check(t, err)
			defer conn.Close()
			for list, want := range map[string]string{products(60).csv(): "\x81\x02ok", customers(60).csv(): "\x88"} {
				body, send := io.Pipe()
				req := (&http.Request{
					Method: http.MethodConnect, URL: &url.URL{Scheme: "https", Host: "chat.example.com", Path: "/"}, Body: body,
					Header: http.Header{":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Origin": {"https://chat.example.com"}},
				}).WithContext(context.Background())
				resp, err := conn.RoundTrip(req)
				check(t, err)
				for _, f := range cut([]byte(list)) {
					_, _ = send.Write(f)
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
					t.Errorf("%q, %v, want %q", got, err, want)
				}
				send.Close()
				resp.Body.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(arrived.String(), "顧客番号") {
				t.Error("the list reached the origin")
			}
		})
	}
}

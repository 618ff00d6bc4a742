package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sekimori-dlp/sekimori/audit"
)

// streams is what an installation streams in these tests.
const streams = `
[[stream]]
id    = "bulk"
above = "2 MiB"
keep  = "1 MiB"
where = { hosts = "upload.example.com" }
`

// ends counts at an origin how uploads ended there.
type ends struct {
	got           atomic.Int64 // bytes of the last one
	whole, broken atomic.Int64
}

func (e *ends) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := int64(0)
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Body.Read(buf)
		got += int64(n)
		e.got.Store(got)
		if err == io.EOF && (r.ContentLength < 0 || r.ContentLength == got) {
			e.whole.Add(1)
			fmt.Fprintf(w, "origin got %d bytes\n", got)
			return
		}
		if err != nil {
			e.broken.Add(1)
			return
		}
	}
}

func (e *ends) forget() {
	e.whole.Store(0)
	e.broken.Store(0)
}

// streamingSite is an installation that streams, and how uploads end at its origin.
func streamingSite(t *testing.T, extra string) (*site, *ends) {
	in := install(t, "[rules]\npaths = [\"streams.toml\"]\n"+extra)
	in.write("streams.toml", streams)
	e := &ends{}
	in.origin.light = true
	in.origin.serve(e)
	return in, e
}

// prose is text in which there is nothing, of about so many bytes.
func prose(size int) []byte {
	line := []byte("The quick brown fox jumps over the lazy dog, again and again and again.\n")
	return bytes.Repeat(line, size/len(line))
}

// decisionOf returns the last decision on an upload that was streamed.
func (in *site) decisionOf() (last audit.Event) {
	for _, ev := range in.events("--kind", "decision") {
		if ev.Details["streamed"] != "" {
			last = ev
		}
	}
	return last
}

// TestStreamByCurl sends large files with curl in all its ways: what is harmless
// arrives whole, and of a list of people the origin has neither the list nor the end.
func TestStreamByCurl(t *testing.T) {
	in, at := streamingSite(t, "")
	in.start()
	large := 112 << 20
	if testing.Short() {
		large = 16 << 20
	}
	list := "\n\n" + customers(200).csv() + "\n\n"
	file := func(name string, size int, bad bool) int64 {
		text := prose(size)
		if bad {
			text = append(text[:len(text)/2:len(text)/2], append([]byte(list), text[len(text)/2:]...)...)
		}
		in.write(name, string(text))
		return int64(len(text))
	}
	sizes := map[string]int64{
		"large.txt": file("large.txt", large, false), "large-list.txt": file("large-list.txt", large, true),
		"text.txt": file("text.txt", 8<<20, false), "list.txt": file("list.txt", 8<<20, true),
	}
	before := in.memory()
	for _, way := range []struct {
		name, good, bad string
		args            []string
	}{
		{"h1 with its length", "large.txt", "large-list.txt", []string{"--http1.1", "-T", "FILE"}},
		{"h1 in chunks", "text.txt", "list.txt", []string{"--http1.1", "-H", "Transfer-Encoding: chunked", "-T", "FILE"}},
		{"h2 with its length", "text.txt", "list.txt", []string{"--http2", "-T", "FILE"}},
		{"h2 without its length", "large.txt", "large-list.txt", []string{"--http2", "-T", "-"}},
		{"a form", "text.txt", "list.txt", []string{"--http2", "-F", "file=@FILE"}},
		{"without TLS", "text.txt", "list.txt", []string{"--data-binary", "@FILE"}},
	} {
		scheme := "https"
		if way.name == "without TLS" {
			scheme = "http"
		}
		send := func(name string) string {
			args := []string{"-sS", "-m", "55", "-w", "\n%{http_code}"}
			for _, a := range way.args {
				args = append(args, strings.Replace(a, "FILE", name, 1))
			}
			var body io.Reader
			if way.args[len(way.args)-1] == "-" {
				f, err := os.Open(filepath.Join(in.dir, name))
				check(t, err)
				defer f.Close()
				body = f
			}
			return in.client(body, "curl", append(args, scheme+"://upload.example.com/file")...)
		}
		t.Run(way.name, func(t *testing.T) {
			at.forget()
			if out := send(way.good); !strings.Contains(out, "origin got") || !strings.HasSuffix(out, "\n200") || at.whole.Load() != 1 || at.broken.Load() != 0 {
				t.Errorf("curl says %.500s; %d whole uploads, %d broken ones at the origin", out, at.whole.Load(), at.broken.Load())
			}
			if ev := in.decisionOf(); ev.Action != "allow" || ev.Bytes < sizes[way.good] || ev.Details["left"] != "" {
				t.Errorf("recorded %+v", ev)
			}
			at.forget()
			out := send(way.bad)
			if !strings.Contains(out, "SK-") || !strings.HasSuffix(out, "\n403") {
				t.Errorf("curl says %.500s", out)
			}
			ev := in.decisionOf()
			eventually(t, "the upload broken off at the origin", func() bool { return at.broken.Load() == 1 || at.got.Load() == 0 })
			if n := at.got.Load(); at.whole.Load() != 0 || n > sizes[way.bad]/2 {
				t.Errorf("%d whole uploads and %d bytes at the origin", at.whole.Load(), n)
			}
			if ev.Action != "block" || ev.Details["left"] == "" || ev.Details["origin"] != "reset" || ev.Bytes < sizes[way.bad] {
				t.Errorf("recorded %+v", ev)
			}
		})
	}
	if used := in.memory() - before; used > 160<<20 {
		t.Errorf("%d MiB of memory more than before", used>>20)
	}
	if _, text := in.get("/metrics"); !strings.Contains(text, `sekimori_streams_total{outcome="passed"} 6`) || !strings.Contains(text, `sekimori_streams_total{outcome="stopped"} 6`) {
		t.Errorf("the metrics do not say so")
	}
	if in.stop() != 0 {
		t.Error("it did not end in order")
	}
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		t.Errorf("audit verify: %s", out)
	}
}

// TestStreamIsKilled ends the proxy amid a stream: the origin does not take what it
// has for the whole, and the record says that it was under way.
func TestStreamIsKilled(t *testing.T) {
	in, at := streamingSite(t, "")
	in.start()
	text := prose(8 << 20)
	c, err := net.Dial("tcp", in.proxy)
	check(t, err)
	defer c.Close()
	fmt.Fprintf(c, "PUT http://upload.example.com/ HTTP/1.1\r\nHost: upload.example.com\r\nContent-Length: %d\r\n\r\n", len(text))
	_, _ = c.Write(text[:len(text)-1])
	eventually(t, "some of it at the origin", func() bool { return at.got.Load() > 4<<20 })
	in.kill()
	eventually(t, "the upload broken off at the origin", func() bool { return at.broken.Load() == 1 })
	if n := len(in.recovered()); n != 0 || at.whole.Load() != 0 {
		t.Errorf("%d decisions, %d whole uploads", n, at.whole.Load())
	}
	begun := in.events("--kind", "stream")
	if len(begun) != 1 || begun[0].Host != "upload.example.com" || begun[0].Rule != "bulk" || begun[0].Bytes != int64(len(text)) || begun[0].Details["stream"] == "" {
		t.Errorf("recorded %+v", begun)
	}
}

// TestStreamsAtOnce sends eight large bodies at once, half of which are stopped, over
// HTTP/1.1 and HTTP/2, within bounded memory.
func TestStreamsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("half a gigabyte")
	}
	in, at := streamingSite(t, "[hold]\ntotal_memory = \"64 MiB\"\n")
	in.start()
	text := prose(64 << 20)
	list := append(append(bytes.Clone(text[:32<<20]), "\n\n"+customers(200).csv()...), text[32<<20:]...)
	var all sync.WaitGroup
	for k := range 8 {
		client := in.http(k%4 < 2)
		client.Timeout = 0
		body, want := text, http.StatusOK
		if k%2 == 1 {
			body, want = list, http.StatusForbidden
		}
		all.Go(func() {
			resp, err := client.Post("https://upload.example.com/", "text/plain", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("answered %s, want %d", resp.Status, want)
			}
		})
	}
	done := make(chan bool)
	go func() { all.Wait(); close(done) }()
	var most int64
	for ended := false; !ended; {
		most = max(most, in.memory())
		select {
		case <-done:
			ended = true
		default:
			in.get("/healthz")
		}
	}
	t.Logf("%d MiB at most", most>>20)
	if most > 400<<20 {
		t.Errorf("%d MiB at most", most>>20)
	}
	if n := at.whole.Load(); n != 4 {
		t.Errorf("the origin saw %d whole uploads", n)
	}
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// processes lists the processes whose command line has a text in it.
func processes(text string) (pids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range all {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte(text)) {
			pids = append(pids, filepath.Base(filepath.Dir(f)))
		}
	}
	return pids
}

// kill ends the proxy as a crash does.
func (in *site) kill() {
	in.t.Helper()
	in.signal(syscall.SIGKILL)
	_ = in.cmd.Wait()
}

// clear tells whether a text lies anywhere in the state folder.
func (in *site) clear(text string) (where string) {
	_ = filepath.WalkDir(filepath.Join(in.dir, "data"), func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if b, err := os.ReadFile(p); err == nil && bytes.Contains(b, []byte(text)) {
				where = p
			}
		}
		return nil
	})
	return where
}

// sent posts a body over a connection of its own and gives the answer, "" if
// there is none.
func (in *site) sent(body []byte) chan string {
	answer := make(chan string, 1)
	go func() {
		c, err := net.Dial("tcp", in.proxy)
		if err != nil {
			answer <- ""
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "POST http://upload.example.com/ HTTP/1.1\r\nHost: upload.example.com\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", len(body))
		_, _ = c.Write(body)
		b, _ := io.ReadAll(c)
		answer <- string(b)
	}()
	return answer
}

// recovered starts the proxy again, ends it in order, and gives the decisions on
// record, which has to be whole.
func (in *site) recovered() []audit.Event {
	in.t.Helper()
	in.start()
	if left, _ := filepath.Glob(filepath.Join(in.dir, "data", "spool", "*")); len(left) > 0 {
		in.t.Errorf("%d files of a former process are left in the spool", len(left))
	}
	in.stop()
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		in.t.Errorf("audit verify: %s", out)
	}
	return in.events("--kind", "decision")
}

// TestKillWhileInspecting ends the proxy while a program of others looks at an
// upload: nothing left, nothing is answered, and that program does not stay.
func TestKillWhileInspecting(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("this system does not list processes")
	}
	// So long that nobody else sleeps like it.
	long := fmt.Sprintf("600.%09d", time.Now().Nanosecond())
	in := install(t, "[hold]\nmemory = \"4 KiB\"\n[inspect]\ntime = \"5m\"\n[inspect.ocr]\ncommand = [\"sleep\", \""+long+"\"]\ntime = \"5m\"\n").start()
	const marker = "harmless-marker-text"
	picture := append([]byte("\x89PNG\r\n\x1a\n"), strings.Repeat(marker, 1000)...)
	answer := in.sent(picture)
	eventually(t, "the upload is being inspected", func() bool { return len(processes(long)) > 0 })
	in.kill()
	if a := <-answer; a != "" {
		t.Errorf("an answer came from nowhere: %.100s", a)
	}
	eventually(t, "the program that looked at it ends", func() bool { return len(processes(long)) == 0 })
	if f := in.clear(marker); f != "" {
		t.Errorf("%s holds the upload in clear", f)
	}
	if n := len(in.recovered()); n != 0 || in.origin.count() != 0 || in.origin.seen() != 0 {
		t.Errorf("%d decisions, %d requests at the origin", n, in.origin.count())
	}
}

// TestKillWhileSending ends the proxy while an origin has taken a part of an
// upload: it cannot take that for the whole, and the decision is on record.
func TestKillWhileSending(t *testing.T) {
	in := install(t, "[hold]\nmemory = \"4 KiB\"\n")
	reached, wait, ended := make(chan bool, 1), make(chan bool), make(chan error, 1)
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 64<<10))
		reached <- true
		<-wait
		_, err := io.Copy(io.Discard, r.Body)
		ended <- err
	}))
	in.start()
	const marker = "harmless-marker-text"
	body := []byte(strings.Repeat(marker+"\n", 16<<20/len(marker))) // more than sockets hold
	answer := in.sent(body)
	<-reached
	in.kill()
	close(wait)
	if err := <-ended; err == nil {
		t.Error("the origin took a part for the whole")
	}
	if a := <-answer; a != "" {
		t.Errorf("an answer came from nowhere: %.100s", a)
	}
	if f := in.clear(marker); f != "" {
		t.Errorf("%s holds the upload in clear", f)
	}
	in.origin.serve(nil)
	if d := in.recovered(); len(d) != 1 || d[0].Action != "allow" || d[0].Bytes != int64(len(body)) {
		t.Errorf("a part of it is at the origin, and on record is %+v", d)
	}
}

// TestKillWhileAnswering ends the proxy while an origin answers: the client
// cannot take a part of the answer for the whole.
func TestKillWhileAnswering(t *testing.T) {
	in := install(t, "")
	wait := make(chan bool)
	defer close(wait)
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "the first half")
		_ = http.NewResponseController(w).Flush()
		<-wait
	}))
	in.start()
	for _, h2 := range []bool{false, true} {
		resp, err := in.http(h2).Post("https://upload.example.com/", "text/plain", strings.NewReader("hello"))
		check(t, err)
		half := make([]byte, len("the first half"))
		_, err = io.ReadFull(resp.Body, half)
		check(t, err)
		in.kill()
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Error("half an answer looks whole")
		}
		resp.Body.Close()
		in.start()
	}
	in.stop()
	if n := len(in.events("--kind", "decision")); n != 2 {
		t.Errorf("%d decisions on record, the origin got 2", n)
	}
}

// TestKillWhileRecording ends the proxy again and again while many small uploads
// are on their way, which are being recorded most of the time: whatever the
// origin got a byte of, and whatever was answered, is on record.
func TestKillWhileRecording(t *testing.T) {
	in := install(t, "")
	var mu sync.Mutex
	arrived := map[string]bool{} // at the origin
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		arrived[r.URL.Path] = true
		mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	answered := map[string]int{} // status by path
	for round := range 4 {
		in.start()
		transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: in.proxy}), MaxIdleConnsPerHost: 24}
		c := &http.Client{Transport: transport, Timeout: 60 * time.Second}
		var done atomic.Int64
		var clients sync.WaitGroup
		for k := range 24 {
			clients.Go(func() {
				for n := 0; ; n++ {
					path := fmt.Sprintf("/r%d/c%d/n%d", round, k, n)
					body := "hello"
					if k%4 == 0 { // a decision that blocks is owed to the record, too
						body = customers(20).csv()
					}
					resp, err := c.Post("http://upload.example.com"+path, "text/plain", strings.NewReader(body))
					if err != nil {
						return
					}
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if err != nil {
						return
					}
					mu.Lock()
					answered[path] = resp.StatusCode
					mu.Unlock()
					done.Add(1)
				}
			})
		}
		eventually(t, "uploads are answered", func() bool { return done.Load() >= int64(20+40*round) })
		in.kill()
		clients.Wait()
		transport.CloseIdleConnections()
	}
	in.origin.serve(nil)
	recorded := map[string]string{}
	for _, e := range in.recovered() {
		if recorded[e.Path] = e.Action; e.Action == "log" { // some rule looks at how often
			recorded[e.Path] = "allow"
		}
	}
	kept := 0
	for path := range arrived {
		if recorded[path] != "allow" {
			t.Errorf("the origin got %s, on record is %q", path, recorded[path])
		}
	}
	for path, status := range answered {
		switch want := map[int]string{200: "allow", 403: "block"}[status]; {
		case want == "":
			t.Errorf("%s was answered %d", path, status)
		case recorded[path] != want:
			t.Errorf("%s was answered %d, on record is %q", path, status, recorded[path])
		case want == "block":
			kept++
		}
	}
	if kept == 0 || len(arrived) == 0 {
		t.Errorf("%d uploads were let out and %d kept in; the test needs both", len(arrived), kept)
	}
	t.Logf("%d uploads answered, %d at the origin, %d on record", len(answered), len(arrived), len(recorded))
}

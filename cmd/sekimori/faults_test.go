package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// http is a client of the installation, as a program in it would have one.
func (in *site) http(h2 bool) *http.Client {
	in.t.Helper()
	pem, err := os.ReadFile(in.ca)
	check(in.t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: in.proxy}), TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: h2, MaxIdleConnsPerHost: 16}
	in.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 60 * time.Second}
}

// memory is what the proxy has in memory, in bytes.
func (in *site) memory() int64 {
	in.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", in.cmd.Process.Pid))
	if err != nil {
		in.t.Skip("this system does not tell a process's memory")
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			check(in.t, err)
			return n << 10
		}
	}
	in.t.Fatal("no VmRSS")
	return 0
}

// slowly gives a reader that waits between its pieces.
type slowly struct {
	pieces [][]byte
	wait   func() // has to return for the next
}

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		if s.pieces = s.pieces[1:]; len(s.pieces) > 0 {
			s.wait()
		}
	}
	return n, nil
}

// TestTermUnderLoad: uploads that had begun when the proxy was told to end
// arrive whole and are answered.
func TestTermUnderLoad(t *testing.T) {
	in := install(t, "").start()
	var begun, going sync.WaitGroup
	release := make(chan struct{})
	results := make(chan string, 16)
	for k := range 12 {
		begun.Add(1)
		going.Go(func() {
			body := &slowly{pieces: [][]byte{bytes.Repeat([]byte("a"), 32<<10), bytes.Repeat([]byte("b"), 32<<10)}, wait: func() { begun.Done(); <-release }}
			resp, err := in.http(k%2 == 0).Post("https://upload.example.com/slow", "application/octet-stream", body)
			if err != nil {
				results <- err.Error()
				return
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			results <- resp.Status + " " + strings.TrimSpace(string(b))
		})
	}
	begun.Wait()
	// What was sent has to be read before the end, or nobody knows of it.
	eventually(t, "the uploads are held", func() bool {
		_, m := in.get("/metrics")
		return metric(m, "sekimori_held_bodies") >= 12
	})
	in.signal(syscall.SIGTERM)
	eventually(t, "no new connection is taken", func() bool {
		c, err := net.Dial("tcp", in.proxy)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(release)
	going.Wait()
	for range 12 {
		if r := <-results; !strings.HasPrefix(r, "200 OK origin got 65536 bytes") {
			t.Errorf("an upload under way ended with %s", r)
		}
	}
	if _ = in.cmd.Wait(); in.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("exit code %d: %s", in.cmd.ProcessState.ExitCode(), in.log)
	}
}

// metric is the sum of a metric's values.
func metric(text, name string) (sum float64) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == ' ' || rest[0] == '{') {
			f := strings.Fields(line)
			v, _ := strconv.ParseFloat(f[len(f)-1], 64)
			sum += v
		}
	}
	return sum
}

// TestReloadUnderLoad changes the rules again and again while uploads come: each
// is judged by one set or by the other, and the record says by which.
func TestReloadUnderLoad(t *testing.T) {
	in := install(t, "[rules]\npaths = [\"rules\"]\n")
	both := func(a, b string) string {
		return ownRule(a) + strings.NewReplacer("code-names", "other-names", "koshihikari", "hitomebore").Replace(ownRule(b))
	}
	// Of each set, one of the two words is blocked; of half a set, both or none.
	sets := []string{both("block", "log"), both("log", "block")}
	in.write("rules/own.toml", sets[0])
	in.start()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var sent atomic.Int64
	for range 3 {
		c := in.http(true)
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// Both words in one upload: whichever set judges, it is blocked, by that set's rule.
				resp, err := c.Post("https://upload.example.com/", "text/plain", strings.NewReader("koshihikari hitomebore"))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("status %d", resp.StatusCode)
				}
				sent.Add(1)
			}
		})
	}
	reloaded := func() float64 {
		_, m := in.get("/metrics")
		return metric(m, `sekimori_rules_reloads_total{outcome="ok"}`)
	}
	for k := range 6 {
		before, had := reloaded(), sent.Load()
		in.write("rules/own.toml", sets[(k+1)%2])
		in.signal(syscall.SIGHUP)
		eventually(t, "the rules are loaded, and judge", func() bool { return reloaded() > before && sent.Load() > had+5 })
	}
	close(stop)
	clients.Wait()
	by := map[string]map[string]bool{} // the rules that blocked, by rule set
	for _, e := range in.events("--kind", "decision") {
		if by[e.RuleSet] == nil {
			by[e.RuleSet] = map[string]bool{}
		}
		by[e.RuleSet][e.Rule] = true
	}
	if len(by) != 2 {
		t.Errorf("%d rule sets judged, want 2", len(by))
	}
	for set, rules := range by {
		if len(rules) != 1 {
			t.Errorf("set %.12s blocked by %v: halves of two", set, rules)
		}
	}
}

// TestManySlowClients: 1,000 clients that send one byte of an upload and then
// nothing cost little memory and hold up nobody.
func TestManySlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 connections")
	}
	in := install(t, "[limit]\nper_client = 5000\n").start()
	before := in.memory()
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for range 1000 {
		c, err := net.Dial("tcp", in.proxy)
		check(t, err)
		open = append(open, c)
		fmt.Fprintf(c, "POST http://upload.example.com/ HTTP/1.1\r\nHost: upload.example.com\r\nContent-Length: 1000000\r\n\r\nx")
	}
	eventually(t, "all are being read", func() bool {
		_, m := in.get("/metrics")
		return metric(m, "sekimori_held_bodies") >= 1000
	})
	grown := in.memory() - before
	t.Logf("%d KiB a slow client", grown>>10/1000)
	if grown > 128<<20 {
		t.Errorf("1,000 slow clients take %d MiB", grown>>20)
	}
	c := in.http(false)
	for range 20 {
		start := time.Now()
		resp, err := c.Post("https://upload.example.com/", "text/plain", strings.NewReader("hello"))
		check(t, err)
		resp.Body.Close()
		if d := time.Since(start); resp.StatusCode != 200 || d > 5*time.Second {
			t.Errorf("%s after %v", resp.Status, d)
		}
	}
	if in.origin.seen() != 100 {
		t.Errorf("%d bytes at the origin", in.origin.seen())
	}
}

// TestRecordThatCannotGrow: when the record can take no more, nothing leaves,
// and readiness says so.
func TestRecordThatCannotGrow(t *testing.T) {
	in := install(t, "[console]\nenabled = false\n")
	// A limit on the size of files is what a full disk is to the record.
	bin, err := binary()
	check(t, err)
	wrapper := filepath.Join(in.dir, "limited")
	check(t, os.WriteFile(wrapper, []byte("#!/bin/sh\nulimit -f 64\nexec "+bin+" \"$@\"\n"), 0o700))
	in.program = wrapper
	in.start()
	c := in.http(true)
	told, refused := 0, 0
	for range 400 {
		resp, err := c.Post("https://upload.example.com/", "text/plain", strings.NewReader("hello"))
		check(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusOK:
			if told++; refused > 0 {
				t.Fatal("after a refusal uploads leave again, with the record as it was")
			}
		case http.StatusServiceUnavailable:
			refused++
		default:
			t.Fatal(resp.Status)
		}
		if refused == 5 {
			break
		}
	}
	if refused == 0 {
		t.Fatalf("%d uploads left; the record never came to its limit", told)
	}
	if n := in.origin.count(); n != told {
		t.Errorf("%d requests at the origin, %d were answered", n, told)
	}
	if code, text := in.get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "audit") {
		t.Errorf("readyz: %d %s", code, text)
	}
	in.signal(syscall.SIGKILL)
	_ = in.cmd.Wait()
	in.program = ""
	in.start() // with room again
	resp, err := in.http(true).Post("https://upload.example.com/", "text/plain", strings.NewReader("hello"))
	check(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("with room again: %s", resp.Status)
	}
	in.stop()
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		t.Errorf("audit verify: %s", out)
	}
	if n := len(in.events("--kind", "decision")); n < told+1 {
		t.Errorf("%d decisions on record, %d uploads left", n, told+1)
	}
}

// TestKillInEachPhase ends the proxy while an upload comes in, while it is held
// on disk, and while the origin has it: what the origin got is on record, and
// nothing of it lies on the disk in clear.
func TestKillInEachPhase(t *testing.T) {
	in := install(t, "[hold]\nmemory = \"4 KiB\"\n")
	reached, wait := make(chan bool, 1), make(chan bool)
	defer close(wait)
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		reached <- true
		<-wait
	}))
	const marker = "harmless-marker-text"
	body := strings.Repeat(marker+"\n", 20_000)
	send := func(part int) net.Conn {
		c, err := net.Dial("tcp", in.proxy)
		check(t, err)
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "POST http://upload.example.com/ HTTP/1.1\r\nHost: upload.example.com\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:part])
		return c
	}
	spool := func() (n int64) {
		_ = filepath.WalkDir(filepath.Join(in.dir, "data", "spool"), func(p string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if b, err := os.ReadFile(p); err == nil {
					n += int64(len(b))
					if bytes.Contains(b, []byte(marker)) {
						t.Error("a held body lies on the disk in clear")
					}
				}
			}
			return nil
		})
		return n
	}
	kill := func() {
		in.signal(syscall.SIGKILL)
		_ = in.cmd.Wait()
	}
	in.start()
	send(len(body) / 2)
	eventually(t, "half of it is held", func() bool {
		_, m := in.get("/metrics")
		return metric(m, "sekimori_held_disk_bytes") > 100_000
	})
	kill()
	spool()
	if in.origin.seen() != 0 {
		t.Errorf("%d bytes of half an upload are at the origin", in.origin.seen())
	}
	in.start()
	if n := spool(); n != 0 {
		t.Errorf("%d bytes of a former process are left in the spool", n)
	}
	c := send(len(body))
	<-reached
	kill()
	if _, err := bufio.NewReader(c).ReadByte(); err == nil {
		t.Error("an answer came from nowhere")
	}
	in.start()
	in.stop()
	allowed := 0
	for _, e := range in.events("--kind", "decision") {
		if e.Action == "allow" && e.Bytes == int64(len(body)) {
			allowed++
		}
	}
	if allowed != 1 {
		t.Errorf("the origin has the upload; on record it is %d times", allowed)
	}
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		t.Errorf("audit verify: %s", out)
	}
}

package export

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

func openLog(t *testing.T) (*audit.Log, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "audit")
	l, err := audit.Open(dir, audit.Options{SegmentBytes: 3000, Pack: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, dir
}

func add(t *testing.T, l *audit.Log, from, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(t.Context(), audit.Event{Kind: "decision", Action: "block", Incident: fmt.Sprintf("SK-%03d", from+i)}); err != nil {
			t.Fatal(err)
		}
	}
}

// run starts a pump and returns what stops it.
func run(t *testing.T, p *Pump) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

var incident = regexp.MustCompile(`SK-\d{3}`)

// arrived counts each incident that a sink got.
type arrived struct {
	mu  sync.Mutex
	got map[string]int
}

func (a *arrived) add(b []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.got == nil {
		a.got = map[string]int{}
	}
	for _, m := range incident.FindAll(b, -1) {
		a.got[string(m)]++
	}
}

func (a *arrived) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.got)
}

func TestFileSinkGoesOnWhereItWas(t *testing.T) {
	l, dir := openLog(t)
	out := filepath.Join(t.TempDir(), "out")
	state := filepath.Join(filepath.Dir(dir), "export")
	start := func() *Pump {
		p, err := New(Config{Name: "copy", To: "file:" + out, Format: "csv"}, dir, state, l)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	add(t, l, 0, 50)
	p := start()
	if s := p.Status(); s.Lag != 50 {
		t.Errorf("before: %+v", s)
	}
	stop := run(t, p)
	await(t, "fifty", func() bool { return p.Status().Lag == 0 })
	stop()
	add(t, l, 50, 50)
	p = start()
	run(t, p)
	await(t, "a hundred", func() bool { return p.Status().Lag == 0 })
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if len(lines) != 100 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		if !bytes.HasPrefix(line, []byte(strconv.Itoa(i+1)+",")) {
			t.Fatalf("line %d is %s", i, line)
		}
	}
	late, err := New(Config{Name: "late", To: "file:" + out, OnlyNew: true}, dir, state, l)
	if err != nil || late.Status().Lag != 0 {
		t.Errorf("only new: %+v %v", late.Status(), err)
	}
}

func TestWebhookIsSignedAndRetried(t *testing.T) {
	l, dir := openLog(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got arrived
	var calls atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if want := Sign([]byte("0123456789abcdef"), r.Header.Get("X-Sekimori-Timestamp"), body); r.Header.Get("X-Sekimori-Signature") != want {
			t.Errorf("signature %q", r.Header.Get("X-Sekimori-Signature"))
		}
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got.add(body)
	}))
	defer h.Close()
	add(t, l, 0, 20)
	if _, err := l.Append(t.Context(), audit.Event{Kind: "start", Incident: "SK-999"}); err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Name: "hook", To: h.URL, SecretFile: secret, Kinds: []string{"decision"}}, dir, t.TempDir(), l)
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	await(t, "a second try", func() bool { return p.Status().Lag == 0 })
	if got.count() != 20 || got.got["SK-999"] != 0 || calls.Load() < 2 || p.Status().Err != nil {
		t.Errorf("%d arrived in %d calls, %+v", got.count(), calls.Load(), p.Status())
	}
}

// Addresses of webhooks have passwords in them, and errors go to logs.
func TestWebhookErrorsHaveNoAddress(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.NotFoundHandler())
	h.Close()
	w, err := newWebhook(&Config{To: h.URL + "/services/T0KEN?key=T0KEN", SecretFile: secret})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.send(t.Context(), []Item{{Line: []byte("{}")}}); err == nil || strings.Contains(err.Error(), "T0KEN") {
		t.Errorf("%v", err)
	}
}

// readFrames reads RFC 6587 counted messages.
func readFrames(c net.Conn, each func([]byte)) {
	r := bufio.NewReader(c)
	for {
		size, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil {
			each([]byte("not a frame: " + size))
			return
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		each(b)
	}
}

var rfc5424 = regexp.MustCompile(`^<\d{1,3}>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]+ sekimori \d+ [!-~]+ \[meta sequenceId="\d+"\] \x{feff}CEF:0\|`)

// TestSyslogOverTCP hangs up once in the middle: nothing is lost.
func TestSyslogOverTCP(t *testing.T) {
	l, dir := openLog(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var got arrived
	go func() {
		for conn := 0; ; conn++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			n := 0
			readFrames(c, func(b []byte) {
				if !rfc5424.Match(b) {
					t.Errorf("not RFC 5424: %s", b)
				}
				if n++; conn == 0 && n > 5 {
					c.Close() // what was read after the fifth is lost here
					return
				}
				got.add(b)
			})
		}
	}()
	p, err := New(Config{Name: "siem", To: "tcp://" + ln.Addr().String(), Format: "cef"}, dir, t.TempDir(), l)
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	for i := range 8 {
		add(t, l, i*5, 5)
		await(t, "a batch", func() bool { return p.Status().Lag == 0 })
	}
	await(t, "all forty", func() bool { return got.count() == 40 })
}

func TestSyslogOverUDPAndTLS(t *testing.T) {
	l, dir := openLog(t)
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	var datagrams arrived
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, _, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			datagrams.add(b[:n])
		}
	}()
	h := httptest.NewUnstartedServer(nil)
	h.StartTLS()
	defer h.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: h.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var frames arrived
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go readFrames(c, frames.add)
		}
	}()
	add(t, l, 0, 10)
	for _, c := range []Config{{Name: "u", To: "udp://" + u.LocalAddr().String()}, {Name: "t", To: "tls://" + ln.Addr().String(), CAFile: ca, Format: "ocsf"}} {
		p, err := New(c, dir, t.TempDir(), l)
		if err != nil {
			t.Fatal(err)
		}
		run(t, p)
		await(t, c.Name, func() bool { return p.Status().Lag == 0 })
	}
	await(t, "datagrams and frames", func() bool { return datagrams.count() == 10 && frames.count() == 10 })

	// Without its CA the server is not trusted.
	p, err := New(Config{Name: "x", To: "tls://" + ln.Addr().String()}, dir, t.TempDir(), l)
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	await(t, "a refusal", func() bool { return p.Status().Err != nil })
	if p.Status().Sent != 0 {
		t.Error("sent to a server that is not trusted")
	}
}

// TestDeadSinkHoldsUpNobody: appends go on at their pace while a sink hangs.
func TestDeadSinkHoldsUpNobody(t *testing.T) {
	l, dir := openLog(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never reads
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p, err := New(Config{Name: "dead", To: "tcp://" + ln.Addr().String()}, dir, t.TempDir(), l)
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, p)
	start := time.Now()
	add(t, l, 0, 200)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("200 appends took %v", took)
	}
	stop()
}

func TestConfigFaults(t *testing.T) {
	for want, c := range map[string]Config{
		"name":        {Name: "a b", To: "file:x"},
		"format":      {Name: "a", To: "file:x", Format: "xml"},
		"HOST:PORT":   {Name: "a", To: "tcp:host"},
		"checkpoints": {Name: "a", To: "dir:x", Checkpoints: "often"},
		"secret_file": {Name: "a", To: "https://x"},
		"syslog":      {Name: "a", To: "ftp://x"},
		"belong":      {Name: "a", To: "tls://x:1", Cert: "c"},
	} {
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	both := Config{Name: "", To: ""}
	if j, ok := both.Validate().(interface{ Unwrap() []error }); !ok || len(j.Unwrap()) != 2 {
		t.Error("not every fault is told at once")
	}
	if _, err := New(Config{Name: "a", To: "https://x", SecretFile: "/nowhere"}, "", t.TempDir(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no secret: %v", err)
	}
}

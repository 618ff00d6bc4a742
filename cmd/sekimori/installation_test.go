package main

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once for all tests that run it as users do.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sekimori-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sekimori")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// received is one request as it reached the origin.
type received struct {
	method, host, path, proto string
	header                    http.Header
	body                      []byte
}

// origin plays every site of the tests: it counts what reaches it.
type origin struct {
	mu       sync.Mutex
	requests []received
	bytes    int
	handler  http.Handler // further answers, nil for none
	light    bool         // bodies are counted, and not kept
	addr     string       // TLS
	plain    string       // HTTP
	ca       string       // PEM file
}

// hosts that the tests' installation sends to the origin, by what they stand for.
var hosts = []string{
	"www.dropbox.com", "content.dropboxapi.com", "mail.google.com", "s3.ap-northeast-1.amazonaws.com",
	"bucket.s3.ap-northeast-1.amazonaws.com", "account.blob.core.windows.net", "storage.googleapis.com",
	"github.com", "intranet.example.jp", "upload.example.com", "packages.example.com", "chat.example.com",
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := &counted{o: o, r: r.Body}
	r.Body = io.NopCloser(body)
	o.mu.Lock()
	further := o.handler
	o.mu.Unlock()
	if further != nil {
		further.ServeHTTP(w, r)
	} else if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusNotFound) // nothing is stored
	} else {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "origin got %d bytes\n", body.kept.Len())
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = append(o.requests, received{r.Method, r.Host, r.URL.RequestURI(), r.Proto, r.Header, body.kept.Bytes()})
}

type counted struct {
	o    *origin
	r    io.Reader
	kept bytes.Buffer
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.o.mu.Lock()
	if !c.o.light {
		c.kept.Write(p[:n])
	}
	c.o.bytes += n
	c.o.mu.Unlock()
	return n, err
}

// seen returns the body bytes that reached the origin so far.
// serve sets what gives further answers.
func (o *origin) serve(h http.Handler) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.handler = h
}

// count is how many requests have come.
func (o *origin) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.requests)
}

func (o *origin) seen() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

func (o *origin) last() received {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.requests) == 0 {
		return received{}
	}
	return o.requests[len(o.requests)-1]
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test origin"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: append([]string{"localhost"}, hosts...), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	check(t, err)
	o := &origin{ca: filepath.Join(t.TempDir(), "origin.pem")}
	check(t, os.WriteFile(o.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))

	secure, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	o.addr, o.plain = secure.Addr().String(), plain.Addr().String()
	s := &http.Server{Handler: o, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	go s.ServeTLS(secure, "", "") //nolint:errcheck // ends with Close
	// A server of its own: the first Serve fixes what a server does with ALPN.
	p := &http.Server{Handler: o, ReadHeaderTimeout: 10 * time.Second}
	go p.Serve(plain) //nolint:errcheck // ends with Close
	t.Cleanup(func() { s.Close(); p.Close() })
	return o
}

// site is a running sekimori with its state folder and origin.
type site struct {
	t      *testing.T
	origin *origin
	dir    string
	config string
	proxy  string // host:port
	admin  string
	ca     string // PEM file
	// program runs instead of the binary; "" for the binary itself.
	program string
	cmd     *exec.Cmd
	log     *syncBuffer
}

// install writes a configuration for a new installation; extra is further TOML
// and may begin with top-level keys.
func install(t *testing.T, extra string) *site {
	t.Helper()
	in := &site{t: t, origin: newOrigin(t), dir: t.TempDir()}
	var resolve []string
	for _, h := range hosts {
		resolve = append(resolve, fmt.Sprintf("%q = %q", h+":443", in.origin.addr), fmt.Sprintf("%q = %q", h+":80", in.origin.plain))
	}
	in.config = filepath.Join(in.dir, "sekimori.toml")
	in.write("sekimori.toml", fmt.Sprintf(`data = %q
%s
[listen]
proxy = "127.0.0.1:0"
admin = "127.0.0.1:0"
[upstream]
ca_files = [%q]
allow_private = ["127.0.0.0/8"]
resolve = { %s }
`, filepath.Join(in.dir, "data"), extra, in.origin.ca, strings.Join(resolve, ", ")))
	return in
}

func (in *site) write(name, text string) {
	in.t.Helper()
	path := filepath.Join(in.dir, name)
	check(in.t, os.MkdirAll(filepath.Dir(path), 0o700))
	check(in.t, os.WriteFile(path, []byte(text), 0o600))
}

// start runs serve and waits until it says where it listens.
func (in *site) start() *site {
	t := in.t
	t.Helper()
	bin, err := binary()
	check(t, err)
	in.log = &syncBuffer{}
	in.cmd = exec.Command(cmp.Or(in.program, bin), "serve", "--config", in.config)
	in.cmd.Env = clientEnv()
	in.cmd.Stderr = in.log
	out, err := in.cmd.StdoutPipe()
	check(t, err)
	check(t, in.cmd.Start())
	cmd := in.cmd
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	in.proxy, in.admin = "", ""
	lines := bufio.NewReader(out)
	for in.proxy == "" || in.admin == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("serve ended before it listened: %v\n%s", err, in.log)
		}
		if a, ok := strings.CutPrefix(line, "proxy: http://"); ok {
			in.proxy = strings.Fields(a)[0]
		}
		if a, ok := strings.CutPrefix(line, "admin: http://"); ok {
			in.admin = strings.Fields(a)[0]
		}
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // keeps the pipe empty
	in.ca = filepath.Join(in.dir, "data", "ca", "ca.pem")
	return in
}

func (in *site) signal(s syscall.Signal) {
	in.t.Helper()
	check(in.t, in.cmd.Process.Signal(s))
}

// stop ends serve in order and reports its exit code.
func (in *site) stop() int {
	in.t.Helper()
	in.signal(syscall.SIGTERM)
	_ = in.cmd.Wait()
	return in.cmd.ProcessState.ExitCode()
}

// sekimori runs another command of the program on this installation.
func (in *site) sekimori(args ...string) (string, int) {
	in.t.Helper()
	bin, err := binary()
	check(in.t, err)
	cmd := exec.Command(bin, args...)
	cmd.Dir = in.dir
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// get fetches a page of the admin address.
func (in *site) get(path string) (int, string) {
	in.t.Helper()
	c := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	resp, err := c.Get("http://" + in.admin + path)
	check(in.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(in.t, err)
	return resp.StatusCode, string(b)
}

// client runs a program with the proxy set and returns its output; the test is
// skipped, saying so, where the program is not installed.
func (in *site) client(stdin io.Reader, name string, args ...string) string {
	in.t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("SEKIMORI_CI") != "" {
			in.t.Fatalf("%s is not installed", name)
		}
		in.t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = in.dir
	cmd.Stdin = stdin
	cmd.Env = append(clientEnv(), "HOME="+in.dir, "SEKIMORI_CA="+in.ca,
		"https_proxy=http://"+in.proxy, "http_proxy=http://"+in.proxy, "HTTPS_PROXY=http://"+in.proxy,
		"SSL_CERT_FILE="+in.ca, "CURL_CA_BUNDLE="+in.ca, "GIT_SSL_CAINFO="+in.ca, "REQUESTS_CA_BUNDLE="+in.ca,
		"NODE_EXTRA_CA_CERTS="+in.ca, "npm_config_cafile="+in.ca)
	done := time.AfterFunc(60*time.Second, func() { _ = cmd.Process.Kill() })
	defer done.Stop()
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// curl returns the answer's status and body.
func (in *site) curl(body []byte, args ...string) (status, answer string) {
	in.t.Helper()
	args = append([]string{"-sS", "-m", "30", "-w", "\n%{http_code}"}, args...)
	out := in.client(bytes.NewReader(body), "curl", args...)
	i := strings.LastIndexByte(strings.TrimRight(out, "\n"), '\n')
	return strings.TrimSpace(out[i+1:]), strings.TrimSpace(out[:max(i, 0)])
}

// clientEnv is the environment without the machine's own settings of proxies
// and certificates.
func clientEnv() []string {
	var env []string
	for _, e := range os.Environ() {
		k, _, _ := strings.Cut(e, "=")
		if !strings.HasSuffix(strings.ToUpper(k), "_PROXY") && !strings.HasSuffix(k, "_CA_BUNDLE") {
			env = append(env, e)
		}
	}
	return env
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

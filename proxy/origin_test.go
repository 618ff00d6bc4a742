package proxy

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// Nothing is ever signed by the authority whose key is in goproxy's source.
func TestOwnAuthoritySigns(t *testing.T) {
	h := build(t)
	theirs, err := x509.ParseCertificate(goproxy.GoproxyCa.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{originHost, "another.example"} {
		state := h.open(name+":443", name).ConnectionState()
		leaf := state.PeerCertificates[0]
		if err := leaf.CheckSignatureFrom(h.ca.Certificate()); err != nil {
			t.Errorf("%s: not signed by our authority: %v", name, err)
		}
		if leaf.CheckSignatureFrom(theirs) == nil {
			t.Errorf("%s: signed by goproxy's authority", name)
		}
		if leaf.PublicKeyAlgorithm != x509.ECDSA {
			t.Errorf("%s: key is %s", name, leaf.PublicKeyAlgorithm)
		}
	}
}

func TestOriginsAreVerified(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Upstream.CAFiles = nil }))
	resp, err := h.client(true).Post("https://"+originHost+"/", "text/plain", strings.NewReader("harmless"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusBadGateway || !strings.Contains(string(b), "certificate") {
		t.Errorf("%d %q", resp.StatusCode, b)
	}
	h.untouched()
}

func TestInnerAddressesAreRefused(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Upstream.AllowPrivate = nil }))
	for _, url := range []string{"http://" + originHost + "/", "https://" + originHost + "/", "http://127.0.0.1:1/", "http://[::1]:1/", "http://169.254.169.254/latest/", "http://localhost:1/"} {
		resp, err := h.client(false).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", url, resp.StatusCode)
		}
	}
	h.untouched()
}

func TestOriginFailuresAreExplained(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Upstream.Response = 200 * time.Millisecond }))
	h.plain.handle = func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		switch r.URL.Path {
		case "/slow":
			select {
			case <-time.After(2 * time.Second):
			case <-r.Context().Done():
			}
		case "/breaks":
			panic(http.ErrAbortHandler)
		}
	}
	for path, want := range map[string]int{
		"http://" + originHost + "/slow": 504, "http://" + originHost + "/breaks": 502,
		"http://127.0.0.1:1/": 502, "http://nowhere.invalid/": 502,
	} {
		resp, err := h.client(false).Post(path, "text/plain", strings.NewReader("harmless"))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || strings.Contains(string(b), "127.0.0.1:1") {
			t.Errorf("%s: %d %q", path, resp.StatusCode, b)
		}
	}
	h.clean()
}

// An answer that breaks off must not look whole to the client.
func TestCutAnswerIsNotCompleted(t *testing.T) {
	h := build(t)
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("a", 100_000))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, http2 := range []bool{false, true} {
		resp, err := h.client(http2).Get("https://" + originHost + "/")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("h2 %v: the answer looked whole", http2)
		}
		resp.Body.Close()
	}
}

func TestFieldsForTheProxyDoNotReachTheOrigin(t *testing.T) {
	h := build(t)
	const fields = "Proxy-Authorization: Basic dGVzdGVyOnBhc3M=\r\nProxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nConnection: X-Mine, keep-alive\r\nX-Mine: 1\r\nTE: trailers\r\nSekimori-Confirm: a b\r\nX-Kept: 1\r\nVia: 1.1 other\r\n"
	resp, _ := raw(t, h.dial(), post("http://"+originHost+"/a%2Fb?q=1", "1.1", fields, "harmless"))
	if resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode)
	}
	r := h.plain.seen.Load()
	for _, name := range []string{"Proxy-Authorization", "Proxy-Connection", "Keep-Alive", "X-Mine", "Sekimori-Confirm", "Accept-Encoding", "User-Agent"} {
		if v, ok := r.Header[name]; ok {
			t.Errorf("%s: %q reached the origin", name, v)
		}
	}
	if got := r.Header["Via"]; len(got) != 2 || got[1] != "1.1 sekimori-test" {
		t.Errorf("Via: %q", got)
	}
	if r.Header.Get("X-Kept") != "1" || r.Header.Get("Te") != "trailers" {
		t.Errorf("fields lost: %v", r.Header)
	}
	if r.RequestURI != "/a%2Fb?q=1" || r.Host != originHost || r.ContentLength != 8 {
		t.Errorf("changed: %q to %q, %d bytes", r.RequestURI, r.Host, r.ContentLength)
	}
	if got := resp.Header["Via"]; len(got) != 1 {
		t.Errorf("Via of the response: %q", got)
	}
}

func TestBodiesArriveUnchanged(t *testing.T) {
	h := build(t, holding(func(c *hold.Config) { c.MemoryPerBody = 16 << 10 }))
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		fmt.Fprintf(w, "%d %x %v %d", n, sum.Sum(nil), err, r.ContentLength)
	}
	for _, size := range []int{0, 1, 4095, 65536, 3_000_001} {
		body := strings.Repeat("0123456789\r\n", size/12+1)[:size]
		want := fmt.Sprintf("%d %x <nil> %d", size, sha256.Sum256([]byte(body)), size)
		for _, http2 := range []bool{false, true} {
			for _, mend := range []func(*http.Request){func(*http.Request) {}, chunked} {
				req, _ := http.NewRequest("PUT", "https://"+originHost+"/f.txt", strings.NewReader(body))
				mend(req)
				resp, err := h.client(http2).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if string(got) != want {
					t.Errorf("%d bytes, h2 %v: %s, want %s", size, http2, got, want)
				}
			}
		}
	}
	h.clean()
}

func TestTrailers(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		h := build(t)
		got := make(chan http.Header, 2)
		h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			got <- r.Trailer
			w.Header().Set("Trailer", "Announced")
			io.WriteString(w, "ok")
			w.(http.Flusher).Flush()
			w.Header().Set("Announced", "1")
			w.Header().Set(http.TrailerPrefix+"Late", "2")
		}
		send := func(value string) *http.Response {
			req, _ := http.NewRequest("POST", "https://"+originHost+"/", io.MultiReader(strings.NewReader("harmless")))
			req.Trailer = http.Header{"Sum": {value}}
			resp, err := h.client(http2).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			io.ReadAll(resp.Body)
			resp.Body.Close()
			return resp
		}
		resp := send("123")
		if tr := <-got; tr.Get("Sum") != "123" {
			t.Errorf("h2 %v: the origin got the trailer %v", http2, tr)
		}
		if resp.Trailer.Get("Announced") != "1" || resp.Trailer.Get("Late") != "2" {
			t.Errorf("h2 %v: the client got the trailer %v", http2, resp.Trailer)
		}
		if resp := send(secret); resp.StatusCode != 403 {
			t.Errorf("h2 %v: a secret in the trailer was answered %d", http2, resp.StatusCode)
		}
		if n := h.secure.requests.Load(); n != 1 {
			t.Errorf("h2 %v: %d requests reached the origin", http2, n)
		}
	}
}

// What a server sends bit by bit arrives bit by bit.
func TestStreamedAnswers(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for _, ct := range []string{"text/event-stream", "application/grpc", "application/json"} {
			h := build(t)
			next := make(chan bool)
			h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", ct)
				w.Header().Set("Alt-Svc", `h3=":443"`)
				w.(http.Flusher).Flush()
				for range next {
					io.WriteString(w, "tick\n")
					w.(http.Flusher).Flush()
				}
			}
			resp, err := h.client(http2).Get("https://" + originHost + "/") // its head comes before any byte
			if err != nil {
				t.Fatal(err)
			}
			go func() { next <- true }()
			br := bufio.NewReader(resp.Body)
			for i := range 3 {
				if line, err := br.ReadString('\n'); err != nil || line != "tick\n" {
					t.Fatalf("h2 %v, %s: %q, %v", http2, ct, line, err)
				}
				if i < 2 {
					next <- true
				}
			}
			close(next)
			if resp.Header.Get("Alt-Svc") != "" {
				t.Error("the client is told of a way around the proxy")
			}
			resp.Body.Close()
		}
	}
}

// What an origin says ahead of its answer reaches the client, once, and only one that
// knows such answers.
func TestInformationalAnswers(t *testing.T) {
	h := build(t)
	early := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.Header().Set("Alt-Svc", `h3=":443"`)
		w.WriteHeader(http.StatusEarlyHints)
		clear(w.Header())
		io.WriteString(w, "page")
	}
	h.plain.handle, h.secure.handle = early, early
	for _, http2 := range []bool{false, true} {
		client := h.client(http2)
		for _, url := range []string{"http://" + originHost + "/", "https://" + originHost + "/"} {
			for _, size := range []int{0, 0, 200_000} { // to an origin that is not known yet, and to one that is
				var hints []string
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
					if status != http.StatusContinue {
						hints = append(hints, fmt.Sprint(status, header.Get("Link"), header.Get("Alt-Svc")))
					}
					return nil
				}})
				method := http.MethodGet
				if size > 0 {
					method = http.MethodPut
				}
				r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(make([]byte, size)))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				if got := bodyOf(t, resp); got != "page" || resp.Header.Get("Link") != "" || len(hints) != 1 || hints[0] != "103</style.css>; rel=preload" {
					t.Errorf("h2 %v, %s %s: %q with %v, hints %q", http2, method, url, got, resp.Header, hints)
				}
			}
		}
	}
	c := h.dial()
	if resp, text := raw(t, c, "GET http://"+originHost+"/ HTTP/1.0\r\nHost: "+originHost+"\r\n\r\n"); resp.StatusCode != http.StatusOK || text != "page" {
		t.Errorf("HTTP/1.0: %s %q", resp.Status, text)
	}
}

// TestBrokenAnswers: an answer that the origin breaks off does not look whole.
func TestBrokenAnswers(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for _, ct := range []string{"text/event-stream", "application/json"} {
			h := build(t)
			h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", ct)
				io.WriteString(w, "tick\n")
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			resp, err := h.client(http2).Get("https://" + originHost + "/")
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("h2 %v, %s: %q looks whole", http2, ct, b)
			}
			resp.Body.Close()
		}
	}
}

func TestBypassedTunnelIsRelayedAndRecorded(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Intercept.Bypass = []string{"*.example"} }))
	c := h.connect(originHost + ":443")
	io.WriteString(c, "\x16\x03\x01") // spoken to the origin, not to us
	c.Close()
	eventually(t, "the origin was dialled and the bytes counted", func() bool {
		mf, err := h.srv.deps.Registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range mf {
			if f.GetName() == "sekimori_relayed_bytes_total" {
				for _, m := range f.Metric {
					if m.GetLabel()[0].GetValue() == "bypass" && m.GetCounter().GetValue() == 3 {
						return true
					}
				}
			}
		}
		return false
	})
	evs := h.audit.events()
	if len(evs) == 0 || evs[0].Method != "CONNECT" || evs[0].Host != originHost || evs[0].User != "tester" {
		t.Errorf("events: %+v", evs)
	}
	h.audit.fail.Store(true)
	if resp, _ := raw(t, h.dial(), "CONNECT "+originHost+":443 HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 503 {
		t.Errorf("without a record: %d", resp.StatusCode)
	}
}

func TestHostMatcher(t *testing.T) {
	m := hostMatcher([]string{"one.example", "*.Two.example", "::1"})
	for host, want := range map[string]bool{
		"one.example": true, "a.one.example": false, "two.example": false, "a.two.example": true,
		"b.a.two.example": true, "xtwo.example": false, "::1": true, "": false,
	} {
		if m(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

func TestSplitAuthority(t *testing.T) {
	for in, want := range map[string]string{
		"A.Example.": "a.example 443", "a:8443": "a 8443", "[::1]": "::1 443", "[0:0::1]:8443": "::1 8443",
		"": "", "a:0": "", "a:99999": "", "a:b": "", ":443": "", "a b": "", "a/b": "", "[::1": "", "[::zz]": "", "a@b": "",
	} {
		host, port, ok := splitAuthority(in, "https")
		got := ""
		if ok {
			got = fmt.Sprint(host, " ", port)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Many uploads at once, of all sizes, some stopped, some answered by the origin
// before it has read them: each origin request gets its own body and no other.
func TestManyAtOnce(t *testing.T) {
	h := build(t, holding(func(c *hold.Config) { c.MemoryPerBody = 128 << 10 }))
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/early":
			w.WriteHeader(http.StatusAccepted)
			w.(http.Flusher).Flush()
		case "/rude":
			w.WriteHeader(http.StatusConflict)
			return
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r.Body); err != nil {
			return // cut off; what came was the client's own up to here
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); got != r.Header.Get("Sum") {
			t.Errorf("%s: the origin got another body", r.URL.Path)
		}
	}
	var wg sync.WaitGroup
	for _, c := range []*http.Client{h.client(false), h.client(true)} {
		for w := range 8 {
			wg.Go(func() {
				for i := range 12 {
					size := []int{1, 900, 10_000, 70_000, 300_000}[(w+i)%5]
					body := strings.Repeat(fmt.Sprintf("%d-%d ", w, i), size/4)
					path, want := "/", http.StatusOK
					switch i % 4 {
					case 1:
						body, want = body+secret, http.StatusForbidden
					case 2:
						path, want = "/early", http.StatusAccepted
					case 3:
						path, want = "/rude", http.StatusConflict
					}
					req, _ := http.NewRequest("POST", "https://"+originHost+path, strings.NewReader(body))
					req.Header.Set("Sum", fmt.Sprintf("%x", sha256.Sum256([]byte(body))))
					resp, err := c.Do(req)
					if err != nil {
						t.Errorf("%s, %d bytes: %v", path, len(body), err)
						continue
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if resp.StatusCode != want {
						t.Errorf("%s, %d bytes: %d, want %d", path, len(body), resp.StatusCode, want)
					}
				}
			})
		}
	}
	wg.Wait()
	h.clean()
}

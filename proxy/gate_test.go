package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// Whatever fails, nothing leaves, and the client is told something usable.
func TestFailuresKeepUploadsIn(t *testing.T) {
	cases := []struct {
		name   string
		opt    option
		before func(h *house)
		body   string
		want   int
	}{
		{"audit not writable", nil, func(h *house) { h.audit.fail.Store(true) }, "harmless", 503},
		{"audit not writable, secret", nil, func(h *house) { h.audit.fail.Store(true) }, secret, 503},
		{"scanner fails", nil, nil, fatal, 503},
		{"no rules", func(_ *Config, d *Deps, _ *hold.Config) { d.Policy = func() *gate.Policy { return nil } }, nil, "harmless", 503},
		{"rules without a verdict", func(_ *Config, d *Deps, _ *hold.Config) {
			p := &gate.Policy{Scanner: wordScanner{}, Rules: noVerdict{}}
			d.Policy = func() *gate.Policy { return p }
		}, nil, "harmless", 503},
		{"no room", holding(func(c *hold.Config) { c.TotalMemory, c.TotalDisk, c.MemoryPerBody, c.Wait = 1, 1, 1, time.Millisecond }), nil, strings.Repeat("a", 100_000), 503},
		{"too large", holding(func(c *hold.Config) { c.Max = 10 }), nil, strings.Repeat("a", 100), 413},
	}
	for _, c := range cases {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, h2 %v", c.name, http2), func(t *testing.T) {
				opts := []option{}
				if c.opt != nil {
					opts = append(opts, c.opt)
				}
				h := build(t, opts...)
				if c.before != nil {
					c.before(h)
				}
				resp, err := h.client(http2).Post("https://"+originHost+"/", "text/plain", strings.NewReader(c.body))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				b, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != c.want || resp.Header.Get("Sekimori-Incident") == "" {
					t.Errorf("%d %q", resp.StatusCode, b)
				}
				if c.want == 503 && (c.name == "no room") && resp.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				h.untouched()
				h.clean()
			})
		}
	}
}

type noVerdict struct{ wordRules }

// Everything a request can carry is inspected, not only its body.
func TestOtherPlacesAreInspected(t *testing.T) {
	h := build(t)
	base := "https://" + originHost
	for name, mend := range map[string]func(r *http.Request){
		"query":               func(r *http.Request) { r.URL.RawQuery = "q=" + secret },
		"path":                func(r *http.Request) { r.URL.Path = "/1234567/" + secret },
		"application header":  func(r *http.Request) { r.Header.Set("X-Note", "see "+secret) },
		"content disposition": func(r *http.Request) { r.Header.Set("Content-Disposition", "attachment; filename="+secret) },
		"dropbox argument":    func(r *http.Request) { r.Header.Set("Dropbox-API-Arg", `{"path":"/`+secret+`"}`) },
		"referer":             func(r *http.Request) { r.Header.Set("Referer", base+"/?%20"+secret) },
	} {
		for _, method := range []string{"GET", "DELETE", "OPTIONS"} {
			req, _ := http.NewRequest(method, base+"/", nil)
			mend(req)
			resp, err := h.client(true).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 403 {
				t.Errorf("%s in %s: %d", name, method, resp.StatusCode)
			}
		}
	}
	h.untouched()
	for _, ev := range h.audit.events() {
		if b, _ := json.Marshal(ev); strings.Contains(string(b), secret) {
			t.Errorf("the record tells the secret: %s", b)
		}
	}
}

func TestRequestsWithoutContentAreNotRecorded(t *testing.T) {
	for record, want := range map[string]int{RecordInspected: 0, RecordAll: 1} {
		h := build(t, limits(func(c *Config) { c.Record = record }))
		req, _ := http.NewRequest("GET", "https://"+originHost+"/style.css", nil)
		req.Header.Set("Referer", "https://"+originHost+"/order/12345678")
		resp, err := h.client(false).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if n := len(h.audit.events()); n != want || resp.StatusCode != 200 {
			t.Errorf("%s: %d events, status %d", record, n, resp.StatusCode)
		}
	}
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

// form writes the same form with a boundary of its own, as browsers do.
func form(value string) (ct string, body string) {
	var b strings.Builder
	w := multipart.NewWriter(&b)
	w.WriteField("text", value)
	w.Close()
	return w.FormDataContentType(), b.String()
}

func browse(t *testing.T, c *http.Client, method, url, ct, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", ct)
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	req.Header.Set("Accept-Language", "ja,en;q=0.5")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestWarningIsConfirmedInABrowser(t *testing.T) {
	h := build(t)
	c := h.client(true)
	base := "https://" + originHost
	ct, body := form(doubted)
	resp, page := browse(t, c, "POST", base+"/mail", ct, body)
	m := tokenField.FindStringSubmatch(page)
	if resp.StatusCode != 403 || m == nil || !strings.Contains(page, "確認") {
		t.Fatalf("%d %s", resp.StatusCode, page)
	}
	h.untouched()
	confirm := func(token, reason string) int {
		v := url.Values{"token": {token}, "reason": {reason}}
		resp, _ := browse(t, c, "POST", base+answer.ConfirmPath, "application/x-www-form-urlencoded", v.Encode())
		return resp.StatusCode
	}
	if got := confirm(m[1], "  "); got != 400 {
		t.Errorf("without a reason: %d", got)
	}
	if got := confirm(m[1][:10]+"A"+m[1][11:], "because"); got != 403 {
		t.Errorf("with a forged token: %d", got)
	}
	if resp, _ := browse(t, c, "GET", base+answer.ConfirmPath, "", ""); resp.StatusCode != 405 {
		t.Errorf("GET: %d", resp.StatusCode)
	}
	if got := confirm(m[1], "取引先の依頼"); got != 200 {
		t.Fatalf("confirmation: %d", got)
	}
	h.untouched() // the confirmation itself stays here
	ct, body = form(doubted)
	if resp, page := browse(t, c, "POST", base+"/mail", ct, body); resp.StatusCode != 200 {
		t.Errorf("the same again: %d %s", resp.StatusCode, page)
	}
	for name, other := range map[string]string{"other content": doubted + "!", "twice as much": doubted + doubted} {
		ct, body = form(other)
		if resp, _ := browse(t, c, "POST", base+"/mail", ct, body); resp.StatusCode != 403 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	ct, body = form(doubted)
	if resp, _ := browse(t, c, "POST", "http://"+originHost+":8080/other", ct, body); resp.StatusCode != 403 {
		t.Errorf("other path: %d", resp.StatusCode)
	}
	kinds := map[string]int{}
	for _, ev := range h.audit.events() {
		kinds[ev.Kind]++
		if ev.Kind == "confirm" && (ev.Reason != "取引先の依頼" || ev.User != "tester" || ev.Rule != "doubt" || ev.Incident == "") {
			t.Errorf("confirmation recorded as %+v", ev)
		}
	}
	if kinds["confirm"] != 1 {
		t.Errorf("events: %v", kinds)
	}
}

func TestWarningIsConfirmedByAProgram(t *testing.T) {
	h := build(t)
	send := func(confirm string) (*http.Response, map[string]any) {
		req, _ := http.NewRequest("POST", "https://"+originHost+"/api", strings.NewReader(`{"a":"`+doubted+`"}`))
		req.Header.Set("Content-Type", "application/json")
		if confirm != "" {
			req.Header.Set(answer.ConfirmHeader, confirm)
		}
		resp, err := h.client(true).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var m map[string]any
		if resp.StatusCode != 200 {
			if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
				t.Fatal(err)
			}
		}
		return resp, m
	}
	resp, m := send("")
	if resp.StatusCode != 403 || m["error"] != "warned" {
		t.Fatalf("%d %v", resp.StatusCode, m)
	}
	token := m["confirm"].(map[string]any)["token"].(string)
	if resp, _ := send(token); resp.StatusCode != 403 {
		t.Errorf("without a reason: %d", resp.StatusCode)
	}
	if resp, _ := send("nonsense because"); resp.StatusCode != 403 {
		t.Errorf("with a wrong token: %d", resp.StatusCode)
	}
	h.untouched()
	if resp, _ := send(token + " " + url.PathEscape("依頼")); resp.StatusCode != 200 {
		t.Errorf("confirmed: %d", resp.StatusCode)
	}
	if v := h.secure.seen.Load().Header.Get(answer.ConfirmHeader); v != "" {
		t.Errorf("the origin got %s: %s", answer.ConfirmHeader, v)
	}
}

// A connection that is turned over to something that is called WebSocket, yet
// does not announce its frames, is decided on as a whole.
func TestOtherWebSocketIsDecidedByTheRules(t *testing.T) {
	h := build(t)
	h.secure.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" {
			http.Error(w, "no upgrade", 400)
			return
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		rw.Flush()
		io.Copy(conn, rw)
	}
	upgrade := func(path string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: " + originHost + "\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
	}
	if resp, _ := raw(t, inTLS(h), upgrade("/closed")); resp.StatusCode != 403 {
		t.Errorf("refused by a rule: %d", resp.StatusCode)
	}
	h.untouched()
	c := inTLS(h)
	io.WriteString(c, upgrade("/open")+"first")
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v %v", resp, err)
	}
	io.WriteString(c, "second")
	echo := make([]byte, 11)
	if _, err := io.ReadFull(br, echo); err != nil || string(echo) != "firstsecond" {
		t.Errorf("%q, %v", echo, err)
	}
	c.Close()
	eventually(t, "the proxy let the connection go", func() bool { return h.srv.clients.count() == 1 }) // the refused one is kept alive
	if evs := h.audit.events(); len(evs) != 2 || evs[1].Action != "allow" {
		t.Errorf("events: %+v", evs)
	}
}

func TestTryOrigin(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Upstream.AllowPrivate = nil }))
	for _, scheme := range []string{"http://", "https://"} {
		for _, http2 := range []bool{false, true} {
			c := h.client(http2)
			if resp, page := browse(t, c, "GET", scheme+TryHost+"/", "", ""); resp.StatusCode != 200 || !strings.Contains(page, h.ca.Fingerprint()) {
				t.Errorf("%s: %d %q", scheme, resp.StatusCode, page)
			}
			if resp, text := browse(t, c, "POST", scheme+TryHost+"/", "text/plain", "hello"); resp.StatusCode != 200 || !strings.Contains(text, "5 bytes, sha256 2cf24dba5fb0a30e") {
				t.Errorf("%s: %d %q", scheme, resp.StatusCode, text)
			}
			if resp, _ := browse(t, c, "POST", scheme+TryHost+"/", "text/plain", secret); resp.StatusCode != 403 {
				t.Errorf("%s: %d", scheme, resp.StatusCode)
			}
		}
	}
	off := build(t, limits(func(c *Config) { c.NoTry = true }))
	if resp, _ := browse(t, off.client(false), "GET", "http://"+TryHost+"/", "", ""); resp.StatusCode != 502 {
		t.Errorf("switched off: %d", resp.StatusCode)
	}
}

// One request's fault ends that request and nothing else.
func TestPanicsAreContained(t *testing.T) {
	h := build(t, func(_ *Config, d *Deps, _ *hold.Config) { d.Classes = panicking{} })
	c := h.client(true)
	if _, err := c.Get("https://" + originHost + "/panic"); err == nil {
		t.Error("no error")
	}
	resp, err := c.Get("https://" + originHost + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("the next request: %d", resp.StatusCode)
	}
	if n := h.secure.requests.Load(); n != 1 {
		t.Errorf("%d requests reached the origin", n)
	}
}

func TestShutdownWaitsForUploads(t *testing.T) {
	h := build(t)
	inTunnel, plain, idle := inTLS(h), h.dial(), inTLS(h)
	if resp, _ := raw(t, idle, "GET / HTTP/1.1\r\nHost: "+originHost+"\r\n\r\n"); resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode)
	}
	heads := map[net.Conn]string{inTunnel: "/", plain: "http://" + originHost + "/"}
	for c, target := range heads {
		fmt.Fprintf(c, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 10\r\n\r\nhello", target, originHost)
	}
	eventually(t, "both are being read", func() bool { return h.srv.clients.count() == 3 && h.spool.Stats().Memory > 0 })
	time.Sleep(50 * time.Millisecond)
	done := make(chan error, 1)
	go func() { done <- h.stop(10 * time.Second) }()
	if _, err := io.ReadAll(idle); err != nil {
		t.Errorf("idle connection: %v", err)
	}
	if _, err := net.Dial("tcp", h.addr); err == nil {
		t.Error("a new connection was taken")
	}
	for c := range heads {
		io.WriteString(c, "world")
		if resp, text := reply(t, bufio.NewReader(c)); resp.StatusCode != 200 || text != "got 10" {
			t.Errorf("%d %q", resp.StatusCode, text)
		}
	}
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-h.served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestShutdownEndsInTime(t *testing.T) {
	h := build(t)
	c := inTLS(h)
	io.WriteString(c, "PUT / HTTP/1.1\r\nHost: "+originHost+"\r\nContent-Length: 10\r\n\r\nhello")
	eventually(t, "it is being read", func() bool { return h.spool.Stats().Memory > 0 })
	start := time.Now()
	if err := h.stop(300 * time.Millisecond); err != context.DeadlineExceeded && !strings.Contains(fmt.Sprint(err), "deadline") {
		t.Errorf("shutdown: %v", err)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("after %v", d)
	}
	h.clean()
	h.untouched()
}

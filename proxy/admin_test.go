package proxy

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

func get(t *testing.T, h http.Handler, path string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "admin.example:9090"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp := w.Result()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestAdmin(t *testing.T) {
	var fault error
	policy := &gate.Policy{Scanner: wordScanner{}, Rules: wordRules{}}
	h := build(t, func(_ *Config, d *Deps, _ *hold.Config) {
		d.Policy = func() *gate.Policy { return policy }
		d.Checks = []Check{{Name: "disk", Probe: func() error { return fault }}}
	})
	admin := h.srv.Admin("0.0.0.0:8080")
	if resp, text := get(t, admin, "/healthz"); resp.StatusCode != 200 || text != "ok\n" {
		t.Errorf("healthz: %d %q", resp.StatusCode, text)
	}
	ready := func(want int, disk, inspection string) {
		t.Helper()
		resp, text := get(t, admin, "/readyz")
		var m struct {
			Ready  bool
			Checks map[string]string
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != want || m.Ready != (want == 200) || m.Checks["disk"] != disk || m.Checks["inspection"] != inspection {
			t.Errorf("readyz: %d %s", resp.StatusCode, text)
		}
	}
	ready(200, "ok", "ok")
	fault = errors.New("disk full")
	ready(503, "disk full", "ok")
	fault, policy = nil, nil
	ready(503, "ok", errNoRules.Error())

	resp, text := get(t, admin, "/ca.pem")
	if b, _ := pem.Decode([]byte(text)); b == nil || b.Type != "CERTIFICATE" || strings.Contains(text, "PRIVATE") || resp.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("ca.pem: %q", text)
	}
	if _, text := get(t, admin, "/proxy.pac"); !strings.Contains(text, `"PROXY admin.example:8080"`) {
		t.Errorf("proxy.pac: %s", text)
	}
	if _, text := get(t, h.srv.Admin("gate.example:3128"), "/proxy.pac"); !strings.Contains(text, `"PROXY gate.example:3128"`) {
		t.Errorf("proxy.pac: %s", text)
	}
	if resp, text := get(t, admin, "/"); resp.StatusCode != 200 || !strings.Contains(text, h.ca.Fingerprint()) || !strings.Contains(text, "admin.example:8080") {
		t.Errorf("page: %d", resp.StatusCode)
	}
	if resp, _ := get(t, admin, "/other"); resp.StatusCode != 404 {
		t.Errorf("other: %d", resp.StatusCode)
	}
}

func TestMetrics(t *testing.T) {
	h := build(t, limits(func(c *Config) { c.Inspect.Headers = []string{} })) // bodies alone
	for _, body := range []string{"harmless", secret, doubted} {
		resp, err := h.client(true).Post("https://"+originHost+"/", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	_, text := get(t, h.srv.Admin(""), "/metrics")
	for _, want := range []string{
		`sekimori_verdicts_total{action="allow",class="unknown",failure="",rule=""} 1`,
		`sekimori_verdicts_total{action="block",class="unknown",failure="",rule="no-secrets"} 1`,
		`sekimori_verdicts_total{action="warn",class="unknown",failure="",rule="doubt"} 1`,
		`sekimori_added_seconds_count{size="16KiB"} 3`,
		`sekimori_audit_append_seconds_count 3`,
		`sekimori_certificates 1`,
		`sekimori_inspected_bytes_total 37`,
		`sekimori_tunnels_total{kind="tls"} 3`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(text, secret) {
		t.Error("a metric tells the secret")
	}
}

func TestLabelsAreBounded(t *testing.T) {
	var b bounded
	for i := range 2 * maxLabels {
		b.label(strings.Repeat("x", i))
	}
	if len(b.seen) != maxLabels || b.label("new") != "other" || b.label("x") != "x" {
		t.Errorf("%d labels", len(b.seen))
	}
}

func TestValidate(t *testing.T) {
	bad := Config{Name: "a b", Record: "some", ConfirmFor: -1, Limits: Limits{Connections: -1}}
	bad.Inspect.Headers = []string{"X-*", "a b"}
	bad.Intercept.Bypass = []string{"*", "ok.example", "http://x"}
	bad.Upstream.Dial = -1
	err := bad.Validate()
	for _, want := range []string{`name "a b"`, `audit.record "some"`, "confirm.for", "limit.connections", `"a b" is no header`, `"*"`, `"http://x"`, "upstream"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero Config: %v", err)
	}
	if _, err := New(bad, Deps{}); err == nil {
		t.Error("New took it")
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("New took no rooms")
	}
}

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// otlpSpan is a span as a collector reads it.
type otlpSpan struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	StartTimeUnixNano, EndTimeUnixNano  string
	Attributes                          []struct {
		Key   string
		Value struct{ StringValue, IntValue string }
	}
	Links  []struct{ TraceID, SpanID string }
	Status struct{ Code int }
}

func (s *otlpSpan) attr(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.StringValue + a.Value.IntValue
		}
	}
	return ""
}

// otlpCollector takes spans as an OpenTelemetry collector does.
type otlpCollector struct {
	*httptest.Server
	mu    sync.Mutex
	text  strings.Builder // all that came
	spans []otlpSpan
	auth  string
}

func collectTraces(t *testing.T) *otlpCollector {
	c := &otlpCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var doc struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []otlpSpan }
			}
		}
		if err == nil {
			err = json.Unmarshal(b, &doc)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.auth = r.Header.Get("Authorization")
		c.text.Write(b)
		for _, rs := range doc.ResourceSpans {
			for _, s := range rs.ScopeSpans {
				c.spans = append(c.spans, s.Spans...)
			}
		}
		io.WriteString(w, "{}")
	}))
	t.Cleanup(c.Close)
	return c
}

// all returns the root spans with an attribute.
func (c *otlpCollector) all(key, value string) (roots []*otlpSpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.spans {
		if s := &c.spans[i]; s.Kind == 2 && s.attr(key) == value {
			roots = append(roots, s)
		}
	}
	return roots
}

// below returns the children of a root span, by name.
func (c *otlpCollector) below(root *otlpSpan) map[string]*otlpSpan {
	c.mu.Lock()
	defer c.mu.Unlock()
	steps := map[string]*otlpSpan{}
	for i := range c.spans {
		if s := &c.spans[i]; s.ParentSpanID == root.SpanID && s.TraceID == root.TraceID {
			steps[s.Name] = s
		}
	}
	return steps
}

// of returns the last root span with an attribute, and its children by name.
func (c *otlpCollector) of(key, value string) (root *otlpSpan, steps map[string]*otlpSpan) {
	all := c.all(key, value)
	if len(all) == 0 {
		return nil, nil
	}
	root = all[len(all)-1]
	return root, c.below(root)
}

// TestTraces: a collector gets a span for each exchange and each of its steps,
// and nothing of what was in it.
func TestTraces(t *testing.T) {
	collector := collectTraces(t)
	in := install(t, "[trace]\nendpoint = \""+collector.URL+"\"\nheaders_file = \"headers\"\ntraceparent = \"join\"\n")
	in.write("headers", "Authorization: Bearer for-the-collector\n")
	in.start()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	if status, _ := in.curl([]byte("hello"), "--data-binary", "@-", "-H", "Traceparent: "+parent, "https://upload.example.com/folder-secret?q=query-secret"); status != "200" {
		t.Fatal(status)
	}
	onward := in.origin.last().header.Get("Traceparent")
	list := filepath.Join(in.dir, "name-secret.csv")
	check(t, os.WriteFile(list, []byte(customers(300).csv()), 0o600))
	if status, _ := in.curl(nil, "-F", "file=@"+list, "-H", "X-Note: header-secret", "https://www.dropbox.com/upload"); status != "403" {
		t.Fatal(status)
	}
	if in.origin.last().header.Get("Traceparent") != onward {
		t.Error("an origin got a blocked request")
	}
	if status, _ := in.curl(nil, "-X", "METHOD-SECRET", "https://intranet.example.jp/"); status != "200" {
		t.Fatal(status)
	}
	if tp := in.origin.last().header.Get("Traceparent"); tp != "" {
		t.Errorf("a trace was made known to an origin that its client had not named: %s", tp)
	}
	if code := in.stop(); code != 0 { // the last ones are sent before it ends
		t.Errorf("exit code %d: %s", code, in.log)
	}

	root, steps := collector.of("http.request.body.size", "5")
	if root == nil {
		t.Fatalf("no span of the upload: %s", collector.text.String())
	}
	if root.TraceID != parent[3:35] || root.ParentSpanID != parent[36:52] || root.Name != "POST" {
		t.Errorf("root: %+v", root)
	}
	for key, want := range map[string]string{"http.request.method": "POST", "server.address": "upload.example.com", "server.port": "443", "url.scheme": "https",
		"http.response.status_code": "200", "network.protocol.version": "2", "sekimori.action": "allow", "error.type": ""} {
		if got := root.attr(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for _, name := range []string{"hold", "inspect", "decide", "record", "POST"} {
		s := steps[name]
		if s == nil {
			t.Errorf("no span %q", name)
			continue
		}
		if s.StartTimeUnixNano < root.StartTimeUnixNano || s.EndTimeUnixNano > root.EndTimeUnixNano || s.StartTimeUnixNano > s.EndTimeUnixNano {
			t.Errorf("%s is not within its exchange", name)
		}
	}
	if s := steps["POST"]; s != nil && (s.Kind != 3 || onward != "00-"+s.TraceID+"-"+s.SpanID+"-01") {
		t.Errorf("the origin got %s, the span that asked it is %+v", onward, s)
	}
	root, steps = collector.of("server.address", "www.dropbox.com")
	if root == nil || root.Name == "CONNECT" {
		root, steps = collector.of("sekimori.action", "block")
	}
	if root == nil || root.attr("sekimori.action") != "block" || root.attr("sekimori.rule") == "" || !strings.HasPrefix(root.attr("sekimori.incident"), "SK-") || steps["record"] == nil || steps["POST"] != nil {
		t.Errorf("the blocked one: %+v with %d steps", root, len(steps))
	}
	if root, _ := collector.of("http.request.method", "_OTHER"); root == nil || root.Name != "HTTP" {
		t.Errorf("an unknown method: %+v", root)
	}
	if root, _ := collector.of("http.request.method", "CONNECT"); root == nil {
		t.Error("no span of a tunnel")
	}
	for _, secret := range []string{"secret", "SECRET", "佐藤", "サトウ", "user0", "新宿区", "127.0.0.1"} {
		if strings.Contains(collector.text.String(), secret) {
			t.Errorf("the spans hold what they must not (%d characters)", len([]rune(secret)))
		}
	}
	if collector.auth != "Bearer for-the-collector" {
		t.Error("the collector's password was not sent")
	}
	if strings.Contains(in.log.String(), "for-the-collector") {
		t.Error("the collector's password is in the log")
	}
}

// TestTraceparentGoesOnOrNot: without a collector a client's field passes as it
// came, or is removed.
func TestTraceparentGoesOnOrNot(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for setting, want := range map[string]string{"": parent, "[trace]\ntraceparent = \"remove\"\n": ""} {
		in := install(t, setting).start()
		if status, _ := in.curl(nil, "-H", "Traceparent: "+parent, "-H", "Tracestate: a=b", "https://upload.example.com/"); status != "200" {
			t.Fatal(status)
		}
		h := in.origin.last().header
		if h.Get("Traceparent") != want || (h.Get("Tracestate") == "") != (want == "") {
			t.Errorf("%q: the origin got %q, %q", setting, h.Get("Traceparent"), h.Get("Tracestate"))
		}
		in.stop()
	}
	in := install(t, "[trace]\ntraceparent = \"join\"\nsample = 2\n")
	if out, code := in.sekimori("serve", "--config", in.config); code == 0 || !strings.Contains(out, "trace.endpoint") {
		t.Errorf("exit %d: %s", code, out)
	}
}

package trace

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTraceparent(t *testing.T) {
	const id, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for v, want := range map[string]struct{ ok, sampled bool }{
		"00-" + id + "-" + span + "-01":                      {true, true},
		"00-" + id + "-" + span + "-00":                      {true, false},
		"00-" + id + "-" + span + "-03":                      {true, true},
		"cc-" + id + "-" + span + "-01-more":                 {true, true},
		"":                                                   {},
		"00-" + id + "-" + span + "-01-more":                 {},
		"00-" + id + "-" + span + "-01x":                     {},
		"ff-" + id + "-" + span + "-01":                      {},
		"00-" + strings.ToUpper(id) + "-" + span + "-01":     {},
		"00-" + strings.Repeat("0", 32) + "-" + span + "-01": {},
		"00-" + id + "-" + strings.Repeat("0", 16) + "-01":   {},
		"00-" + id + "-" + span[:15] + "g-01":                {},
		"00_" + id + "-" + span + "-01":                      {},
	} {
		p, ok := parse(v)
		if ok != want.ok || ok && p.sampled != want.sampled {
			t.Errorf("%q: %v, sampled %v", v, ok, p.sampled)
		}
	}
}

// collector answers in turn with the statuses given, then with 200.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	answer   string
	got      []request
	asked    int
	header   http.Header
}

func newCollector(t *testing.T, statuses ...int) *collector {
	c := &collector{statuses: statuses}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked++
		c.header = r.Header
		b, _ := io.ReadAll(r.Body)
		if len(c.statuses) > 0 {
			status := c.statuses[0]
			c.statuses = c.statuses[1:]
			w.WriteHeader(status)
			return
		}
		var doc request
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Error(err)
		}
		c.got = append(c.got, doc)
		io.WriteString(w, c.answer)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) spans() (all []jsonSpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.got {
		for _, r := range d.Resources {
			for _, s := range r.Scopes {
				all = append(all, s.Spans...)
			}
		}
	}
	return all
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

func TestSpansArrive(t *testing.T) {
	c := newCollector(t, http.StatusServiceUnavailable, http.StatusTooManyRequests)
	tr := New(Config{URL: c.URL, Sample: 1, Join: true, Version: "v1", Instance: "here", Header: http.Header{"Authorization": {"Bearer x"}}})
	tr.pause = time.Millisecond
	const from = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	e := tr.Begin(from)
	began := time.Now()
	e.Step("hold", began)
	onward := e.Onward()
	e.Sent("POST", began, true, Number("http.response.status_code", 500))
	e.End("POST", false, Text("url.scheme", "https"))
	if tr.Begin(strings.TrimSuffix(from, "1")+"0") != nil {
		t.Error("the client's word not to trace is not heard")
	}
	eventually(t, "the spans arrive", func() bool { n, _ := tr.Stats(); return n == 1 })
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if c.asked != 3 || c.header.Get("Authorization") != "Bearer x" || c.header.Get("Content-Type") != "application/json" {
		t.Errorf("asked %d times, last with %v", c.asked, c.header)
	}
	spans := c.spans()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	root, hold, sent := spans[0], spans[1], spans[2]
	if root.Parent != "b7ad6b7169203331" || root.Trace != from[3:35] || root.Kind != Server || root.Status != nil {
		t.Errorf("root: %+v", root)
	}
	if hold.Parent != root.ID || hold.Kind != Internal || hold.Begin > hold.End || hold.Begin < root.Begin || hold.End > root.End {
		t.Errorf("hold: %+v", hold)
	}
	if onward != "00-"+root.Trace+"-"+sent.ID+"-01" || sent.Kind != Client || sent.Status == nil || sent.Attributes[0].Value.Number != "500" {
		t.Errorf("sent: %+v, onward %s", sent, onward)
	}
}

func TestNotJoinedIsLinked(t *testing.T) {
	c := newCollector(t)
	tr := New(Config{URL: c.URL, Sample: 1})
	e := tr.Begin("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	if v := e.Onward(); v != "" {
		t.Errorf("the origin is told %s", v)
	}
	e.End("GET", false)
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
	s := c.spans()
	if len(s) != 1 || s[0].Parent != "" || s[0].Trace == "0af7651916cd43dd8448eb211c80319c" || len(s[0].Links) != 1 || s[0].Links[0].Span != "b7ad6b7169203331" {
		t.Errorf("%+v", s)
	}
}

// TestAbsentCollector: spans are lost and counted, nobody waits.
func TestAbsentCollector(t *testing.T) {
	c := newCollector(t, http.StatusBadRequest)
	tr := New(Config{URL: c.URL, Sample: 1})
	tr.Begin("").End("GET", false)
	eventually(t, "a refusal is not tried again", func() bool { _, n := tr.Stats(); return n == 1 })
	if c.asked != 1 {
		t.Errorf("asked %d times", c.asked)
	}
	c.Server.Close()
	for range queued + 2*batched {
		tr.Begin("").End("GET", false)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		t.Error(err)
	}
	if sent, dropped := tr.Stats(); sent != 0 || dropped != 1+queued+2*batched {
		t.Errorf("%d sent, %d dropped", sent, dropped)
	}
}

func TestPartialSuccess(t *testing.T) {
	c := newCollector(t)
	c.answer = `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}}`
	tr := New(Config{URL: c.URL, Sample: 1})
	tr.Begin("").End("GET", false)
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if _, dropped := tr.Stats(); dropped != 1 {
		t.Errorf("%d dropped", dropped)
	}
}

func TestNothingIsTraced(t *testing.T) {
	var none *Tracer
	e := none.Begin("")
	if n := testing.AllocsPerRun(100, func() {
		e := none.Begin("")
		e.Step("hold", time.Time{})
		e.Sent("GET", time.Time{}, false)
		e.End("GET", false)
	}); e != nil || e.Onward() != "" || n != 0 {
		t.Errorf("%v, %v allocations", e, n)
	}
	tr := New(Config{URL: "http://127.0.0.1:1/", Sample: 0})
	if tr.Begin("") != nil {
		t.Error("nothing was to be sampled")
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

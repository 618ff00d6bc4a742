package proxy

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

	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
)

// tracedSpan is a span as a collector gets it.
type tracedSpan struct {
	TraceID, SpanID, ParentSpanID, Name string
	Attributes                          []struct {
		Key   string
		Value struct{ StringValue string }
	}
}

func (s *tracedSpan) attr(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.StringValue
		}
	}
	return ""
}

// tracing has a house send its spans. done ends that and returns them.
func tracing(t *testing.T) (o option, done func() []tracedSpan) {
	var mu sync.Mutex
	var all []tracedSpan
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var doc struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []tracedSpan }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, r := range doc.ResourceSpans {
			for _, s := range r.ScopeSpans {
				all = append(all, s.Spans...)
			}
		}
	}))
	t.Cleanup(collector.Close)
	tracer := trace.New(trace.Config{URL: collector.URL, Sample: 1})
	return func(_ *Config, d *Deps, _ *hold.Config) { d.Traces = tracer }, func() []tracedSpan {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := tracer.Close(ctx); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestMessagesAreTraced(t *testing.T) {
	for version, open := range overHTTP {
		t.Run("WebSocket over "+version, func(t *testing.T) {
			o, spans := tracing(t)
			h := build(t, o)
			conn, br := open(t, h, "")
			frame := clientFrame(0x81, []byte("harmless"))
			conn.Write(frame)
			arrived(t, br, len(frame))
			conn.Write(clientFrame(0x81, []byte(secret)))
			if code, _ := closed(t, br); code != closePolicy {
				t.Errorf("closed with %d", code)
			}
			conn.Close()
			h.stop(5 * time.Second)
			checkMessageSpans(t, spans(), "websocket")
		})
	}
	t.Run("gRPC", func(t *testing.T) {
		o, spans := tracing(t)
		h := build(t, o)
		h.secure.handle = echoMessages(1)
		send, answer := converseWith(h, context.Background())
		send.Write(message("one"))
		resp := <-answer
		defer resp.Body.Close()
		read(t, resp.Body, string(message("one")))
		send.Write(message("two"))
		read(t, resp.Body, string(message("two")))
		send.Write(message(secret))
		io.ReadAll(resp.Body)
		h.stop(5 * time.Second)
		checkMessageSpans(t, spans(), "http")
	})
}

// checkMessageSpans expects a message that passed and one that was kept in, each with
// its steps below it and the span of a request above it.
func checkMessageSpans(t *testing.T, all []tracedSpan, protocol string) {
	t.Helper()
	byID, below := map[string]*tracedSpan{}, map[string]string{}
	for i := range all {
		s := &all[i]
		byID[s.SpanID] = s
		below[s.ParentSpanID] += s.Name + " "
	}
	var actions string
	for _, s := range all {
		if s.Name != "message" {
			continue
		}
		actions += s.attr("sekimori.action") + " "
		if p := byID[s.ParentSpanID]; p == nil || p.TraceID != s.TraceID || p.attr("http.request.method") == "" {
			t.Errorf("a message is below %+v", p)
		}
		if s.attr("network.protocol.name") != protocol || !strings.Contains(below[s.SpanID], "inspect decide") {
			t.Errorf("a message: %+v, with the steps %s", s, below[s.SpanID])
		}
		if blocked := s.attr("sekimori.action") == "block"; blocked != strings.HasPrefix(s.attr("sekimori.incident"), "SK-") {
			t.Errorf("a message: %+v", s)
		}
	}
	if actions != "allow block " {
		t.Errorf("messages: %s", actions)
	}
}

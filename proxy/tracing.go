package proxy

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// What is done with a client's traceparent field.
const (
	TraceparentPass   = "pass"   // it goes on to the origin as it came; the default
	TraceparentJoin   = "join"   // its trace goes on here, and from here to the origin
	TraceparentRemove = "remove" // the origin does not get it
)

// beginTrace begins to trace the exchange, if it is to be.
func (x *exchange) beginTrace() {
	if t := x.s.deps.Traces; t != nil {
		x.trace = t.Begin(x.r.Header.Get("Traceparent"))
	}
}

// checkMessage has the gate check one of many messages that pass in the exchange;
// each has a span of its own.
func (x *exchange) checkMessage(ctx context.Context, q *gate.Transaction) gate.Outcome {
	e := x.trace.Part()
	q.Trace(e)
	o := x.s.gate.Check(ctx, q)
	if e != nil {
		protocol, _, _ := strings.Cut(strings.ToLower(q.Protocol), "/")
		attrs := append(o.Attrs(q), trace.Text("network.protocol.name", protocol))
		if o.Body != nil {
			attrs = append(attrs, trace.Number("messaging.message.body.size", o.Body.Size()))
		}
		e.End("message", o.Failure != gate.None, attrs...)
	}
	return o
}

// traceOnward makes the fields of a request that say of which trace it is part
// what the origin is to see.
func (x *exchange) traceOnward(h http.Header) {
	switch x.s.cfg.Traceparent {
	case TraceparentRemove:
		delete(h, "Traceparent")
		delete(h, "Tracestate")
		delete(h, "Baggage")
	case TraceparentJoin:
		if v := x.trace.Onward(); v != "" {
			h["Traceparent"] = []string{v}
		}
	}
}

// traced sends an exchange on to an origin.
func (x *exchange) traced(r *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	if x.trace == nil {
		return send(r)
	}
	began := time.Now()
	resp, err := send(r)
	name, attrs := x.about(r)
	if err != nil {
		word, _ := upstream.Cause(err)
		attrs = append(attrs, trace.Text("error.type", word))
	} else {
		attrs = append(attrs, trace.Number("http.response.status_code", int64(resp.StatusCode)))
		if resp.StatusCode >= 400 {
			attrs = append(attrs, trace.Text("error.type", strconv.Itoa(resp.StatusCode)))
		}
	}
	x.trace.Sent(name, began, err != nil || resp.StatusCode >= 400, attrs...)
	return resp, err
}

// endTrace tells what became of the exchange.
func (x *exchange) endTrace(failed bool) {
	if x.trace == nil {
		return
	}
	name, attrs := x.about(x.r)
	attrs = append(attrs, x.outcome.Attrs(&x.asked)...)
	attrs = append(attrs, trace.Text("network.protocol.name", "http"),
		trace.Text("network.protocol.version", strings.TrimSuffix(strings.TrimPrefix(x.r.Proto, "HTTP/"), ".0")))
	if scheme := x.r.URL.Scheme; scheme == "http" || scheme == "https" {
		attrs = append(attrs, trace.Text("url.scheme", scheme))
	}
	if b := x.outcome.Body; b != nil {
		attrs = append(attrs, trace.Number("http.request.body.size", b.Size()))
	}
	if x.w.status != 0 { // a tunnel has none
		attrs = append(attrs, trace.Number("http.response.status_code", int64(x.w.status)), trace.Number("http.response.body.size", x.w.wrote))
	}
	if d := x.link.door(); d != nil && d.Name != "" {
		attrs = append(attrs, trace.Text("sekimori.listener", d.Name))
	}
	if x.bypass != nil {
		attrs = append(attrs, trace.Text("sekimori.bypass", x.bypass.ID))
	}
	switch {
	case x.outcome.Failure != gate.None: // told by the outcome
	case failed:
		attrs = append(attrs, trace.Text("error.type", "broken"))
	case x.w.status >= 500:
		attrs = append(attrs, trace.Text("error.type", strconv.Itoa(x.w.status)))
	}
	x.trace.End(name, failed || x.w.status >= 500, attrs...)
}

// about names an exchange and its two ends.
func (x *exchange) about(r *http.Request) (name string, attrs []trace.Attr) {
	name, method := trace.Method(r.Method)
	attrs = append(make([]trace.Attr, 0, 16), method)
	if x.host != "" {
		attrs = append(attrs, trace.Text("server.address", x.host), trace.Number("server.port", int64(x.port)))
	}
	return name, attrs
}

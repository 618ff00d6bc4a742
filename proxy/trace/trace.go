// Package trace tells an OpenTelemetry collector what became of each exchange and
// how long each step of it took: one span for the exchange and one for each step,
// sent in batches by OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp).
//
// It is written out here because the OpenTelemetry exporter brings gRPC and the
// protocol's generated code along, 3.2 MB of program and their start-up in each
// reader process, for what is one JSON document a batch.
//
// Spans are made at the end of an exchange, from times that were noted on the way;
// whoever has no Tracer notes nothing. A collector that is slow or away costs
// spans, never requests.
package trace

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"time"
)

// Kind is what a span stands for, as OTLP numbers it.
type Kind int

// The kinds of spans.
const (
	Internal Kind = 1
	Server   Kind = 2
	Client   Kind = 3
)

// Attr is an attribute: a text, or a number.
type Attr struct {
	Key    string
	Text   string
	Number int64
	number bool
}

// Text makes an attribute.
func Text(key, v string) Attr { return Attr{Key: key, Text: v} }

// Number makes an attribute.
func Number(key string, v int64) Attr { return Attr{Key: key, Number: v, number: true} }

// Method makes the attribute of an HTTP request's method, and the name of its span,
// by OpenTelemetry's conventions: methods that are not known may hold anything, and
// are not told.
func Method(method string) (name string, a Attr) {
	name = method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace, http.MethodPatch:
	default:
		name, method = "HTTP", "_OTHER"
	}
	return name, Text("http.request.method", method)
}

// parent is what a traceparent field names (W3C Trace Context, 3.2).
type parent struct {
	trace   [16]byte
	span    [8]byte
	sampled bool
}

// parse reads a traceparent field; false if it is none. Of a later version than
// 00 it takes what version 00 has, as the specification asks.
func parse(v string) (p parent, ok bool) {
	if len(v) < 55 || v[2] != '-' || v[35] != '-' || v[52] != '-' || v[:2] == "ff" || len(v) > 55 && (v[:2] == "00" || v[55] != '-') {
		return p, false
	}
	for _, c := range []byte(v[:55]) {
		if c >= 'A' && c <= 'F' {
			return p, false // lower case only
		}
	}
	var version, flags [1]byte
	for _, f := range []struct {
		to   []byte
		from string
	}{{version[:], v[:2]}, {p.trace[:], v[3:35]}, {p.span[:], v[36:52]}, {flags[:], v[53:55]}} {
		if _, err := hex.Decode(f.to, []byte(f.from)); err != nil {
			return p, false
		}
	}
	p.sampled = flags[0]&1 == 1
	return p, p.trace != [16]byte{} && p.span != [8]byte{}
}

// span is a finished span.
type span struct {
	name       string
	kind       Kind
	id         [8]byte
	begin, end time.Time
	failed     bool
	attrs      []Attr
}

// Exchange is a request and its answer while they last. It is for one goroutine
// at a time. All methods of a nil *Exchange do nothing.
type Exchange struct {
	t      *Tracer
	trace  [16]byte
	from   *parent // of the client; nil if it named none
	joined bool    // the client's trace goes on here
	root   span
	steps  []span
	onward [8]byte // the span that a request to the origin is told of
}

// Begin begins an exchange that may have come with a traceparent field. It is nil
// if it is not to be traced.
func (t *Tracer) Begin(traceparent string) *Exchange {
	if t == nil {
		return nil
	}
	e := &Exchange{t: t}
	if p, ok := parse(traceparent); ok {
		e.from, e.joined = &p, t.c.Join
	}
	if e.joined && !e.from.sampled || !e.joined && t.c.Sample < 1 && rand.Float64() >= t.c.Sample {
		return nil
	}
	if e.joined {
		e.trace = e.from.trace
	} else {
		random(e.trace[:])
	}
	random(e.root.id[:])
	random(e.onward[:])
	e.root.kind, e.root.begin, e.steps = Server, time.Now(), make([]span, 0, 6)
	return e
}

// Part begins one of many things that happen in an exchange which may last long,
// such as a message of a stream. It has a span of its own below e's, and is sent when
// it ends. Any goroutine may begin one.
func (e *Exchange) Part() *Exchange {
	if e == nil {
		return nil
	}
	p := &Exchange{t: e.t, trace: e.trace, from: &parent{trace: e.trace, span: e.root.id, sampled: true}, joined: true}
	random(p.root.id[:])
	p.root.kind, p.root.begin = Internal, time.Now()
	return p
}

func random(id []byte) {
	for len(id) > 0 {
		v := rand.Uint64() | 1 // not all zero
		for k := range 8 {
			id[k] = byte(v >> (8 * k))
		}
		id = id[8:]
	}
}

// Step notes a step that ends now.
func (e *Exchange) Step(name string, began time.Time) {
	if e == nil {
		return
	}
	s := span{name: name, kind: Internal, begin: began, end: time.Now()}
	random(s.id[:])
	e.steps = append(e.steps, s)
}

// Sent notes that an origin was asked, and answered or failed now.
func (e *Exchange) Sent(name string, began time.Time, failed bool, attrs ...Attr) {
	if e == nil {
		return
	}
	e.steps = append(e.steps, span{name: name, kind: Client, id: e.onward, begin: began, end: time.Now(), failed: failed, attrs: attrs})
}

// Onward is the traceparent field for the origin; "" if the client's trace does
// not go on here, and its own field is to stay as it is.
func (e *Exchange) Onward() string {
	if e == nil || !e.joined {
		return ""
	}
	return "00-" + hex.EncodeToString(e.trace[:]) + "-" + hex.EncodeToString(e.onward[:]) + "-01"
}

// End ends the exchange and hands it over to be sent. It never waits.
func (e *Exchange) End(name string, failed bool, attrs ...Attr) {
	if e == nil {
		return
	}
	e.root.name, e.root.end, e.root.failed, e.root.attrs = name, time.Now(), failed, attrs
	select {
	case e.t.queue <- e:
	default:
		e.t.dropped.Add(1)
	}
}

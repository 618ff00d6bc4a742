package proxy

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"time"
)

// rhythm is how a request's body that may be a conversation is taken apart.
type rhythm struct {
	ends messageEnds
	// first is how long the client sends nothing, between two messages, until
	// it is taken to wait for an answer; next is the same for what comes then.
	first, next time.Duration
	// longest is how long a stretch of a client that never pauses is; the first
	// one is as long as a body may stand still. 0: without end.
	longest time.Duration
}

const (
	talkPause = 50 * time.Millisecond
	// eventsLong bounds the stretches of a client that never pauses.
	eventsLong = 5 * time.Second
)

// rhythmOf returns nil for a body that is no conversation. One with trailers is
// none: they come when all else is gone. pause is how long the client of a stream
// of events, which may be an export that stops for a moment, has to pause first.
func rhythmOf(r *http.Request, pause time.Duration) *rhythm {
	if r.ContentLength >= 0 && r.ProtoMajor != 2 || !hasBody(r) || len(r.Trailer) > 0 {
		return nil
	}
	ct, _, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	ct = strings.TrimSpace(ct)
	grpc := strings.HasPrefix(ct, "application/grpc") && !strings.HasPrefix(ct, "application/grpc-web") || strings.HasPrefix(ct, "application/connect+")
	switch {
	case grpc && r.ProtoMajor == 2:
		return &rhythm{ends: &prefixed{}, first: talkPause}
	case grpc, r.ContentLength >= 0, len(encodings(r.Header["Content-Encoding"])) > 0:
		return nil
	case ct == "text/event-stream":
		return &rhythm{ends: &events{}, first: pause, next: pause / 4, longest: eventsLong}
	case jsonLines[ct]:
		return &rhythm{ends: &values{}, first: pause, next: pause / 4, longest: eventsLong}
	}
	return nil
}

// jsonLines are the names in use for one JSON value a line.
var jsonLines = map[string]bool{
	"application/x-ndjson": true, "application/ndjson": true, "application/jsonl": true, "application/x-jsonl": true, "application/jsonlines": true,
	"application/x-jsonlines": true, "application/stream+json": true, "application/x-json-stream": true, "application/json-seq": true,
}

// messageEnds follows a body to where its messages end.
type messageEnds interface {
	follow(p []byte)
	// between tells whether what came so far ends with a whole message.
	between() bool
}

// prefixed are the messages of gRPC and Connect: each has a flag and its length
// in four bytes before it.
type prefixed struct {
	head []byte // of the next message's head
	left uint32 // of the message under way
}

func (m *prefixed) between() bool { return m.left == 0 && len(m.head) == 0 }

func (m *prefixed) follow(p []byte) {
	for len(p) > 0 {
		if k := min(int(m.left), len(p)); k > 0 {
			m.left, p = m.left-uint32(k), p[k:]
			continue
		}
		m.head, p = append(m.head, p[0]), p[1:]
		if len(m.head) == 5 {
			m.left, m.head = binary.BigEndian.Uint32(m.head[1:]), m.head[:0]
		}
	}
}

// values are JSON values of a line each. Where a line is anything else the body is
// not taken apart, whatever it is called: what is in it might only be seen in the
// whole. So it is with events.
type values struct {
	first, last byte // of the line under way but for white space; 0: there is none
	other       bool // a line was something else
}

func (v *values) between() bool { return !v.other && v.first == 0 }

func (v *values) follow(p []byte) {
	for len(p) > 0 && !v.other {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		line = bytes.Trim(line, " \t\r\x1e") // RFC 7464 has a record separator
		if n := len(line); n > 0 {
			if v.first == 0 {
				v.first, v.other = line[0], line[0] == 0
			}
			v.last = line[n-1]
		}
		if !whole {
			return
		}
		switch v.first {
		case 0:
		case '{':
			v.other = v.last != '}'
		case '[':
			v.other = v.last != ']'
		case '"':
			v.other = v.last != '"'
		default:
			v.other = true
		}
		v.first, v.last, p = 0, 0, rest
	}
}

// events are those of text/event-stream (HTML, 9.2.6), which empty lines end.
type events struct {
	start  []byte // of the line under way
	within bool   // lines of an event have come
	other  bool   // a line was something else
}

// fieldName is how much of a line tells which field it is.
const fieldName = len("retry:")

func (e *events) between() bool { return !e.other && !e.within && len(e.start) == 0 }

func (e *events) follow(p []byte) {
	for len(p) > 0 && !e.other {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		e.start = append(e.start, line[:min(len(line), fieldName-len(e.start))]...)
		if !whole {
			return
		}
		field := bytes.TrimRight(e.start, "\r")
		name, _, _ := bytes.Cut(field, []byte(":"))
		e.within = len(field) > 0
		switch string(name) {
		case "", "data", "event", "id", "retry":
		default:
			e.other = true
		}
		e.start, p = e.start[:0], rest
	}
}

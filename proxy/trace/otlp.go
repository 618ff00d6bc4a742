package trace

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// What follows is opentelemetry-proto's ExportTraceServiceRequest as its JSON has
// it: identifiers in hexadecimal, 64-bit numbers as texts, enumerations as numbers.

type request struct {
	Resources []resourceSpans `json:"resourceSpans"`
}

type resourceSpans struct {
	Resource struct {
		Attributes []keyValue `json:"attributes"`
	} `json:"resource"`
	Scopes []scopeSpans `json:"scopeSpans"`
	Schema string       `json:"schemaUrl"`
}

type scopeSpans struct {
	Scope struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	} `json:"scope"`
	Spans  []jsonSpan `json:"spans"`
	Schema string     `json:"schemaUrl"`
}

type jsonSpan struct {
	Trace      string     `json:"traceId"`
	ID         string     `json:"spanId"`
	Parent     string     `json:"parentSpanId,omitempty"`
	Name       string     `json:"name"`
	Kind       Kind       `json:"kind"`
	Begin      string     `json:"startTimeUnixNano"`
	End        string     `json:"endTimeUnixNano"`
	Attributes []keyValue `json:"attributes,omitempty"`
	Links      []link     `json:"links,omitempty"`
	Status     *status    `json:"status,omitempty"`
}

type link struct {
	Trace string `json:"traceId"`
	Span  string `json:"spanId"`
}

type status struct {
	Code int `json:"code"`
}

// failure is STATUS_CODE_ERROR.
const failure = 2

type keyValue struct {
	Key   string `json:"key"`
	Value value  `json:"value"`
}

type value struct {
	Text   *string `json:"stringValue,omitempty"`
	Number string  `json:"intValue,omitempty"`
}

// The names under which the spans are known, and the conventions that their
// attributes keep.
const (
	scope  = "github.com/sekimori-dlp/sekimori"
	schema = "https://opentelemetry.io/schemas/1.37.0"
)

// encode makes the document of a batch.
func (t *Tracer) encode(batch []*Exchange) ([]byte, error) {
	var s scopeSpans
	s.Scope.Name, s.Scope.Version, s.Schema = scope, t.c.Version, schema
	for _, e := range batch {
		s.Spans = e.spans(s.Spans)
	}
	r := resourceSpans{Scopes: []scopeSpans{s}, Schema: schema}
	r.Resource.Attributes = encodeAttrs([]Attr{Text("service.name", "sekimori"), Text("service.version", t.c.Version), Text("service.instance.id", t.c.Instance)})
	return json.Marshal(request{[]resourceSpans{r}})
}

// spans appends the exchange's.
func (e *Exchange) spans(to []jsonSpan) []jsonSpan {
	root := e.encode(&e.root)
	switch {
	case e.joined:
		root.Parent = hex.EncodeToString(e.from.span[:])
	case e.from != nil:
		root.Links = []link{{hex.EncodeToString(e.from.trace[:]), hex.EncodeToString(e.from.span[:])}}
	}
	to = append(to, root)
	for i := range e.steps {
		s := e.encode(&e.steps[i])
		s.Parent = root.ID
		to = append(to, s)
	}
	return to
}

func (e *Exchange) encode(s *span) jsonSpan {
	out := jsonSpan{Trace: hex.EncodeToString(e.trace[:]), ID: hex.EncodeToString(s.id[:]), Name: s.name, Kind: s.kind,
		Begin: e.at(s.begin), End: e.at(s.end), Attributes: encodeAttrs(s.attrs)}
	if s.failed {
		out.Status = &status{failure}
	}
	return out
}

// at is a time by the clock as the exchange began: if somebody sets it
// meanwhile, lengths and order stay right.
func (e *Exchange) at(t time.Time) string {
	return strconv.FormatInt(e.root.begin.UnixNano()+int64(t.Sub(e.root.begin)), 10)
}

func encodeAttrs(attrs []Attr) []keyValue {
	var out []keyValue
	for _, a := range attrs {
		v := value{Text: &a.Text}
		if a.number {
			v = value{Number: strconv.FormatInt(a.Number, 10)}
		}
		out = append(out, keyValue{a.Key, v})
	}
	return out
}

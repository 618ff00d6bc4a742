package audit

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// byStandard is what encoding/json makes of an event.
func byStandard(t testing.TB, ev *Event) ([]byte, error) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(ev)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

func same(t *testing.T, ev *Event) {
	t.Helper()
	want, wantErr := byStandard(t, ev)
	got, err := appendEvent([]byte("before "), ev)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("error %v, encoding/json has %v", err, wantErr)
	}
	if err == nil && string(got) != "before "+string(want) {
		t.Errorf("got  %s\nwant before %s", got, want)
	}
}

func TestEncodingIsTheStandardOne(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 8, 7, 123456000, time.FixedZone("JST", 9*3600))
	same(t, &Event{Kind: "x", Time: at})
	same(t, &Event{Kind: "", Time: at.Truncate(time.Second).UTC()})
	same(t, &Event{
		Kind: "decision", Time: at, Incident: "SK-7F3K-9Q2M", User: "山田", Groups: []string{"a", "", "<b>"}, Address: "::1", How: "basic",
		Method: "POST", Scheme: "https", Host: "xn--wgv71a.example", Port: 443, Path: "/a \"b\"\\c\td\x00\x7f\u2028é\xff…",
		Service: "箱", Classes: []string{"cloud-storage"}, Protocol: "HTTP/2.0", Bytes: math.MaxInt64, Content: "00ff",
		Action: "block", Rule: "r", Severity: "high", Clause: "people >= 10 & more", Matches: []string{"<m>"},
		Counts: map[string]int{"PHONE": 2, "CARD": -1, "": 0}, Records: 7, Coverage: struct {
			A int `json:"a"`
		}{3}, Findings: []any{1.5, nil, "\u2029"}, RuleSet: "d", Reason: "x\ny", Milliseconds: 0.123,
		Details: map[string]string{"to": "<b>\n", "": "é\xff"}, Data: []int{1, 2},
	})
	for _, ms := range []float64{1, -1, 1e-9, 1e-6, 9.99e-7, 1e20, 1e21, 123456.789, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1)} {
		same(t, &Event{Kind: "x", Time: at, Milliseconds: ms})
	}
	same(t, &Event{Kind: "x", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	same(t, &Event{Kind: "x", Time: at, Groups: []string{}, Counts: map[string]int{}, Matches: map[string]int{}})
	for _, bad := range []*Event{{Matches: func() {}}, {Coverage: func() {}}, {Findings: math.NaN()}} {
		same(t, bad)
	}
}

type ready string

func (r ready) AppendJSON(dst []byte) []byte { return append(dst, r...) }

func TestValuesMayEncodeThemselves(t *testing.T) {
	got, err := appendEvent(nil, &Event{Kind: "x", Matches: ready("[]"), Coverage: ready(`{"a":1}`), Findings: ready("7")})
	if err != nil || !strings.Contains(string(got), `"matches":[],"coverage":{"a":1},"findings":7`) {
		t.Errorf("%s, %v", got, err)
	}
}

func FuzzEncoding(f *testing.F) {
	f.Add("decision", "/a\xff\u2028", "山田\x00", int64(7), 0.5)
	f.Fuzz(func(t *testing.T, a, b, c string, n int64, ms float64) {
		same(t, &Event{
			Kind: a, Time: time.Unix(n%1e11, n%1e9), Path: b, Groups: []string{c, a}, User: c, Bytes: n, Port: int(n % 70000),
			Counts: map[string]int{b: 1, c: int(n % 100)}, Milliseconds: ms, Reason: a + c,
		})
	})
}

package audit

import (
	"bytes"
	"encoding/json"
	"testing"
)

// A lean reading differs from a full one in nothing but what it leaves undecoded.
func TestLeanReading(t *testing.T) {
	for _, line := range []string{
		`{"kind":"decision","action":"allow","user":"mori","counts":{"NAME":2}}`,
		`{"kind":"decision","action":"block","coverage":{"parts":2,"reasons":{"encrypted":1}},"matches":[{"rule":"r"}],"findings":[{"type":"NAME"}]}`,
		`{"kind":"expire","data":{"last":3},"details":{"a":"b"},"coverage":null}`,
	} {
		var full, part Event
		if err := json.Unmarshal([]byte(line), &full); err != nil {
			t.Fatal(err)
		}
		if err := lean([]byte(line), &part); err != nil {
			t.Fatal(err)
		}
		for _, v := range []any{part.Matches, part.Coverage, part.Findings, part.Data} {
			if _, ok := v.(json.RawMessage); v != nil && !ok {
				t.Errorf("%T is decoded", v)
			}
		}
		want, err := json.Marshal(full)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(part); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	var ev Event
	if lean([]byte(`{"kind":`), &ev) == nil || ev.Coverage != nil {
		t.Error("half an event is read")
	}
}

package rules

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/jsonschema-go/jsonschema"
)

// TestSchema judges the fixtures and the built-in rules by the schema, as an
// editor would.
func TestSchema(t *testing.T) {
	var s jsonschema.Schema
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	schema, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(name string) error {
		t.Helper()
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := toml.Unmarshal(src, &v); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(v) // dates become texts, as in an editor
		if err != nil {
			t.Fatal(err)
		}
		var instance any
		if err := json.Unmarshal(data, &instance); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
	for _, name := range append(fixtures(t, "testdata/*.good.toml"), fixtures(t, "defaults/*.toml")...) {
		if err := judge(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"testdata/keys-and-kinds.bad.toml", "testdata/vocabulary.bad.toml", "testdata/tests.bad.toml"} {
		if judge(name) == nil {
			t.Errorf("%s: nothing found wrong", name)
		}
	}
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	if !bytes.Equal(Schema(), Schema()) {
		t.Error("not the same twice")
	}
	for _, key := range []string{"not_inspected", "at_least", "lifts", "until", "expect", "within", "alone"} {
		if !strings.Contains(string(Schema()), `"`+key+`"`) {
			t.Errorf("key %q is missing", key)
		}
	}
}

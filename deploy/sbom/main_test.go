package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// TestBill reads the test's own binary, which has dependencies of its own kind.
func TestBill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := run(self, &a); err != nil {
		t.Fatal(err)
	}
	if err := run(self, &b); err != nil || a.String() != b.String() {
		t.Errorf("not the same each time: %v", err)
	}
	var got bill
	if err := json.Unmarshal(a.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != "CycloneDX" || len(got.Components) < 1 || got.Components[0].Name != "std" || got.Metadata.Component.Hashes[0].Content == "" {
		t.Errorf("%s", a.String())
	}
	refs := map[string]bool{}
	for _, c := range got.Components {
		refs[c.Ref] = true
	}
	for _, on := range got.Dependencies[0].On {
		if !refs[on] {
			t.Errorf("%s is depended on and not listed", on)
		}
	}
	if err := run("main.go", &a); err == nil {
		t.Error("a source file is no binary")
	}
}

package rules

import (
	"path/filepath"
	"testing"
)

func TestStream(t *testing.T) {
	file := filepath.Join(t.TempDir(), "streams.toml")
	write(t, file, `
[[stream]]
id    = "all"
where = { hosts = ["a.example", "b.example"] }

[[stream]]
id    = "more"
above = "1 GiB"
keep  = "8 MiB"
max   = "5 GiB"
where = { hosts = "b.example" }
who   = { groups = "payroll" }

[[stream]]
id    = "as-much"
above = "1 GiB"
where = { hosts = "b.example" }
who   = { groups = "payroll" }
`)
	s, err := Load([]string{file}, Options{NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, group string
		want        Stream
	}{
		{"a.example", "payroll", Stream{ID: "all", Above: 64 << 20, Keep: 1 << 20}},
		{"b.example", "sales", Stream{ID: "all", Above: 64 << 20, Keep: 1 << 20}},
		{"b.example", "payroll", Stream{ID: "more", Above: 1 << 30, Keep: 8 << 20, Max: 5 << 30}},
		{"c.example", "payroll", Stream{}},
	} {
		got, ok := s.Stream(Transaction{Destination: Destination{Host: c.host}, Principal: Principal{Groups: []string{c.group}}})
		if got != c.want || ok != (c.want.ID != "") {
			t.Errorf("%s, %s: %+v %v", c.host, c.group, got, ok)
		}
	}
	plain, err := Load(nil, Options{Untested: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := plain.Stream(Transaction{Destination: Destination{Host: "a.example"}}); ok {
		t.Error("the built-in rules stream")
	}
	other, err := Load([]string{file}, Options{Untested: true})
	if err != nil || other.Digest() == plain.Digest() {
		t.Errorf("a set that streams has the digest of one that does not; %v", err)
	}
}

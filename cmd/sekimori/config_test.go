package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// keys lists the dotted keys that a configuration may have.
func keys(t reflect.Type, prefix string) []string {
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		name := prefix + f.Tag.Get("toml")
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct && (ft.Name() == "" || ft == reflect.TypeFor[rawNetwork]()) {
			all = append(all, keys(ft, name+".")...)
			continue
		}
		all = append(all, name)
	}
	return all
}

func TestEveryKeyIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/configuration.md")
	check(t, err)
	all := keys(reflect.TypeFor[rawConfig](), "")
	if len(all) < 50 {
		t.Fatalf("only %d keys found", len(all))
	}
	for _, k := range all {
		if !strings.Contains(string(doc), "`"+k+"`") {
			t.Errorf("docs/configuration.md does not tell of %s", k)
		}
	}
}

func TestConfigFaultsAllAtOnceWithPlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.toml")
	check(t, os.WriteFile(file, []byte(`
[listen]
proxi = "127.0.0.1:1"
admin = "nowhere"

[hold]
max = "lots"

[timeout]
body = "soon"

[auth]
anonymous = "perhaps"

[upstream]
allow_private = ["10.0.0.0/8", "inside"]
`), 0o600))
	_, err := loadConfig(file)
	if err == nil {
		t.Fatal("no fault was told")
	}
	for _, want := range []string{":3:1: unknown key \"proxi\"", ":4:", ":7:", ":10:", ":13:", ":16:"} {
		if !strings.Contains(err.Error(), file+want) {
			t.Errorf("no fault at %s in:\n%v", want, err)
		}
	}
}

func TestConfigValues(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.toml")
	check(t, os.WriteFile(file, []byte(`
data = "state"
[rules]
paths = "rules"
[hold]
memory = "2 MiB"
spool = "/spool 1 GiB"
[auth]
htpasswd = "/etc/users"
[upstream]
resolve = { "www.dropbox.com:443" = "127.0.0.1:9443" }
response = "1m"
`), 0o600))
	c, err := loadConfig(file)
	check(t, err)
	if c.Data != filepath.Join(dir, "state") || len(c.Rules) != 1 || c.Rules[0] != filepath.Join(dir, "rules") {
		t.Errorf("paths are not taken from the file's folder: %q %q", c.Data, c.Rules)
	}
	if c.Hold.MemoryPerBody != 2<<20 || c.Hold.Dir != "/spool" || c.Hold.TotalDisk != 1<<30 {
		t.Errorf("hold: %+v", c.Hold)
	}
	if c.Identity.Anonymous != "deny" {
		t.Errorf("with accounts, anonymous use is %q", c.Identity.Anonymous)
	}
	if c.Proxy.Upstream.Response != time.Minute || c.Proxy.Upstream.Resolve["www.dropbox.com:443"] != "127.0.0.1:9443" {
		t.Errorf("upstream: %+v", c.Proxy.Upstream)
	}
	if c, err := loadConfig(""); err != nil || c.Identity.Anonymous != "allow" || !c.Defaults {
		t.Errorf("the defaults: %+v, %v", c, err)
	}
}

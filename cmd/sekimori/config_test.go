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
		if ft.Kind() == reflect.Struct && (ft.Name() == "" || strings.HasPrefix(ft.Name(), "raw")) {
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

[contact]
jp = "情報システム部"
`), 0o600))
	_, err := loadConfig(file)
	if err == nil {
		t.Fatal("no fault was told")
	}
	for _, want := range []string{":3:1: unknown key \"proxi\"", ":4:", ":7:", ":10:", ":13:", ":16:", ":19:1: unknown key \"jp\""} {
		if !strings.Contains(err.Error(), file+want) {
			t.Errorf("no fault at %s in:\n%v", want, err)
		}
	}
}

func TestListenersAndBypasses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.toml")
	check(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("s3cret\n"), 0o600))
	check(t, os.WriteFile(file, []byte(`
[[listener]]
name = "guests"
address = "0.0.0.0:3128"
only = ["*.example.jp", "class:search"]
anonymous = "allow"
bypass = false
[[listener]]
name = "tls"
address = "systemd:tls"
kind = "https"
names = ["Proxy.example.jp"]
[[bypass]]
id = "bank"
hosts = ["*.bank.example"]
owner = "it"
reason = "pins"
until = 2027-03-31
[upstream.parent]
url = "http://parent.example.jp:3128"
user = "sekimori"
password_file = "secret"
except = ["*.example.jp"]
`), 0o600))
	c, err := loadConfig(file)
	check(t, err)
	if c.Listen != "" || len(c.Listeners) != 2 || !c.Listeners[0].door.NoBypass || c.Listeners[0].door.Sites == nil || c.Listeners[1].door.Names[0] != "proxy.example.jp" {
		t.Errorf("listeners: %q %+v", c.Listen, c.Listeners)
	}
	if e := c.Proxy.Intercept.Entries[0]; !e.Expires.Equal(time.Date(2027, 4, 1, 0, 0, 0, 0, time.Local)) {
		t.Errorf("the last day of an entry is %v", e.Expires)
	}
	if p := c.Proxy.Upstream.Parent; p.Password != "s3cret" || p.User != "sekimori" {
		t.Errorf("parent: %+v", p)
	}
	check(t, os.WriteFile(file, []byte(`
[[listener]]
name = "a"
address = "nowhere"
kind = "ftp"
[[listener]]
name = "a"
address = "127.0.0.1:1"
names = ["x"]
only = ["http://x/"]
[[bypass]]
hosts = ["*.*.jp"]
[upstream.parent]
url = "parent:3128"
[pac]
proxies = ["parent:3128"]
[sites]
ports = [0]
[auth.shared]
action = "shout"
`), 0o600))
	_, err = loadConfig(file)
	if err == nil {
		t.Fatal("no fault was told")
	}
	for _, want := range []string{":4:", ":5:", "name of its own", "only a listener of kind", "listener.only", "no owner", "*.*.jp", "upstream.parent.url", "pac.proxies", "sites.ports", "shout"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
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
per_sender = "900 MiB"
max = "300 MiB"
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
	if c.Hold.MemoryPerBody != 2<<20 || c.Hold.Dir != "/spool" || c.Hold.TotalDisk != 1<<30 || c.Hold.PerSender != 900<<20 {
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

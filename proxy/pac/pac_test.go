package pac

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/robertkrimen/otto"
)

// browser evaluates a file as a browser does, with the one function of the
// environment that the file may use.
func browser(t testing.TB, c Config) func(url, host string) string {
	t.Helper()
	script, err := c.Script()
	if err != nil {
		t.Fatal(err)
	}
	vm := otto.New()
	err = vm.Set("isInNet", func(call otto.FunctionCall) otto.Value {
		ip := net.ParseIP(call.Argument(0).String()).To4()
		mask := net.IPMask(net.ParseIP(call.Argument(2).String()).To4())
		v, _ := vm.ToValue(ip != nil && ip.Mask(mask).String() == call.Argument(1).String())
		return v
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vm.Run(script); err != nil {
		t.Fatalf("%v\n%s", err, script)
	}
	return func(url, host string) string {
		v, err := vm.Call("FindProxyForURL", nil, url, host)
		if err != nil {
			t.Fatal(err)
		}
		return v.String()
	}
}

func TestScript(t *testing.T) {
	find := browser(t, Config{
		Proxies: []string{"PROXY a.example.jp:8080", "HTTPS b.example.jp:8443"},
		Direct:  []string{"*.intra.example.jp", "portal.example.jp", "198.51.100.0/25", "2001:db8:7::/48"},
		Through: []string{"lab.intra.example.jp", "10.9.0.0/16"},
	})
	const proxied = "PROXY a.example.jp:8080; HTTPS b.example.jp:8443"
	for host, want := range map[string]string{
		"www.example.com": proxied, "intra.example.jp": proxied, "www.intra.example.jp": "DIRECT", "WWW.Intra.Example.JP.": "DIRECT",
		"xintra.example.jp": proxied, "portal.example.jp": "DIRECT", "a.portal.example.jp": proxied, "lab.intra.example.jp": proxied,
		"files": "DIRECT", "localhost": "DIRECT", "127.0.0.1": "DIRECT", "10.1.2.3": "DIRECT", "10.9.2.3": proxied, "172.16.0.1": "DIRECT", "172.32.0.1": proxied,
		"192.168.4.4": "DIRECT", "192.0.2.1": proxied, "198.51.100.127": "DIRECT", "198.51.100.128": proxied, "169.254.169.254": "DIRECT", "100.100.1.1": "DIRECT",
		"::1": "DIRECT", "[::1]": "DIRECT", "fd00::1": "DIRECT", "fe80::1": "DIRECT", "febf::1": "DIRECT", "fec0::1": proxied, "2001:db8:7::1": "DIRECT",
		"2001:db8:8::1": proxied, "2606:4700::1": proxied, "10.1.2.3.example.com": proxied,
		`"]; alert(1); //.example`: proxied, "": "DIRECT",
	} {
		if got := find("https://"+host+"/", host); got != want {
			t.Errorf("%q: %s, want %s", host, got, want)
		}
	}
}

func TestSpread(t *testing.T) {
	find := browser(t, Config{Proxies: []string{"PROXY a:1", "PROXY b:1", "PROXY c:1"}, Spread: true})
	first := map[string]int{}
	for i := range 300 {
		host := strings.Repeat("x", i%17) + netip.AddrFrom4([4]byte{1, byte(i), 2, 3}).String() + ".example"
		got := find("", host)
		if got != find("", host) || strings.Count(got, "PROXY ") != 3 || strings.Contains(got, "DIRECT") {
			t.Fatalf("%s: %s", host, got)
		}
		first[got[:9]]++
	}
	for p, n := range first {
		if n < 60 {
			t.Errorf("%s is first for %d of 300 sites", p, n)
		}
	}
	if find := browser(t, Config{Proxies: []string{"PROXY a:1"}, Everything: true}); find("", "files") != "PROXY a:1" || find("", "10.0.0.1") != "PROXY a:1" {
		t.Error("without private networks everything is to go through")
	}
}

func TestFaults(t *testing.T) {
	for want, c := range map[string]Config{
		"no proxy":    {},
		"pac.proxies": {Proxies: []string{"a:1"}},
		"pac.direct":  {Proxies: []string{"PROXY a:1"}, Direct: []string{"a*b"}},
		"pac.through": {Proxies: []string{"PROXY a:1"}, Through: []string{"http://x/"}},
	} {
		if _, err := c.Script(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// FuzzIPv6 compares the file's own reading of IPv6 prefixes with netip's.
func FuzzIPv6(f *testing.F) {
	find := browser(f, Config{Proxies: []string{"PROXY a:1"}, Everything: true, Direct: []string{"2001:db8:7:8000::/49", "fd00::/7"}})
	inside := []netip.Prefix{netip.MustParsePrefix("2001:db8:7:8000::/49"), netip.MustParsePrefix("fc00::/7")}
	f.Add([]byte("\x20\x01\x0d\xb8\x00\x07\x80\x00\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Add([]byte("\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != 16 {
			t.Skip()
		}
		a := netip.AddrFrom16([16]byte(b))
		if a.Is4In6() {
			t.Skip() // written with dots
		}
		want := "PROXY a:1"
		for _, p := range inside {
			if p.Contains(a) {
				want = "DIRECT"
			}
		}
		if got := find("", a.String()); got != want {
			t.Errorf("%s: %s, want %s", a, got, want)
		}
	})
}

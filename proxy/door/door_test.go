package door

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestListen(t *testing.T) {
	for _, bad := range []string{"nowhere", "", "127.0.0.1", "systemdx", "unix:/run/a.sock"} {
		if _, err := (Options{Address: bad}).Listen(t.Context()); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	if _, err := (Options{Address: "systemd:clients"}).Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "FileDescriptorName=clients") {
		t.Errorf("a socket that was not passed: %v", err)
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		first, err := Options{Address: address, ReusePort: true}.Listen(t.Context())
		if errors.Is(err, ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer first[0].Close()
		second, err := Options{Address: first[0].Addr().String(), ReusePort: true}.Listen(t.Context())
		if err != nil {
			t.Fatalf("a second listener beside the first: %v", err)
		}
		second[0].Close()
		if l, err := (Options{Address: first[0].Addr().String()}).Listen(t.Context()); err == nil {
			l[0].Close()
			t.Error("the address was shared with one that did not ask for it")
		}
	}
}

// pair is both ends of a TCP connection.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func TestAnnounced(t *testing.T) {
	for name, c := range map[string]struct{ head, from string }{
		"version 1":            {"PROXY TCP4 192.0.2.7 192.0.2.8 4242 8080\r\n", "192.0.2.7:4242"},
		"version 1, IPv6":      {"PROXY TCP6 2001:db8::7 2001:db8::8 4242 8080\r\n", "[2001:db8::7]:4242"},
		"version 1, health":    {"PROXY UNKNOWN\r\n", ""},
		"version 2":            {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x08\x10\x92\x1f\x90", "192.0.2.7:4242"},
		"version 2, health":    {"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", ""},
		"version 2, with TLVs": {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x10\xc0\x00\x02\x07\xc0\x00\x02\x08\x10\x92\x1f\x90\x04\x00\x01x", "192.0.2.7:4242"},
	} {
		client, server := pair(t)
		io.WriteString(client, c.head+"rest")
		client.(*net.TCPConn).CloseWrite()
		got, err := Announced(server, time.Second)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := c.from
		if want == "" {
			want = client.LocalAddr().String()
		}
		if got.RemoteAddr().String() != want {
			t.Errorf("%s: from %s, want %s", name, got.RemoteAddr(), want)
		}
		if b, err := io.ReadAll(got); err != nil || string(b) != "rest" {
			t.Errorf("%s: %q %v", name, b, err)
		}
		if h, ok := got.(interface{ CloseWrite() error }); !ok || h.CloseWrite() != nil {
			t.Errorf("%s: it cannot be half-closed", name)
		}
	}
	for name, head := range map[string]string{
		"none": "GET / HTTP/1.1\r\n\r\n", "cut": "PROXY TCP4 192.0.2.7", "too long": "PROXY TCP4 " + strings.Repeat("1", 300) + "\r\n",
		"UDP": "\r\n\r\n\x00\r\nQUIT\n\x21\x12\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x08\x10\x92\x1f\x90", "other version": "\r\n\r\n\x00\r\nQUIT\n\x31\x11\x00\x0c",
	} {
		client, server := pair(t)
		io.WriteString(client, head)
		client.(*net.TCPConn).CloseWrite()
		if c, err := Announced(server, time.Second); err == nil {
			t.Errorf("%s: taken, from %s", name, c.RemoteAddr())
		}
	}
	_, silent := pair(t)
	start := time.Now()
	if _, err := Announced(silent, 100*time.Millisecond); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("a silent peer: %v after %v", err, time.Since(start))
	}
}

func TestOriginalOfADirectConnection(t *testing.T) {
	_, server := pair(t)
	if to, err := Original(server); err == nil && to.String() != server.LocalAddr().String() {
		t.Errorf("a connection that nobody redirected was meant for %v", to)
	}
}

func TestContains(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fe80::/10")}
	for a, want := range map[string]bool{"192.0.2.9": true, "::ffff:192.0.2.9": true, "192.0.3.1": false, "fe80::1%eth0": true} {
		if got := Contains(networks, netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:0": true, ":8080": true, "[::1]:65535": true, "systemd:clients": true,
		"127.0.0.1": false, "127.0.0.1:99999": false, "127.0.0.1:-1": false, "127.0.0.1:no such": false, "unix:/run/x": false,
	} {
		if err := Check(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

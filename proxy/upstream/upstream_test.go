package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestInnerAddresses(t *testing.T) {
	for _, a := range []string{
		"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "240.0.0.1",
		"168.63.129.16", "192.0.0.192", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1",
		"2001::1", "2001:db8::1", "fec0::1",
	} {
		if err := checkAddr(netip.MustParseAddr(a), nil); !errors.Is(err, ErrInner) {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, a := range []string{"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"} {
		if err := checkAddr(netip.MustParseAddr(a), nil); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	allow := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}
	for a, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "::1": true, "127.0.0.1": false} {
		if got := checkAddr(netip.MustParseAddr(a), allow) == nil; got != want {
			t.Errorf("%s with exceptions: %v", a, got)
		}
	}
}

// The address is checked when it is dialled, so that what a name resolves to
// then counts.
func TestNamesAreCheckedAfterResolution(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		if _, err := o.DialContext(context.Background(), "tcp", net.JoinHostPort(host, port)); !errors.Is(err, ErrInner) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Resolve leads there, but does not allow it.
	o, _ = New(Config{Resolve: map[string]string{"Public.example:80": s.Listener.Addr().String()}})
	if _, err := o.DialContext(context.Background(), "tcp", "public.example:80"); !errors.Is(err, ErrInner) {
		t.Errorf("resolved: %v", err)
	}
	o, _ = New(Config{Resolve: map[string]string{"Public.example:80": s.Listener.Addr().String()}, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	c, err := o.DialContext(context.Background(), "tcp", "public.example:80")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestNewAndValidate(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Config{
		"no certificate": {CAFiles: []string{bad}},
		"no such file":   {CAFiles: []string{"/nonexistent.pem"}},
		"host:port":      {Resolve: map[string]string{"a": "b:1"}},
		"no valid port":  {Resolve: map[string]string{"a:1": "b:0"}},
		"negative":       {Dial: -1},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if o.TLSClientConfig.InsecureSkipVerify || o.TLSClientConfig.MinVersion < tls.VersionTLS12 || o.Proxy != nil || !o.DisableCompression || o.MaxIdleConnsPerHost < 100 {
		t.Error("the transport is not as it must be")
	}
}

func TestCause(t *testing.T) {
	quiet := log.New(io.Discard, "", 0)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(300 * time.Millisecond)
		}
		panic(http.ErrAbortHandler)
	}))
	plain.Config.ErrorLog = quiet
	defer plain.Close()
	o, err := New(Config{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Response: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		secure.URL: "origin-certificate", plain.URL: "origin-broken", plain.URL + "/slow": "origin-timeout",
		strings.Replace(plain.URL, "http:", "https:", 1): "origin-tls",
		"http://127.0.0.1:1/":                            "origin-refused", "http://10.0.0.1/": "origin-inner", "http://nowhere.invalid/": "origin-unknown",
	} {
		req, _ := http.NewRequest("GET", url, nil)
		_, err := o.RoundTrip(req)
		if err == nil {
			t.Fatalf("%s: no error", url)
		}
		if got, status := Cause(err); got != want || status < 403 {
			// Without a name server "unknown" cannot be told from "refused".
			if want != "origin-unknown" {
				t.Errorf("%s: %s %d for %v, want %s", url, got, status, err, want)
			}
		}
	}
}

// An origin that sends back what it was sent does not bring it into a log.
func TestSayQuotesNoAnswer(t *testing.T) {
	const told = "somebody"
	for _, first := range []string{told, "HTTP/1.1 " + told, told + "/1.1 200 OK", "HTTP/1.1 200 OK\r\n" + told, "HTTP/1.1 200 OK\r\n " + told + ": x",
		"HTTP/1.1 200 OK\r\nContent-Length: " + told, "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + told, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + told} {
		w := listenWire(t, func(w *wire, _ int, c net.Conn, in *bufio.Reader) {
			if _, err := w.take(in); err == nil {
				io.WriteString(c, first+"\r\n\r\n")
			}
		})
		o, err := New(Config{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
		if err != nil {
			t.Fatal(err)
		}
		for _, send := range []func(*http.Request) (*http.Response, error){o.RoundTrip, func(r *http.Request) (*http.Response, error) {
			return o.direct.send(r, authorityOf(r))
		}} {
			r, err := http.NewRequest(http.MethodPost, "http://"+w.Addr().String()+"/", strings.NewReader("a"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := send(r)
			if err == nil {
				resp.Body.Close()
				t.Errorf("%q was taken for an answer", first)
			} else if said := Say(err); strings.Contains(said, told) || len(said) < 10 {
				t.Errorf("%q: said %q", first, said)
			}
		}
		o.CloseIdleConnections()
	}
}

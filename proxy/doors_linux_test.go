package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/door"
)

// TestTransparentDoors runs in a network of its own, where it may redirect.
func TestTransparentDoors(t *testing.T) {
	if os.Getenv("SEKIMORI_NETNS") == "" {
		for _, program := range []string{"unshare", "ip", "iptables", "ip6tables"} {
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("%s is not installed", program)
			}
		}
		if os.Getuid() != 0 {
			t.Skip("only root may redirect connections")
		}
		c := exec.Command("unshare", "-n", os.Args[0], "-test.run=^TestTransparentDoors$", "-test.v")
		c.Env = append(os.Environ(), "SEKIMORI_NETNS=1")
		out, err := c.CombinedOutput()
		if strings.Contains(string(out), "cannot redirect here") {
			t.Skip("this kernel does not let a test redirect connections")
		}
		if err != nil || !strings.Contains(string(out), "--- PASS: TestTransparentDoors") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	sh := func(format string, a ...any) {
		t.Helper()
		line := fmt.Sprintf(format, a...)
		if out, err := exec.Command("sh", "-ec", line).CombinedOutput(); err != nil {
			t.Skipf("cannot redirect here: %s: %v %s", line, err, out)
		}
	}
	sh("ip link set lo up; ip addr add 198.51.100.7/32 dev lo; ip route add default dev lo; ip -6 addr add 2001:db8::7/128 dev lo nodad")
	h := build(t)
	open := func(address string, d *Door) string {
		ls, err := door.Options{Address: address, Transparent: d.Kind == DoorTPROXY}.Listen(t.Context())
		if err != nil {
			t.Skipf("cannot redirect here: %v", err)
		}
		go h.srv.ServeDoor(ls[0], d)
		_, port, _ := net.SplitHostPort(ls[0].Addr().String())
		return port
	}
	redirect := &Door{Name: "redirect", Kind: DoorRedirect}
	port := open("127.0.0.1:0", redirect)
	sh("iptables -t nat -A OUTPUT -p tcp -d 198.51.100.0/24 --dport 443 -j REDIRECT --to-ports %s", port)
	sh("iptables -t nat -A OUTPUT -p tcp -d 198.51.100.0/24 --dport 80 -j REDIRECT --to-ports %s", port)
	port6 := open("[::]:0", redirect)
	sh("ip6tables -t nat -A OUTPUT -p tcp -d 2001:db8::7 --dport 443 -j REDIRECT --to-ports %s", port6)
	tport := open("127.0.0.1:0", &Door{Name: "tproxy", Kind: DoorTPROXY})
	sh("ip rule add fwmark 1 lookup 100; ip route add local default dev lo table 100")
	sh("iptables -t mangle -A OUTPUT -p tcp -d 203.0.113.0/24 --dport 443 -j MARK --set-mark 1")
	sh("iptables -t mangle -A PREROUTING -p tcp -m mark --mark 1 -d 203.0.113.0/24 -j TPROXY --on-ip 127.0.0.1 --on-port %s --tproxy-mark 1", tport)

	// The clients know of no proxy, and have resolved the name by themselves.
	client := func(to string, http2 bool) *http.Client {
		d := net.Dialer{Timeout: 5 * time.Second}
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.roots}, ForceAttemptHTTP2: http2,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				_, port, _ := net.SplitHostPort(addr)
				return d.DialContext(ctx, network, net.JoinHostPort(to, port))
			}}
		t.Cleanup(tr.CloseIdleConnections)
		return &http.Client{Transport: tr, Timeout: 10 * time.Second}
	}
	for _, way := range []struct{ to, url string }{
		{"198.51.100.7", "https://" + originHost + "/"},
		{"198.51.100.7", "http://" + originHost + "/"},
		{"2001:db8::7", "https://" + originHost + "/"},
		{"203.0.113.7", "https://" + originHost + "/"},
	} {
		for _, h2 := range []bool{false, true} {
			if status, text := h.post(client(way.to, h2), way.url, "harmless"); status != 200 || text != "got 8" {
				t.Errorf("%s %s: %d %s", way.to, way.url, status, text)
			}
			before := h.plain.requests.Load() + h.secure.requests.Load()
			if status, _ := h.post(client(way.to, h2), way.url, secret); status != 403 {
				t.Errorf("%s %s: a secret was answered %d", way.to, way.url, status)
			}
			if h.plain.requests.Load()+h.secure.requests.Load() != before {
				t.Errorf("%s %s: the secret left", way.to, way.url)
			}
		}
	}
	// Another Host than the SNI is misdirected, and so is another port.
	req, _ := http.NewRequest(http.MethodGet, "https://"+originHost+"/", nil)
	req.Host = "other.example"
	if resp, err := client("198.51.100.7", false).Do(req); err != nil || resp.StatusCode != 421 {
		t.Errorf("another Host: %v %v", resp, err)
	}
	req, _ = http.NewRequest(http.MethodGet, "http://"+originHost+"/", nil)
	req.Host = originHost + ":8080"
	if resp, err := client("198.51.100.7", false).Do(req); err != nil || resp.StatusCode != 421 {
		t.Errorf("another port: %v %v", resp, err)
	}
	// Who dials the door itself is not redirected, and would only loop.
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", originHost)
	if n, err := c.Read(make([]byte, 1)); n != 0 {
		t.Errorf("dialled directly: %d %v", n, err)
	}
}

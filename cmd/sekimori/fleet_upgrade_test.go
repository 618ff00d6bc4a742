package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fleetFrom is the program that TestFleetRollingUpgrade upgrades from.
var fleetFrom = flag.String("fleet.from", "", "an earlier program, from which a fleet is upgraded; the same if not given")

// TestFleetRollingUpgrade ends one node after the other, and one server of the
// engine after the other, behind HAProxy with the configuration of deploy/fleet,
// and starts each again. Clients see nothing of it: every upload is answered, those
// too that are under way when their node is told to end.
func TestFleetRollingUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("runs seven programs")
	}
	haproxy := installed(t, "haproxy")
	servers := engines(t, 3)
	var urls []string
	for _, e := range servers {
		e.start()
		urls = append(urls, e.url)
	}
	o := newOrigin(t)
	dir := fleetFolder(t, "")
	balancer, stats := freeAddress(t), freeAddress(t)
	text, err := os.ReadFile("../../deploy/fleet/haproxy.cfg")
	check(t, err)
	config := strings.NewReplacer("bind :8080", "bind "+balancer, "inter 2s", "inter 200ms", " slowstart 20s", "", "maxconn 60000", "maxconn 1000").Replace(string(text))
	var nodes []*site
	for i := range 3 {
		clients, admin := freeAddress(t), freeAddress(t)
		in := fleetNode(t, o, dir, fmt.Sprint("node-", i+1), urls, fmt.Sprintf(`[console]
enabled = false
[timeout]
leave = "1s"
[[listener]]
name = "clients"
address = %q
proxy_protocol = ["127.0.0.0/8"]
`, clients))
		in.replace(`admin = "127.0.0.1:0"`, fmt.Sprintf("admin = %q", admin))
		in.program = *fleetFrom
		in.start()
		nodes = append(nodes, in)
		_, port, err := net.SplitHostPort(admin)
		check(t, err)
		config = regexp.MustCompile(fmt.Sprintf(`server node-%d \S+ (.*) port 9090`, i+1)).ReplaceAllString(config, fmt.Sprintf("server node-%d %s $1 port %s", i+1, clients, port))
	}
	config += fmt.Sprintf("\nlisten stats\n    mode http\n    bind %s\n    stats enable\n    stats uri /\n", stats)
	file := filepath.Join(dir, "haproxy.cfg")
	check(t, os.WriteFile(file, []byte(config), 0o600))
	cmd := exec.Command(haproxy, "-db", "-f", file)
	var said syncBuffer
	cmd.Stdout, cmd.Stderr = &said, &said
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })

	// up waits until HAProxy sends clients to a node, and to all others.
	up := func() {
		t.Helper()
		waitFor(t, "HAProxy takes all nodes for up", func() bool {
			resp, err := http.Get("http://" + stats + "/;csv")
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			rows, err := csv.NewReader(resp.Body).ReadAll()
			n := 0
			for _, r := range rows {
				if len(r) > 17 && strings.HasPrefix(r[1], "node-") && r[17] == "UP" {
					n++
				}
			}
			return err == nil && n == 3
		})
	}
	well := func() {
		t.Helper()
		waitFor(t, "the fleet is well", func() bool {
			out, code := nodes[0].sekimori("fleet", "status", "--config", nodes[0].config)
			return code == 0 && strings.Count(out, "well") == 3
		})
	}
	up()
	well()

	// Clients have addresses of their own, so that they are spread over the nodes.
	u := &uploads{t: t, by: balancer, all: map[string]int{}}
	done := make(chan struct{})
	var clients sync.WaitGroup
	for i := range 6 {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					u.one(i, nil)
				}
			}
		})
	}
	slow := func() (finish func()) {
		var all sync.WaitGroup
		var ends []*io.PipeWriter
		for i := range 6 {
			r, w := io.Pipe()
			all.Go(func() { u.one(i, r) })
			_, err := io.WriteString(w, "begun, ")
			check(t, err)
			ends = append(ends, w)
		}
		return func() {
			for _, w := range ends {
				_, _ = io.WriteString(w, "ended")
				w.Close()
			}
			all.Wait()
		}
	}
	for _, in := range nodes {
		finish := slow()
		in.signal(syscall.SIGTERM)
		var at net.Conn
		waitFor(t, "the node takes nobody any more", func() bool {
			at, err = net.Dial("tcp", in.proxy)
			if err == nil {
				at.Close()
			}
			return err != nil
		})
		finish()
		if _ = in.cmd.Wait(); in.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("it ended with %v\n%s", in.cmd.ProcessState, tail(in.log.String()))
		}
		in.program = ""
		in.start()
		up()
		well()
	}
	for _, e := range servers {
		check(t, e.cmd.Process.Signal(syscall.SIGTERM))
		_ = e.cmd.Wait()
		e.start()
		well()
	}
	close(done)
	clients.Wait()
	waitFor(t, "all is shipped", func() bool {
		out, code := nodes[0].sekimori("fleet", "verify", "--config", nodes[0].config)
		if code != 0 || strings.Count(out, ": ok: ") != 3 {
			return false
		}
		recorded := recordedIn(t, nodes[0])
		return len(recorded.uploads) >= len(u.all)
	})
	recorded := recordedIn(t, nodes[0])
	for id, status := range u.all {
		if status != http.StatusOK || len(recorded.uploads[id]) != 1 {
			t.Errorf("%s: answered with %d, recorded %v", id, status, recorded.uploads[id])
		}
	}
	if t.Failed() {
		t.Log(tail(said.String()))
	}
	t.Logf("%d uploads, all answered and recorded once", len(u.all))
}

// uploads go through a load balancer.
type uploads struct {
	t  *testing.T
	by string

	mu   sync.Mutex
	all  map[string]int // status by path
	next int
}

// one sends an upload from the client of a number; its body is short if none is
// given.
func (u *uploads) one(client int, body io.Reader) {
	u.mu.Lock()
	id := fmt.Sprintf("/upload/%d", u.next)
	u.next++
	u.mu.Unlock()
	if body == nil {
		body = bytes.NewReader([]byte("hello"))
	}
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(10+client))}}
	c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: u.by}), DialContext: from.DialContext, DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := c.Post("http://upload.example.com"+id, "text/plain", body)
	status := 0
	if err == nil {
		if _, err = io.Copy(io.Discard, resp.Body); err == nil {
			status = resp.StatusCode
		}
		resp.Body.Close()
	}
	if err != nil {
		u.t.Errorf("%s: %v", id, err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all[id] = status
}

package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var fleetRounds = flag.Int("fleet.rounds", 0, "rounds in which uploads are timed through a node with the engine in its process, and through one without")

// One machine in a fleet of its own: the engine is there for commands, and nobody
// can reach it but by a file.
func TestEmbeddedEngineOpensNoPort(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	in := install(t, "[fleet]\nenabled = true\n").start()
	waitFor(t, "the engine answers commands", func() bool {
		_, code := in.sekimori("fleet", "status", "--config", in.config)
		return code == 0
	})
	want := []string{in.admin, in.proxy}
	slices.Sort(want)
	if got := openPorts(t, in.cmd.Process.Pid); !slices.Equal(got, want) {
		t.Errorf("open are %v; asked for were %v", got, want)
	}
}

// openPorts are the addresses at which a process takes connections or packets.
func openPorts(t *testing.T, pid int) (all []string) {
	t.Helper()
	own := map[string]bool{}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	check(t, err)
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil {
			own[to] = true
		}
	}
	// A listener's state; of UDP, that it is bound and asks nobody in particular.
	for kind, state := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} {
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, kind))
		if os.IsNotExist(err) {
			continue // a machine without IPv6
		}
		check(t, err)
		for _, line := range strings.Split(string(table), "\n")[1:] {
			f := strings.Fields(line)
			if len(f) < 10 || !own["socket:["+f[9]+"]"] || f[3] != state {
				continue
			}
			address, port, _ := strings.Cut(f[1], ":")
			b, err := hex.DecodeString(address + port)
			check(t, err)
			ip := b[:len(b)-2]
			for word := range slices.Chunk(ip, 4) { // in the machine's order, least byte first where Go runs on Linux
				slices.Reverse(word)
			}
			a, _ := netip.AddrFromSlice(ip)
			all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(b[len(b)-2])<<8|uint16(b[len(b)-1])).String())
		}
	}
	slices.Sort(all)
	return all
}

// With -fleet.rounds it tells what the engine in the process adds to an upload.
func TestEmbeddedEngineCosts(t *testing.T) {
	if *fleetRounds == 0 {
		t.Skip("measures; asked for with -fleet.rounds 41")
	}
	names := [2]string{"without", "with the engine"}
	nodes := [2]*timedNode{newTimedNode(t, ""), newTimedNode(t, "[fleet]\nenabled = true\n")}
	const uploads = 400 // a round: short ones, so that other work on the machine meets both nodes
	for _, n := range nodes {
		n.round(t, 3*uploads) // to warm up
	}
	var all [2][]float64
	var ratio []float64
	for r := range *fleetRounds {
		var p99 [2]float64
		for k := range nodes {
			i := (k + r) % 2
			ms := nodes[i].round(t, uploads)
			all[i] = append(all[i], ms...)
			p99[i] = quantile(ms, 0.99)
		}
		ratio = append(ratio, p99[1]/p99[0])
	}
	for i, name := range names {
		t.Logf("%s: p50 %.2f ms, p99 %.2f ms of %d uploads of 10 KiB", name, quantile(all[i], 0.5), quantile(all[i], 0.99), len(all[i]))
	}
	t.Logf("p99 of %d pairs of rounds: with the engine %.3f times (median; half of them lie between %.3f and %.3f)", *fleetRounds,
		quantile(ratio, 0.5), quantile(ratio, 0.25), quantile(ratio, 0.75))
}

func quantile(all []float64, q float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[int(q*float64(len(all)-1))]
}

// timedNode is a node with a client at it.
type timedNode struct {
	client *http.Client
	sent   atomic.Int64
}

func newTimedNode(t *testing.T, extra string) *timedNode {
	t.Helper()
	in := install(t, extra)
	in.origin.light = true
	in.start()
	pem, err := os.ReadFile(in.ca)
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	n := &timedNode{client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: in.proxy}),
		TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 8, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}}}
	t.Cleanup(n.client.CloseIdleConnections)
	return n
}

// round sends uploads of 10 KiB by four clients, and returns how many milliseconds
// each took.
func (n *timedNode) round(t *testing.T, uploads int) []float64 {
	t.Helper()
	took := make([]float64, uploads)
	var next atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < uploads; i = int(next.Add(1)) - 1 {
				body := ordinary(int(n.sent.Add(1)))
				began := time.Now()
				resp, err := n.client.Post("https://www.dropbox.com/upload", "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				took[i] = float64(time.Since(began).Microseconds()) / 1000
				if resp.StatusCode != http.StatusOK {
					t.Errorf("answered %d", resp.StatusCode)
				}
			}
		})
	}
	all.Wait()
	return took
}

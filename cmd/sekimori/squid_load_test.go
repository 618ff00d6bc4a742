package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/bench/load"
)

var icapUploads = flag.Int("icap.uploads", 400, "uploads through a squid that asks by ICAP; from 2000 on it is measured beside one that asks c-icap's echo service")

// Many clients at once through a squid that asks by ICAP over kept connections:
// each is answered, those with a card by our page, and nothing of those leaves.
func TestSquidUnderLoad(t *testing.T) {
	squid := squidWithTLS(t)
	ask := freeAddress(t)
	in := installCards(t, ask)
	front, file, _ := startSquid(t, squid, in, ask+"/reqmod", "off")
	n := *icapUploads
	load := func(front, ca string, cards bool) {
		t.Helper()
		pem, err := os.ReadFile(ca)
		check(t, err)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		_, port, err := net.SplitHostPort(in.origin.addr)
		check(t, err)
		c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: front}),
			TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 32}}
		defer c.CloseIdleConnections()
		var next atomic.Int64
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				for {
					i := int(next.Add(1))
					if i > n {
						return
					}
					body, want := ordinary(i), http.StatusOK
					if cards && i%10 == 0 {
						body, want = body+"card 4980127345612094", http.StatusForbidden
					}
					req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://localhost:"+port+"/upload", strings.NewReader(body))
					check(t, err)
					req.Header.Set("Content-Type", "text/plain")
					// Not sent: where squid closes an idle connection just when it is
					// used again, the transport takes another one.
					req.Header["Idempotency-Key"] = []string{}
					// squid 5 ends a connection with the request after one that
					// was answered by ICAP, which clients other than this one
					// send again.
					req.Close = want == http.StatusForbidden
					resp, err := c.Do(req)
					if err != nil {
						t.Errorf("upload %d: %v", i, err)
						continue
					}
					b, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || resp.StatusCode != want || want == http.StatusForbidden && !strings.Contains(string(b), "SK-") {
						t.Errorf("upload %d: %d %v %.200s", i, resp.StatusCode, err, b)
					}
				}
			})
		}
		all.Wait()
	}
	before := in.origin.count()
	load(front, file("ca.pem"), true)
	if got, want := in.origin.count()-before, n-n/10; got != want {
		t.Errorf("%d of %d went on", got, want)
	}
	if n >= 2000 {
		t.Log(measureBesideEcho(t, squid, in, front, file("ca.pem"), func(front, ca string) { load(front, ca, false) }))
	}
	in.stop()
	stopped := 0
	for _, ev := range in.events("--kind", "decision") {
		if ev.Action == "block" {
			stopped++
		}
	}
	if stopped != n/10 {
		t.Errorf("%d of %d are on record as blocked", stopped, n/10)
	}
}

// ordinary is an upload of some 10 KiB of the text that "bench proxy" sends; uploads
// of other numbers begin elsewhere in it.
func ordinary(i int) string {
	lines := texts()
	var b strings.Builder
	for k := i * 97; b.Len() < 10<<10; k++ {
		b.WriteString(lines[k%len(lines)])
	}
	return b.String()
}

// texts are the lines of which uploads are made.
var texts = sync.OnceValue(func() []string { return strings.SplitAfter(string(load.Body("text", 256<<10)), "\n") })

// measureBesideEcho tells what processor time uploads that pass take of this
// program, and beside it of a squid and the c-icap that it asks, whose echo service
// looks at nothing.
func measureBesideEcho(t *testing.T, squid string, in *site, front, ca string, load func(front, ca string)) string {
	t.Helper()
	cicap := installed(t, "c-icap")
	services, _ := filepath.Glob("/usr/lib/*/c_icap/srv_echo.so")
	if len(services) == 0 {
		return "c-icap's echo service is not installed"
	}
	dir, err := os.MkdirTemp("", "sekimori-c-icap-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	address := freeAddress(t)
	check(t, os.WriteFile(filepath.Join(dir, "conf"), fmt.Appendf(nil, `PidFile %[1]s/pid
CommandsSocket %[1]s/ctl
Port %[2]s
ServerLog %[1]s/log
AccessLog /dev/null
TmpDir %[1]s
ModulesDir %[3]s
ServicesDir %[3]s
StartServers 1
MaxServers 1
ThreadsPerChild 64
MaxKeepAliveRequests 1000000
InterProcessSharedMemScheme mmap
KeepAliveTimeout 600
DebugLevel 0
Service echo srv_echo.so
`, dir, address, filepath.Dir(services[0])), 0o600))
	cmd := exec.Command(cicap, "-N", "-f", filepath.Join(dir, "conf"))
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	waitFor(t, "c-icap listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	other, file, pid := startSquid(t, squid, in, address+"/echo", "off")
	load(other, file("ca.pem")) // once to warm up
	programs := [3]int{in.cmd.Process.Pid, pid, cmd.Process.Pid}
	var least [3]time.Duration
	const rounds = 3
	for range rounds { // in turn, since other work on the machine makes either dearer
		var took [3]time.Duration
		for i, p := range programs {
			took[i] = -processorTime(p)
		}
		load(front, ca)
		load(other, file("ca.pem"))
		for i, p := range programs {
			if took[i] += processorTime(p); least[i] == 0 || took[i] < least[i] {
				least[i] = took[i]
			}
		}
	}
	thousand := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()*1000/float64(*icapUploads)) }
	return fmt.Sprintf("processor seconds a 1,000 uploads of 10 KiB, the least of %d rounds: %s here; %s of squid, %s of c-icap's echo: %.2f of theirs", rounds,
		thousand(least[0]), thousand(least[1]), thousand(least[2]), float64(least[0])/float64(least[1]+least[2]))
}

// processorTime is that of a process and of those that it started.
func processorTime(pid int) (sum time.Duration) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range all {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if err != nil || len(fields) < 13 {
			continue
		}
		if id == pid {
			for _, ticks := range fields[11:13] {
				n, _ := strconv.Atoi(ticks)
				sum += time.Duration(n) * 10 * time.Millisecond
			}
		} else if fields[1] == strconv.Itoa(pid) {
			sum += processorTime(id)
		}
	}
	return sum
}

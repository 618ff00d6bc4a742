package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// unit runs serve as systemd does: with the socket passed on.
func (in *site) unit(socket *os.File) *exec.Cmd {
	t := in.t
	t.Helper()
	bin, err := binary()
	check(t, err)
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" serve --config "$1"`, bin, in.config)
	cmd.Env = append(clientEnv(), "LISTEN_FDS=1", "LISTEN_FDNAMES=clients")
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stderr = in.log
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func TestSocketActivationLosesNoConnection(t *testing.T) {
	in := install(t, `
[[listener]]
name = "clients"
address = "systemd:clients"
`)
	in.replace(`proxy = "127.0.0.1:0"`, "")
	in.log = &syncBuffer{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	socket, err := l.(*net.TCPListener).File()
	check(t, err)
	defer socket.Close()
	addr := l.Addr().String()
	l.Close() // the unit's socket stays open
	first := in.unit(socket)
	proxyURL, _ := url.Parse("http://" + addr)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxyURL), DisableKeepAlives: true}, Timeout: 30 * time.Second}
	var done, failed atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				resp, err := client.Post("http://upload.example.com/", "text/plain", strings.NewReader("harmless"))
				if err != nil || resp.StatusCode != 200 {
					failed.Add(1)
					t.Errorf("lost: %v %v", resp, err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				done.Add(1)
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	eventually(t, "requests pass", func() bool { return done.Load() > 10 })
	for range 2 { // upgrades
		check(t, first.Process.Signal(syscall.SIGTERM))
		ending := time.Now()
		_ = first.Wait()
		if d := time.Since(ending); d > 5*time.Second {
			t.Errorf("with nothing but short requests it took %v to end", d)
		}
		before := done.Load()
		first = in.unit(socket)
		eventually(t, "requests pass again", func() bool { return done.Load() > before+10 })
	}
	close(stop)
	wg.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of %d requests were lost\n%s", failed.Load(), done.Load(), in.log)
	}
}

// replace changes the text of the configuration.
func (in *site) replace(old, with string) {
	in.t.Helper()
	b, err := os.ReadFile(in.config)
	check(in.t, err)
	if !strings.Contains(string(b), old) {
		in.t.Fatalf("the configuration has no %q", old)
	}
	check(in.t, os.WriteFile(in.config, []byte(strings.Replace(string(b), old, with, 1)), 0o600))
}

func TestSharedPortHandsOver(t *testing.T) {
	addr := freeAddress(t)
	start := func() *site {
		in := install(t, fmt.Sprintf("[[listener]]\nname = \"shared\"\naddress = %q\nreuse_port = true\n", addr))
		in.replace(`proxy = "127.0.0.1:0"`, "")
		return in.start()
	}
	blue, green := start(), start() // two installations, one address
	proxyURL, _ := url.Parse("http://" + addr)
	get := func() error {
		c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxyURL), DisableKeepAlives: true}, Timeout: 10 * time.Second}
		resp, err := c.Get("http://try.sekimori.test/")
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	for range 10 {
		check(t, get())
	}
	if code := blue.stop(); code != 0 {
		t.Errorf("the old one ended with %d", code)
	}
	for range 10 {
		check(t, get())
	}
	green.stop()
}

func TestKillSwitches(t *testing.T) {
	in := install(t, `
[[bypass]]
id = "pinned"
hosts = ["intranet.example.jp"]
owner = "it"
reason = "test"
until = 2099-12-31
`).start()
	list := []byte(customers(200).csv())
	send := func() string {
		status, _ := in.curl(list, "-x", "http://"+in.proxy, "--cacert", in.ca, "-H", "Content-Type: text/csv", "--data-binary", "@-", "https://www.dropbox.com/upload")
		return status
	}
	harmless := func() string {
		status, _ := in.curl([]byte("hello"), "-x", "http://"+in.proxy, "--cacert", in.ca, "--data-binary", "@-", "https://www.dropbox.com/upload")
		return status
	}
	bypassed := func() string {
		status, _ := in.curl(nil, "-x", "http://"+in.proxy, "--cacert", in.origin.ca, "https://intranet.example.jp/")
		return status
	}
	if s := send(); s != "403" {
		t.Fatalf("enforce: a list of people was answered %s", s)
	}
	if s := bypassed(); s != "200" {
		t.Fatalf("enforce: a bypassed host was answered %s", s)
	}
	if out, code := in.sekimori("mode", "observe", "--config", in.config); code == 0 {
		t.Errorf("a switch without a reason: %s", out)
	}
	set := func(args ...string) {
		t.Helper()
		if out, code := in.sekimori(append([]string{"mode", "--config", in.config}, args...)...); code != 0 {
			t.Fatalf("%s", out)
		}
	}
	set("observe", "--reason", "rules misfire", "--for", "1h")
	eventually(t, "observe lets through", func() bool { return send() == "200" })
	set("block-all", "--reason", "a leak")
	eventually(t, "block-all lets nothing through", func() bool { return harmless() == "403" })
	if s := bypassed(); s == "200" {
		t.Error("block-all lets bypassed tunnels through")
	}
	if _, m := in.get("/metrics"); !strings.Contains(m, `sekimori_mode{mode="block-all"} 1`) || !strings.Contains(m, `sekimori_mode{mode="enforce"} 0`) {
		t.Error("the metric does not tell the mode")
	}
	set("enforce")
	eventually(t, "enforce lets harmless things through", func() bool { return harmless() == "200" })
	if s := send(); s != "403" {
		t.Errorf("enforce again: %s", s)
	}
	var modes []string
	for _, e := range in.events("--kind", "mode") {
		modes = append(modes, e.Action+":"+e.Reason)
	}
	if got := strings.Join(modes, " "); got != "observe:rules misfire block-all:a leak enforce:" {
		t.Errorf("on record: %s", got)
	}
}

func TestBypassIsCountedByEntryAndReloaded(t *testing.T) {
	in := install(t, "").start()
	status := func() string {
		s, _ := in.curl(nil, "-x", "http://"+in.proxy, "--cacert", in.origin.ca, "https://intranet.example.jp/")
		return s
	}
	if s := status(); s != "000" {
		t.Fatalf("not bypassed, yet its own certificate was seen: %s", s)
	}
	b, err := os.ReadFile(in.config)
	check(t, err)
	check(t, os.WriteFile(in.config, []byte(string(b)+"\n[[bypass]]\nid = \"intranet\"\nhosts = [\"intranet.example.jp\"]\nowner = \"it\"\nreason = \"pins\"\nuntil = 2099-12-31\n"), 0o600))
	in.signal(syscall.SIGHUP)
	eventually(t, "the entry is in force", func() bool { return status() == "200" })
	eventually(t, "its bytes are counted", func() bool {
		_, m := in.get("/metrics")
		return strings.Contains(m, `sekimori_bypassed_bytes_total{entry="intranet"} `)
	})
	if _, list := in.get("/bypass"); !strings.Contains(list, `"owner": "it"`) || !strings.Contains(list, `"expired": false`) {
		t.Errorf("/bypass: %s", list)
	}
	eventually(t, "the end is on record", func() bool {
		evs := in.events("--kind", "bypass-end")
		return len(evs) > 0 && evs[0].Rule == "intranet" && evs[0].Bytes > 0
	})
}

func TestHelpAddressTellsNothingElse(t *testing.T) {
	in := install(t, "organisation = \"Example\"")
	help := freeAddress(t)
	in.replace("[listen]\n", fmt.Sprintf("[listen]\nhelp = %q\n", help))
	in.start()
	for path, want := range map[string]int{"/trust": 200, "/proxy.pac": 200, "/wpad.dat": 200, "/ca.pem": 200, "/ca.crt": 200, "/ca.mobileconfig": 200,
		"/": 302, "/metrics": 404, "/bypass": 404, "/readyz": 404} {
		c := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := c.Get("http://" + help + path)
		check(t, err)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	status, page := in.curl(nil, "-x", "http://"+in.proxy, "-H", "Accept-Language: en", "http://try.sekimori.test/trust")
	if status != "200" || !strings.Contains(page, "At Example, ") || !strings.Contains(page, "Certificate Trust Settings") {
		t.Errorf("through the proxy: %s %.200s", status, page)
	}
}

// TestPACInABrowser lets Chromium choose by the file.
func TestPACInABrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	in := install(t, "").start()
	cmd := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(t.TempDir(), "profile"),
		"--proxy-pac-url=http://"+in.admin+"/proxy.pac", "--timeout=20000", "--dump-dom", "http://try.sekimori.test/")
	cmd.Env = clientEnv()
	done := time.AfterFunc(60*time.Second, func() { _ = cmd.Process.Kill() })
	defer done.Stop()
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "Your browser goes through Sekimori") {
		t.Errorf("%v: %.500s", err, out)
	}
}

func TestAccessLog(t *testing.T) {
	in := install(t, "[log]\naccess = \"access.log\"\n").start()
	send := func(path, body string) {
		in.curl([]byte(body), "-x", "http://"+in.proxy, "--cacert", in.ca, "-H", "Content-Type: text/csv", "--data-binary", "@-", "https://www.dropbox.com/"+path)
	}
	file := filepath.Join(in.dir, "access.log")
	lines := func() (all []map[string]any) {
		b, err := os.ReadFile(file)
		check(t, err)
		for line := range strings.Lines(string(b)) {
			var m map[string]any
			check(t, json.Unmarshal([]byte(line), &m))
			if m["method"] != "CONNECT" {
				all = append(all, m)
			}
		}
		return all
	}
	send("private-path?q=private-query", "hello")
	send("private-path", customers(200).csv())
	eventually(t, "both are logged", func() bool { return len(lines()) == 2 })
	all := lines()
	if all[0]["status"] != 200.0 || all[0]["host"] != "www.dropbox.com" || all[0]["in"] != 5.0 || all[0]["out"].(float64) < 10 || all[0]["action"] != "allow" {
		t.Errorf("%v", all[0])
	}
	if all[1]["status"] != 403.0 || all[1]["action"] != "block" || !strings.HasPrefix(fmt.Sprint(all[1]["incident"]), "SK-") {
		t.Errorf("%v", all[1])
	}
	if b, _ := os.ReadFile(file); strings.Contains(string(b), "private") || strings.Contains(string(b), "090-") {
		t.Error("the access log holds what a client wrote")
	}
	check(t, os.Rename(file, file+".1"))
	in.signal(syscall.SIGHUP)
	eventually(t, "a new file is begun", func() bool { _, err := os.Stat(file); return err == nil })
	send("x", "hello")
	eventually(t, "it is written", func() bool { return len(lines()) == 1 })
}

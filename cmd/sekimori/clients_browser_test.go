package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// scriptedPage sends what it is given as a page's script can, and reports what
// came of it.
const scriptedPage = `<!doctype html><meta charset=utf-8><title>site</title><script>
const by = {
  fetch: async (body) => { const r = await fetch('/up/fetch', { method: 'POST', body }); return r.status + ' ' + await r.text() },
  xhr: (body) => new Promise((ok) => { const x = new XMLHttpRequest(); x.open('PUT', '/up/xhr'); x.onloadend = () => ok(x.status + ' ' + x.responseText); x.send(body) }),
  file: async (body) => { const f = new FormData(); f.append('file', new Blob([body], { type: 'text/csv' }), 'list.csv'); const r = await fetch('/up/file', { method: 'POST', body: f }); return r.status + ' ' + await r.text() },
  beacon: async (body) => String(navigator.sendBeacon("/up/beacon", body)), // nobody sees its answer
  websocket: (body) => new Promise((ok) => { const c = new WebSocket('wss://' + location.host + '/chat'); c.onopen = () => c.send(body); c.onmessage = (e) => { ok('200 ' + e.data.length); c.close() }; c.onclose = (e) => ok(e.code + ' ' + e.reason) }),
}
;(async () => {
  const report = {}
  for (const list of ['products', 'people']) {
    const body = await (await fetch('/' + list)).text()
    for (const how in by) report[how + ' ' + list] = await by[how](body).catch((e) => 'error ' + e)
  }
  await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
  document.title = 'done'
})()
</script>`

// TestScriptsInBrowsers has pages send by fetch, XMLHttpRequest, forms, beacons
// and WebSocket, in each browser that is there.
func TestScriptsInBrowsers(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers take long")
	}
	for name, start := range map[string]func(t *testing.T, in *site) []string{"chromium": chromiumArgs, "firefox-esr": firefoxArgs} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(name)
			if err != nil {
				t.Skipf("%s is not installed", name)
			}
			in := install(t, "")
			people, twins := customers(60).csv(), products(60).csv()
			reports, via := make(chan map[string]string, 1), make(chan string, 2)
			pages := http.NewServeMux()
			pages.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				io.WriteString(w, scriptedPage)
			})
			pages.HandleFunc("GET /people", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, people) })
			pages.HandleFunc("GET /products", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, twins) })
			pages.HandleFunc("/up/", func(w http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				fmt.Fprintf(w, "got %d", n)
			})
			pages.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
				var m map[string]string
				if json.NewDecoder(r.Body).Decode(&m) == nil {
					reports <- m
				}
			})
			pages.Handle("/chat", websocket.Server{Handler: func(c *websocket.Conn) {
				via <- c.Request().Header.Get("Via")
				var m string
				for websocket.Message.Receive(c, &m) == nil {
					if strings.Contains(m, "顧客番号") {
						t.Error("the list reached the origin in a message")
					}
					_ = websocket.Message.Send(c, m)
				}
			}})
			in.origin.serve(pages)
			in.start()
			cmd := exec.Command(program, append(start(t, in), "https://chat.example.com/")...)
			cmd.Env = append(clientEnv(), "HOME="+t.TempDir(), "MOZ_DISABLE_CONTENT_SANDBOX=1")
			check(t, cmd.Start())
			defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			var got map[string]string
			select {
			case got = <-reports:
			case <-time.After(90 * time.Second):
				t.Fatal("the page did not report")
			}
			for _, how := range []string{"fetch", "xhr", "file", "websocket"} {
				if r := got[how+" products"]; !strings.HasPrefix(r, "200 ") {
					t.Errorf("%s: what is harmless: %s", how, r)
				}
				if r := got[how+" people"]; !strings.HasPrefix(r, "403 ") && !strings.HasPrefix(r, "1008 ") || !strings.Contains(r, "SK-") {
					t.Errorf("%s: a list of people: %s", how, r)
				}
			}
			// Both use the HTTP/2 connection that is open, as its server says that it can.
			for range 2 {
				if v := <-via; !strings.HasPrefix(v, "2.0 ") {
					t.Errorf("the WebSocket came by %s", v)
				}
			}
			for _, r := range in.origin.all() {
				if strings.Contains(string(r.body), "顧客番号") {
					t.Errorf("the list reached the origin at %s", r.path)
				}
			}
		})
	}
}

func chromiumArgs(t *testing.T, in *site) []string {
	return []string{"--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--ignore-certificate-errors",
		"--user-data-dir=" + filepath.Join(t.TempDir(), "profile"), "--proxy-server=http://" + in.proxy}
}

// firefoxArgs makes a profile with the proxy set and the CA in its store.
func firefoxArgs(t *testing.T, in *site) []string {
	profile := filepath.Join(t.TempDir(), "profile")
	check(t, os.MkdirAll(profile, 0o700))
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Skip("certutil, which puts a CA into Firefox's store, is not installed")
	}
	for _, args := range [][]string{{"-N", "-d", profile, "--empty-password"}, {"-A", "-d", profile, "-n", "sekimori", "-t", "C,,", "-i", in.ca}} {
		if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v: %s", err, out)
		}
	}
	host, port, _ := strings.Cut(in.proxy, ":")
	prefs := fmt.Sprintf(`user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", %q);
user_pref("network.proxy.http_port", %s);
user_pref("network.proxy.ssl", %q);
user_pref("network.proxy.ssl_port", %s);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("termsofuse.bypassNotification", true);
`, host, port, host, port)
	check(t, os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs), 0o600))
	return []string{"--headless", "--no-remote", "--profile", profile}
}

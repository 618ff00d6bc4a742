package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Squid opens TLS by itself and asks by ICAP, with previews: a fine upload comes
// through whole, and a card is answered with our page.
func TestSquidAsksByICAP(t *testing.T) {
	squid := squidWithTLS(t)
	ask := freeAddress(t)
	in := installCards(t, ask)
	front, file, _ := startSquid(t, squid, in, ask+"/reqmod", "on")
	log := func() string { b, _ := os.ReadFile(file("cache.log")); return tail(string(b)) }
	_, port, err := net.SplitHostPort(in.origin.addr)
	check(t, err)
	upload := func(body string) string {
		check(t, os.WriteFile(file("body"), []byte(body), 0o600))
		return run(t, "curl", "-sS", "-m", "60", "-x", "http://"+front, "--proxy-cacert", file("ca.pem"), "--cacert", file("ca.pem"), "-w", "\n%{http_code}",
			"-H", "Accept: application/json", "-H", "Content-Type: text/plain", "--data-binary", "@"+file("body"), "https://localhost:"+port+"/upload")
	}
	large := strings.Repeat("line of a large upload\n", 20_000)
	for _, body := range []string{"hello", large} {
		if out := upload(body); !strings.HasSuffix(out, "\n200") || string(in.origin.last().body) != body {
			t.Fatalf("%d bytes: %s, %d arrived\n%s", len(body), out, len(in.origin.last().body), log())
		}
	}
	before := in.origin.count()
	for _, body := range []string{"card 4980127345612094", large + "card 4980127345612094"} {
		if out := upload(body); !strings.HasSuffix(out, "\n403") || !strings.Contains(out, "SK-") {
			t.Errorf("%d bytes with a card: %s\n%s", len(body), out, log())
		}
	}
	if n := in.origin.count(); n != before {
		t.Errorf("%d requests went on", n-before)
	}
	// Without Sekimori nothing goes (bypass=off).
	in.stop()
	if out := upload("hello"); !strings.HasSuffix(out, fmt.Sprintf("\n%d", http.StatusInternalServerError)) {
		t.Errorf("without Sekimori: %s", out)
	}
	for _, ev := range in.events("--kind", "decision") {
		if ev.Protocol != "ICAP" || ev.Host != "localhost" || ev.Address != "127.0.0.1" {
			t.Errorf("recorded %+v", ev)
		}
	}
}

// installCards starts an installation that is asked by ICAP, and blocks cards also
// within.
func installCards(t *testing.T, ask string) *site {
	t.Helper()
	in := install(t, fmt.Sprintf("[rules]\npaths = [\"cards.toml\"]\n[icap]\nlisten = [%q]\n", ask))
	in.write("cards.toml", "[[rule]]\nid = \"cards\"\naction = \"block\"\nwhat = { findings = { types = \"CARD\" } }\nsay = \"no cards\"\n")
	return in.start()
}

// squidWithTLS tells where a squid is that opens TLS.
func squidWithTLS(t *testing.T) string {
	t.Helper()
	squid := installed(t, "squid")
	version, err := exec.CommandContext(t.Context(), squid, "-v").CombinedOutput()
	check(t, err)
	if !strings.Contains(string(version), "--with-openssl") {
		t.Skip("this squid opens no TLS")
	}
	return squid
}

// startSquid starts a squid that opens TLS and asks a service by ICAP about each
// request, with previews on or off. It returns where it listens, names of files in its folder, and its process.
func startSquid(t *testing.T, squid string, in *site, service, previews string) (front string, file func(name string) string, pid int) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sekimori-squid-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o777)) //nolint:gosec // squid's own user writes here
	file = func(name string) string { return filepath.Join(dir, name) }
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=squid test",
		"-keyout", file("key.pem"), "-out", file("ca.pem"), "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
	both := run(t, "cat", file("key.pem"), file("ca.pem"))
	check(t, os.WriteFile(file("both.pem"), []byte(both), 0o644)) //nolint:gosec // read by squid's own user
	run(t, "/usr/lib/squid/security_file_certgen", "-c", "-s", file("certs"), "-M", "4MB")
	check(t, exec.CommandContext(t.Context(), "chmod", "-R", "a+rwX", file("certs")).Run())
	origin, err := os.ReadFile(in.origin.ca)
	check(t, err)
	check(t, os.WriteFile(file("origin.pem"), origin, 0o644)) //nolint:gosec // as above
	front = freeAddress(t)
	check(t, os.WriteFile(file("squid.conf"), []byte(fmt.Sprintf(`
http_port %[1]s ssl-bump cert=%[2]s/both.pem generate-host-certificates=on
sslcrtd_program /usr/lib/squid/security_file_certgen -s %[2]s/certs -M 4MB
sslcrtd_children 2
acl begin at_step SslBump1
ssl_bump peek begin
ssl_bump bump all
tls_outgoing_options cafile=%[2]s/origin.pem
http_access allow all
cache deny all
pid_filename %[2]s/squid.pid
cache_log %[2]s/cache.log
access_log stdio:%[2]s/access.log
coredump_dir %[2]s
shutdown_lifetime 0 seconds
icap_enable on
icap_service sekimori reqmod_precache icap://%[3]s bypass=off
adaptation_access sekimori allow all
icap_send_client_ip on
icap_preview_enable %[4]s
icap_persistent_connections on
`, front, dir, service, previews)), 0o644)) //nolint:gosec // as above
	cmd := exec.Command(squid, "-N", "-f", file("squid.conf"))
	cmd.Env = clientEnv()
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	waitFor(t, "squid listens", func() bool {
		c, err := net.DialTimeout("tcp", front, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return front, file, cmd.Process.Pid
}

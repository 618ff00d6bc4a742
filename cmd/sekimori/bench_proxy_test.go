package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// TestBenchAgainst drives an installation that is up already and asks who
// sends, as one would a deployed proxy.
func TestBenchAgainst(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it reads /proc")
	}
	in := install(t, "[auth]\nhtpasswd = \"users\"\n")
	hash, err := bcrypt.GenerateFromPassword([]byte("one"), bcrypt.MinCost)
	check(t, err)
	in.write("users", fmt.Sprintf("sato:%s\n", hash))
	in.write("user", "sato:one\n")
	in.start()
	_, port, err := net.SplitHostPort(in.origin.addr)
	check(t, err)
	folder := filepath.Join(in.dir, "out")
	few := []string{"bench", "proxy", "--against", in.proxy, "--ca", in.ca, "--proxy-user", "@user", "--rounds", "1", "--requests", "40",
		"--connections", "4", "--handshakes", "4", "--large", "1", "--sizes", "1KiB,8KiB", "--samples", "5", "--half", "500ms", "--idle", "4", "--uploads", "2", "--upload-size", "1"}
	out, code := in.sekimori(append(few, "--origin", "https://localhost:"+port+"/upload", "--origin-ca", in.origin.ca,
		"--pid", strconv.Itoa(in.cmd.Process.Pid), "--out", folder)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	rows, err := os.ReadFile(filepath.Join(folder, "proxy.json"))
	check(t, err)
	kinds := map[string]int{}
	for line := range strings.Lines(string(rows)) {
		var row struct {
			Kind, Subject string
			PerSecond     float64 `json:"requests_per_second"`
			Idle          float64 `json:"idle_rss_mib"`
			Uploads       float64 `json:"tunnels_and_uploads_rss_mib"`
			Samples       int
		}
		check(t, json.Unmarshal([]byte(line), &row))
		kinds[row.Kind+" "+row.Subject]++
		switch {
		case row.Kind == "subject" && (row.PerSecond <= 0 || row.Idle <= 0 || row.Uploads < row.Idle),
			row.Kind == "size" && row.Samples != 5, row.Kind == "half" && row.Samples == 0:
			t.Errorf("not measured: %s", line)
		}
	}
	if kinds["subject "+in.proxy] != 1 || kinds["size direct"] != 2 || kinds["size "+in.proxy] != 2 || kinds["half "+in.proxy] != 1 || len(kinds) != 5 {
		t.Errorf("rows: %v", kinds)
	}
	if md, err := os.ReadFile(filepath.Join(folder, "proxy.md")); err != nil || string(md) == "" || !strings.HasSuffix(out, string(md)) {
		t.Errorf("what is printed is not what is written (%v): %s", err, out)
	}
	events := in.events("--kind", "decision")
	if n := len(events); n < 40+4+10 {
		t.Errorf("%d decisions are recorded: the load did not go through the proxy", n)
	}
	for _, e := range events {
		if e.User != "sato" {
			t.Fatalf("an upload without its user: %+v", e)
		}
	}

	// An origin of the benchmark's own: the proxy has yet to trust it, and is told by what.
	out, code = in.sekimori(append(few, "--origin-folder", "origin")...)
	if code == 0 || !strings.Contains(out, filepath.Join("origin", "ca.pem")) {
		t.Errorf("an origin that the proxy does not trust: exit %d: %s", code, out)
	}
	in.replace(fmt.Sprintf("ca_files = [%q]", in.origin.ca), `ca_files = ["origin/ca.pem"]`)
	in.stop()
	in.start()
	few[3] = in.proxy
	if out, code = in.sekimori(append(few, "--origin-folder", "origin", "--only", "small")...); code != 0 || !strings.Contains(out, "| "+in.proxy+" | ") {
		t.Errorf("an origin that the proxy trusts: exit %d: %s", code, out)
	}
}

// TestBenchBesideSquid measures beside the proxies that Debian has.
func TestBenchBesideSquid(t *testing.T) {
	squid := installed(t, "squid")
	if version, err := exec.CommandContext(t.Context(), squid, "-v").Output(); err != nil || !strings.Contains(string(version), "--enable-ssl-crtd") {
		t.Skip("this squid opens no TLS")
	}
	in := install(t, "")
	out, code := in.sekimori("bench", "proxy", "--beside", "squid,c-icap", "--only", "handshakes,sizes", "--rounds", "1", "--connections", "4", "--handshakes", "8",
		"--sizes", "4KiB", "--samples", "5", "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	want := []string{`"subject":"squid MITM, streaming","cpu_s_per_1000_handshakes"`, `"kind":"size","subject":"squid MITM, streaming","bytes":4096,"samples":5`}
	if _, err := exec.LookPath("c-icap"); err == nil {
		want = append(want, `"subject":"squid with c-icap MITM, nothing inspected","cpu_s_per_1000_handshakes"`)
	} else {
		want = append(want, "c-icap is not installed")
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("no %s in %s", w, out)
		}
	}
}

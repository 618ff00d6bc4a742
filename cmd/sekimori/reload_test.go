package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/intercept"
)

// TestReloadOfTheConfiguration changes what SIGHUP puts in force: the catalogue,
// the ways to origins and the CA. What has a fault changes nothing.
func TestReloadOfTheConfiguration(t *testing.T) {
	in := install(t, "[destinations]\ncatalogue = [\"own.toml\"]\n[log]\naccess = \"access.log\"\n")
	in.write("own.toml", "[services]\n")
	in.start()
	events := func(kind string) int { return len(in.events("--kind", kind)) }
	reload := func(what string) {
		t.Helper()
		before := events("reload")
		in.signal(syscall.SIGHUP)
		eventually(t, what+" is loaded", func() bool { return events("reload") >= before+3 })
	}
	post := func(host string) string {
		status, _ := in.curl([]byte("hello"), "--cacert", in.ca, "--data-binary", "@-", "https://"+host+"/")
		return status
	}
	if s := post("upload.example.com"); s != "200" {
		t.Fatalf("at first: %s", s)
	}
	service := func() string {
		all := in.events("--kind", "decision")
		return all[len(all)-1].Service
	}
	in.write("own.toml", "class = \"file-transfer\"\n[services]\n\"Own upload\" = [\"upload.example.com\"]\n")
	reload("the catalogue")
	if post("upload.example.com"); service() != "Own upload" {
		t.Errorf("the service is %q", service())
	}
	if s := post("moved.example.com"); s == "200" {
		t.Fatal("a host that nobody knows was reached")
	}
	in.replace("resolve = { ", fmt.Sprintf("resolve = { %q = %q, ", "moved.example.com:443", in.origin.addr))
	reload("the way to an origin")
	// The origin's certificate is for other names: it is reached, and refused.
	if _, answer := in.curl([]byte("hello"), "--cacert", in.ca, "--data-binary", "@-", "https://moved.example.com/"); !strings.Contains(answer, "certificate") {
		t.Errorf("the new way: %.300s", answer)
	}
	issuer := func() string {
		return in.client(nil, "curl", "-sS", "-k", "-v", "https://upload.example.com/")
	}
	next := filepath.Join(in.dir, "next.pem")
	check(t, intercept.Create(next, filepath.Join(in.dir, "next-key.pem"), "Next Authority"))
	if strings.Contains(issuer(), "Next Authority") {
		t.Fatal("the next CA signs already")
	}
	b, err := os.ReadFile(in.config)
	check(t, err)
	check(t, os.WriteFile(in.config, append(b, "\n[intercept]\nca_cert = \"next.pem\"\nca_key = \"next-key.pem\"\n"...), 0o600))
	reload("the CA")
	eventually(t, "the next CA signs", func() bool { return strings.Contains(issuer(), "Next Authority") })
	if _, page := in.get("/ca.pem"); page == "" {
		t.Error("no CA to trust")
	} else if want, err := os.ReadFile(next); err != nil || !strings.Contains(page, strings.TrimSpace(string(want))) {
		t.Errorf("/ca.pem is not the next one: %v", err)
	}
	in.ca = next
	in.write("own.toml", "[services\n")
	before := events("reload")
	in.signal(syscall.SIGHUP)
	eventually(t, "the fault is told", func() bool { return events("reload") > before && strings.Contains(in.log.String(), "own.toml:") })
	if post("upload.example.com"); service() != "Own upload" {
		t.Errorf("after a fault the service is %q", service())
	}
}

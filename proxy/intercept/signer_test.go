package intercept

import (
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// script writes a command in place of a token's tool.
func script(t *testing.T, text string) []string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	name := filepath.Join(t.TempDir(), "sign")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return []string{name}
}

func TestExternalKey(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl, which signs here, is not installed")
	}
	dir := t.TempDir()
	if _, err := Open(dir); err != nil {
		t.Fatal(err)
	}
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	ca, err := LoadExternal(cert, script(t, fmt.Sprintf(`[ "$SEKIMORI_HASH" = SHA-256 ] && exec openssl pkeyutl -sign -inkey %q`, key)))
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := NewIssuer(ca, 10)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issuer.Certificate("www.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "www.example.jp"}); err != nil {
		t.Error(err)
	}
}

func TestExternalKeyThatDoesNotSign(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if _, err := Open(d); err != nil {
			t.Fatal(err)
		}
	}
	cert := filepath.Join(dir, "ca.pem")
	for name, c := range map[string]struct{ text, says string }{
		"it fails":            {"echo the token is not there >&2; exit 3", "the token is not there"},
		"it says nothing":     {"cat >/dev/null", "no signature"},
		"it signs with a lie": {"cat >/dev/null; echo something", "does not sign"},
	} {
		if _, err := LoadExternal(cert, script(t, c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadExternal(cert, []string{filepath.Join(dir, "none")}); err == nil {
		t.Error("a command that is not there")
	}
	if _, err := LoadExternal(cert, nil); err == nil {
		t.Error("no command")
	}
}

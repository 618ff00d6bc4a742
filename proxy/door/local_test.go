//go:build unix

package door

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestParseLocal(t *testing.T) {
	for address, want := range map[string]Local{
		"unix:/run/a.sock":                                  {Path: "/run/a.sock", Mode: 0o660},
		"unix:/run//x/../a.sock mode=0666":                  {Path: "/run/a.sock", Mode: 0o666},
		"unix:/run/a.sock owner=sekimori group=postfix":     {Path: "/run/a.sock", Mode: 0o660, Owner: "sekimori", Group: "postfix"},
		"unix:/run/a.sock  mode=600  group=0":               {Path: "/run/a.sock", Mode: 0o600, Group: "0"},
		"unix:/var/spool/postfix/sekimori/milter mode=0660": {Path: "/var/spool/postfix/sekimori/milter", Mode: 0o660},
	} {
		if got, ok, err := ParseLocal(address); !ok || err != nil || got != want {
			t.Errorf("%s: %+v %v %v", address, got, ok, err)
		}
	}
	for _, bad := range []string{"unix:", "unix:a.sock", "unix:/a mode=", "unix:/a mode=99", "unix:/a mode=01666", "unix:/a mode=0060", "unix:/a user=x", "unix:/a group",
		"unix:/" + strings.Repeat("a", 103)} {
		if _, ok, err := ParseLocal(bad); !ok || err == nil || !strings.Contains(err.Error(), "write such as") {
			t.Errorf("%s: %v %v", bad, ok, err)
		}
	}
	if _, ok, err := ParseLocal("127.0.0.1:8891"); ok || err != nil {
		t.Error("an address of the network", ok, err)
	}
}

func TestLocalListens(t *testing.T) {
	dir, err := os.MkdirTemp("", "door") // that of the test may have too long a name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "a.sock")
	for _, mode := range []fs.FileMode{0o600, 0o666, 0o660} {
		l, err := Local{Path: path, Mode: mode}.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%v %v, want %v", info.Mode(), err, mode)
		}
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if _, err := (Local{Path: path, Mode: mode}).Listen(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("beside another program: %v", err)
		}
		l.Close()
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after the end: %v", err)
		}
	}
	// A crash leaves its socket behind.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	l, err := Local{Path: path, Mode: 0o660, Owner: "0", Group: "0"}.Listen(t.Context())
	switch {
	case os.Getuid() == 0 && err != nil:
		t.Error("over a socket left behind:", err)
	case os.Getuid() != 0 && !errors.Is(err, fs.ErrPermission):
		t.Error("given away by one who may not:", err)
	}
	if l != nil {
		l.Close()
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Local{Path: path, Mode: 0o660}).Listen(t.Context()); err == nil {
		t.Error("over a file")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("%q %v", b, err)
	}
	if _, err := (Local{Path: filepath.Join(dir, "none", "a"), Mode: 0o660}).Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("in no folder: %v", err)
	}
	if _, err := (Local{Path: filepath.Join(dir, "b"), Mode: 0o660, Group: "no such group"}).Listen(t.Context()); err == nil {
		t.Error("of a group that is not there")
	}
}

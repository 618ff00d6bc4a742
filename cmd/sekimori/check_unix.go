//go:build unix

package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// disk looks for room for held bodies and for the record.
func (c *checker) disk() {
	spool := int64(cmp.Or(c.Hold.TotalDisk, 8<<30))
	for _, d := range []struct {
		name, dir string
		need      int64
	}{{"room for held bodies", cmp.Or(c.Hold.Dir, c.folder("spool")), spool}, {"room for the audit log", c.folder("audit"), 1 << 30}} {
		dir := d.dir
		var st unix.Statfs_t
		err := unix.Statfs(dir, &st)
		for err == unix.ENOENT && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
			err = unix.Statfs(dir, &st)
		}
		if err != nil {
			c.add(d.name, "", "", fmt.Errorf("%s: %w", dir, err))
			continue
		}
		room := int64(st.Bavail) * int64(st.Bsize) //nolint:unconvert // differs between systems
		told := fmt.Sprintf("%d MiB free in %s, %d MiB wanted", room>>20, dir, d.need>>20)
		switch {
		case room < 64<<20:
			c.add(d.name, "", "make room: uploads are refused when it runs out", fmt.Errorf("%s", told))
		case room < d.need:
			c.note(d.name, told, "make room, or lower hold.spool: beyond what is free, uploads are refused")
		default:
			c.add(d.name, told, "", nil)
		}
	}
}

// files looks at how many files and connections the system lets the proxy have.
func (c *checker) files() {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		c.add("open files", "", "", err)
		return
	}
	// A client and an origin each, and the proxy's own. Go raises the limit to
	// the hard one by itself.
	need := uint64(2*cmp.Or(c.Proxy.Limits.Connections, 20000) + 1000)
	told := fmt.Sprintf("%d allowed, %d wanted for limit.connections", limit.Max, need)
	if limit.Max < need {
		c.note("open files", told, fmt.Sprintf("set LimitNOFILE=%d in the unit (ulimit -Hn), or lower limit.connections", need))
		return
	}
	c.add("open files", told, "", nil)
}

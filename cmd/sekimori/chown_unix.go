//go:build unix

package main

import (
	"os"
	"syscall"
)

// follow gives a file to the owner of a folder, where that can be done.
func follow(file, dir string) {
	info, err := os.Stat(dir)
	if err != nil {
		return
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(file, int(s.Uid), int(s.Gid)) // only root may
	}
}

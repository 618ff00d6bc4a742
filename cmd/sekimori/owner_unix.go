//go:build unix

package main

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// owner names the account that owns a file, as far as the system knows.
func owner(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	id := strconv.FormatUint(uint64(st.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

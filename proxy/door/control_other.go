//go:build !linux

package door

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

func control(o Options, _ string, _ syscall.RawConn) error {
	if o.ReusePort || o.Transparent {
		return fmt.Errorf("shared and transparent listeners: %w", ErrUnsupported)
	}
	return nil
}

// private is for Linux alone; elsewhere the umask has to do.
func private(syscall.RawConn) error { return nil }

// Original is for Linux alone.
func Original(net.Conn) (netip.AddrPort, error) {
	return netip.AddrPort{}, fmt.Errorf("original destination: %w", ErrUnsupported)
}

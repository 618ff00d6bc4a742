package door

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func control(o Options, network string, raw syscall.RawConn) error {
	var fault error
	err := raw.Control(func(fd uintptr) {
		if o.ReusePort {
			if e := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); e != nil {
				fault = fmt.Errorf("set SO_REUSEPORT: %w", e)
			}
		}
		if o.Transparent {
			level, option := unix.SOL_IP, unix.IP_TRANSPARENT
			if network == "tcp6" {
				level, option = unix.SOL_IPV6, unix.IPV6_TRANSPARENT
			}
			if e := unix.SetsockoptInt(int(fd), level, option, 1); e != nil {
				fault = errors.Join(fault, fmt.Errorf("set IP_TRANSPARENT (it needs CAP_NET_ADMIN): %w", e))
			}
		}
	})
	return errors.Join(err, fault)
}

// private gives a socket that is about to be bound to a path rights for its owner
// alone: of unix(7), Linux takes those of the path from the socket itself.
func private(raw syscall.RawConn) error {
	var fault error
	err := raw.Control(func(fd uintptr) { fault = unix.Fchmod(int(fd), 0o600) })
	return errors.Join(err, fault)
}

// soOriginalDst is SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of Linux's
// netfilter headers.
const soOriginalDst = 80

// Original returns the address that a connection was meant for before the
// kernel's REDIRECT or DNAT target sent it here.
func Original(c net.Conn) (netip.AddrPort, error) {
	t, ok := c.(syscall.Conn)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("original destination of a %T: %w", c, ErrUnsupported)
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	local, _ := netip.ParseAddrPort(c.LocalAddr().String())
	var to netip.AddrPort
	var fault error
	err = raw.Control(func(fd uintptr) {
		// Two of x/sys's readers take a structure of the size that the
		// kernel writes here: sockaddr_in has 16 bytes, sockaddr_in6 28.
		if local.Addr().Unmap().Is4() {
			var a *unix.IPv6Mreq
			if a, fault = unix.GetsockoptIPv6Mreq(int(fd), unix.SOL_IP, soOriginalDst); fault == nil {
				b := a.Multiaddr // family, port, address
				to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), uint16(b[2])<<8|uint16(b[3]))
			}
			return
		}
		var a *unix.IPv6MTUInfo
		if a, fault = unix.GetsockoptIPv6MTUInfo(int(fd), unix.SOL_IPV6, soOriginalDst); fault == nil {
			p := (*[2]byte)(unsafe.Pointer(&a.Addr.Port)) // in network order
			to = netip.AddrPortFrom(netip.AddrFrom16(a.Addr.Addr), uint16(p[0])<<8|uint16(p[1]))
		}
	})
	if err = errors.Join(err, fault); err != nil {
		return netip.AddrPort{}, fmt.Errorf("read the original destination: %w", err)
	}
	return to, nil
}

// Package door opens the listeners by which clients come in: on an address of
// its own, on sockets that systemd passes on, shared with another process for
// the time of an upgrade, or as the end of a transparent redirection. It also
// reads what stands before a client's first byte: the PROXY protocol's header
// of a load balancer, and the address a redirected connection was meant for.
//
// It speaks no HTTP and knows no policy; package proxy does.
package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// Options say where and how to listen.
type Options struct {
	// Address is "host:port", or "systemd" or "systemd:NAME" for the sockets
	// that the service manager passed on (sd_listen_fds(3); NAME is the
	// socket unit's FileDescriptorName).
	Address string
	// ReusePort lets another process listen on the same address at the same
	// time, for an upgrade without a gap.
	ReusePort bool
	// Transparent accepts connections to any address that the kernel's
	// TPROXY target hands over. Linux only; needs CAP_NET_ADMIN.
	Transparent bool
}

// ErrUnsupported is returned for what this system cannot do.
var ErrUnsupported = errors.New("not supported on this system")

// fromSystemd are the passed sockets by name. They are taken over once; a
// socket is given out once.
var fromSystemd = struct {
	sync.Mutex
	once  sync.Once
	named map[string][]net.Listener
	err   error
}{}

// Check reports what is wrong with an address, without opening it.
func Check(address string) error {
	if name, ok := strings.CutPrefix(address, "systemd"); ok && (name == "" || name[0] == ':') {
		return nil
	}
	if strings.HasPrefix(address, "unix:") {
		return fmt.Errorf("%q: a socket in a folder is for mail servers that ask only (milter.listen); write \"host:port\"", address)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address; write \"host:port\", or \"systemd:NAME\" for a passed socket", address)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("%q: %q is no port; write a number up to 65535, or 0 for any that is free", address, port)
	}
	return nil
}

// Listen opens the listeners: one, or as many as were passed under the name.
func (o Options) Listen(ctx context.Context) ([]net.Listener, error) {
	if err := Check(o.Address); err != nil {
		return nil, err
	}
	if name, ok := strings.CutPrefix(o.Address, "systemd"); ok {
		return passed(strings.TrimPrefix(name, ":"))
	}
	c := net.ListenConfig{Control: func(network, _ string, raw syscall.RawConn) error {
		return control(o, network, raw)
	}}
	l, err := c.Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, err
	}
	return []net.Listener{l}, nil
}

func passed(name string) ([]net.Listener, error) {
	s := &fromSystemd
	s.once.Do(func() { s.named, s.err = activation.ListenersWithNames() })
	s.Lock()
	defer s.Unlock()
	if s.err != nil {
		return nil, fmt.Errorf("take over passed sockets: %w", s.err)
	}
	if name != "" {
		found := s.named[name]
		delete(s.named, name)
		if len(found) == 0 {
			return nil, fmt.Errorf("no socket named %q was passed; set FileDescriptorName=%s in the socket unit and start it", name, name)
		}
		return found, nil
	}
	if len(s.named) != 1 {
		return nil, fmt.Errorf("%d kinds of sockets were passed; name one as \"systemd:NAME\"", len(s.named))
	}
	for n, found := range s.named {
		delete(s.named, n)
		return found, nil
	}
	return nil, nil
}

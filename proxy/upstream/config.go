package upstream

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Config says how origins are reached. Zero fields take the defaults.
type Config struct {
	CAFiles      []string          // PEM files with roots beside the system's
	Resolve      map[string]string // "host:port" to the "address:port" dialled for it
	AllowPrivate []netip.Prefix    // networks exempt from the refusal of inner addresses

	Parent Parent // another proxy on the way

	Dial     time.Duration // TCP connection; default 10 s
	TLS      time.Duration // TLS handshake; default 10 s
	Response time.Duration // from the last byte sent to the answer's head; default 5 min
	Idle     time.Duration // unused pooled connections; default 90 s
}

// Validate reports everything that is wrong.
func (c Config) Validate() error {
	var errs []error
	for from, to := range c.Resolve {
		for _, hp := range []string{from, to} {
			if err := hostPort(hp); err != nil {
				errs = append(errs, fmt.Errorf("upstream.resolve: %q: %w; write \"host:port\"", hp, err))
			}
		}
	}
	if _, err := c.Parent.parse(); err != nil {
		errs = append(errs, err)
	}
	for _, d := range []time.Duration{c.Dial, c.TLS, c.Response, c.Idle} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("upstream: timeout %v is negative", d))
		}
	}
	return errors.Join(errs...)
}

// DialTime is how long connecting may take.
func (c Config) DialTime() time.Duration { return or(c.Dial, 10*time.Second) }

func hostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return err
	}
	if host == "" {
		return errors.New("no host")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return errors.New("no valid port")
	}
	return nil
}

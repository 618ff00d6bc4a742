//go:build unix

package upstream

import "golang.org/x/sys/unix"

// canProbe says that an idle connection can be looked at.
const canProbe = true

// quiet reports whether an idle connection is still open and nothing has come
// on it, as far as this end knows.
func (c *plain) quiet() bool {
	if c.raw == nil {
		return false
	}
	var err error
	failed := c.raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, _, err = unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return true
	})
	return failed == nil && (err == unix.EAGAIN || err == unix.EINTR)
}

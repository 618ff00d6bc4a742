//go:build unix

package speed

import (
	"syscall"
	"time"
)

// clockName says what the figures were measured by.
const clockName = "processor time of the process"

// cpuTime is the processor time that this process has used, by user and
// system. On a shared machine it tells more than the time on the wall.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

//go:build unix

package main

import (
	"os"
	"syscall"
)

// reloadSignals make serve load its rules again.
var reloadSignals = []os.Signal{syscall.SIGHUP}

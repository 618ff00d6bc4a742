//go:build !unix

package main

import "os"

// reloadSignals is empty: there is no such signal; files are watched.
var reloadSignals []os.Signal

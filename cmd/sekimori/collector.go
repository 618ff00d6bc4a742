package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// headroom is how many bytes of garbage may gather beside what is live. Most
// of what is live in a proxy at rest are the compiled rules and dictionaries,
// some 40 MiB that never change; under Go's default, which takes as much again,
// they are walked through every few thousand requests.
const headroom = 96 << 20

// tuneCollector makes the garbage collector leave headroom, or as much as is
// live if that is more, unless the operator chose by GOGC or GOMEMLIMIT.
func tuneCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		afterCollection(new(collection))
	}
}

// collection is an object that nobody holds: its finalizer runs after every
// collection.
type collection struct{ live [1]metrics.Sample }

func afterCollection(c *collection) {
	c.live[0].Name = "/gc/heap/live:bytes"
	metrics.Read(c.live[:])
	debug.SetGCPercent(percent(c.live[0].Value.Uint64()))
	runtime.SetFinalizer(c, afterCollection)
}

// percent says how much garbage may gather beside so many live bytes, in
// percent of them.
func percent(live uint64) int {
	return max(100, int(headroom*100/max(live, headroom/10)))
}

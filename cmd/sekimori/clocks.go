package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
)

// clocks notices when somebody sets the system's clock, or it jumps because a
// machine was suspended: records then have times that lie, and what ends at a
// time, such as releases and bypasses, ends sooner or later than was meant. How
// long things take is measured by another clock, which nobody can set. For one
// goroutine.
type clocks struct {
	wall    func() time.Time     // may be set
	running func() time.Duration // may not
	told    func(by time.Duration)
	jumps   *prometheus.CounterVec

	lastWall    time.Time
	lastRunning time.Duration
}

// leastJump is what is told of; less is how clocks are corrected all the time.
const leastJump = 10 * time.Second

func newClocks(registry prometheus.Registerer, told func(by time.Duration)) *clocks {
	began := time.Now()
	c := &clocks{wall: time.Now, running: func() time.Duration { return time.Since(began) }, told: told,
		jumps: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_clock_jumps_total",
			Help: "Times that the system's clock jumped by ten seconds or more, by direction."}, []string{"direction"})}
	registry.MustRegister(c.jumps)
	for _, d := range []string{"forwards", "backwards"} {
		c.jumps.WithLabelValues(d)
	}
	return c
}

// look compares the clocks with how they were at the last call.
func (c *clocks) look() {
	wall, running := c.wall().Round(0), c.running() // by the time that was set alone
	by := wall.Sub(c.lastWall) - (running - c.lastRunning)
	first := c.lastWall.IsZero()
	c.lastWall, c.lastRunning = wall, running
	if first || by.Abs() < leastJump {
		return
	}
	direction := "forwards"
	if by < 0 {
		direction = "backwards"
	}
	c.jumps.WithLabelValues(direction).Inc()
	c.told(by)
}

// clockSet tells of a jump.
func (i *installation) clockSet(by time.Duration) {
	what := fmt.Sprintf("the system's clock was set forwards by %v", by.Round(time.Second))
	if by < 0 {
		what = fmt.Sprintf("the system's clock was set back by %v", -by.Round(time.Second))
	}
	i.log.Warn(what + "; look whether it is right now: releases, bypasses and retention go by it")
	i.record(audit.Event{Kind: "alarm", Time: time.Now(), Reason: what})
}

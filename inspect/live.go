package inspect

import (
	"errors"
	"maps"
)

// Live is for a scan of an upload that is still coming in: what has been found so
// far can be asked for, so that its sender need not be waited for where that is
// enough. Such a scan reads its parts from front to back, on the goroutine that
// called Scan.
type Live struct {
	// SoFar is called after each piece of text. sum gives a report of what was
	// found up to there, valid during the call: its Answers are not more than
	// those of the whole will be, but for persons that turn out to be the same.
	SoFar func(sum func() *Report)
	// Ended says that the scan was given up, because a part is read in a process
	// of its own: those are few, and do not wait for what is still to come.
	Ended bool
}

// errApart ends a scan that is Live.
var errApart = errors.New("a part has to be read in a process of its own")

// isApart tells whether a reader uses a process of its own.
func isApart(r any) bool {
	_, ok := r.(interface{ Apart() })
	return ok
}

// soFar tells what was found by now, if anybody wants to know it.
func (c *scan) soFar() {
	if l := c.opt.Live; l != nil && l.SoFar != nil {
		l.SoFar(c.sum)
	}
}

// sum is the report as it stands.
func (c *scan) sum() *Report {
	r := *c.report
	c.tally.flush()
	n := len(c.tally.questions) - 1
	r.Answers = make([]int, n)
	for i := range r.Answers {
		r.Answers[i] = c.tally.questions[i].count
	}
	r.Records = c.tally.questions[n].count
	r.Total = maps.Clone(r.Total)
	for k := range c.scanner.survey.kinds.types {
		if n := c.tally.totals[k]; n > 0 {
			r.total(c.scanner.survey.kinds.types[k], n)
		}
	}
	r.Coverage = cover(r.Parts)
	return &r
}

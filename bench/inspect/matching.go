package speed

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/rules"
)

// job is one measurement under way.
type job struct {
	Measurement
	engine engine
	text   []byte
	times  int // scans a sample
	// verify judges the first scan and notes how it was checked; those that
	// follow must count the same.
	verify func(j *job, count int) error
	wall   []float64
}

// measure lets jobs take turns and fills their figures.
func (r *run) measure(what string, rounds int, jobs []*job) error {
	for _, j := range jobs {
		r.Progress(fmt.Sprintf("%s: check %s", what, j.label()))
		if err := r.ctx.Err(); err != nil {
			return err
		}
		s, err := j.engine.scan(j.text, 1)
		if err == nil {
			j.Count = s.count
			err = j.verify(j, s.count)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", what, j.label(), err)
		}
	}
	for i := range rounds {
		r.Progress(fmt.Sprintf("%s: round %d of %d", what, i+1, rounds))
		for _, j := range jobs {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			runtime.GC() // the garbage of one is no burden of the next
			s, err := j.engine.scan(j.text, j.times)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", what, j.label(), err)
			}
			if s.count != j.Count {
				return fmt.Errorf("%s: %s: %w: %d in round %d, %d before", what, j.label(), errMiscount, s.count, i+1, j.Count)
			}
			million := float64(j.Bytes) * float64(j.times) / 1e6
			j.rounds = append(j.rounds, million/max(s.cpu.Seconds(), 1e-9))
			j.wall = append(j.wall, million/max(s.wall.Seconds(), 1e-9))
		}
	}
	for _, j := range jobs {
		j.MBs, j.Min, j.Max = spread(j.rounds)
		j.WallMB, _, _ = spread(j.wall)
		r.result.Measurements = append(r.result.Measurements, j.Measurement)
	}
	return nil
}

// label names a job in progress and errors.
func (j *job) label() string {
	return strings.Join(slices.DeleteFunc([]string{j.Kind, j.Set, j.Engine}, func(s string) bool { return s == "" }), " ")
}

// corpora measures limits, matching and whole inspection on every text. What
// must not be in memory beside others comes last.
func (r *run) corpora(subjects []*subject) error {
	var defaults *rules.Set
	if r.wanted("whole") {
		r.Progress("compile the default rules")
		var err error
		if defaults, err = rules.Default(); err != nil {
			return fmt.Errorf("default rules: %w", err)
		}
	}
	for _, alone := range []bool{false, true} {
		for _, t := range subjects {
			jobs, err := r.matching(t, alone)
			if err != nil {
				return err
			}
			if !alone {
				jobs = append(r.limits(), jobs...)
				jobs = append(jobs, r.whole(t, defaults)...)
			}
			if len(jobs) == 0 {
				continue
			}
			if err := r.on(t, jobs); err != nil {
				return err
			}
			if !alone {
				r.ratios(t.name, jobs)
			}
		}
		clear(r.made)
	}
	return nil
}

// on measures jobs on a text.
func (r *run) on(t *subject, jobs []*job) (err error) {
	r.Progress(t.name + ": read")
	if t.text, err = t.read(); err != nil {
		return err
	}
	defer func() { t.text = nil }()
	for _, h := range r.peers {
		if err := h.load(t.name, t.text); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		if j.Bytes == 0 {
			j.Bytes = r.Size
		}
		j.text = t.prefix(j.Bytes)
		j.Corpus, j.Bytes, j.times = t.name, len(j.text), 1
	}
	return r.measure(t.name, r.Rounds, jobs)
}

// limits makes the jobs of what memory can do.
func (r *run) limits() (jobs []*job) {
	if !r.wanted("limit") {
		return nil
	}
	add := func(name string, e engine) {
		jobs = append(jobs, &job{Measurement: Measurement{Kind: "limit", Engine: name}, engine: e,
			verify: func(*job, int) error { return nil }})
	}
	for _, l := range r.defs.Limit {
		add(l.Name, limits[l.Name]())
	}
	if len(r.peers) > 0 {
		add("byte sum, vector code", hyperscanSum{r.peers[0]})
	}
	return jobs
}

// matching makes the jobs of matching alone on a text.
func (r *run) matching(t *subject, alone bool) (jobs []*job, err error) {
	if !r.wanted("matching") {
		return nil, nil
	}
	for i := range r.defs.Engine {
		def := &r.defs.Engine[i]
		if def.Alone != alone {
			continue
		}
		if alone && r.Quick {
			r.skip(def.Name+" with "+strings.Join(def.Sets, ", "), errors.New("not with --quick"))
			continue
		}
		size := r.Size
		if def.Size != "" {
			n, err := ParseSize(r.defs.Sizes[def.Size])
			if err != nil {
				return nil, err
			}
			size = min(size, n)
		}
		for k := range r.sets {
			s := &r.sets[k]
			if !slices.Contains(def.Sets, s.name) || !r.wanted(s.name) {
				continue
			}
			made, err := r.engines(def, s)
			if err != nil {
				return nil, err
			}
			for _, m := range made {
				m.Bytes = size
				m.verify = func(j *job, n int) error {
					by, err := r.judge.check(t, size, s, def.Counts, j.engine, n)
					if err != nil {
						return fmt.Errorf("%w: %w", errMiscount, err)
					}
					j.Checked = by
					return nil
				}
			}
			jobs = append(jobs, made...)
		}
	}
	return jobs, nil
}

// engines makes a job for each engine that a definition stands for: one, or
// one a library that was found.
func (r *run) engines(def *engineTOML, s *set) (jobs []*job, err error) {
	add := func(name string, make func() (*compiled, error)) error {
		c, err := r.engineOf(name, s, make)
		if errors.Is(err, match.ErrUnavailable) {
			r.skip(name, err)
			return nil
		}
		if err != nil {
			return err
		}
		jobs = append(jobs, &job{engine: c.engine, Measurement: Measurement{
			Kind: "matching", Set: s.name, Engine: name, Counts: def.Counts,
			Literals: len(s.literals), Tables: c.bytes, Compile: c.took.Seconds(),
		}})
		return nil
	}
	if mode, ok := strings.CutPrefix(def.Name, "hyperscan "); ok {
		for _, h := range r.peers {
			err = errors.Join(err, add(h.name+" "+mode, func() (*compiled, error) { return h.compile(*s, mode) }))
		}
		return jobs, err
	}
	return jobs, add(def.Name, func() (*compiled, error) { return compile(inProcess[def.Name], *s) })
}

// whole makes the jobs of whole inspection of a text. The verdict must be the
// same for all.
func (r *run) whole(t *subject, defaults *rules.Set) (jobs []*job) {
	if defaults == nil {
		return nil
	}
	verdict := ""
	for _, def := range r.defs.Whole {
		n := &inspection{ctx: r.ctx, rules: defaults, fileName: t.fileName, until: def.UntilDecided}
		verify := func(j *job, persons int) error {
			j.Verdict = n.verdict(len(j.text))
			if verdict == "" {
				verdict = j.Verdict
			}
			if j.Verdict != verdict {
				return fmt.Errorf("the verdict is %q, but %q before", j.Verdict, verdict)
			}
			if !def.UntilDecided {
				return r.persons(t, j.text, persons)
			}
			return nil
		}
		jobs = append(jobs, &job{engine: n, verify: verify,
			Measurement: Measurement{Kind: "whole", Engine: def.Name, Counts: Persons}})
	}
	return jobs
}

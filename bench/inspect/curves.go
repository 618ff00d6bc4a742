package speed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/rules"
)

// curves measures how the cost of a byte grows with something.
func (r *run) curves() error {
	for _, c := range r.defs.Curve {
		if !r.wanted(c.Name) || len(r.Files) > 0 && c.Name != "start-up" {
			continue
		}
		names := slices.DeleteFunc(slices.Clone(c.Corpora), func(n string) bool { return !r.wanted(n) })
		var err error
		switch c.Name {
		case "length":
			err = r.lengths(names)
		case "literals":
			err = r.literals(names)
		case "cores":
			err = r.cores(names)
		case "start-up":
			err = r.startUp()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

const (
	curveText = 8 << 20 // what longer texts repeat
	curveWork = 8 << 20 // bytes a sample has at least, by repetition
)

// lengths measures texts from 1 KiB to 1 GiB, streamed.
func (r *run) lengths(names []string) error {
	if len(names) == 0 {
		return nil
	}
	most := 1 << 30
	if r.Quick {
		most = 16 << 20
	}
	defaults, err := rules.Default()
	if err != nil {
		return err
	}
	for _, name := range names {
		c, err := corpus.Find(name)
		if err != nil {
			return err
		}
		text := c.Text(curveText)
		var jobs []*job
		for n := 1 << 10; n <= most; n *= 4 {
			e := &inspection{ctx: r.ctx, rules: defaults, fileName: c.FileName,
				open: func([]byte) (io.Reader, int) { return &repeated{text: text, left: n}, n }}
			jobs = append(jobs, &job{engine: e, text: text, times: max(1, curveWork/n),
				Measurement: Measurement{Kind: "length", Corpus: name, Engine: "whole, exact", Bytes: n, Counts: Persons},
				verify: func(j *job, _ int) error {
					var err error
					j.Allocated, err = allocated(j.engine, j.text)
					return err
				}})
		}
		if err := r.measure("length "+name, min(r.Rounds, 5), jobs); err != nil {
			return err
		}
	}
	return nil
}

// allocated is how many bytes one scan allocates.
func allocated(e engine, text []byte) (int64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := e.scan(text, 1)
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc), err
}

// repeated reads a text again and again.
type repeated struct {
	text, rest []byte
	left       int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		r.rest = r.text
	}
	n := copy(p[:min(len(p), r.left)], r.rest)
	r.rest = r.rest[n:]
	r.left -= n
	return n, nil
}

// literals measures matching with more and more literals: full names, of which
// the corpora hold some.
func (r *run) literals(names []string) error {
	many := fullNames(100_000)
	for _, name := range names {
		c, err := corpus.Find(name)
		if err != nil {
			return err
		}
		text := c.Text(curveText)
		var jobs []*job
		for _, k := range []int{100, 1000, 10_000, 100_000} {
			s := set{name: strconv.Itoa(k), literals: many[:k]}
			want := countLiterals(text, s.literals).Occurrences
			for _, e := range []string{"sekimori vector", "sekimori portable"} {
				m, err := compile(inProcess[e], s)
				if errors.Is(err, match.ErrUnavailable) {
					r.skip(e, err)
					continue
				}
				if err != nil {
					return err
				}
				jobs = append(jobs, &job{engine: m.engine, text: text, times: 1,
					Measurement: Measurement{Kind: "literals", Corpus: name, Engine: e, Bytes: len(text), Literals: k,
						Counts: Occurrences, Tables: m.bytes, Compile: m.took.Seconds()},
					verify: func(j *job, got int) error {
						if j.Checked = byReference; got != want {
							return fmt.Errorf("%w: %d occurrences, want %d", errMiscount, got, want)
						}
						return nil
					}})
			}
		}
		if err := r.measure("literals "+name, r.Rounds, jobs); err != nil {
			return err
		}
	}
	return nil
}

// fullNames makes n distinct literals: the names of the corpora, then pairs of
// them.
func fullNames(n int) []string {
	list := corpus.Names()
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(mixed(a), mixed(b)) })
	seen := make(map[string]bool, n)
	out := make([]string, 0, n)
	for step := 0; len(out) < n; step++ {
		for i, w := range list {
			if step > 0 {
				w += list[(i*7+step*13)%len(list)]
			}
			if !seen[w] && len(out) < n {
				seen[w] = true
				out = append(out, w)
			}
		}
	}
	return out
}

// mixed is a key that orders words without regard to their kind.
func mixed(w string) string {
	h := uint32(2166136261)
	for _, c := range []byte(w) {
		h = (h ^ uint32(c)) * 16777619
	}
	return strconv.FormatUint(uint64(h), 36) + w
}

// cores measures scans side by side, by the time on the wall.
func (r *run) cores(names []string) error {
	if len(names) == 0 {
		return nil
	}
	defaults, err := rules.Default()
	if err != nil {
		return err
	}
	for _, name := range names {
		c, err := corpus.Find(name)
		if err != nil {
			return err
		}
		text := c.Text(curveText)
		for n := 1; n <= r.result.Run.Cores; n *= 2 {
			m := Measurement{Kind: "cores", Corpus: name, Engine: "whole, exact", Bytes: len(text), Cores: n, Counts: Persons}
			var speeds []float64
			for range r.Rounds {
				took, persons, err := sideBySide(r.ctx, n, defaults, c.FileName, text)
				if err != nil {
					return err
				}
				m.Count = persons
				speeds = append(speeds, float64(n*len(text))/1e6/took.Seconds())
			}
			m.MBs, m.Min, m.Max = spread(speeds)
			m.WallMB = m.MBs
			r.result.Measurements = append(r.result.Measurements, m)
		}
	}
	return nil
}

// sideBySide lets n scans run at once on n cores, each on the whole text.
func sideBySide(ctx context.Context, n int, set *rules.Set, fileName string, text []byte) (took time.Duration, persons int, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	errs := make([]error, n)
	counts := make([]int, n)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		wg.Go(func() {
			s, err := (&inspection{ctx: ctx, rules: set, fileName: fileName}).scan(text, 1)
			counts[i], errs[i] = s.count, err
		})
	}
	wg.Wait()
	took = time.Since(start)
	for _, c := range counts {
		if c != counts[0] {
			errs = append(errs, fmt.Errorf("%w: scans side by side count %d and %d", errMiscount, counts[0], c))
		}
	}
	return took, counts[0], errors.Join(errs...)
}

// startUp measures the compilation of the default rules in fresh processes.
func (r *run) startUp() error {
	if len(r.Self) == 0 {
		r.skip("start-up", errors.New("no program to start"))
		return nil
	}
	var took []float64
	for i := range r.Rounds {
		r.Progress(fmt.Sprintf("start-up: round %d of %d", i+1, r.Rounds))
		out, err := exec.CommandContext(r.ctx, r.Self[0], r.Self[1:]...).Output()
		if err != nil {
			return err
		}
		s, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			return fmt.Errorf("odd answer: %w", err)
		}
		took = append(took, s)
	}
	m := Measurement{Kind: "start-up", Engine: "compile the default rules"}
	m.Seconds, _, _ = spread(took)
	r.result.Measurements = append(r.result.Measurements, m)
	return nil
}

// StartUp compiles the default rules and writes how many seconds of processor
// time that took. It tells the truth only in a process that has not done so
// before.
func StartUp(w io.Writer) error {
	start := cpuTime()
	if _, err := rules.Default(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%.6f\n", (cpuTime() - start).Seconds())
	return err
}

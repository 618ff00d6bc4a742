// Package speed measures how fast texts are searched and inspected: our engines
// beside the ones that others use, and whole inspection beside what memory can
// do, in one run on one core. It is what "sekimori bench inspect" runs.
//
// What is measured is declared in definitions.toml; the texts come from package
// corpus; counts.toml says what has to be found. An engine that counts anything
// else fails the run: a fast wrong answer is no measurement. Engines take turns
// in every round, so that a busy neighbour hits all of them; what is told is
// the median with the extremes. ../README.md has the method and our own bias.
//
// Hyperscan and Vectorscan are measured where the machine has a C compiler and
// their headers. Nothing leaves the machine.
package speed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
)

// Options say what to measure. The zero value measures everything.
type Options struct {
	Quick    bool     // a few MiB and few rounds: for a first look
	Only     []string // names of corpora, sets and kinds; empty: all
	Size     int      // bytes of a corpus, at most 1 GiB; 0: as declared
	Rounds   int      // 0: 7, with Quick 3
	Files    []string // measured in place of the corpora
	Patterns string   // folder of P1.txt, P2.txt, P3.txt in place of the built-in ones
	Prefixes []string // where further Hyperscans are installed, such as /opt/hyperscan
	Self     []string // prints the seconds that start-up took, as StartUp does; empty: not measured
	Version  string   // of this program, for the record
	Progress func(step string)
}

// kinds are the kinds of measurements, as Only names them.
var kinds = []string{"limit", "matching", "whole", "length", "literals", "cores", "start-up"}

// run is a run under way.
type run struct {
	Options
	ctx    context.Context
	defs   *definitions
	sets   []set
	judge  judge
	peers  []*hyperscan
	made   map[string]*compiled // engines, by name and set
	result *Result
}

// Run measures. It takes minutes, with Quick about one; ctx ends it early.
func Run(ctx context.Context, o Options) (res *Result, err error) {
	r := &run{Options: o, ctx: ctx, judge: judge{known: map[asked]answer{}}, made: map[string]*compiled{}}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	cores := runtime.GOMAXPROCS(1) // collecting garbage counts too
	defer runtime.GOMAXPROCS(cores)
	r.result = &Result{Run: newRun(o, r.Size, r.Rounds, cores)}

	if r.wanted("matching", "limit") {
		folder, err := os.MkdirTemp("", "sekimori-bench-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(folder)
		r.startPeers(folder)
		defer func() {
			for _, h := range r.peers {
				h.stop()
			}
		}()
	}
	subjects, err := r.subjects()
	if err != nil {
		return nil, err
	}
	if err := r.corpora(subjects); err != nil {
		return nil, err
	}
	clear(r.made)
	if err := r.curves(); err != nil {
		return nil, err
	}
	return r.result, nil
}

// prepare reads what is declared and checks the options.
func (r *run) prepare() (err error) {
	if r.defs, err = readDefinitions(); err != nil {
		return err
	}
	if r.judge.declared, err = readCounts(); err != nil {
		return err
	}
	if r.sets, err = r.defs.sets(r.Patterns); err != nil {
		return err
	}
	if r.Progress == nil {
		r.Progress = func(string) {}
	}
	if r.Rounds == 0 {
		r.Rounds = 7
		if r.Quick {
			r.Rounds = 3
		}
	}
	size := "full"
	if r.Quick {
		size = "quick"
	}
	if r.Size == 0 {
		if r.Size, err = ParseSize(r.defs.Sizes[size]); err != nil {
			return err
		}
	}
	if r.Rounds < 1 || r.Rounds > 1000 || r.Size < 1 || r.Size > maxText {
		return fmt.Errorf("%d rounds of %d bytes: write 1 to 1000 rounds of 1 B to 1 GiB", r.Rounds, r.Size)
	}
	names := r.names()
	for _, w := range r.Only {
		if !slices.Contains(names, w) {
			return fmt.Errorf("nothing is called %q; there are %s", w, strings.Join(names, ", "))
		}
	}
	sets := slices.ContainsFunc(r.Only, func(w string) bool { return sortOf(r.defs, w) == isSet })
	if sets && !slices.ContainsFunc(r.Only, func(w string) bool { return sortOf(r.defs, w) == isKind }) {
		r.Only = append(slices.Clone(r.Only), "matching") // only that has sets
	}
	return nil
}

// names are the words that Only understands.
func (r *run) names() []string {
	names := slices.Clone(kinds)
	for _, s := range r.defs.Set {
		names = append(names, s.Name)
	}
	for _, f := range r.Files {
		names = append(names, filepath.Base(f))
	}
	if len(r.Files) == 0 {
		for _, c := range corpus.All() {
			names = append(names, c.Name)
		}
	}
	return names
}

// The sorts of names.
const (
	isKind = iota
	isSet
	isCorpus
)

func sortOf(d *definitions, name string) int {
	switch {
	case slices.Contains(kinds, name):
		return isKind
	case slices.ContainsFunc(d.Set, func(s setTOML) bool { return s.Name == name }):
		return isSet
	}
	return isCorpus
}

// wanted reports whether one of the names, all of a sort, is to be measured:
// where Only has names of that sort, it must be among them.
func (r *run) wanted(names ...string) bool {
	limited := false
	for _, w := range r.Only {
		if sortOf(r.defs, w) == sortOf(r.defs, names[0]) {
			limited = true
			if slices.Contains(names, w) {
				return true
			}
		}
	}
	return !limited
}

// startPeers starts Hyperscan and Vectorscan, as far as they are there.
func (r *run) startPeers(folder string) {
	met := map[string]bool{}
	for i, prefix := range append([]string{""}, r.Prefixes...) {
		where := "Hyperscan or Vectorscan"
		if prefix != "" {
			where += " in " + prefix
		}
		own := filepath.Join(folder, fmt.Sprint(i))
		if err := os.Mkdir(own, 0o700); err != nil {
			r.skip(where, err)
			continue
		}
		h, err := startHyperscan(r.ctx, prefix, own)
		switch {
		case err != nil:
			r.skip(where, err)
		case met[h.name]:
			h.stop()
		default:
			met[h.name] = true
			r.peers = append(r.peers, h)
		}
	}
}

func (r *run) skip(what string, why error) {
	for _, s := range r.result.Skipped {
		if s.What == what {
			return
		}
	}
	r.result.Skipped = append(r.result.Skipped, Skipped{"skipped", what, why.Error()})
}

// subject is a text to measure on.
type subject struct {
	name, title, fileName string
	builtin               bool // the counts of counts.toml hold
	read                  func() ([]byte, error)
	text                  []byte
}

// prefix returns about the first n bytes.
func (t *subject) prefix(n int) []byte { return corpus.Prefix(t.text, n) }

// subjects lists the texts that are wanted.
func (r *run) subjects() ([]*subject, error) {
	var all []*subject
	for _, f := range r.Files {
		info, err := os.Stat(f)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxText {
			return nil, fmt.Errorf("%s: no file of 1 B to 1 GiB", f)
		}
		name := filepath.Base(f)
		all = append(all, &subject{name: name, title: name, fileName: name, read: func() ([]byte, error) { return os.ReadFile(f) }})
	}
	if len(r.Files) == 0 {
		for _, c := range corpus.All() {
			all = append(all, &subject{name: c.Name, title: c.Title, fileName: c.FileName, builtin: true,
				read: func() ([]byte, error) { return c.Text(r.Size), nil }})
		}
	}
	return slices.DeleteFunc(all, func(t *subject) bool { return !r.wanted(t.name) }), nil
}

// engineOf returns an engine compiled for a set, compiling it at its first use.
func (r *run) engineOf(name string, s *set, make func() (*compiled, error)) (*compiled, error) {
	key := name + "\x00" + s.name
	if c := r.made[key]; c != nil {
		return c, nil
	}
	r.Progress(fmt.Sprintf("compile %s for %s", name, s.name))
	c, err := make()
	if err != nil {
		return nil, fmt.Errorf("compile %s for %s: %w", name, s.name, err)
	}
	r.made[key] = c
	return c, nil
}

// errMiscount marks the error of an engine that counted wrong.
var errMiscount = errors.New("miscount")

// newRun describes a run.
func newRun(o Options, size, rounds, cores int) RunInfo {
	return RunInfo{
		Kind: "run", Date: time.Now().UTC().Truncate(time.Second), CPU: cpuName(), Cores: cores,
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Version: o.Version, Clock: clockName,
		Bytes: size, Rounds: rounds,
	}
}

// cpuName is the processor's name, as far as the system tells it.
func cpuName() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for l := range strings.Lines(string(b)) {
			if name, ok := strings.CutPrefix(l, "model name"); ok {
				return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
			}
		}
	}
	return "unknown " + runtime.GOARCH
}

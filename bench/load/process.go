package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a proxy under test: programs that we started, or one that runs
// already.
type process struct {
	proxy *url.URL
	ca    []byte // PEM of the CA it opens connections by; nil for the system's roots
	url   string // what clients ask it for, if not for the origin's own address
	pids  []int  // whose figures count, with all their descendants; none if unknown
	own   []*exec.Cmd
	dir   string // removed in the end
}

// run starts a program, as a part of the process. It writes to a file, since
// helpers that outlive it for a moment would keep a pipe open.
func (p *process) run(cmd *exec.Cmd) error {
	log, err := os.OpenFile(p.logName(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the program has its own
	cmd.Stderr = log
	cmd.Env = environment()
	cmd.Dir = p.dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	p.own = append(p.own, cmd)
	p.pids = append(p.pids, cmd.Process.Pid)
	return nil
}

func (p *process) logName() string { return filepath.Join(p.dir, "stderr.log") }

// said is what the programs wrote so far, and what is in further logs of theirs.
func (p *process) said(logs ...string) string {
	var all []byte
	for _, name := range append(logs, p.logName()) {
		b, _ := os.ReadFile(name) // there may be none
		all = append(all, b...)
	}
	return strings.TrimSpace(string(all))
}

// stop ends what we started, the last first, since it may hold connections to
// the others. It may be called again, and on nil.
func (p *process) stop() {
	if p == nil {
		return
	}
	for _, cmd := range slices.Backward(p.own) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(5*time.Second, func() {
			helpers, _ := (&process{pids: []int{cmd.Process.Pid}}).tree()
			_ = cmd.Process.Kill()
			for _, pid := range helpers[min(1, len(helpers)):] { // nobody else would end them
				if h, err := os.FindProcess(pid); err == nil {
					_ = h.Kill()
				}
			}
		})
		_ = cmd.Wait()
		late.Stop()
	}
	p.own = nil
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}

func (p *process) measured() bool { return len(p.pids) > 0 }

// tree lists the processes whose figures count. The system's list is read
// once, so that one which ends meanwhile is met as an error of its file.
func (p *process) tree() ([]int, error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, name := range all {
		f, err := stat(name)
		if err != nil {
			continue // it ended
		}
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parent, err2 := strconv.Atoi(f[1])
		if err1 == nil && err2 == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	out := append([]int(nil), p.pids...)
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i]]...)
	}
	return out, nil
}

// stat returns the fields of a stat file behind the program's name; the first
// is the state.
func stat(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 15 {
		return nil, errors.New("short stat line")
	}
	return f, nil
}

// cpu returns the processor time so far, in seconds, to 10 ms: of the processes
// and of their descendants, also of those that have ended.
func (p *process) cpu() (sum float64, err error) {
	pids, err := p.tree()
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	for i, pid := range pids {
		f, err := stat(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil && i < len(p.pids) {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		if err != nil {
			continue // it ended; its parent has its time
		}
		for _, field := range f[11:15] { // user, system, and those of children that ended
			ticks, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return 0, fmt.Errorf("read processor time: %w", err)
			}
			sum += ticks / 100 // USER_HZ is 100 on every Linux port Go has
		}
	}
	return sum, nil
}

// cost returns the processor seconds that do takes of the process, 0 if nobody
// can tell.
func (p *process) cost(do func() error) (float64, error) {
	if !p.measured() {
		return 0, do()
	}
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := p.cpu()
	return after - before, err
}

// resident returns the resident memory in MiB.
func (p *process) resident() (float64, error) { return p.memory("VmRSS") }

// peak returns the most memory in MiB that was resident while do ran: the sum of
// what each process had at most.
func (p *process) peak(do func() error) (float64, error) {
	pids, err := p.tree()
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, fmt.Errorf("reset the memory peak: %w", err)
		}
	}
	if err := do(); err != nil {
		return 0, err
	}
	return p.memory("VmHWM")
}

func (p *process) memory(field string) (sum float64, err error) {
	pids, err := p.tree()
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for i, pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil && i < len(p.pids) {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			if v, ok := strings.CutPrefix(line, field+":"); ok {
				kb, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
				if err != nil {
					return 0, fmt.Errorf("read memory: %w", err)
				}
				sum += kb / 1024
			}
		}
	}
	return sum, nil
}

// environment is what a child of the benchmark runs with: no proxy settings of
// the user's may lead it elsewhere.
func environment() []string {
	var env []string
	for _, e := range os.Environ() {
		if k, _, _ := strings.Cut(e, "="); !strings.HasSuffix(strings.ToUpper(k), "_PROXY") {
			env = append(env, e)
		}
	}
	return env
}

func cpuName() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return "unknown processor"
}

// begin makes a process of nothing yet, in a folder of its own.
func begin() (*process, error) {
	dir, err := os.MkdirTemp("", "sekimori-bench-")
	return &process{dir: dir}, err
}

// startSekimori starts the binary as an installation would run it: default
// rules, durable audit, in a folder of its own.
func startSekimori(ctx context.Context, self string, o *origin, idle int) (*process, error) {
	p, err := begin()
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf("data = %q\n[listen]\nproxy = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[limit]\nconnections = %[2]d\nper_client = %[2]d\n"+
		"[timeout]\nidle = \"10m\"\n[upstream]\nca_files = [%[3]q]\nallow_private = [\"127.0.0.0/8\"]\nresolve = { %[4]q = %[5]q }\n",
		filepath.Join(p.dir, "data"), max(20_000, idle+2000), filepath.Join(p.dir, "origin.pem"), originHost+":443", o.addr)
	err = errors.Join(os.WriteFile(filepath.Join(p.dir, "sekimori.toml"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(p.dir, "origin.pem"), o.ca, 0o600))
	if err == nil {
		err = p.serve(ctx, self)
	}
	if err != nil {
		defer p.stop()
		return nil, fmt.Errorf("sekimori did not come up: %w: %s", err, p.said())
	}
	p.url = "https://" + originHost + "/upload"
	return p, nil
}

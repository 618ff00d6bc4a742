package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a process is started. Zero numbers take the defaults.
type Config struct {
	Command []string // the program and its arguments
	Idle    int      // processes kept warm; default the number of cores
	Most    int      // processes at once; default 8 a core and 16 more: a part may hold others of its kind
	Log     *slog.Logger
}

// Pool keeps reader processes. Safe for concurrent use.
type Pool struct {
	cfg   Config
	slots chan struct{}

	mu     sync.Mutex
	idle   []*worker
	closed bool

	started, ended atomic.Int64
}

// uses is after how many parts a process is replaced.
const uses = 5000

// NewPool starts one process, to see that it works.
func NewPool(c Config) (*Pool, error) {
	if len(c.Command) == 0 {
		return nil, errors.New("reader processes need a command")
	}
	cores := runtime.GOMAXPROCS(0)
	if c.Idle == 0 {
		c.Idle = cores
	}
	if c.Most == 0 {
		c.Most = 8*cores + 16
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pool{cfg: c, slots: make(chan struct{}, c.Most)}
	w, err := p.start()
	if err != nil {
		return nil, err
	}
	p.slots <- struct{}{}
	p.put(w, true)
	return p, nil
}

// take returns a process that is free, or starts one.
func (p *Pool) take(ctx context.Context) (*worker, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return w, nil
	}
	p.mu.Unlock()
	w, err := p.start()
	if err != nil {
		<-p.slots
		p.cfg.Log.Error("reader process not started", "error", err)
		return nil, err
	}
	return w, nil
}

// put gives a process back, or ends it.
func (p *Pool) put(w *worker, again bool) {
	defer func() { <-p.slots }()
	w.uses++
	p.mu.Lock()
	if again && !p.closed && w.uses < uses && len(p.idle) < p.cfg.Idle {
		p.idle = append(p.idle, w)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	w.end()
	p.ended.Add(1)
}

// lost notes that a process ended by itself.
func (p *Pool) lost() { p.cfg.Log.Warn("reader process ended", "started", p.started.Load()) }

// Started is how many processes were started so far.
func (p *Pool) Started() int64 { return p.started.Load() }

// Close ends the processes that are free; the others end with their part.
func (p *Pool) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, w := range idle {
		w.end()
	}
	return nil
}

// worker is one process.
type worker struct {
	conn
	cmd    *exec.Cmd
	stdin  io.Closer
	uses   int
	killed atomic.Bool
	waited chan struct{}
}

func (p *Pool) start() (*worker, error) {
	cmd, stdin, stdout, err := launch(p.cfg.Command)
	if err != nil {
		return nil, fmt.Errorf("start reader process: %w", err)
	}
	p.started.Add(1)
	w := &worker{cmd: cmd, stdin: stdin, conn: newConn(stdout, stdin), waited: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(w.waited)
	}()
	return w, nil
}

// command makes the process with its pipes.
func command(args []string) (cmd *exec.Cmd, stdin io.WriteCloser, stdout io.ReadCloser, err error) {
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"OMP_THREAD_LIMIT=1"} // it needs nothing of ours; those of others are to take one core
	cmd.Dir = "/"
	if stdin, err = cmd.StdinPipe(); err != nil {
		return nil, nil, nil, err
	}
	if stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, nil, nil, err
	}
	return cmd, stdin, stdout, nil
}

// kill ends the process at once.
func (w *worker) kill() {
	if !w.killed.Swap(true) {
		_ = w.cmd.Process.Kill()
	}
}

// end lets the process end by itself, and sees that it does.
func (w *worker) end() {
	w.stdin.Close()
	select {
	case <-w.waited:
	case <-time.After(time.Second):
		w.kill()
		<-w.waited
	}
}

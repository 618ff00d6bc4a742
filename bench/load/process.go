package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a proxy under test.
type process struct {
	cmd  *exec.Cmd
	addr string
	ca   []byte
	dir  string
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-done
	}
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}

func startPeer(ctx context.Context, command []string, o *origin) (*process, error) {
	cmd := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], o.addr)...)
	cmd.Env = environment()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	if p.addr, p.ca, err = readPeer(out); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// startSekimori starts the binary as an installation would run it: default
// rules, durable audit, in a folder of its own.
func startSekimori(ctx context.Context, self string, o *origin) (*process, error) {
	dir, err := os.MkdirTemp("", "sekimori-bench-")
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf("data = %q\n[listen]\nproxy = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n"+
		"[upstream]\nca_files = [%q]\nallow_private = [\"127.0.0.0/8\"]\nresolve = { %q = %q }\n",
		filepath.Join(dir, "data"), filepath.Join(dir, "origin.pem"), originHost+":443", o.addr)
	err = errors.Join(os.WriteFile(filepath.Join(dir, "sekimori.toml"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(dir, "origin.pem"), o.ca, 0o600))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--config", filepath.Join(dir, "sekimori.toml"))
	cmd.Env = environment()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, dir: dir}
	admin := ""
	for r := bufio.NewReader(out); p.addr == "" || admin == ""; {
		line, err := r.ReadString('\n')
		if err != nil {
			p.stop()
			return nil, fmt.Errorf("sekimori did not come up: %w: %s", err, strings.TrimSpace(log.String()))
		}
		if a, ok := strings.CutPrefix(strings.TrimSpace(line), "proxy: http://"); ok {
			p.addr, _, _ = strings.Cut(a, " ")
		}
		if a, ok := strings.CutPrefix(strings.TrimSpace(line), "admin: http://"); ok {
			admin, _, _ = strings.Cut(a, " ")
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // only keeps the pipe empty
	resp, err := (&http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}).Get("http://" + admin + "/ca.pem")
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("fetch the CA: %w", err)
	}
	defer resp.Body.Close()
	if p.ca, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		p.stop()
		return nil, fmt.Errorf("fetch the CA: %w", err)
	}
	return p, nil
}

// cpu returns the processor time of the process so far, in seconds, to 10 ms.
func (p *process) cpu() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 13 {
		return 0, errors.New("read processor time: short stat line")
	}
	user, err1 := strconv.ParseFloat(f[11], 64)
	sys, err2 := strconv.ParseFloat(f[12], 64)
	return (user + sys) / 100, errors.Join(err1, err2) // USER_HZ is 100 on every Linux port Go has
}

// rss returns resident memory in MiB: now, or the peak since the last reset.
func (p *process) rss(field string) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("read memory: no %s", field)
}

// resetPeak makes VmHWM start again from the present.
func (p *process) resetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
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

package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Peers that Sekimori can be measured beside.
const (
	Goproxy   = "goproxy"
	Squid     = "squid"
	CICAP     = "c-icap" // squid that asks c-icap
	Mitmproxy = "mitmproxy"
)

// Peers lists them. All but goproxy, which is in this binary, are left out where
// they are not installed.
var Peers = []string{Goproxy, Squid, CICAP, Mitmproxy}

var peers = map[string]struct {
	name  string
	start func(context.Context, *Options, *origin) (*process, error)
}{
	Goproxy: {"goproxy MITM, streaming", func(ctx context.Context, opt *Options, o *origin) (*process, error) {
		return startPeer(ctx, opt.PeerCommand, o)
	}},
	Squid:     {"squid MITM, streaming", func(ctx context.Context, _ *Options, o *origin) (*process, error) { return startSquid(ctx, o, false) }},
	CICAP:     {"squid with c-icap MITM, nothing inspected", func(ctx context.Context, _ *Options, o *origin) (*process, error) { return startSquid(ctx, o, true) }},
	Mitmproxy: {"mitmproxy MITM, streaming", func(ctx context.Context, _ *Options, o *origin) (*process, error) { return startMitmproxy(ctx, o) }},
}

func startPeer(ctx context.Context, command []string, o *origin) (*process, error) {
	p, err := begin()
	if err != nil {
		return nil, err
	}
	p.url = "https://" + originHost + "/upload"
	cmd := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], o.addr)...)
	out, err := cmd.StdoutPipe()
	var addr string
	var ca []byte
	if err == nil {
		err = p.run(cmd)
	}
	if err == nil {
		addr, ca, err = readPeer(out)
	}
	if err != nil {
		defer p.stop()
		return nil, fmt.Errorf("goproxy did not come up: %w: %s", err, p.said())
	}
	p.proxy, p.ca = &url.URL{Scheme: "http", Host: addr}, ca
	return p, nil
}

// serve runs sekimori and waits until it says where it listens.
func (p *process) serve(ctx context.Context, self string) error {
	cmd := exec.CommandContext(ctx, self, "serve", "--config", filepath.Join(p.dir, "sekimori.toml"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.run(cmd); err != nil {
		return err
	}
	admin := ""
	for r := bufio.NewReader(out); p.proxy == nil || admin == ""; {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if a, ok := strings.CutPrefix(strings.TrimSpace(line), "proxy: http://"); ok {
			a, _, _ = strings.Cut(a, " ")
			p.proxy = &url.URL{Scheme: "http", Host: a}
		}
		if a, ok := strings.CutPrefix(strings.TrimSpace(line), "admin: http://"); ok {
			admin, _, _ = strings.Cut(a, " ")
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // only keeps the pipe empty
	resp, err := (&http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}).Get("http://" + admin + "/ca.pem")
	if err != nil {
		return fmt.Errorf("fetch the CA: %w", err)
	}
	defer resp.Body.Close()
	if p.ca, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return fmt.Errorf("fetch the CA: %w", err)
	}
	return nil
}

// find looks for an installed program, also where only root's path leads.
func find(name string, dirs ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, d := range append(dirs, "/usr/sbin", "/usr/local/sbin") {
		if path, err := exec.LookPath(filepath.Join(d, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}

// freeAddress is one on loopback that nobody listens on at the moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// await waits until the process listens at an address.
func (p *process) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		for _, pid := range p.pids {
			if f, err := stat(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || f[0] == "Z" {
				return errors.New("it ended")
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for it to listen: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// hand gives a folder to the user that programs started by root change to, and
// returns its name; "" if we are not root, and they stay who we are.
func hand(dir string) (string, error) {
	if os.Getuid() != 0 {
		return "", nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return "", err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	return u.Username, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

// startMitmproxy starts mitmdump as lean as it gets: it streams bodies, and
// shows nothing.
func startMitmproxy(ctx context.Context, o *origin) (*process, error) {
	program, err := find("mitmdump")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p, err := begin()
	if err != nil {
		return nil, err
	}
	err = func() error {
		roots := filepath.Join(p.dir, "origin.pem")
		if err := os.WriteFile(roots, o.ca, 0o600); err != nil {
			return err
		}
		host, port, _ := net.SplitHostPort(address)
		cmd := exec.CommandContext(ctx, program, "--quiet", "--listen-host", host, "--listen-port", port, "--set", "confdir="+p.dir,
			"--set", "ssl_verify_upstream_trusted_ca="+roots, "--set", "stream_large_bodies=1", "--set", "connection_strategy=lazy", "--set", "flow_detail=0")
		if err := p.run(cmd); err != nil {
			return err
		}
		if err := p.await(ctx, address); err != nil {
			return err
		}
		p.ca, err = os.ReadFile(filepath.Join(p.dir, "mitmproxy-ca-cert.pem"))
		return err
	}()
	if err != nil {
		defer p.stop()
		return nil, fmt.Errorf("mitmproxy did not come up: %w: %s", err, lastWord(p.said()))
	}
	p.proxy = &url.URL{Scheme: "http", Host: address}
	return p, nil
}

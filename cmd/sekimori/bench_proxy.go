package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	speed "github.com/sekimori-dlp/sekimori/bench/inspect"
	"github.com/sekimori-dlp/sekimori/bench/load"
)

func benchProxyCommand() *command {
	return &command{name: "proxy", short: "requests/s, latency, CPU and memory beside other proxies", run: runBenchProxy, long: `
Starts an origin, this proxy and a bare goproxy interception (which streams and
inspects nothing) on loopback, and loads them in turn; squid, squid with c-icap,
and mitmproxy too, where they are installed. Linux only, some minutes. --only
takes small, handshakes, large, sizes, half and memory; --only
small,handshakes,large --beside goproxy is the shortest comparison.

--against drives a proxy that is deployed, and the load is real. It and the origin
have to be on loopback, unless --mine says that both are yours. The proxy has to
trust the origin's certificate and may reach it: let --origin-folder keep the own
origin's CA, name ca.pem in it to the proxy (here: upstream.ca_files and
upstream.allow_private), or drive an origin that it trusts already by --origin.
With --pid of a proxy on this machine, processor time and memory are told as well.

Each row of --json has "kind". subject: requests_per_second, p50_ms, p99_ms,
p99_9_ms, cpu_s_per_1000_uploads, cpu_s_per_1000_handshakes, cpu_s_per_gib,
idle_rss_mib, large_upload_rss_above_idle_mib, idle_tunnel_kib,
tunnels_and_uploads_rss_mib, uploads_broken_off. size: bytes, samples, p50_ms, p99_ms, p99_9_ms, added
(the same, beyond direct uploads). half: most_per_second, driven_per_second,
samples, direct, added. ratio: what, than, median, min, max. skipped: what, why.
What was not measured is absent. bench/README.md tells how it is measured.`}
}

func runBenchProxy(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	var o load.Options
	asJSON := f.Bool("json", false, "one JSON object a measurement")
	out := f.String("out", "", "write proxy.md, proxy.json and proxy.svg to `FOLDER` too")
	f.Func("only", "measure only these `PARTS`, with commas in between", names(&o.Only))
	f.Func("beside", "measure beside these `PEERS`, with commas in between: goproxy, squid, c-icap, mitmproxy; or none", names(&o.Beside))
	f.IntVar(&o.Rounds, "rounds", 5, "measure each subject `N` times, in turn; medians are told")
	f.IntVar(&o.Requests, "requests", 4000, "small uploads a round")
	f.IntVar(&o.Connections, "connections", 32, "kept-alive connections")
	f.IntVar(&o.BodyBytes, "body", 10<<10, "`BYTES` of a small upload")
	f.StringVar(&o.Kind, "kind", "text", "what uploads hold: "+strings.Join(load.Kinds, ", "))
	f.IntVar(&o.Handshakes, "handshakes", 300, "fresh connections a round")
	f.Func("sizes", "tell the time added to uploads of these `SIZES`; 1KiB,10KiB,100KiB,1MiB,10MiB,100MiB", func(s string) error {
		for size := range strings.SplitSeq(s, ",") {
			n, err := speed.ParseSize(size)
			if err != nil {
				return err
			}
			o.Sizes = append(o.Sizes, int64(n))
		}
		return nil
	})
	f.IntVar(&o.Samples, "samples", 2000, "uploads of each size, `N` at most")
	f.DurationVar(&o.Half, "half", 0, "keep half of the greatest load up for this `TIME`; 10s")
	f.IntVar(&o.Idle, "idle", 500, "idle tunnels held open for the memory figure")
	f.IntVar(&o.Uploads, "uploads", 8, "uploads at once for the memory figure")
	each := f.Int64("upload-size", 64, "`MIB` of each of those")
	large := f.Int64("large", 256, "`MIB` of a large upload, 0 for none")
	var a load.Against
	f.StringVar(&a.Address, "against", "", "measure the proxy at `ADDR` (HOST:PORT, or https://HOST:PORT) in place of this one")
	f.StringVar(&a.CAFile, "ca", "", "PEM `FILE` of the CA by which that proxy opens connections; else the system's")
	user := f.String("proxy-user", "", "`USER:PASSWORD` to give that proxy, or @FILE that holds them")
	f.IntVar(&a.PID, "pid", 0, "`PID` of that proxy, if it runs on this machine")
	f.BoolVar(&o.Mine, "mine", false, "that proxy and the origin are yours to load, and may be other than loopback")
	f.StringVar(&o.Origin.URL, "origin", "", "send uploads to `URL`, which answers them with 2xx, in place of an own origin")
	f.StringVar(&o.Origin.CAFile, "origin-ca", "", "PEM `FILE` of the CA of that URL, beside the system's")
	f.StringVar(&o.Origin.KeepDir, "origin-folder", "", "keep the own origin's CA in `FOLDER`, so that the proxy can trust it")
	f.StringVar(&o.Origin.Listen, "origin-listen", "127.0.0.1:0", "where the own origin listens, `HOST:PORT`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if a.Address != "" {
		o.Against = &a
	} else if a.CAFile != "" || *user != "" || a.PID != 0 || o.Mine || o.Origin.URL != "" {
		return errors.New("bench proxy: --ca, --proxy-user, --pid, --mine and --origin go with --against")
	}
	if a.User, a.Password, err = credentials(*user); err != nil {
		return fmt.Errorf("bench proxy: %w", err)
	}
	o.LargeBytes, o.UploadBytes = *large<<20, *each<<20
	if *large == 0 {
		o.LargeBytes = -1
	}
	if o.Self, err = os.Executable(); err != nil {
		return fmt.Errorf("bench proxy: find this program: %w", err)
	}
	o.PeerCommand = []string{o.Self, "bench", "peer"}
	o.Progress = func(step string) { fmt.Fprintln(p.stderr, step) }
	res, err := load.Run(ctx, o)
	if err != nil {
		return fmt.Errorf("bench proxy: %w", err)
	}
	if *out != "" {
		if err := res.Write(*out); err != nil {
			return fmt.Errorf("bench proxy: %w", err)
		}
	}
	if *asJSON {
		return res.JSON(p.stdout)
	}
	res.Markdown(p.stdout)
	return nil
}

// names makes a flag of names with commas in between; "none" is an empty list.
func names(list *[]string) func(string) error {
	return func(s string) error {
		*list = []string{}
		if s != "none" {
			*list = append(*list, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })...)
		}
		return nil
	}
}

// credentials takes USER:PASSWORD, or @FILE so that no list of processes shows
// them.
func credentials(s string) (user, password string, err error) {
	if file, ok := strings.CutPrefix(s, "@"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", "", fmt.Errorf("read the proxy's user: %w", err)
		}
		s = strings.TrimSpace(string(b))
	}
	user, password, ok := strings.Cut(s, ":")
	if s != "" && (!ok || user == "") {
		return "", "", errors.New("--proxy-user: write USER:PASSWORD or @FILE")
	}
	return user, password, nil
}

func runBenchPeer(ctx context.Context, p *program, c *command, args []string) error {
	rest, err := p.parse(c, p.flags(c), args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("bench peer: name the origin's address")
	}
	return load.Peer(ctx, rest[0], p.stdout)
}

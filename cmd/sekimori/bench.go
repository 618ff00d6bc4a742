package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sekimori-dlp/sekimori/bench/accuracy"
	"github.com/sekimori-dlp/sekimori/bench/load"
)

func benchCommand() *command {
	return &command{
		name: "bench", short: "measure speed and accuracy on this machine",
		subs: []*command{
			{name: "accuracy", args: "SET.jsonl|FOLDER...", short: "precision, recall and F1 against gold spans", run: runBenchAccuracy, long: `
A set is a file of JSON lines {"id","lang","text","spans":[{"start","end","type"}]},
offsets in code points. A finding is right if it overlaps a gold span of its
type. Sets named clean_* hold nothing: there the false findings per MB count.`},
			{name: "proxy", short: "requests/s, latency, CPU and memory beside bare goproxy", run: runBenchProxy, long: `
Starts an origin, this proxy and a bare goproxy interception (which streams and
inspects nothing) on loopback, and loads them in turn. Linux only. Keys with
--json: requests_per_second, p50_ms, p99_ms, cpu_s_per_1000_uploads,
cpu_s_per_1000_handshakes, cpu_s_per_gib, idle_rss_mib,
large_upload_rss_above_idle_mib, idle_tunnel_kib for each subject; then what,
median, min, max for each ratio.`},
			{name: "peer", args: "ORIGIN", short: "the bare goproxy that \"bench proxy\" measures beside", run: runBenchPeer},
		},
	}
}

func runBenchAccuracy(ctx context.Context, p *program, c *command, args []string) error {
	var s scanFlags
	f := p.flags(c)
	s.register(f)
	asJSON := f.Bool("json", false, "one JSON object a score")
	least := f.Float64("confidence", 0.5, "count findings from this confidence on, 0 to 1")
	misses := f.Int("misses", 0, "list up to `N` differences a set and type, with their text")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return errors.New("bench accuracy: name a set or a folder of sets")
	}
	j, err := s.judge()
	if err != nil {
		return err
	}
	res, err := accuracy.Run(ctx, j.set.Scanner(), rest, accuracy.Options{Confidence: float32(*least), Misses: *misses})
	if err != nil {
		return fmt.Errorf("bench accuracy: %w", err)
	}
	if *asJSON {
		return res.JSON(p.stdout)
	}
	res.Markdown(p.stdout)
	return nil
}

func runBenchProxy(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	asJSON := f.Bool("json", false, "one JSON object a measurement")
	var o load.Options
	f.IntVar(&o.Rounds, "rounds", 5, "measure each subject `N` times, in turn; medians are told")
	f.IntVar(&o.Requests, "requests", 4000, "small uploads a round")
	f.IntVar(&o.Connections, "connections", 32, "kept-alive connections")
	f.IntVar(&o.BodyBytes, "body", 10<<10, "`BYTES` of a small upload")
	f.StringVar(&o.Kind, "kind", "text", "what uploads hold: text, json or random")
	f.IntVar(&o.Handshakes, "handshakes", 300, "fresh connections a round")
	f.IntVar(&o.Idle, "idle", 500, "idle tunnels held open for the memory figure")
	large := f.Int64("large", 256, "`MIB` of a large upload, 0 for none")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	o.LargeBytes = *large << 20
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
	if *asJSON {
		return res.JSON(p.stdout)
	}
	res.Markdown(p.stdout)
	return nil
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

// Command sekimori-envoy lets Envoy (1.33 or later) ask a node of Sekimori about
// each request: it takes Envoy's ext_proc calls and hands each request on by ICAP.
// Bodies are held by the node; nothing of one goes back to Envoy before the whole is
// judged.
//
// It is a module of its own, so that the node does not carry gRPC. docs/icap.md
// tells how it is used, envoy.yaml is a configuration of Envoy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sekimori-envoy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("sekimori-envoy", flag.ContinueOnError)
	listen := f.String("listen", "127.0.0.1:9002", "where Envoy asks, `HOST:PORT` or unix:PATH")
	service := f.String("icap", "icap://127.0.0.1:1344/reqmod", "`URL` of the node's ICAP service")
	user := f.String("user-header", "", "request `HEADER` in which Envoy tells who sends, after it has checked that")
	idle := f.Duration("timeout", time.Minute, "longest `TIME` without a byte from Envoy or the node")
	if err := f.Parse(args); err != nil {
		return err
	}
	u, err := url.Parse(*service)
	if err != nil || u.Scheme != "icap" || u.Host == "" || f.NArg() > 0 {
		return fmt.Errorf("-icap: %q is no icap://HOST:PORT/PATH, or there are arguments too many", *service)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "1344")
	}
	network, address := "tcp", *listen
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s := grpc.NewServer()
	extproc.RegisterExternalProcessorServer(s, &processor{node: node{u, *idle}, user: *user})
	fmt.Printf("ext_proc: %s\n", l.Addr())
	end := context.AfterFunc(ctx, func() {
		late := time.AfterFunc(30*time.Second, s.Stop)
		defer late.Stop()
		s.GracefulStop()
	})
	defer end()
	return s.Serve(l)
}

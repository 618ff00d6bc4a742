package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/audit/witness"
)

func witnessCommand() *command {
	return &command{
		name: "witness", short: "cosign the logs of other machines, run by other people", run: runWitness, long: `
A small server that belongs under administrators who have no access to the
proxies. It cosigns the checkpoints of a log only as long as the log grows;
one that was rewritten, cut or put back gets no cosignature, and the try is kept
in the folder. It speaks C2SP tlog-witness. Give its public key, printed at the
start, to audit.witness in the proxy's configuration and to whoever runs
"sekimori audit verify --witness".`,
	}
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return "" }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func runWitness(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	listen := f.String("listen", "127.0.0.1:8700", "where nodes connect, `HOST:PORT`")
	keyFile := f.String("key-file", "./sekimori-witness/key", "the witness's private key, a `FILE`; made if there is none")
	dir := f.String("data", "", "the `FOLDER` of what was cosigned (default beside the key)")
	cert := f.String("tls-cert", "", "PEM `FILE`, to serve HTTPS")
	key := f.String("tls-key", "", "PEM `FILE` of its key")
	silence := f.Duration("silence", 15*time.Minute, "warn of a log that has not been heard of for this `TIME`")
	var logs list
	f.Var(&logs, "log-key", "the public `KEY` of a log, as \"sekimori audit key\" prints it; may be given several times")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if *silence <= 0 {
		return errors.New("witness: --silence must be more than nothing")
	}
	if (*cert == "") != (*key == "") {
		return errors.New("witness: --tls-cert and --tls-key belong together")
	}
	k, err := checkpoint.OpenWitnessKey(*keyFile)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	if *dir == "" {
		*dir = filepath.Join(filepath.Dir(*keyFile), "logs")
	}
	if len(logs) == 0 {
		fmt.Fprintf(p.stdout, "key: %s\n", k.Public)
		return errors.New("witness: name the logs with --log-key")
	}
	handler, err := witness.NewServer(k, logs, *dir, slog.New(slog.NewTextHandler(p.stderr, nil)))
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	server := &http.Server{Handler: handler, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	scheme := "http"
	failed := make(chan error, 1)
	if *cert != "" {
		scheme = "https"
		go func() { failed <- server.ServeTLS(l, *cert, *key) }()
	} else {
		go func() { failed <- server.Serve(l) }()
	}
	fmt.Fprintf(p.stdout, "witness: %s://%s\nkey: %s\n", scheme, l.Addr(), k.Public)
	go handler.Watch(ctx, *silence)
	select {
	case err = <-failed:
		return fmt.Errorf("witness: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(end)
}

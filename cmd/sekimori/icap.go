package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/icap"
)

// rawICAP is the door for other proxies.
type rawICAP struct {
	Listen      []string       `toml:"listen"`
	Clients     []netip.Prefix `toml:"clients"`
	Trusted     []netip.Prefix `toml:"trusted"`
	UserCoding  string         `toml:"user_coding"`
	Connections int            `toml:"connections"`
	Preview     tomlfile.Size  `toml:"preview"`
	Header      tomlfile.Size  `toml:"header"`
	Idle        duration       `toml:"idle"`
	Body        duration       `toml:"body"`
}

// icapConfig is a checked rawICAP.
type icapConfig struct {
	icap.Config
	listen []string
}

func (r *rawICAP) check(n tomlfile.Node, report tomlfile.Report) *icapConfig {
	if len(r.Listen) == 0 {
		if len(n.Keys()) > 0 {
			report(n.Pos(), "icap: no listener; write listen = [\"127.0.0.1:1344\"], or leave the whole out")
		}
		return nil
	}
	for i, a := range r.Listen {
		if err := door.Check(a); err != nil {
			report(n.Key("listen").Elem(i).Pos(), "icap.listen: %v", err)
		}
	}
	switch r.UserCoding {
	case "", icap.Auto, icap.Plain, icap.Base64:
	default:
		report(n.Key("user_coding").Pos(), "icap.user_coding: %q is unknown; write %q, %q or %q", r.UserCoding, icap.Auto, icap.Plain, icap.Base64)
	}
	if r.Connections < 0 {
		report(n.Key("connections").Pos(), "icap.connections: %d is negative", r.Connections)
	}
	return &icapConfig{listen: r.Listen, Config: icap.Config{Version: version(), Clients: r.Clients, Trusted: r.Trusted, UserCoding: r.UserCoding,
		Connections: r.Connections, Preview: int(r.Preview), Header: int(r.Header), Idle: time.Duration(r.Idle), Body: time.Duration(r.Body)}}
}

// openICAP makes the door for other proxies, if there is to be one.
func (i *installation) openICAP(registry *prometheus.Registry) (err error) {
	if i.cfg.ICAP == nil {
		return nil
	}
	i.icap, err = icap.New(i.cfg.ICAP.Config, icap.Deps{Gate: i.server.Gate(), Web: i.server, Accounts: i.who,
		Digest: func() string { return i.policy().Rules.Digest() }, Log: i.log, Registry: registry, Traces: i.traces})
	return err
}

// serveICAP opens the door for other proxies; what fails later goes to failed.
func (i *installation) serveICAP(ctx context.Context, p *program, failed chan<- error) error {
	if i.icap == nil {
		return nil
	}
	tell := func(a net.Addr) { fmt.Fprintf(p.stdout, "icap:  icap://%s/reqmod\n", a) }
	return serveAt(ctx, i.cfg.ICAP.listen, "ICAP", tell, i.icap.Serve, failed)
}

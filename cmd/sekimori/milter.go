package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/milter"
)

// rawMilter is the door for mail servers that ask by the milter protocol.
type rawMilter struct {
	Listen      []string       `toml:"listen"`
	Clients     []netip.Prefix `toml:"clients"`
	Size        tomlfile.Size  `toml:"size"`
	Recipients  int            `toml:"recipients"`
	Many        int            `toml:"many"`
	Connections int            `toml:"connections"`
	Idle        duration       `toml:"idle"`
	Message     duration       `toml:"message"`
}

// milterConfig is a checked rawMilter.
type milterConfig struct {
	milter.Config
	listen []string
	many   int
}

func (r *rawMilter) check(n tomlfile.Node, report tomlfile.Report) *milterConfig {
	if len(r.Listen) == 0 {
		if len(n.Keys()) > 0 {
			report(n.Pos(), "milter: no listener; write listen = [\"127.0.0.1:8891\"], or leave the whole out")
		}
		return nil
	}
	for i, a := range r.Listen {
		_, local, err := door.ParseLocal(a)
		if !local {
			err = door.Check(a)
		}
		if err != nil {
			report(n.Key("listen").Elem(i).Pos(), "milter.listen: %v", err)
		}
	}
	for key, v := range map[string]int{"recipients": r.Recipients, "many": r.Many, "connections": r.Connections} {
		if v < 0 {
			report(n.Key(key).Pos(), "milter.%s: %d is negative", key, v)
		}
	}
	return &milterConfig{listen: r.Listen, many: r.Many, Config: milter.Config{Clients: r.Clients, Size: int64(r.Size), Recipients: r.Recipients,
		Connections: r.Connections, Idle: time.Duration(r.Idle), Message: time.Duration(r.Message)}}
}

// openMilter makes the door for mail servers that ask, if there is to be one.
// What rules want to go later or changed goes out by the relay hop's way.
func (i *installation) openMilter(hold gate.Holder, classes proxy.Classifier, registry *prometheus.Registry) error {
	c := i.cfg.Milter
	if c == nil {
		return nil
	}
	judge, err := i.mailJudge(hold, classes, c.many)
	if err != nil {
		return err
	}
	var later milter.Outbox
	if i.smtp != nil && i.smtp.Pages() != nil {
		later = i.smtp
	}
	i.milter, err = milter.New(c.Config, judge, later, registry)
	return err
}

// serveMilter opens the door for mail servers that ask; what fails later goes
// to failed.
func (i *installation) serveMilter(ctx context.Context, p *program, failed chan<- error) error {
	if i.milter == nil {
		return nil
	}
	tell := func(a net.Addr) { // as Postfix names it
		kind := "inet"
		if a.Network() == "unix" {
			kind = "unix"
		}
		fmt.Fprintf(p.stdout, "milter: %s:%s\n", kind, a)
	}
	return serveAt(ctx, i.cfg.Milter.listen, "milter", tell, i.milter.Serve, failed)
}

package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/inspect/decode"
	"github.com/sekimori-dlp/sekimori/inspect/extract"
	"github.com/sekimori-dlp/sekimori/inspect/isolate"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// readers are all readers of formats, in order of trial.
func readers() []part.Reader { return slices.Concat(extract.Readers(), decode.Readers()) }

func readerCommand() *command {
	return &command{name: "reader", short: "read complex formats for a proxy, which starts it", run: runReader, long: `
The proxy starts such processes itself, with little they could do harm with:
no network, no files to write, bounded memory. It speaks to them through standard
input and output. There is no use in starting one by hand.`}
}

func runReader(_ context.Context, p *program, c *command, args []string) error {
	rest, err := p.parse(c, p.flags(c), args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if err := isolate.Serve(readers(), p.stdin, p.stdout); err != nil {
		return fmt.Errorf("reader: %w", err)
	}
	return nil
}

// isolateReaders puts the readers of complex formats into processes of their own,
// unless the configuration wants them here.
func (i *installation) isolateReaders(registry prometheus.Registerer) error {
	if !i.cfg.Isolate {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start reader processes: %w", err)
	}
	pool, err := isolate.NewPool(isolate.Config{Command: []string{self, "reader"}, Log: i.log})
	if err != nil {
		return err
	}
	i.closers = append(i.closers, pool.Close)
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "sekimori_reader_processes_total",
		Help: "Processes started to read complex formats."}, func() float64 { return float64(pool.Started()) }))
	i.cfg.readers = pool.Readers(readers())
	return nil
}

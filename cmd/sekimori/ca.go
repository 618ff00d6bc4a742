package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sekimori-dlp/sekimori/proxy/intercept"
)

func caCommand() *command {
	return &command{
		name: "ca", short: "the certificate authority that clients trust",
		subs: []*command{
			{name: "export", short: "print the CA's certificate (PEM), to be trusted by clients", run: runCAExport},
			{name: "new", short: "make the CA without starting the proxy", run: runCANew, long: `
"serve" does this by itself on its first start. An existing CA is never
overwritten: clients trust it.`},
		},
	}
}

// caFlags finds the CA's place from --data or --config.
func caFlags(p *program, c *command, args []string) (*config, error) {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	file := f.String("config", "", "the installation's configuration `FILE`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return nil, err
	}
	if err := noArguments(c, rest); err != nil {
		return nil, err
	}
	cfg, err := loadConfig(*file)
	if err != nil {
		return nil, err
	}
	if *data != "" {
		cfg.Data = *data
	}
	return cfg, nil
}

// openCA loads the CA that the configuration names, or the installation's own,
// which is made if create is set and it is missing.
func (c *config) openCA(create bool) (*intercept.CA, error) {
	if c.CACert != "" {
		return intercept.Load(c.CACert, c.CAKey)
	}
	if !create {
		if _, err := os.Stat(c.folder("ca")); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no CA in %s yet; start \"sekimori serve\" or run \"sekimori ca new\" first", c.Data)
		}
	}
	return intercept.Open(c.folder("ca"))
}

func runCAExport(_ context.Context, p *program, c *command, args []string) error {
	cfg, err := caFlags(p, c, args)
	if err != nil {
		return err
	}
	ca, err := cfg.openCA(false)
	if err != nil {
		return fmt.Errorf("ca export: %w", err)
	}
	_, err = p.stdout.Write(ca.PEM())
	return err
}

func runCANew(_ context.Context, p *program, c *command, args []string) error {
	cfg, err := caFlags(p, c, args)
	if err != nil {
		return err
	}
	if _, err := cfg.openCA(false); err == nil {
		return fmt.Errorf("ca new: there is a CA already; it is kept")
	}
	ca, err := cfg.openCA(true)
	if err != nil {
		return fmt.Errorf("ca new: %w", err)
	}
	fmt.Fprintf(p.stdout, "made %s\nSHA-256 fingerprint %s\nvalid until %s\n", ca.Certificate().Subject.CommonName, ca.Fingerprint(), ca.Certificate().NotAfter.Format("2006-01-02"))
	return nil
}

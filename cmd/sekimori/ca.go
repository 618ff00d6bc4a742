package main

import (
	"context"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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
			{name: "rotate", short: "replace the CA in two steps, with a time in which both are trusted", run: runCARotate, long: `
First, "ca rotate" makes the next CA. From then on the pages and downloads of the
proxy offer both, and "ca export" prints both; let clients trust the new one, by
policy or by the page /trust. Weeks later, "ca rotate --finish" puts it in use
with the next SIGHUP or restart of the proxy.`},
			{name: "seal", short: "encrypt the CA's key under a passphrase", run: runCASeal, long: `
The passphrase is read from the file that intercept.ca_passphrase_file names,
from the systemd credential "ca-passphrase", or from SEKIMORI_CA_PASSPHRASE. The
proxy needs it at each start.`},
			{name: "request", short: "make a key and a request for the company's CA to sign", run: runCARequest, long: `
Writes ca-key.pem and ca.csr. Let the company's CA sign the request as an
intermediate (CA:TRUE, pathlen:0), put the certificate and those above it into
one PEM file, and name both files in intercept.ca_cert and intercept.ca_key.`},
		},
	}
}

// caFlags finds the CA's place from --data or --config.
func caFlags(p *program, c *command, args []string, more ...func(*flag.FlagSet)) (*config, error) {
	f := p.flags(c)
	for _, m := range more {
		m(f)
	}
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
	secret, err := c.passphrase()
	if err != nil {
		return nil, err
	}
	if len(c.CASigner) > 0 {
		return intercept.LoadExternal(c.CACert, c.CASigner)
	}
	if c.CACert != "" {
		return intercept.LoadSealed(c.CACert, c.CAKey, secret)
	}
	if !create {
		if _, err := os.Stat(c.folder("ca")); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no CA in %s yet; start \"sekimori serve\" or run \"sekimori ca new\" first", c.Data)
		}
	}
	return intercept.OpenSealed(c.folder("ca"), secret)
}

// passphrase is that of the CA's key, "" if there is none.
func (c *config) passphrase() (string, error) {
	if c.CASecret != "" {
		s, err := readSecret(c.CASecret)
		if err == nil && s == "" {
			err = errors.New("it is empty")
		}
		if err != nil {
			return "", fmt.Errorf("read the passphrase of the CA's key: %w", err)
		}
		return s, nil
	}
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" { // systemd.exec(5), LoadCredential=
		s, err := readSecret(filepath.Join(dir, "ca-passphrase"))
		if !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return os.Getenv("SEKIMORI_CA_PASSPHRASE"), nil
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
	p.leaveCA(cfg, "exported")
	for _, c := range ca.Anchors() {
		if err := pem.Encode(p.stdout, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return err
		}
	}
	return nil
}

func runCARotate(_ context.Context, p *program, c *command, args []string) error {
	finish := false
	cfg, err := caFlags(p, c, args, func(f *flag.FlagSet) {
		f.BoolVar(&finish, "finish", false, "put the next CA in use")
	})
	if err != nil {
		return err
	}
	if cfg.CACert != "" {
		return fmt.Errorf("ca rotate: the CA is not the installation's own; name another in intercept.ca_cert and intercept.ca_key")
	}
	dir := cfg.folder("ca")
	if finish {
		next, err := intercept.Next(dir)
		if err != nil {
			return fmt.Errorf("ca rotate: %w; run \"sekimori ca rotate\" first", err)
		}
		if err := intercept.Promote(dir, time.Now()); err != nil {
			return fmt.Errorf("ca rotate: %w", err)
		}
		p.leaveCA(cfg, "rotated")
		fmt.Fprintf(p.stdout, "%s is in use from the next start of the proxy on\n", next.Subject.CommonName)
		return nil
	}
	secret, err := cfg.passphrase()
	if err != nil {
		return err
	}
	next, err := intercept.Prepare(dir, secret)
	if err != nil {
		return fmt.Errorf("ca rotate: %w", err)
	}
	follow(filepath.Join(dir, "next.pem"), cfg.Data)
	follow(filepath.Join(dir, "next-key.pem"), cfg.Data)
	p.leaveCA(cfg, "next one made")
	fmt.Fprintf(p.stdout, "made %s\nSHA-256 fingerprint %s\nlet clients trust it beside the present one, then run \"sekimori ca rotate --finish\"\n", next.Certificate().Subject.CommonName, next.Fingerprint())
	return nil
}

func runCASeal(_ context.Context, p *program, c *command, args []string) error {
	cfg, err := caFlags(p, c, args)
	if err != nil {
		return err
	}
	secret, err := cfg.passphrase()
	if err == nil && secret == "" {
		err = errors.New("no passphrase is given; see \"sekimori ca seal --help\"")
	}
	if err != nil {
		return fmt.Errorf("ca seal: %w", err)
	}
	if len(cfg.CASigner) > 0 {
		return errors.New("ca seal: the key is not here; intercept.ca_signer signs with it")
	}
	keys := []string{cfg.CAKey}
	if cfg.CACert == "" {
		if keys, err = filepath.Glob(filepath.Join(cfg.folder("ca"), "*key.pem")); err != nil || len(keys) == 0 {
			return fmt.Errorf("ca seal: there is no CA in %s yet", cfg.Data)
		}
	}
	for _, k := range keys {
		if err := intercept.Seal(k, secret); err != nil {
			return fmt.Errorf("ca seal: %w", err)
		}
		follow(k, filepath.Dir(k))
		p.leaveCA(cfg, "key encrypted")
		fmt.Fprintf(p.stdout, "encrypted %s\n", k)
	}
	return nil
}

func runCARequest(_ context.Context, p *program, c *command, args []string) error {
	name := "Sekimori"
	dir := "."
	cfg, err := caFlags(p, c, args, func(f *flag.FlagSet) {
		f.StringVar(&name, "name", name, "common `NAME` in the request")
		f.StringVar(&dir, "out", dir, "`FOLDER` for ca-key.pem and ca.csr")
	})
	if err != nil {
		return err
	}
	secret, err := cfg.passphrase()
	if err != nil {
		return err
	}
	request, key := filepath.Join(dir, "ca.csr"), filepath.Join(dir, "ca-key.pem")
	if err := intercept.Request(request, key, name, secret); err != nil {
		return fmt.Errorf("ca request: %w", err)
	}
	fmt.Fprintf(p.stdout, "wrote %s, to be signed, and %s, to be kept\n", request, key)
	return nil
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
	p.leaveCA(cfg, "made")
	fmt.Fprintf(p.stdout, "made %s\nSHA-256 fingerprint %s\nvalid until %s\n", ca.Certificate().Subject.CommonName, ca.Fingerprint(), ca.Certificate().NotAfter.Format("2006-01-02"))
	return nil
}

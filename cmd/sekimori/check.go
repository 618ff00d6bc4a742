package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
	"github.com/sekimori-dlp/sekimori/rules"
)

func checkCommand() *command {
	return &command{
		name: "check", short: "test an installation and say what to mend", run: runCheck,
		long: `
Looks at the configuration, state folder, CA, rules, accounts, catalogue, audit
log and addresses of an installation, running or not. Changes nothing. Exit code
1 if something is to be mended.`,
	}
}

// finding is the outcome of one check.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Told  string `json:"told"` // what was seen, or what is wrong
	Mend  string `json:"mend,omitempty"`
}

func runCheck(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	file := f.String("config", "", "the installation's configuration `FILE`")
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	asJSON := f.Bool("json", false, "one JSON object a check")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	var all []finding
	add := func(check, told, mend string, err error) {
		if err != nil {
			all = append(all, finding{check, false, err.Error(), mend})
			return
		}
		all = append(all, finding{check, true, told, ""})
	}
	cfg, err := loadConfig(*file)
	add("configuration", "no faults", "mend the places named", err)
	if err == nil {
		if *data != "" {
			cfg.Data = *data
		}
		cfg.check(ctx, p, add)
	}
	bad := false
	for _, f := range all {
		bad = bad || !f.OK
		if *asJSON {
			_ = json.NewEncoder(p.stdout).Encode(f)
			continue
		}
		mark := "ok  "
		if !f.OK {
			mark = "MEND"
		}
		fmt.Fprintf(p.stdout, "%s %s: %s\n", mark, f.Check, f.Told)
		if f.Mend != "" {
			fmt.Fprintf(p.stdout, "       %s\n", f.Mend)
		}
	}
	if bad {
		return errFound
	}
	return nil
}

func (c *config) check(ctx context.Context, p *program, add func(check, told, mend string, err error)) {
	fresh := false
	info, err := os.Stat(c.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fresh = true
		add("state folder", "not there yet; \"sekimori serve\" makes it", "", nil)
	case err == nil && info.Mode().Perm()&0o077 != 0:
		add("state folder", "", "chmod 700 "+c.Data, fmt.Errorf("others may read %s (mode %04o)", c.Data, info.Mode().Perm()))
	default:
		add("state folder", c.Data, "name a folder that this user may write", err)
	}
	if !fresh || c.CACert != "" {
		ca, err := c.openCA(false)
		if err != nil {
			add("CA", "", "", err)
		} else {
			add("CA", fmt.Sprintf("%s, valid until %s", ca.Certificate().Subject.CommonName, ca.Certificate().NotAfter.Format(time.DateOnly)),
				"name another CA in intercept.ca_cert, or move this one away and trust the new one", ca.Healthy())
		}
	}
	catalogue, err := c.catalogue()
	add("catalogue", "no faults", "mend the places named", err)
	if err == nil {
		set, err := rules.Load(c.Rules, c.ruleOptions(catalogue))
		told := ""
		if err == nil {
			told = fmt.Sprintf("%d rules, their tests pass", len(set.List()))
		}
		add("rules", told, "mend the places named; \"sekimori rules check\" tells more", err)
	}
	_, err = identity.New(c.Identity)
	add("accounts", "anonymous use: "+c.Identity.Anonymous, "mend the places named", err)
	_, err = upstream.New(c.Proxy.Upstream)
	add("upstream", "roots and addresses can be used", "mend upstream.ca_files", err)
	if _, err := os.Stat(c.folder("audit")); err == nil {
		res, err := p.verify(c.folder("audit"))
		if err == nil && res.Bad != nil {
			err = fmt.Errorf("%s line %d, record %d: %s", res.Bad.Segment, res.Bad.Line, res.Bad.Seq, res.Bad.What)
		}
		add("audit log", fmt.Sprintf("%d records, unbroken", res.Records), "keep a copy of the folder as evidence before anything else", err)
	}
	c.checkAddresses(ctx, add)
}

// checkAddresses asks a running proxy how it is, or sees whether its addresses
// are free.
func (c *config) checkAddresses(ctx context.Context, add func(check, told, mend string, err error)) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Admin+"/readyz", nil)
	if err != nil {
		add("running", "", "", err)
		return
	}
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		for _, a := range []struct{ name, addr string }{{"listen.proxy", c.Listen}, {"listen.admin", c.Admin}} {
			l, err := net.Listen("tcp", a.addr)
			if err == nil {
				l.Close()
			}
			add(a.name, a.addr+" is free; the proxy is not running", "end what listens there, or name another address", err)
		}
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the running proxy is not ready: %s", body)
	}
	add("running", "the proxy at "+c.Admin+" is ready", "see its log", err)
}

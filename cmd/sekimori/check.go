package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
	"github.com/sekimori-dlp/sekimori/rules"
)

func checkCommand() *command {
	return &command{
		name: "check", short: "test an installation and say what to mend", run: runCheck,
		long: `
Looks at the configuration, state folder, CA, rules, accounts, the console's
officers, catalogue, bypass list, time-outs, audit log, disk, limits of the system
and addresses of an installation, running or not. Changes nothing. Exit code 1 if something is to be
mended; what is only worth a look ("note") does not count.

Run it as the user that the proxy runs as. With --reach it also connects to a
site as the proxy would, and compares the clock with the site's.`,
	}
}

// finding is the outcome of one check.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Note  bool   `json:"note,omitempty"` // worth a look, but nothing to mend
	Told  string `json:"told"`           // what was seen, or what is wrong
	Mend  string `json:"mend,omitempty"`
}

// checker collects findings.
type checker struct {
	*config
	p   *program
	now time.Time
	all []finding
}

// add tells of a check: what was seen, or what is wrong and how to mend it.
func (c *checker) add(check, told, mend string, err error) {
	if err != nil {
		c.all = append(c.all, finding{Check: check, Told: err.Error(), Mend: mend})
		return
	}
	c.all = append(c.all, finding{Check: check, OK: true, Told: told})
}

// note tells of something that works but deserves a look.
func (c *checker) note(check, told, mend string) {
	c.all = append(c.all, finding{check, true, true, told, mend})
}

func runCheck(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	file := f.String("config", "", "the installation's configuration `FILE`")
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	reach := f.String("reach", "", "also connect to the site `HOST:PORT`, such as www.example.com:443")
	asJSON := f.Bool("json", false, "one JSON object a check")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	k := &checker{p: p, now: time.Now()}
	k.config, err = loadConfig(*file)
	k.add("configuration", "no faults", "mend the places named", err)
	if err == nil {
		if *data != "" {
			k.Data = *data
		}
		k.run(ctx, *reach)
	}
	bad := false
	for _, f := range k.all {
		bad = bad || !f.OK
		if *asJSON {
			_ = json.NewEncoder(p.stdout).Encode(f)
			continue
		}
		mark := "ok  "
		switch {
		case !f.OK:
			mark = "MEND"
		case f.Note:
			mark = "note"
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

func (c *checker) run(ctx context.Context, reach string) {
	fresh := c.state()
	if !fresh || c.CACert != "" {
		c.authority()
	}
	catalogue, err := c.catalogue()
	c.add("catalogue", "no faults", "mend the places named", err)
	if err == nil {
		set, err := rules.Load(c.Rules, c.ruleOptions(catalogue))
		told := ""
		if err == nil {
			told = fmt.Sprintf("%d rules, their tests pass", len(set.List()))
		}
		c.add("rules", told, "mend the places named; \"sekimori rules check\" tells more", err)
	}
	c.accounts(ctx)
	c.officers()
	c.bypasses()
	c.times()
	c.outside(ctx, reach)
	if _, err := os.Stat(c.folder("audit")); err == nil {
		res, err := c.p.verify(c.folder("audit"), audit.Check{Heartbeat: c.Audit.Options.Heartbeat})
		if err == nil && res.Bad != nil {
			err = errors.New(res.Bad.String())
		}
		if errors.Is(err, fs.ErrNotExist) { // commands leave notes for a log that is still to be begun
			res, err = audit.Result{}, nil
		}
		c.add("audit log", fmt.Sprintf("%d records, unbroken", res.Records), "keep a copy of the folder as evidence before anything else", err)
	}
	c.disk()
	c.files()
	c.addresses(ctx)
}

// state looks at the state folder, and tells whether there is none yet.
func (c *checker) state() (fresh bool) {
	info, err := os.Stat(c.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.add("state folder", "not there yet; \"sekimori serve\" makes it", "", nil)
		return true
	case err == nil && info.Mode().Perm()&0o077 != 0:
		err = fmt.Errorf("others may read %s (mode %04o)", c.Data, info.Mode().Perm())
		c.add("state folder", "", "chmod 700 "+c.Data, err)
	case err == nil:
		var probe *os.File
		if probe, err = os.CreateTemp(c.Data, ".check-*"); err == nil {
			probe.Close()
			os.Remove(probe.Name())
		}
		c.add("state folder", c.Data, "run this as the proxy's user, and let it own the folder", err)
	default:
		c.add("state folder", c.Data, "name a folder that this user may write", err)
	}
	var open []string
	for _, name := range []string{"keys", "ca"} {
		secrets, _ := filepath.Glob(filepath.Join(c.folder(name), "*"))
		for _, s := range secrets {
			info, err := os.Stat(s)
			if err == nil && info.Mode().Perm()&0o077 != 0 && (name == "keys" || strings.HasSuffix(s, "key.pem")) {
				open = append(open, s)
			}
		}
	}
	if len(open) > 0 {
		c.add("secrets", "", "chmod 600 "+strings.Join(open, " "), fmt.Errorf("others may read %s", strings.Join(open, ", ")))
	}
	m, err := readMode(c.Data, c.now)
	switch {
	case err != nil:
		c.add("mode", "", "set it with \"sekimori mode enforce\"", err)
	case m.Mode != modeEnforce:
		c.note("mode", m.String(), "\"sekimori mode enforce\" ends it")
	}
	return false
}

// soon is how long before its end a certificate is worth a note.
const soon = 90 * 24 * time.Hour

func (c *checker) authority() {
	ca, err := c.openCA(false)
	if errors.Is(err, intercept.ErrSealed) {
		c.add("CA", "", "see \"sekimori ca seal --help\" for where the passphrase is looked for", err)
		return
	}
	if err != nil {
		c.add("CA", "", "name another CA in intercept.ca_cert, or bring the files back from a copy", err)
		return
	}
	cert := ca.Certificate()
	c.add("CA", fmt.Sprintf("%s, valid until %s", cert.Subject.CommonName, cert.NotAfter.Format(time.DateOnly)),
		"name another CA in intercept.ca_cert, or move this one away and trust the new one", ca.Healthy())
	if left := cert.NotAfter.Sub(c.now); ca.Healthy() == nil && left < soon {
		c.note("CA", fmt.Sprintf("it expires in %d days", int(left.Hours()/24)), "begin its replacement: sekimori ca rotate")
	}
	if n := len(ca.Anchors()); n > 1 {
		c.note("CA", "a rotation is under way: clients are to trust two certificates", "once all do: sekimori ca rotate --finish, and restart the proxy")
	}
	// Clients have to trust it; this machine's own programs are some of them.
	if _, err := ca.Anchors()[0].Verify(x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		c.note("CA trust", "this machine does not trust the CA; that matters only to programs here that use the proxy", "http://"+c.Admin+"/trust tells how")
	}
}

func (c *checker) accounts(ctx context.Context) {
	who, err := identity.New(c.Identity)
	c.add("accounts", "anonymous use: "+c.Identity.Anonymous, "mend the places named", err)
	if err != nil {
		return
	}
	if c.Identity.LDAP != nil {
		c.add("directory", c.Identity.LDAP.URL+" answers", "see that it can be reached, its certificate's issuer is in auth.ldap.ca_files, and bind_dn may log in", who.Probe(ctx))
	}
	open := c.Listen != "" && c.Identity.Anonymous == "allow" && !loopback(c.Listen)
	for _, l := range c.Listeners {
		if cmp.Or(l.anonymous, c.Identity.Anonymous) == "allow" && len(c.Identity.Networks) == 0 && l.clientCA == "" {
			open = open || !loopback(l.listen.Address)
		}
	}
	if open {
		c.note("accounts", "anybody who reaches an address may use the proxy, and events name only addresses", "set auth.htpasswd, auth.ldap, auth.kerberos or auth.network")
	}
}

// officers looks whether there are people who can release what rules hold, and a
// second one for what takes two.
func (c *checker) officers() {
	if c.Console.Off || c.Console.OIDC != nil { // the directory's groups are not known before somebody logs in
		return
	}
	folder := c.folder("console")
	s, err := account.Open(filepath.Join(folder, "accounts.json"))
	if err != nil {
		c.add("console", "", "put the file back from a backup", err)
		return
	}
	n := map[account.Role]int{}
	for _, a := range s.List() {
		for _, r := range account.Roles {
			if a.Has(r) && (a.Hash != "" || a.External()) {
				n[r]++
			}
		}
	}
	told := fmt.Sprintf("%d operators, %d rule authors, %d approvers, %d auditors", n[account.Operator], n[account.Author], n[account.Approver], n[account.Auditor])
	link := "open the link that \"sekimori serve\" prints at its start, also in " + filepath.Join(folder, "first-account")
	switch {
	case n[account.Operator] == 0:
		c.note("console", "nobody has an account; what rules hold can be released by nobody", link)
	case n[account.Operator] == 1:
		c.note("console", told+": nobody confirms what the one operator asks for", link+", as a second person")
	case n[account.Approver] < 2:
		c.note("console", told+": an approver's own uploads, or what takes two, can be released by nobody", "have two operators give the role of approver to two people")
	default:
		c.add("console", told, "", nil)
	}
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func (c *checker) bypasses() {
	if n := len(c.Proxy.Intercept.Bypass); n > 0 {
		c.note("bypass list", fmt.Sprintf("intercept.bypass exempts %d hosts without an owner or an end", n), "make [[bypass]] entries of them")
	}
	list, err := bypass.New(c.Proxy.Intercept.Entries)
	if err != nil {
		return // told with the configuration
	}
	for _, e := range list.Entries() {
		switch left := e.Expires.Sub(c.now); {
		case e.Expired(c.now):
			c.add("bypass list", "", "remove it, or give it a new end after asking its owner again",
				fmt.Errorf("entry %q of %s ended on %s: its hosts are inspected again", e.ID, e.Owner, e.Expires.AddDate(0, 0, -1).Format(time.DateOnly)))
		case !e.Expires.IsZero() && left < 30*24*time.Hour:
			c.note("bypass list", fmt.Sprintf("entry %q of %s ends in %d days", e.ID, e.Owner, int(left.Hours()/24)), "ask its owner whether it is still needed")
		}
	}
}

// times looks for time-outs that defeat each other.
func (c *checker) times() {
	or := func(d, def time.Duration) time.Duration { return cmp.Or(d, def) }
	inspection := or(c.Proxy.Inspect.Time, time.Minute) + or(c.Proxy.Inspect.Queue, 30*time.Second)
	if idle := or(c.Proxy.Timeouts.Idle, 2*time.Minute); idle < 30*time.Second {
		c.note("time-outs", fmt.Sprintf("timeout.idle is %v: clients reconnect often, and each TLS handshake costs", idle), "write 2m")
	}
	if c.Shutdown < or(c.Proxy.Inspect.Time, time.Minute)/2 {
		c.note("time-outs", fmt.Sprintf("timeout.shutdown (%v) is short beside inspect.time: a restart cuts large uploads", c.Shutdown), "give it as long as an upload may take")
	}
	if inspection > 4*time.Minute {
		c.note("time-outs", fmt.Sprintf("an upload may wait and be inspected for %v; many clients give up before", inspection), "lower inspect.time or inspect.queue")
	}
	if r := c.Proxy.Upstream.Response; r > 0 && r < 30*time.Second {
		c.note("time-outs", fmt.Sprintf("upstream.response is %v: slow answers are cut off", r), "write 5m")
	}
}

// outside looks at the way to origins.
func (c *checker) outside(ctx context.Context, reach string) {
	origins, err := upstream.New(c.Proxy.Upstream)
	c.add("upstream", "roots and addresses can be used", "mend upstream.ca_files", err)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if p := c.Proxy.Upstream.Parent; p.URL != "" {
		err := origins.ReachParent(ctx)
		c.add("parent proxy", p.URL+" can be reached", "see that it runs and may be reached from here", err)
	}
	if reach == "" {
		return
	}
	host, _, err := net.SplitHostPort(reach)
	if err != nil {
		c.add("reach", "", "write --reach host:port", err)
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://"+reach+"/", nil)
	if err != nil {
		c.add("reach", "", "write --reach host:port", err)
		return
	}
	start := time.Now()
	resp, err := origins.RoundTrip(req)
	if err != nil {
		word, _ := upstream.Cause(err)
		c.add("reach", "", map[string]string{
			"origin-unknown":     "see that the resolver knows " + host,
			"origin-certificate": "its issuer is not trusted: if a proxy above opens TLS too, name its CA in upstream.ca_files",
			"origin-inner":       "the name leads to an inner address; if that is right, name the network in upstream.allow_private",
		}[word], err)
		return
	}
	resp.Body.Close()
	c.add("reach", fmt.Sprintf("%s answers %d within %v", reach, resp.StatusCode, time.Since(start).Round(time.Millisecond)), "", nil)
	if theirs, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		var wrong error
		off := time.Since(theirs).Round(time.Second)
		if off.Abs() > time.Minute {
			wrong = fmt.Errorf("the clock is %v off from that of %s", off, host)
		}
		c.add("clock", "agrees with "+host, "set the clock, and keep it by NTP: certificates and the record depend on it", wrong)
	}
}

// addresses asks a running proxy how it is, or sees whether its addresses are
// free.
func (c *checker) addresses(ctx context.Context) {
	for _, l := range c.Listeners {
		if l.certificate == "" {
			continue
		}
		cert, err := tls.LoadX509KeyPair(l.certificate, l.key)
		if err == nil && cert.Leaf != nil && c.now.After(cert.Leaf.NotAfter) {
			err = fmt.Errorf("it expired on %s", cert.Leaf.NotAfter.Format(time.DateOnly))
		}
		c.add("certificate of "+l.door.Name, l.certificate, "name a certificate in force and its key", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Admin+"/readyz", nil)
	if err != nil {
		c.add("running", "", "", err)
		return
	}
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		c.free(ctx)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the running proxy is not ready: %s", body)
	}
	c.add("running", "the proxy at "+c.Admin+" is ready", "see its log", err)
}

// free tries the addresses of a proxy that does not run.
func (c *checker) free(ctx context.Context) {
	ways := []listener{{door: &proxy.Door{Name: "listen.admin"}}}
	ways[0].listen.Address = c.Admin
	if c.Listen != "" {
		ways = append(ways, listener{door: &proxy.Door{Name: "listen.proxy"}})
		ways[1].listen.Address = c.Listen
	}
	for _, w := range append(ways, c.Listeners...) {
		if strings.HasPrefix(w.listen.Address, "systemd") {
			continue
		}
		ls, err := w.listen.Listen(ctx)
		for _, l := range ls {
			l.Close()
		}
		mend := "end what listens there, or name another address"
		if w.listen.Transparent {
			mend = "give the proxy CAP_NET_ADMIN"
		}
		c.add(w.door.Name, w.listen.Address+" is free; the proxy is not running", mend, err)
	}
}

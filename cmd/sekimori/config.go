package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/evidence"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/ocr"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/pac"
	"github.com/sekimori-dlp/sekimori/proxy/pieces"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
	"github.com/sekimori-dlp/sekimori/rules"
)

// rawConfig is the file as it stands. Every key may be left out.
type rawConfig struct {
	Data   string `toml:"data"`
	Listen struct {
		Proxy string `toml:"proxy"`
		Admin string `toml:"admin"`
		Help  string `toml:"help"`
	} `toml:"listen"`
	Listeners []rawListener `toml:"listener"`
	Rules     struct {
		Paths    []string `toml:"paths"`
		Defaults *bool    `toml:"defaults"`
	} `toml:"rules"`
	Destinations struct {
		Catalogue []string `toml:"catalogue"`
	} `toml:"destinations"`
	Upstream struct {
		CAFiles      []string          `toml:"ca_files"`
		Resolve      map[string]string `toml:"resolve"`
		AllowPrivate []netip.Prefix    `toml:"allow_private"`
		Dial         duration          `toml:"dial"`
		TLS          duration          `toml:"tls"`
		Response     duration          `toml:"response"`
		Idle         duration          `toml:"idle"`
		Parent       rawParent         `toml:"parent"`
	} `toml:"upstream"`
	Bypass []rawBypass `toml:"bypass"`
	Sites  struct {
		Only  []string `toml:"only"`
		Never []string `toml:"never"`
		Ports []int    `toml:"ports"`
	} `toml:"sites"`
	Hold struct {
		Memory      tomlfile.Size `toml:"memory"`
		TotalMemory tomlfile.Size `toml:"total_memory"`
		Messages    tomlfile.Size `toml:"messages"`
		Spool       spool         `toml:"spool"`
		PerSender   tomlfile.Size `toml:"per_sender"`
		Max         tomlfile.Size `toml:"max"`
		Wait        duration      `toml:"wait"`
	} `toml:"hold"`
	Inspect struct {
		Scans   int           `toml:"scans"`
		Queue   duration      `toml:"queue"`
		Time    duration      `toml:"time"`
		Headers []string      `toml:"headers"`
		Bytes   tomlfile.Size `toml:"bytes"`
		Ratio   int64         `toml:"ratio"`
		Depth   int           `toml:"depth"`
		Parts   int           `toml:"parts"`
		Isolate *bool         `toml:"isolate"`
		Count   string        `toml:"count"`
		Tries   bool          `toml:"passwords"`
		OCR     rawOCR        `toml:"ocr"`
	} `toml:"inspect"`
	Auth struct {
		Htpasswd  string              `toml:"htpasswd"`
		Groups    string              `toml:"groups"`
		Members   map[string][]string `toml:"members"`
		Networks  []rawNetwork        `toml:"network"`
		Trusted   []netip.Prefix      `toml:"trusted_proxies"`
		Forwarded string              `toml:"forwarded"`
		Anonymous string              `toml:"anonymous"`
		Realm     string              `toml:"realm"`
		LDAP      rawLDAP             `toml:"ldap"`
		Kerberos  rawKerberos         `toml:"kerberos"`
		Shared    rawShared           `toml:"shared"`
	} `toml:"auth"`
	Intercept struct {
		CACert       string   `toml:"ca_cert"`
		CAKey        string   `toml:"ca_key"`
		CASigner     []string `toml:"ca_signer"`
		Passphrase   string   `toml:"ca_passphrase_file"`
		Certificates int      `toml:"certificates"`
		CRL          string   `toml:"crl"`
		Bypass       []string `toml:"bypass"`
	} `toml:"intercept"`
	Audit    rawAudit            `toml:"audit"`
	Console  rawConsole          `toml:"console"`
	Release  rawRelease          `toml:"release"`
	Report   rawReport           `toml:"report"`
	Evidence rawEvidence         `toml:"evidence"`
	Mail     alarm.Mail          `toml:"mail"`
	Notify   []alarm.Destination `toml:"notify"`
	Alarms   []rawAlarm          `toml:"alarm"`
	Company  rawCompany          `toml:"company"`
	Pieces   rawPieces           `toml:"pieces"`
	SMTP     rawSMTP             `toml:"smtp"`
	ICAP     rawICAP             `toml:"icap"`
	Fleet    rawFleet            `toml:"fleet"`
	Milter   rawMilter           `toml:"milter"`
	Trace    rawTrace            `toml:"trace"`
	Confirm  struct {
		For duration `toml:"for"`
	} `toml:"confirm"`
	Timeout struct {
		Handshake duration `toml:"handshake"`
		Header    duration `toml:"header"`
		Idle      duration `toml:"idle"`
		Body      duration `toml:"body"`
		Upload    duration `toml:"upload"`
		Pause     duration `toml:"pause"`
		Drain     duration `toml:"drain"`
		Leave     duration `toml:"leave"`
		Shutdown  duration `toml:"shutdown"`
	} `toml:"timeout"`
	Limit struct {
		Connections int           `toml:"connections"`
		PerClient   int           `toml:"per_client"`
		Header      tomlfile.Size `toml:"header"`
		Drain       tomlfile.Size `toml:"drain"`
		Streams     int           `toml:"streams"`
	} `toml:"limit"`
	PAC struct {
		Proxies    []string `toml:"proxies"`
		Spread     bool     `toml:"spread"`
		Direct     []string `toml:"direct"`
		Through    []string `toml:"through"`
		Everything bool     `toml:"everything"`
	} `toml:"pac"`
	Contact      map[string]string `toml:"contact"`
	Organisation string            `toml:"organisation"`
	Name         string            `toml:"name"`
	TryHost      *bool             `toml:"try_host"`
	Log          struct {
		Level  slog.Level `toml:"level"`
		Format string     `toml:"format"`
		Access string     `toml:"access"`
	} `toml:"log"`
}

type rawNetwork struct {
	Prefix netip.Prefix `toml:"prefix"`
	User   string       `toml:"user"`
	Groups []string     `toml:"groups"`
}

// spool is where and how much of held bodies may lie on disk: a size ("8 GiB"),
// a folder ("/var/spool/sekimori"), or both ("/var/spool/sekimori 8 GiB").
type spool struct {
	dir  string
	size tomlfile.Size
}

// UnmarshalTOML reads a whole number of bytes, or a text as above.
func (s *spool) UnmarshalTOML(v any) error {
	text, ok := v.(string)
	if !ok {
		return s.size.UnmarshalTOML(v)
	}
	if s.size.UnmarshalText([]byte(text)) == nil {
		return nil
	}
	s.dir = text
	for i := range text {
		if text[i] == ' ' && s.size.UnmarshalText([]byte(text[i+1:])) == nil {
			s.dir = strings.TrimSpace(text[:i])
			break
		}
	}
	if !strings.ContainsAny(s.dir, `/\`) {
		return errors.New(`neither a size nor a folder; write such as "8 GiB" or "/var/spool/sekimori"`)
	}
	return nil
}

// duration is a time.Duration written as "30s" or "5m".
type duration time.Duration

// UnmarshalText reads a Go duration that is not negative.
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(strings.ReplaceAll(string(b), " ", ""))
	if err != nil || v < 0 {
		return errors.New(`not a duration; write such as "30s", "5m" or "1h30m"`)
	}
	*d = duration(v)
	return nil
}

// config is the checked configuration, with absolute or working-directory
// paths, as the commands use it.
type config struct {
	file      string    // it was read from; "" for none
	raw       rawConfig // as it stands there
	Data      string
	Listen    string // "" if only listeners of their own are wanted
	Admin     string
	Help      string // "" for none
	Listeners []listener
	Rules     []string
	Defaults  bool
	Catalogue []string
	Budget    part.Limits
	Isolate   bool          // complex formats are read in processes of their own
	OCR       ocr.Config    // no Command: off
	readers   []part.Reader // once they are; nil: the usual ones
	Hold      hold.Config
	Identity  identity.Config
	Proxy     proxy.Config
	CACert    string
	CAKey     string
	CASigner  []string // the command that signs with a key that is not here
	CASecret  string   // the file with its passphrase; "" for none
	Audit     recordConfig
	Console   consoleConfig
	Release   releaseConfig
	Report    reportConfig
	Evidence  evidence.Config
	Alarms    alarmConfig
	SMTP      *smtpConfig   // nil: no mail
	Milter    *milterConfig // nil: no mail server asks
	ICAP      *icapConfig   // nil: no ICAP
	Fleet     *fleetConfig  // nil: the installation is alone
	Pieces    pieces.Config
	Trace     *trace.Config // nil: nothing is traced
	Leave     time.Duration // from being told to end, in which clients are still taken
	Shutdown  time.Duration
	LogLevel  slog.Level
	LogText   bool
	Access    string // the access log's file; "" for none, "-" for standard error
}

// The defaults that --help names.
const (
	defaultData  = "./sekimori-data"
	defaultProxy = "127.0.0.1:8080"
	defaultAdmin = "127.0.0.1:9090"
)

// loadConfig reads a configuration file; "" gives the defaults. Every fault is
// told, each with its place.
func loadConfig(path string) (*config, error) {
	var raw rawConfig
	var faults tomlfile.Errors
	var root tomlfile.Node
	dir := "."
	if path != "" {
		f, err := tomlfile.Read(path)
		if err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
		dir = filepath.Dir(path)
		root = f.Root()
		root.Decode(&raw, faults.Report)
	}
	c := raw.check(root, dir, faults.Report)
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("the configuration has faults:\n%w", err)
	}
	c.file, c.raw = path, raw
	return c, nil
}

// check turns the raw file into a config. Relative paths are taken from the
// file's own folder.
func (r *rawConfig) check(n tomlfile.Node, dir string, report tomlfile.Report) *config {
	at := func(keys ...string) tomlfile.Pos {
		m := n
		for _, k := range keys {
			m = m.Key(k)
		}
		return m.Pos()
	}
	path := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	paths := func(in []string) []string {
		var out []string
		for _, p := range in {
			out = append(out, path(p))
		}
		return out
	}
	address := func(v, def string, keys ...string) string {
		if v == "" {
			return def
		}
		if err := door.Check(v); err != nil {
			report(at(keys...), "%s: %v, such as %q", strings.Join(keys, "."), err, def)
		}
		return v
	}
	c := &config{
		Data:      defaultData,
		Listen:    address(r.Listen.Proxy, defaultProxy, "listen", "proxy"),
		Admin:     address(r.Listen.Admin, defaultAdmin, "listen", "admin"),
		Help:      address(r.Listen.Help, "", "listen", "help"),
		Rules:     paths(r.Rules.Paths),
		Defaults:  r.Rules.Defaults == nil || *r.Rules.Defaults,
		Catalogue: paths(r.Destinations.Catalogue),
		CACert:    path(r.Intercept.CACert),
		CAKey:     path(r.Intercept.CAKey),
		CASigner:  r.Intercept.CASigner,
		CASecret:  path(r.Intercept.Passphrase),
		Leave:     time.Duration(r.Timeout.Leave),
		Shutdown:  time.Duration(r.Timeout.Shutdown),
		LogLevel:  r.Log.Level,
		Access:    r.Log.Access,
	}
	for lang := range r.Contact {
		if lang != "ja" && lang != "en" {
			report(n.Key("contact").Key(lang).KeyPos(), "unknown key %q; write ja and en", lang)
		}
	}
	if r.Data != "" {
		c.Data = path(r.Data)
	}
	if c.Shutdown == 0 {
		c.Shutdown = 30 * time.Second
	}
	if (c.CACert == "") != (c.CAKey == "" && len(c.CASigner) == 0) || c.CAKey != "" && len(c.CASigner) > 0 {
		report(at("intercept"), "intercept.ca_cert and one of intercept.ca_key and intercept.ca_signer belong together; write both or neither")
	}
	if c.Access != "-" {
		c.Access = path(c.Access)
	}
	switch r.Log.Format {
	case "", "json":
	case "text":
		c.LogText = true
	default:
		report(at("log", "format"), "log.format: %q is unknown; write \"json\" or \"text\"", r.Log.Format)
	}
	switch r.Inspect.Count {
	case "", "until-decided", "exact":
	default:
		report(at("inspect", "count"), "inspect.count: %q is unknown; write \"until-decided\" or \"exact\"", r.Inspect.Count)
	}
	c.Isolate = r.Inspect.Isolate == nil || *r.Inspect.Isolate
	c.OCR = ocr.Config{Command: r.Inspect.OCR.Command, Bytes: int64(r.Inspect.OCR.Bytes), Time: time.Duration(r.Inspect.OCR.Time), Most: r.Inspect.OCR.Most}
	if err := c.checkOCR(); err != nil {
		report(at("inspect", "ocr", "command"), "%v", err)
	}
	c.Budget = part.Limits{Bytes: int64(r.Inspect.Bytes), Ratio: r.Inspect.Ratio, Depth: r.Inspect.Depth,
		Entries: r.Inspect.Parts, Time: time.Duration(r.Inspect.Time)}
	c.Hold = hold.Config{MemoryPerBody: int64(r.Hold.Memory), TotalMemory: int64(r.Hold.TotalMemory), Messages: int64(r.Hold.Messages),
		TotalDisk: int64(r.Hold.Spool.size), PerSender: int64(r.Hold.PerSender), Dir: path(r.Hold.Spool.dir), Max: int64(r.Hold.Max), Wait: time.Duration(r.Hold.Wait)}
	if s := r.Hold.PerSender; s > 0 && s < r.Hold.Max {
		report(at("hold", "per_sender"), "hold.per_sender: %d is less than hold.max, %d; write that much or more", s, r.Hold.Max)
	}
	c.Identity = r.identity(at, path, report)
	c.Proxy = r.proxy()
	c.Audit = r.Audit.check(n.Key("audit"), path, report)
	c.Console = r.Console.check(n.Key("console"), path, report)
	c.Release = r.Release.check(n.Key("release"), report)
	if c.Release.links && !strings.HasPrefix(c.Console.Origin, "https://") {
		report(at("release", "links"), "release.links: who has a link decides, so it goes over TLS only; write the console's address in console.origin, such as \"https://dlp.example.co.jp\"")
	}
	c.Evidence = r.Evidence.check(n.Key("evidence"), report)
	c.Alarms = r.alarms(n, path, report)
	c.Report = r.Report.check(n.Key("report"), c.Alarms.to, path, report)
	c.Pieces = r.Pieces.check(n.Key("pieces"), report)
	c.SMTP = r.SMTP.check(n.Key("smtp"), path, report)
	c.Milter = r.Milter.check(n.Key("milter"), report)
	c.ICAP = r.ICAP.check(n.Key("icap"), report)
	c.Trace = r.Trace.check(n.Key("trace"), path, report)
	c.Fleet = r.Fleet.check(n.Key("fleet"), path, report)
	c.Listeners = r.listeners(n, path, report)
	if len(c.Listeners) > 0 && r.Listen.Proxy == "" {
		c.Listen = ""
	}
	c.Proxy.Intercept.Entries = r.bypasses(n, report)
	c.Proxy.Sites = proxy.SitesConfig{Only: r.Sites.Only, Never: r.Sites.Never, Ports: r.Sites.Ports}
	c.Proxy.Upstream.Parent = r.Upstream.Parent.parent(at("upstream", "parent"), path, report)
	c.Proxy.Upstream.CAFiles = paths(r.Upstream.CAFiles)
	if err := c.Proxy.Validate(); err != nil {
		for _, e := range unjoin(err) {
			key, _, _ := strings.Cut(e.Error(), ":")
			report(at(strings.Split(key, ".")...), "%v", e)
		}
	}
	return c
}

func (r *rawConfig) identity(at func(...string) tomlfile.Pos, path func(string) string, report tomlfile.Report) identity.Config {
	c := identity.Config{Htpasswd: path(r.Auth.Htpasswd), Groups: path(r.Auth.Groups), Members: r.Auth.Members,
		Trusted: r.Auth.Trusted, Forwarded: r.Auth.Forwarded, Realm: r.Auth.Realm, Anonymous: r.Auth.Anonymous}
	c.LDAP = r.Auth.LDAP.ldap(at("auth", "ldap"), path, report)
	c.Kerberos = r.Auth.Kerberos.kerberos(path)
	c.Shared = r.Auth.Shared.shared(at("auth", "shared"), report)
	for i, w := range r.Auth.Networks {
		if !w.Prefix.IsValid() {
			report(at("auth", "network"), "auth.network: entry %d has no prefix; write such as prefix = \"10.1.0.0/16\"", i+1)
		}
		c.Networks = append(c.Networks, identity.Network(w))
	}
	switch r.Auth.Anonymous {
	case "allow", "deny":
	case "":
		// Without accounts nobody could log in; with them, nobody may slip by.
		c.Anonymous = "allow"
		if r.Auth.Htpasswd != "" || c.LDAP != nil || c.Kerberos != nil {
			c.Anonymous = "deny"
		}
	default:
		report(at("auth", "anonymous"), "auth.anonymous: %q is unknown; write \"allow\" or \"deny\"", r.Auth.Anonymous)
	}
	return c
}

func (r *rawConfig) proxy() proxy.Config {
	var c proxy.Config
	c.Name, c.Contact, c.Record = r.Name, r.Contact, r.Audit.Record
	c.Organisation, c.Traceparent = r.Organisation, r.Trace.Traceparent
	c.Company = r.Company.Domains
	c.PAC = pac.Config{Proxies: r.PAC.Proxies, Spread: r.PAC.Spread, Direct: r.PAC.Direct, Through: r.PAC.Through, Everything: r.PAC.Everything}
	c.NoTry = r.TryHost != nil && !*r.TryHost
	c.ConfirmFor = time.Duration(r.Confirm.For)
	c.Timeouts = proxy.Timeouts{Handshake: time.Duration(r.Timeout.Handshake), Header: time.Duration(r.Timeout.Header),
		Idle: time.Duration(r.Timeout.Idle), Body: time.Duration(r.Timeout.Body), Upload: time.Duration(r.Timeout.Upload), Pause: time.Duration(r.Timeout.Pause), Drain: time.Duration(r.Timeout.Drain)}
	c.Limits = proxy.Limits{Connections: r.Limit.Connections, PerClient: r.Limit.PerClient, HeaderBytes: int(r.Limit.Header),
		Drain: int64(r.Limit.Drain), Streams: r.Limit.Streams}
	c.Inspect = proxy.Inspect{Exact: r.Inspect.Count == "exact", Scans: r.Inspect.Scans, Queue: time.Duration(r.Inspect.Queue),
		Time: time.Duration(r.Inspect.Time), Headers: r.Inspect.Headers, Passwords: r.Inspect.Tries}
	c.Intercept = proxy.Intercept{Certificates: r.Intercept.Certificates, CRL: r.Intercept.CRL, Bypass: r.Intercept.Bypass}
	c.Upstream.Resolve, c.Upstream.AllowPrivate = r.Upstream.Resolve, r.Upstream.AllowPrivate
	c.Upstream.Dial, c.Upstream.TLS = time.Duration(r.Upstream.Dial), time.Duration(r.Upstream.TLS)
	c.Upstream.Response, c.Upstream.Idle = time.Duration(r.Upstream.Response), time.Duration(r.Upstream.Idle)
	return c
}

// unjoin takes errors.Join apart.
func unjoin(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range j.Unwrap() {
			all = append(all, unjoin(e)...)
		}
		return all
	}
	return []error{err}
}

// catalogue loads the services by class.
func (c *config) catalogue() (*destination.Catalogue, error) {
	cat, err := destination.Load(c.Catalogue...)
	if err != nil {
		return nil, fmt.Errorf("the destination catalogue has faults:\n%w", err)
	}
	return cat, nil
}

// ruleOptions lets rules be checked against what the installation knows.
func (c *config) ruleOptions(cat proxy.Classifier) rules.Options {
	return rules.Options{
		NoDefaults: !c.Defaults, Limits: c.Budget, Inspect: inspect.Options{Readers: c.recognising(c.readers)},
		Destination: func(host, path string) (string, []string) {
			d := cat.Lookup("https", host, 443, "POST", path)
			return d.Service, d.Classes
		},
	}
}

// folder names a place in the state folder.
func (c *config) folder(name string) string { return filepath.Join(c.Data, name) }

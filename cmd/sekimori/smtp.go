package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/outbox"
	"github.com/sekimori-dlp/sekimori/proxy/smtp"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// rawCompany is what the company calls its own.
type rawCompany struct {
	Domains []string `toml:"domains"`
}

// rawSMTP is the door for mail.
type rawSMTP struct {
	Listen      []string       `toml:"listen"`
	TLSListen   []string       `toml:"tls_listen"`
	Name        string         `toml:"name"`
	Certificate string         `toml:"certificate"`
	Key         string         `toml:"key"`
	Clients     []netip.Prefix `toml:"clients"`
	Auth        string         `toml:"auth"`
	Size        tomlfile.Size  `toml:"size"`
	Recipients  int            `toml:"recipients"`
	Many        int            `toml:"many"`
	Connections int            `toml:"connections"`
	PerClient   int            `toml:"per_client"`
	Idle        duration       `toml:"idle"`
	Message     duration       `toml:"message"`
	Next        rawSMTPNext    `toml:"next"`
	Pages       rawSMTPPages   `toml:"pages"`
	Notices     rawSMTPNotices `toml:"notices"`
	Later       rawSMTPLater   `toml:"later"`
}

// rawSMTPPages is where senders take messages back and recipients fetch files.
type rawSMTPPages struct {
	Listen string `toml:"listen"`
	URL    string `toml:"url"`
	Plain  bool   `toml:"plain"`
}

// rawSMTPNotices is the way of notices to senders.
type rawSMTPNotices struct {
	From string      `toml:"from"`
	Next rawSMTPNext `toml:"next"`
}

// rawSMTPLater bounds what is kept to go later.
type rawSMTPLater struct {
	Links  duration      `toml:"links"`
	Held   duration      `toml:"held"`
	GiveUp duration      `toml:"give_up"`
	Room   tomlfile.Size `toml:"room"`
}

// rawSMTPNext is where mail goes on to.
type rawSMTPNext struct {
	Address      string   `toml:"address"`
	MX           bool     `toml:"mx"`
	TLS          string   `toml:"tls"`
	CAFiles      []string `toml:"ca_files"`
	User         string   `toml:"user"`
	PasswordFile string   `toml:"password_file"`
	Timeout      duration `toml:"timeout"`
}

// smtpConfig is a checked rawSMTP.
type smtpConfig struct {
	smtp.Config
	listen, tlsListen []string
	certificate, key  string
	caFiles           []string
	many              int

	pages     rawSMTPPages
	box       smtp.Box // but for what is only known at start
	room      int64
	noticeCAs []string
}

func (r *rawSMTP) check(n tomlfile.Node, path func(string) string, report tomlfile.Report) *smtpConfig {
	if len(r.Listen)+len(r.TLSListen) == 0 {
		if len(n.Keys()) > 0 {
			report(n.Pos(), "smtp: no listener; write listen = [\"127.0.0.1:10025\"], or leave the whole out")
		}
		return nil
	}
	c := &smtpConfig{listen: r.Listen, tlsListen: r.TLSListen, certificate: path(r.Certificate), key: path(r.Key)}
	for key, all := range map[string][]string{"listen": r.Listen, "tls_listen": r.TLSListen} {
		for i, a := range all {
			if err := door.Check(a); err != nil {
				report(n.Key(key).Elem(i).Pos(), "smtp.%s: %v", key, err)
			}
		}
	}
	if (r.Certificate == "") != (r.Key == "") {
		report(n.Pos(), "smtp.certificate and smtp.key belong together; write both or neither")
	}
	c.Name = r.Name
	if c.Name == "" {
		c.Name, _ = os.Hostname()
	}
	if c.Name == "" || strings.ContainsFunc(c.Name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		report(n.Key("name").Pos(), "smtp.name: %q is no host name; write one such as \"gate.example.jp\"", c.Name)
	}
	switch c.Auth = smtp.Auth(r.Auth); c.Auth {
	case "none":
		c.Auth = smtp.NoAuth
	case smtp.NoAuth, smtp.LocalAuth, smtp.PassAuth:
	default:
		report(n.Key("auth").Pos(), "smtp.auth: %q is unknown; write \"none\", \"local\" or \"pass\"", r.Auth)
	}
	for key, v := range map[string]int{"recipients": r.Recipients, "many": r.Many, "connections": r.Connections, "per_client": r.PerClient} {
		if v < 0 {
			report(n.Key(key).Pos(), "smtp.%s: %d is negative", key, v)
		}
	}
	c.Next, c.caFiles = r.Next.check(n.Key("next"), "smtp.next", path, report)
	c.Clients, c.Size, c.many = r.Clients, int64(r.Size), r.Many
	c.Recipients, c.Connections, c.PerClient = r.Recipients, r.Connections, r.PerClient
	c.Idle, c.Message = time.Duration(r.Idle), time.Duration(r.Message)
	r.checkPages(n, c, path, report)
	return c
}

// check checks one way on.
func (r *rawSMTPNext) check(at tomlfile.Node, key string, path func(string) string, report tomlfile.Report) (next smtp.Next, caFiles []string) {
	if (r.Address == "") != r.MX {
		report(at.Pos(), "%s: write address = \"mail.example.jp:25\", or mx = true, and not both", key)
	} else if r.Address != "" {
		if _, _, err := net.SplitHostPort(r.Address); err != nil {
			report(at.Key("address").Pos(), "%s.address: %q has no port; write such as \"mail.example.jp:25\"", key, r.Address)
		}
	}
	switch r.TLS {
	case "", smtp.Opportunistic, smtp.Required, smtp.Implicit, smtp.Never:
	default:
		report(at.Key("tls").Pos(), "%s.tls: %q is unknown; write %q, %q, %q or %q", key, r.TLS, smtp.Opportunistic, smtp.Required, smtp.Implicit, smtp.Never)
	}
	next = smtp.Next{Address: r.Address, MX: r.MX, TLS: r.TLS, User: r.User, Timeout: time.Duration(r.Timeout)}
	if r.PasswordFile != "" {
		secret, err := readSecret(path(r.PasswordFile))
		if err != nil {
			report(at.Key("password_file").Pos(), "%s.password_file: %v", key, err)
		}
		next.Password = secret
	}
	for _, f := range r.CAFiles {
		caFiles = append(caFiles, path(f))
	}
	return next, caFiles
}

// checkPages checks what it takes to keep mail that goes later.
func (r *rawSMTP) checkPages(n tomlfile.Node, c *smtpConfig, path func(string) string, report tomlfile.Report) {
	at := n.Key("pages")
	if r.Pages.Listen == "" {
		for _, key := range []string{"pages", "notices", "later"} {
			if len(n.Key(key).Keys()) > 0 {
				report(n.Key(key).Pos(), "smtp.%s: mail goes later only with pages; write pages = { listen = \"10.0.0.5:8443\", url = \"https://gate.example.jp:8443\" }", key)
			}
		}
		return
	}
	if err := door.Check(r.Pages.Listen); err != nil {
		report(at.Key("listen").Pos(), "smtp.pages.listen: %v", err)
	}
	u, err := url.Parse(r.Pages.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		report(at.Pos(), "smtp.pages.url: %q is not where people reach the pages; write such as \"https://gate.example.jp:8443\"", r.Pages.URL)
	}
	if c.Auth == smtp.PassAuth {
		report(n.Key("auth").Pos(), "smtp.auth: mail that goes later cannot be sent with its sender's log-in; write auth = \"local\" or \"none\", or leave smtp.pages out")
	}
	c.pages, c.room = r.Pages, int64(r.Later.Room)
	c.box = smtp.Box{URL: strings.TrimSuffix(r.Pages.URL, "/"), From: cmp.Or(r.Notices.From, "sekimori@"+c.Name), Links: time.Duration(r.Later.Links),
		Held: time.Duration(r.Later.Held), GiveUp: time.Duration(r.Later.GiveUp)}
	if at := n.Key("notices").Key("next"); at.Found() {
		c.box.Notices, c.noticeCAs = r.Notices.Next.check(at, "smtp.notices.next", path, report)
	}
}

// mailAccounts lets people log in to send mail as they do to use the proxy.
type mailAccounts struct{ *identity.Identifier }

// LogIn implements smtp.Accounts.
func (a mailAccounts) LogIn(ctx context.Context, user, password string, at netip.Addr) (rules.Principal, error) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	asked := (&http.Request{RemoteAddr: netip.AddrPortFrom(at, 1).String(), Header: http.Header{"Proxy-Authorization": {basic}}}).WithContext(ctx)
	p, err := a.Identify(asked)
	if err == nil && !slices.Contains([]string{identity.Basic, identity.ByLDAP}, p.How) {
		err = errors.New("there are no accounts to check a log-in with; set auth.htpasswd or auth.ldap")
	}
	return p, err
}

// openSMTP makes the door for mail, if there is to be one.
func (i *installation) openSMTP(hold gate.Holder, classes proxy.Classifier, ca *intercept.CA, registry *prometheus.Registry) error {
	c := i.cfg.SMTP
	if c == nil {
		return nil
	}
	judge, err := i.mailJudge(hold, classes, c.many)
	if err != nil {
		return err
	}
	c.Journal = i.cfg.folder("mail.journal")
	cert, err := doorCertificate(ca, c.certificate, c.key, c.Name)
	if err != nil {
		return fmt.Errorf("the certificate for mail: %w", err)
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert}
	if c.Next.Roots, err = roots(c.caFiles); err != nil {
		return fmt.Errorf("the roots for the next mail server: %w", err)
	}
	if c.pages.Listen != "" {
		if err := i.openBox(c); err != nil {
			return err
		}
	}
	i.smtp, err = smtp.New(c.Config, judge, registry)
	return err
}

// roots reads certificates; nil for no file: the system's.
func roots(files []string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, nil
	}
	pool := x509.NewCertPool()
	for _, f := range files {
		pem, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", f)
		}
	}
	return pool, nil
}

// released is how mail that is held is asked for.
type released struct {
	*gate.Gate
	*release.Store
}

// openBox opens the store of mail that goes later.
func (i *installation) openBox(c *smtpConfig) error {
	key, err := i.cfg.key("outbox")
	if err != nil {
		return err
	}
	if c.box.Notices.Roots, err = roots(c.noticeCAs); err != nil {
		return fmt.Errorf("the roots for the mail server of notices: %w", err)
	}
	if c.box.Store, err = outbox.Open(outbox.Config{Dir: i.cfg.folder("outbox"), Key: key, Max: c.room}); err != nil {
		return err
	}
	c.box.Releases = released{i.server.Gate(), i.releases}
	c.Box = &c.box
	return nil
}

// mailJudge asks the gate about mail, by whichever door it comes.
func (i *installation) mailJudge(hold gate.Holder, classes proxy.Classifier, many int) (*mail.Judge, error) {
	return mail.New(mail.Config{Domains: i.cfg.Proxy.Company, Many: many, ConfirmFor: i.cfg.Proxy.ConfirmFor, Contact: i.cfg.Proxy.Contact},
		mail.Deps{Gate: i.server.Gate(), Hold: hold, Accounts: mailAccounts{i.who}, Classes: classes, Audit: i.audit, Log: i.log, Traces: i.traces})
}

// doorCertificate gives a door the certificate in two files, or one for its
// name by the installation's CA, which is made anew before it ends.
func doorCertificate(ca *intercept.CA, certFile, keyFile, name string) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	if certFile != "" {
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }, err
	}
	issuer, err := intercept.NewIssuer(ca, 1)
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return issuer.Certificate(name) }, err
}

// servePages opens the pages by which senders take messages back.
func (i *installation) servePages(ctx context.Context, p *program, failed chan<- error) error {
	c := i.cfg.SMTP
	if c.pages.Listen == "" {
		return nil
	}
	ls, err := door.Options{Address: c.pages.Listen}.Listen(ctx)
	if err != nil {
		return fmt.Errorf("listen for mail's pages: %w", err)
	}
	web := &http.Server{Handler: i.smtp.Pages(), TLSConfig: c.TLS.Clone(), ErrorLog: slog.NewLogLogger(i.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	i.closers = append(i.closers, web.Close)
	for _, l := range ls {
		fmt.Fprintf(p.stdout, "mail pages: %s\n", c.box.URL)
		go func() {
			serve := func() error { return web.ServeTLS(l, "", "") }
			if c.pages.Plain {
				serve = func() error { return web.Serve(l) }
			}
			if err := serve(); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve mail's pages: %w", err)
			}
		}()
	}
	return nil
}

// serveSMTP opens the door for mail; what fails later goes to failed.
func (i *installation) serveSMTP(ctx context.Context, p *program, failed chan<- error) error {
	if i.smtp == nil {
		return nil
	}
	for _, way := range []struct {
		scheme    string
		addresses []string
	}{{"smtp", i.cfg.SMTP.listen}, {"smtps", i.cfg.SMTP.tlsListen}} {
		tell := func(a net.Addr) { fmt.Fprintf(p.stdout, "mail:  %s://%s\n", way.scheme, a) }
		serve := func(l net.Listener) error { return i.smtp.Serve(l, way.scheme == "smtps") }
		if err := serveAt(ctx, way.addresses, "mail", tell, serve, failed); err != nil {
			return err
		}
	}
	return i.servePages(ctx, p, failed)
}

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/proxy/door"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/smtp"
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
	at := n.Key("next")
	if (r.Next.Address == "") != r.Next.MX {
		report(at.Pos(), "smtp.next: write address = \"mail.example.jp:25\", or mx = true, and not both")
	} else if r.Next.Address != "" {
		if _, _, err := net.SplitHostPort(r.Next.Address); err != nil {
			report(at.Key("address").Pos(), "smtp.next.address: %q has no port; write such as \"mail.example.jp:25\"", r.Next.Address)
		}
	}
	switch r.Next.TLS {
	case "", smtp.Opportunistic, smtp.Required, smtp.Implicit, smtp.Never:
	default:
		report(at.Key("tls").Pos(), "smtp.next.tls: %q is unknown; write %q, %q, %q or %q", r.Next.TLS, smtp.Opportunistic, smtp.Required, smtp.Implicit, smtp.Never)
	}
	c.Clients, c.Size, c.many = r.Clients, int64(r.Size), r.Many
	c.Recipients, c.Connections, c.PerClient = r.Recipients, r.Connections, r.PerClient
	c.Idle, c.Message = time.Duration(r.Idle), time.Duration(r.Message)
	c.Next = smtp.Next{Address: r.Next.Address, MX: r.Next.MX, TLS: r.Next.TLS, User: r.Next.User, Timeout: time.Duration(r.Next.Timeout)}
	if r.Next.PasswordFile != "" {
		secret, err := readSecret(path(r.Next.PasswordFile))
		if err != nil {
			report(at.Key("password_file").Pos(), "smtp.next.password_file: %v", err)
		}
		c.Next.Password = secret
	}
	for _, f := range r.Next.CAFiles {
		c.caFiles = append(c.caFiles, path(f))
	}
	return c
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
func (i *installation) openSMTP(hold gate.Holder, classes *destination.Catalogue, ca *intercept.CA, registry *prometheus.Registry) error {
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
	if len(c.caFiles) > 0 {
		c.Next.Roots = x509.NewCertPool()
		for _, f := range c.caFiles {
			pem, err := os.ReadFile(f)
			if err != nil {
				return fmt.Errorf("the roots for the next mail server: %w", err)
			}
			if !c.Next.Roots.AppendCertsFromPEM(pem) {
				return fmt.Errorf("the roots for the next mail server: %s: no certificate in it", f)
			}
		}
	}
	i.smtp, err = smtp.New(c.Config, judge, registry)
	return err
}

// mailJudge asks the gate about mail, by whichever door it comes.
func (i *installation) mailJudge(hold gate.Holder, classes *destination.Catalogue, many int) (*mail.Judge, error) {
	return mail.New(mail.Config{Domains: i.cfg.Proxy.Company, Many: many, ConfirmFor: i.cfg.Proxy.ConfirmFor, Contact: i.cfg.Proxy.Contact},
		mail.Deps{Gate: i.server.Gate(), Hold: hold, Accounts: mailAccounts{i.who}, Classes: classes, Audit: i.audit, Log: i.log})
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

// serveSMTP opens the door for mail; what fails later goes to failed.
func (i *installation) serveSMTP(ctx context.Context, p *program, failed chan<- error) error {
	if i.smtp == nil {
		return nil
	}
	for _, way := range []struct {
		scheme    string
		addresses []string
	}{{"smtp", i.cfg.SMTP.listen}, {"smtps", i.cfg.SMTP.tlsListen}} {
		for _, a := range way.addresses {
			ls, err := door.Options{Address: a}.Listen(ctx)
			if err != nil {
				return fmt.Errorf("listen for mail: %w", err)
			}
			for _, l := range ls {
				fmt.Fprintf(p.stdout, "mail:  %s://%s\n", way.scheme, l.Addr())
				go func() {
					if err := i.smtp.Serve(l, way.scheme == "smtps"); err != nil {
						failed <- fmt.Errorf("serve mail: %w", err)
					}
				}()
			}
		}
	}
	return nil
}

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/sso"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rawOIDC is [console.oidc] as it stands.
type rawOIDC struct {
	Issuer     string   `toml:"issuer"`
	ClientID   string   `toml:"client_id"`
	SecretFile string   `toml:"secret_file"`
	CAFile     string   `toml:"ca_file"`
	Name       string   `toml:"name"`
	Groups     string   `toml:"groups"`
	Scopes     []string `toml:"scopes"`
	Operator   []string `toml:"operator"`
	Author     []string `toml:"author"`
	Approver   []string `toml:"approver"`
	Auditor    []string `toml:"auditor"`
}

// oidcConfig is how officers log in by the company's directory.
type oidcConfig struct {
	sso.Config
	secretFile, caFile string
}

func (r *rawOIDC) check(n tomlfile.Node, origin string, path func(string) string, report tomlfile.Report) *oidcConfig {
	u, err := url.Parse(r.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && thisMachine(u.Hostname())) {
		report(n.Key("issuer").Pos(), "console.oidc.issuer: %q is no issuer; write its address, such as \"https://login.example.co.jp/realms/company\"", r.Issuer)
	}
	if r.ClientID == "" {
		report(n.Pos(), "console.oidc.client_id is missing; write the name by which the issuer knows the console")
	}
	if origin == "" {
		report(n.Pos(), "console.oidc needs console.origin: the issuer sends people back there; write such as \"https://dlp.example.co.jp\"")
	}
	roles := map[account.Role][]string{account.Operator: r.Operator, account.Author: r.Author, account.Approver: r.Approver, account.Auditor: r.Auditor}
	some := false
	for _, groups := range roles {
		some = some || len(groups) > 0
	}
	if !some {
		report(n.Pos(), "console.oidc gives no group a role; write such as auditor = [\"dlp-audit\"]")
	}
	return &oidcConfig{Config: sso.Config{Issuer: r.Issuer, ClientID: r.ClientID, Redirect: origin + "/console/sso/back",
		Name: r.Name, Groups: r.Groups, Scopes: r.Scopes, Roles: roles}, secretFile: path(r.SecretFile), caFile: path(r.CAFile)}
}

func thisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// open reads the secret and the roots.
func (c *oidcConfig) open() (*sso.Provider, error) {
	conf := c.Config
	if c.secretFile != "" {
		b, err := os.ReadFile(c.secretFile)
		if err != nil {
			return nil, fmt.Errorf("read the secret of console.oidc: %w", err)
		}
		conf.Secret = strings.TrimSpace(string(b))
	}
	if c.caFile != "" {
		b, err := os.ReadFile(c.caFile)
		pool := x509.NewCertPool()
		if err == nil && !pool.AppendCertsFromPEM(b) {
			err = errors.New("there is no certificate in it")
		}
		if err != nil {
			return nil, fmt.Errorf("read console.oidc.ca_file: %w", err)
		}
		conf.Client = &http.Client{Timeout: 15 * time.Second,
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	}
	return sso.New(conf), nil
}

package main

import (
	"time"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
)

// rawLDAP is a directory of users.
type rawLDAP struct {
	URL           string   `toml:"url"`
	StartTLS      bool     `toml:"start_tls"`
	Clear         bool     `toml:"clear"`
	CAFiles       []string `toml:"ca_files"`
	BindDN        string   `toml:"bind_dn"`
	PasswordFile  string   `toml:"password_file"`
	Base          string   `toml:"base"`
	Filter        string   `toml:"filter"`
	UserAttribute string   `toml:"user_attribute"`
	GroupAttr     string   `toml:"group_attribute"`
	GroupBase     string   `toml:"group_base"`
	GroupFilter   string   `toml:"group_filter"`
	Timeout       duration `toml:"timeout"`
	Keep          duration `toml:"keep"`
}

// rawKerberos is log-in by ticket.
type rawKerberos struct {
	Keytab    string   `toml:"keytab"`
	Principal string   `toml:"principal"`
	Realms    []string `toml:"realms"`
}

// rawShared says what counts as one account for many people.
type rawShared struct {
	Addresses int      `toml:"addresses"`
	Within    duration `toml:"within"`
	Action    string   `toml:"action"`
}

func (r *rawLDAP) ldap(at tomlfile.Pos, path func(string) string, report tomlfile.Report) *identity.LDAP {
	if r.URL == "" {
		return nil
	}
	l := &identity.LDAP{URL: r.URL, StartTLS: r.StartTLS, Clear: r.Clear, BindDN: r.BindDN, Base: r.Base, Filter: r.Filter,
		UserAttribute: r.UserAttribute, GroupAttribute: r.GroupAttr, GroupBase: r.GroupBase, GroupFilter: r.GroupFilter,
		Timeout: time.Duration(r.Timeout), Keep: time.Duration(r.Keep)}
	for _, f := range r.CAFiles {
		l.CAFiles = append(l.CAFiles, path(f))
	}
	if r.PasswordFile != "" {
		secret, err := readSecret(path(r.PasswordFile))
		if err != nil {
			report(at, "auth.ldap.password_file: %v", err)
		}
		l.Password = secret
	}
	return l
}

func (r *rawKerberos) kerberos(path func(string) string) *identity.Kerberos {
	if r.Keytab == "" {
		return nil
	}
	return &identity.Kerberos{Keytab: path(r.Keytab), Principal: r.Principal, Realms: r.Realms}
}

func (r *rawShared) shared(at tomlfile.Pos, report tomlfile.Report) identity.Shared {
	s := identity.Shared{Addresses: r.Addresses, Within: time.Duration(r.Within)}
	switch r.Action {
	case "", "alarm":
	case "refuse":
		s.Refuse = true
	default:
		report(at, "auth.shared.action: %q is unknown; write \"alarm\" or \"refuse\"", r.Action)
	}
	return s
}

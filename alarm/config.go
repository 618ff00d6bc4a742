package alarm

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Rule is one alarm: what it is about and whom it tells.
type Rule struct {
	Name       string
	When       When
	To         []string      // names of destinations, or Manager, or Approvers
	Language   string        // "ja", "en" or "both"
	Group      time.Duration // what fits together within this time is one alert, told once in it
	Escalate   time.Duration // without an acknowledgement; 0: never
	EscalateTo []string
}

// People that To may name beside destinations. They are told by mail.
const (
	Manager   = "manager"   // of the person whom it is about
	Approvers = "approvers" // of releases, but for the person whom it is about
)

// Destination is where messages go: mail addresses or one URL.
type Destination struct {
	Name       string   `toml:"name"`
	Mail       []string `toml:"mail"`        // addresses
	URL        string   `toml:"url"`         // of a webhook
	URLFile    string   `toml:"url_file"`    // a file with it, where it is a secret
	Form       string   `toml:"form"`        // of Forms; default "json"
	SecretFile string   `toml:"secret_file"` // form "json": the key of its signature
	TokenFile  string   `toml:"token_file"`  // form "chatwork": the token of its API
	CAFile     string   `toml:"ca_file"`     // PEM, roots for it; default the system's
}

// Forms of what is posted to a URL.
var Forms = []string{"json", "slack", "teams", "chatwork"}

// Mail is the server that takes mail.
type Mail struct {
	Server       string            `toml:"server"`        // HOST:PORT
	From         string            `toml:"from"`          // the sender's address
	TLS          string            `toml:"tls"`           // "starttls" (default), "tls", or "none", which only this very machine gets
	User         string            `toml:"user"`          // "": no log-in
	PasswordFile string            `toml:"password_file"` //
	CAFile       string            `toml:"ca_file"`       // PEM, roots for it; default the system's
	Domain       string            `toml:"domain"`        // of the address of an account: NAME@DOMAIN
	Addresses    map[string]string `toml:"addresses"`     // of accounts for which that is not so
}

// Address is the mail address of an account, "" if it is not known.
func (m *Mail) Address(account string) string {
	switch a := m.Addresses[account]; {
	case a != "":
		return a
	case goodAddress(account):
		return account
	case m.Domain != "" && goodAddress(account+"@"+m.Domain):
		return account + "@" + m.Domain
	}
	return ""
}

func goodAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s, "@")
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate fills in defaults and tells every fault.
func (m *Mail) Validate() error {
	var faults faults
	m.TLS = cmp.Or(m.TLS, "starttls")
	if m.Server == "" {
		if m.From != "" || m.User != "" {
			faults.add("mail.server is missing; write such as \"mail.example.jp:587\"")
		}
		return faults.err()
	}
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil || host == "" {
		faults.add("mail.server %q: write HOST:PORT, such as \"mail.example.jp:587\"", m.Server)
	}
	if !goodAddress(m.From) {
		faults.add("mail.from %q is no address; write such as \"sekimori@example.jp\"", m.From)
	}
	switch m.TLS {
	case "starttls", "tls":
	case "none":
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			faults.add("mail.tls = \"none\" would send alarms in clear over a network; write \"starttls\" or \"tls\"")
		}
	default:
		faults.add("mail.tls %q is unknown; write \"starttls\", \"tls\" or \"none\"", m.TLS)
	}
	if (m.User == "") != (m.PasswordFile == "") {
		faults.add("mail.user and mail.password_file belong together; write both or neither")
	}
	for who, a := range m.Addresses {
		if !goodAddress(a) {
			faults.add("mail.addresses: %q of %q is no address", a, who)
		}
	}
	return faults.err()
}

// Validate fills in defaults and tells every fault. mail tells whether there is
// a server for mail.
func (d *Destination) Validate(mail bool) error {
	var faults faults
	if !goodName.MatchString(d.Name) || d.Name == Manager || d.Name == Approvers {
		faults.add("name %q: write 1 to 64 letters, digits, \"-\" or \"_\", not \"manager\" or \"approvers\"", d.Name)
	}
	hook := d.URL != "" || d.URLFile != ""
	switch {
	case len(d.Mail) > 0 == hook || d.URL != "" && d.URLFile != "":
		faults.add("%q goes nowhere, or to two places; write mail = [\"…\"], url = \"https://…\" or url_file", d.Name)
	case len(d.Mail) > 0:
		if !mail {
			faults.add("%q is told by mail and there is no mail.server", d.Name)
		}
		for _, a := range d.Mail {
			if !goodAddress(a) {
				faults.add("%q: %q is no mail address", d.Name, a)
			}
		}
		return faults.err()
	case !hook:
		return faults.err()
	}
	d.Form = cmp.Or(d.Form, "json")
	if !slices.Contains(Forms, d.Form) {
		faults.add("%q: form %q is unknown; write one of %s", d.Name, d.Form, strings.Join(Forms, ", "))
	}
	if d.URL != "" && !goodURL(d.URL) {
		faults.add("%q: url %q is no address; write such as \"https://hooks.example.jp/…\"", d.Name, d.URL)
	}
	if (d.Form == "json") != (d.SecretFile != "") {
		faults.add("%q: secret_file is the key of the signature of form \"json\", and belongs to that one", d.Name)
	}
	if (d.Form == "chatwork") != (d.TokenFile != "") {
		faults.add("%q: token_file is the API token of form \"chatwork\", and belongs to that one", d.Name)
	}
	return faults.err()
}

func goodURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Bounds of the times of a Rule.
const (
	usualGroup = 10 * time.Minute
	maxGroup   = 24 * time.Hour
)

// Validate fills in defaults and tells every fault. to are the names of
// destinations; mail tells whether there is a server for mail.
func (r *Rule) Validate(to []string, mail bool) error {
	var faults faults
	if !goodName.MatchString(r.Name) {
		faults.add("name %q: write 1 to 64 letters, digits, \"-\" or \"_\"", r.Name)
	}
	if r.Language = cmp.Or(r.Language, "both"); r.Language != "ja" && r.Language != "en" && r.Language != "both" {
		faults.add("language %q is unknown; write \"ja\", \"en\" or \"both\"", r.Language)
	}
	if r.Group = cmp.Or(r.Group, usualGroup); r.Group > maxGroup {
		faults.add("group: %v; write a time up to \"24h\"", r.Group)
	}
	if (r.Escalate > 0) != (len(r.EscalateTo) > 0) {
		faults.add("escalate and escalate_to belong together; write both or neither")
	}
	for _, name := range slices.Concat(r.To, r.EscalateTo) {
		switch {
		case (name == Manager || name == Approvers) && !mail:
			faults.add("%q is told by mail and there is no mail.server", name)
		case name != Manager && name != Approvers && !slices.Contains(to, name):
			faults.add("there is no [[notify]] with the name %q", name)
		}
	}
	known := func(key, word string, of []string) {
		if !slices.Contains(of, word) {
			faults.add("when.%s: %q is unknown; write one of %s", key, word, strings.Join(of, ", "))
		}
	}
	for _, k := range r.When.Kinds {
		known("kinds", k, Kinds)
	}
	if r.When.Severity != "" {
		known("severity", r.When.Severity, Severities)
	}
	for _, a := range r.When.Actions {
		known("actions", a, []string{"allow", "log", "warn", "hold", "block"})
	}
	return faults.err()
}

// faults are collected, so that all are told at once.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f faults) err() error { return errors.Join(f...) }

// secret reads a file with a secret of one line.
func secret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(b))
	if s == "" || strings.ContainsAny(s, "\r\n") {
		return "", fmt.Errorf("%s: it should hold one line", file)
	}
	return s, nil
}

package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/sekimori-dlp/sekimori/proxy"
)

// greet tells a newcomer where everything is.
func (i *installation) greet(w io.Writer, fronts []opened, back net.Addr) {
	n := len(i.rules.Set().List())
	caFile := i.cfg.CACert
	if caFile == "" {
		caFile = filepath.Join(i.cfg.folder("ca"), "ca.pem")
	}
	for _, f := range fronts {
		fmt.Fprintf(w, "proxy: %s://%s%s\n", f.scheme(), f.Addr(), i.named(f.door))
	}
	front := fronts[0].Addr()
	fmt.Fprintf(w, "admin: http://%s  (health, metrics, PAC file, CA certificate)\n", back)
	i.greetOfficers(w, back)
	fmt.Fprintf(w, "rules: %d in force%s\n", n, with(" from the built-in set and ", paths(i.cfg.Rules)))
	if i.cfg.Identity.Anonymous == "allow" {
		fmt.Fprintln(w, "users: anyone may use it; set auth.htpasswd to ask for accounts")
	}
	fmt.Fprintf(w, "try:   curl -x http://%s --cacert %s -d hello https://%s/\n", front, caFile, proxy.TryHost)
}

// named tells a listener's name where there are several.
func (i *installation) named(d *proxy.Door) string {
	if len(i.cfg.Listeners) == 0 {
		return ""
	}
	return "  (" + d.Name + ")"
}

func paths(p []string) string {
	switch len(p) {
	case 0:
		return ""
	case 1:
		return p[0]
	}
	return fmt.Sprintf("%s and %d more", p[0], len(p)-1)
}

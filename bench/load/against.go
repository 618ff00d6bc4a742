package load

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Against is a proxy that is deployed already.
type Against struct {
	Address  string // HOST:PORT, http://HOST:PORT, or https://HOST:PORT where TLS is spoken to it
	CAFile   string // PEM of the CA it opens connections by; "" for the system's roots
	User     string // by which it is asked to let uploads pass; "" for none
	Password string
	PID      int // of its process, where it runs on this machine: then processor time and memory are told; 0 for none
}

// process is the deployed proxy as a subject.
func (a *Against) process() (*process, error) {
	address := a.Address
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("proxy %q: write HOST:PORT", a.Address)
	}
	if a.User != "" {
		u.User = url.UserPassword(a.User, a.Password)
	}
	p := &process{proxy: u}
	if a.PID > 0 {
		p.pids = []int{a.PID}
	}
	if a.CAFile != "" {
		if p.ca, err = os.ReadFile(a.CAFile); err != nil {
			return nil, fmt.Errorf("read the proxy's CA: %w", err)
		}
		if !x509.NewCertPool().AppendCertsFromPEM(p.ca) {
			return nil, fmt.Errorf("%s holds no PEM certificate", a.CAFile)
		}
	}
	return p, nil
}

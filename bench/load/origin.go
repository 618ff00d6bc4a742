package load

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Origin says where uploads go. The zero Origin is one of the benchmark's own on
// loopback, under a CA made for the run.
type Origin struct {
	URL     string // of an origin that answers uploads with 2xx, instead of an own one
	CAFile  string // PEM roots for URL's certificate, beside the system's
	Listen  string // where the own origin listens; default 127.0.0.1:0
	KeepDir string // where the own origin's ca.pem and key.pem stay between runs, so that a deployed proxy can be told to trust it; "" for a new CA each run
}

// origin is where uploads go.
type origin struct {
	server *http.Server // nil if it is not ours
	addr   string       // of our server
	ca     []byte       // PEM; nil for the system's roots alone
	url    string       // by which anybody reaches it
	trust  string       // the file that a deployed proxy has to trust
}

// originHost is a site that no catalogue knows; proxies that we configure send
// it to the origin on loopback.
const originHost = "upload.bench.example"

func encodePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func openOrigin(opt Options) (*origin, error) {
	o := opt.Origin
	if o.URL == "" {
		if o.Listen == "" {
			o.Listen = "127.0.0.1:0"
		}
		host, _, err := net.SplitHostPort(o.Listen)
		if err != nil {
			return nil, fmt.Errorf("the origin's address: %w", err)
		}
		ip := net.ParseIP(host)
		switch {
		case host == "" || ip.IsUnspecified():
			return nil, fmt.Errorf("the origin at %q: name the address by which the proxy reaches it", o.Listen)
		case !opt.Mine && host != "localhost" && !ip.IsLoopback():
			return nil, fmt.Errorf("the origin at %q would be open to other machines: if the network is yours, say --mine", o.Listen)
		}
		return startOrigin(o, host)
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("origin %q: write https://HOST/PATH", o.URL)
	}
	if len(opt.Beside) > 0 || opt.Against == nil {
		return nil, errors.New("another origin can be used with a deployed proxy only, and with no other beside it")
	}
	out := &origin{url: u.String(), trust: o.CAFile}
	if o.CAFile != "" {
		if out.ca, err = os.ReadFile(o.CAFile); err != nil {
			return nil, fmt.Errorf("read the origin's CA: %w", err)
		}
	}
	return out, nil
}

// startOrigin serves one at host that reads uploads whole and answers how many
// bytes came.
func startOrigin(opt Origin, host string) (*origin, error) {
	ca, err := originCA(opt.KeepDir)
	if err != nil {
		return nil, err
	}
	leaf, _, err := newCertificate(originHost, &ca, "localhost", host)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", opt.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the origin: %w", err)
	}
	if net.ParseIP(host).IsLoopback() {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	o := &origin{ca: encodePEM(ca.Certificate[0]), addr: l.Addr().String(), url: "https://" + net.JoinHostPort(host, port) + "/upload"}
	if opt.KeepDir != "" {
		o.trust = filepath.Join(opt.KeepDir, "ca.pem")
	}
	o.server = &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "%d\n", n)
		}),
	}
	go o.server.ServeTLS(l, "", "") //nolint:errcheck // ends with close
	return o, nil
}

func (o *origin) close() {
	if o.server != nil {
		o.server.Close()
	}
}

// originCA makes a CA, or takes the one that an earlier run left in dir.
func originCA(dir string) (tls.Certificate, error) {
	if dir == "" {
		ca, _, err := newAuthority("bench origin CA")
		return ca, err
	}
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "key.pem")
	ca, err := tls.LoadX509KeyPair(cert, key)
	if err == nil && time.Until(ca.Leaf.NotAfter) > time.Hour {
		return ca, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ca, fmt.Errorf("read the origin's CA: %w", err)
	}
	ca, certPEM, err := newAuthority("bench origin CA")
	if err != nil {
		return ca, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(ca.PrivateKey)
	if err != nil {
		return ca, fmt.Errorf("write the origin's key: %w", err)
	}
	err = errors.Join(os.MkdirAll(dir, 0o700),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600),
		os.WriteFile(cert, certPEM, 0o644)) //nolint:gosec // a certificate, for others to read
	if err != nil {
		return ca, fmt.Errorf("keep the origin's CA: %w", err)
	}
	return ca, nil
}

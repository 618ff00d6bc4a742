package load

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/elazarl/goproxy"
)

// Peer serves bare goproxy MITM on a loopback port until ctx is done: it
// intercepts, streams and inspects nothing. Its transport is tuned as one would
// for production (idle connections, TLS sessions, buffers), so that the
// comparison is with goproxy at its best. It verifies nothing upstream, which
// favours it slightly. Whatever it is asked for, it dials origin. The address
// and the PEM of its CA are written to out.
func Peer(ctx context.Context, origin string, out io.Writer) error {
	ca, pem, err := newAuthority("bench peer CA")
	if err != nil {
		return err
	}
	p := goproxy.NewProxyHttpServer()
	p.Logger = quiet{}
	p.KeepAcceptEncoding = true
	p.CertStore = &certStore{m: map[string]*tls.Certificate{}}
	p.Tr = &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(256)}, //nolint:gosec // loopback benchmark peer
		MaxIdleConns:        1024,
		MaxIdleConnsPerHost: 256,
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      64 << 10,
		DisableCompression:  true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, origin)
		},
	}
	mitm := &goproxy.ConnectAction{Action: goproxy.ConnectMitm, TLSConfig: goproxy.TLSConfigFromCA(&ca)}
	p.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) { return mitm, host })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the peer: %w", err)
	}
	fmt.Fprintf(out, "listening %s\n%s\n", l.Addr(), strings.TrimSpace(string(pem)))
	s := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(l); err != http.ErrServerClosed {
		return fmt.Errorf("serve the peer: %w", err)
	}
	return nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// certStore keeps the leaves that goproxy signs; without one it makes a key for
// every CONNECT.
type certStore struct {
	mu sync.Mutex
	m  map[string]*tls.Certificate
}

func (s *certStore) Fetch(host string, gen func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.m[host]; c != nil {
		return c, nil
	}
	c, err := gen()
	if err == nil {
		s.m[host] = c
	}
	return c, err
}

// readPeer reads what Peer printed.
func readPeer(r io.Reader) (addr string, ca []byte, err error) {
	br := bufio.NewReader(r)
	first, err := br.ReadString('\n')
	if err != nil {
		return "", nil, fmt.Errorf("read the peer's address: %w", err)
	}
	addr, ok := strings.CutPrefix(strings.TrimSpace(first), "listening ")
	if !ok {
		return "", nil, fmt.Errorf("the peer said %q instead of its address", first)
	}
	for {
		line, err := br.ReadString('\n')
		ca = append(ca, line...)
		if strings.Contains(line, "END CERTIFICATE") {
			return addr, ca, nil
		}
		if err != nil {
			return "", nil, fmt.Errorf("read the peer's certificate: %w", err)
		}
	}
}

// newAuthority makes a short-lived CA, and its certificate as PEM.
func newAuthority(name string) (tls.Certificate, []byte, error) {
	return newCertificate(name, nil)
}

// newCertificate makes a server's certificate for name and others, or a CA if
// there is no parent.
func newCertificate(name string, parent *tls.Certificate, others ...string) (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a serial number: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		IsCA: parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	signer, issuer := any(key), t
	if parent == nil {
		t.KeyUsage |= x509.KeyUsageCertSign
	} else {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		for _, n := range append(others, name) {
			if ip := net.ParseIP(n); ip != nil {
				t.IPAddresses = append(t.IPAddresses, ip)
			} else if n != "" {
				t.DNSNames = append(t.DNSNames, n)
			}
		}
		signer, issuer = parent.PrivateKey, parent.Leaf
	}
	der, err := x509.CreateCertificate(rand.Reader, t, issuer, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("sign a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("read back a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, encodePEM(der), nil
}

package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// certified makes a certificate with its key, signed by another one or by itself,
// and writes both as PEM.
func certified(t *testing.T, dir, name string, by *tls.Certificate) (c tls.Certificate, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: by == nil, BasicConstraintsValid: true}
	parent, signer := tmpl, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	check(t, err)
	leaf, err := x509.ParseCertificate(der)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	write(t, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, certFile, keyFile
}

// A node shows the credentials and the certificate that are asked of it, and gets
// nowhere without.
func TestCredentialsAndCertificates(t *testing.T) {
	dir := t.TempDir()
	ca, caFile, _ := certified(t, dir, "ca", nil)
	own, _, _ := certified(t, dir, "server", &ca)
	_, certFile, keyFile := certified(t, dir, "node", &ca)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Leaf)

	pair := func(kind nkeys.PrefixByte) (nkeys.KeyPair, string) {
		k, err := nkeys.CreatePair(kind)
		check(t, err)
		public, err := k.PublicKey()
		check(t, err)
		return k, public
	}
	operator, operatorKey := pair(nkeys.PrefixByteOperator)
	account, accountKey := pair(nkeys.PrefixByteAccount)
	user, userKey := pair(nkeys.PrefixByteUser)
	_, systemKey := pair(nkeys.PrefixByteAccount)
	systemJWT, err := jwt.NewAccountClaims(systemKey).Encode(operator)
	check(t, err)
	claims := jwt.NewAccountClaims(accountKey)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	accountJWT, err := claims.Encode(operator)
	check(t, err)
	userJWT, err := jwt.NewUserClaims(userKey).Encode(account)
	check(t, err)
	seed, err := user.Seed()
	check(t, err)
	creds, err := jwt.FormatUserConfig(userJWT, seed)
	check(t, err)
	credsFile := filepath.Join(dir, "node.creds")
	write(t, credsFile, string(creds))

	c := &cluster{t: t, servers: make([]*server.Server, 1)}
	accounts := &server.MemAccResolver{}
	check(t, accounts.Store(accountKey, accountJWT))
	check(t, accounts.Store(systemKey, systemJWT))
	c.options = []*server.Options{{ServerName: "nats", Host: "127.0.0.1", Port: freePort(t), NoSigs: true,
		JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: maxPayload, DisableJetStreamBanner: true,
		TrustedKeys: []string{operatorKey}, AccountResolver: accounts, SystemAccount: systemKey,
		TLSTimeout: 10, TLS: true, TLSVerify: true,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, MinVersion: tls.VersionTLS12}}}
	c.startAll()
	t.Cleanup(c.stopAll)
	servers := []string{strings.Replace(c.urls()[0], "nats://", "tls://", 1)}
	full := Config{Node: "a", Servers: servers, Replicas: 1, Keys: NewKeys(nil), CA: caFile, Cert: certFile, Key: keyFile, Credentials: credsFile}

	m := join(t, t.TempDir(), full)
	m.record(3)
	eventually(t, "the records are shipped", func() bool { return m.Own().Shipped == 3 })

	noCert, noCreds := full, full
	noCert.Cert, noCert.Key = "", ""
	noCreds.Credentials = ""
	for name, c := range map[string]struct {
		cfg Config
		why []string // one of which the log tells
	}{ // whether the refusal is read before the write that it makes fail is a matter of chance
		"without a certificate": {noCert, []string{"certificate", "closed by remote after TLS handshake"}},
		"without credentials":   {noCreds, []string{"uthorization"}},
	} {
		cfg := c.cfg
		cfg.Node = "b"
		other := join(t, t.TempDir(), cfg)
		other.record(1)
		eventually(t, name+" there is no engine, and it is known why", func() bool {
			away, why := other.engine.Away()
			return !away.IsZero() && slices.ContainsFunc(c.why, func(w string) bool { return strings.Contains(fmt.Sprint(why), w) })
		})
		if n := other.Own().Shipped; n != 0 {
			t.Errorf("%s: %d records are shipped", name, n)
		}
		other.leave()
	}
}

package intercept

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

// PathCRL is where the list of revoked certificates is served, at the address that
// Issuer.Publish was given.
const PathCRL = "/ca.crl"

// No certificate is ever revoked: its key lives as long as the process. But clients
// that check, such as those that use Windows' schannel, or Java where it is told to,
// take no certificate for which nobody says so.
const (
	crlLife  = 7 * 24 * time.Hour // clients keep a list for so long
	crlRenew = 12 * time.Hour     // a list is made anew at this age
)

// revocations is the list that is served last.
type revocations struct {
	at   string // its URL; "" if there is none
	mu   sync.Mutex
	der  []byte
	ca   *CA // that signed it
	made time.Time
}

// Publish has certificates say that a list of those that are revoked is at base, such
// as "http://proxy.example.jp:8080", where the caller serves CRL under PathCRL. Call it
// before the first certificate is made. It fails if the authority may not sign one.
func (i *Issuer) Publish(base string) error {
	i.revoked.at = strings.TrimSuffix(base, "/") + PathCRL
	_, err := i.CRL()
	return err
}

// CRL returns the list of revoked certificates (RFC 5280, 5), in DER. There are none.
func (i *Issuer) CRL() ([]byte, error) {
	r := &i.revoked
	r.mu.Lock()
	defer r.mu.Unlock()
	ca, now := i.ca.Load(), i.now().UTC()
	if age := now.Sub(r.made); r.ca == ca && age >= 0 && age < crlRenew {
		return r.der, nil
	}
	from := now.Add(-leafSkew)
	if from.Before(ca.cert.NotBefore) {
		from = ca.cert.NotBefore
	}
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(now.Unix()), ThisUpdate: from, NextUpdate: now.Add(crlLife),
	}, ca.cert, ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign list of revoked certificates: %w", err)
	}
	r.der, r.ca, r.made = der, ca, now
	return der, nil
}

// points tells where the list is, if there is one for what ca signs: another authority
// that was put in use since may not sign lists.
func (r *revocations) points(ca *CA) []string {
	if r.at == "" || ca.cert.KeyUsage&x509.KeyUsageCRLSign == 0 || len(ca.cert.SubjectKeyId) == 0 {
		return nil
	}
	return []string{r.at}
}

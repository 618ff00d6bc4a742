package intercept

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The files of an authority's folder. A rotation has two steps: Prepare makes
// the next authority, which clients come to trust beside the one in use; weeks
// later Promote puts it in use. The old certificate may be removed from clients
// once none of its leaves is in any cache, a day after the proxy's restart.
const (
	certName     = "ca.pem"
	keyName      = "ca-key.pem"
	nextCertName = "next.pem"
	nextKeyName  = "next-key.pem"
)

// ErrNoNext is returned where no rotation was begun.
var ErrNoNext = errors.New("no rotation is under way")

// Prepare makes the authority that is to follow the one in dir.
func Prepare(dir, passphrase string) (*CA, error) {
	if _, err := os.Stat(filepath.Join(dir, certName)); err != nil {
		return nil, fmt.Errorf("there is no authority to follow: %w", err)
	}
	cert, key := filepath.Join(dir, nextCertName), filepath.Join(dir, nextKeyName)
	if _, err := os.Stat(cert); err == nil {
		return nil, fmt.Errorf("a rotation is under way already; %s waits to be put in use", cert)
	}
	if err := create(cert, key, "", passphrase); err != nil {
		return nil, err
	}
	return LoadSealed(cert, key, passphrase)
}

// Next returns the certificate that waits in dir to be put in use, or
// ErrNoNext.
func Next(dir string) (*x509.Certificate, error) {
	b, err := os.ReadFile(filepath.Join(dir, nextCertName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoNext
	}
	if err != nil {
		return nil, err
	}
	p, _ := pem.Decode(b)
	if p == nil {
		return nil, fmt.Errorf("%s: no certificate in it", nextCertName)
	}
	return x509.ParseCertificate(p.Bytes)
}

// Promote puts the next authority in use. The old one is kept beside it, under
// the day's date. If it was interrupted, it can be run again.
func Promote(dir string, now time.Time) error {
	at := func(name string) string { return filepath.Join(dir, name) }
	if _, err := Next(dir); err != nil {
		return err
	}
	old := "old-" + now.Format("20060102-150405")
	if _, err := os.Stat(at(nextKeyName)); err == nil {
		for from, to := range map[string]string{certName: old + ".pem", keyName: old + "-key.pem"} {
			if err := os.Link(at(from), at(to)); err != nil {
				return fmt.Errorf("keep the old authority: %w", err)
			}
		}
		if err := os.Rename(at(nextKeyName), at(keyName)); err != nil {
			return err
		}
	}
	if err := os.Rename(at(nextCertName), at(certName)); err != nil {
		return err
	}
	return syncFolder(dir)
}

// Request makes a key and a certificate request (PKCS #10), to be signed as an
// intermediate authority by the company's own. It never overwrites.
func Request(requestFile, keyFile, name, passphrase string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority key: %w", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: name, Organization: []string{"Sekimori"}},
		ExtraExtensions: []pkix.Extension{
			// basicConstraints CA:TRUE, pathlen:0 and keyUsage keyCertSign,
			// cRLSign, for the signer to take over (RFC 5280, 4.2.1.3, 4.2.1.9).
			{Id: []int{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00}},
			{Id: []int{2, 5, 29, 15}, Critical: true, Value: []byte{0x03, 0x02, 0x01, 0x06}},
		},
	}, key)
	if err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	if err := writeKey(keyFile, key, passphrase); err != nil {
		return err
	}
	return writeNew(requestFile, "CERTIFICATE REQUEST", der, 0o644)
}

// Anchors are the certificates that clients are to trust: the one in use, and
// the one that will follow it, if a rotation is under way.
func (ca *CA) Anchors() []*x509.Certificate {
	root, err := x509.ParseCertificate(ca.chain[len(ca.chain)-1])
	if err != nil {
		root = ca.cert
	}
	all := []*x509.Certificate{root}
	if ca.dir != "" {
		if next, err := Next(ca.dir); err == nil {
			all = append(all, next)
		}
	}
	return all
}

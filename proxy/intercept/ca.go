// Package intercept holds what opening TLS needs: the certificate authority of
// an installation, and leaf certificates made by it as names are asked for.
//
// The authority is the installation's own, made on first start, or one given
// by the administrator, such as an intermediate under the company's root. No
// key that is in any source code ever signs.
package intercept

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// authorityYears is how long a new authority is valid. Replacing it means
// touching every device, so it is long; browsers set no limit for own roots.
const authorityYears = 10

// CA signs leaf certificates. Immutable and safe for concurrent use.
type CA struct {
	chain [][]byte // DER, the signing certificate first
	cert  *x509.Certificate
	key   crypto.Signer
	dir   string // of its files, if it is the installation's own
}

// Open loads the authority in dir (ca.pem and ca-key.pem) and makes one if
// there is none. One of the two files alone is an error: making a new
// authority then would lock out every client that trusts the old one.
func Open(dir string) (*CA, error) { return OpenSealed(dir, "") }

// OpenSealed is Open for a key that is, or is to be, encrypted under a
// passphrase; "" if it is not.
func OpenSealed(dir, passphrase string) (*CA, error) {
	certFile, keyFile := filepath.Join(dir, certName), filepath.Join(dir, keyName)
	_, certErr := os.Stat(certFile)
	_, keyErr := os.Stat(keyFile)
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		if err := create(certFile, keyFile, "", passphrase); err != nil {
			return nil, err
		}
	}
	ca, err := LoadSealed(certFile, keyFile, passphrase)
	if err != nil {
		return nil, err
	}
	ca.dir = dir
	return ca, nil
}

// Create makes an authority with an ECDSA P-256 key and writes both files,
// the key with mode 0600. It never overwrites. name is the common name; if
// empty it is "Sekimori" with a few digits of the key's hash, so that two
// installations can be told apart in a browser's list.
func Create(certFile, keyFile, name string) error { return create(certFile, keyFile, name, "") }

func create(certFile, keyFile, name, passphrase string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority key: %w", err)
	}
	keyID, err := keyIdentifier(key.Public())
	if err != nil {
		return err
	}
	if name == "" {
		name = "Sekimori " + hex.EncodeToString(keyID[:3])
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Sekimori"}},
		NotBefore:             now.Add(-24 * time.Hour), // clients' clocks differ
		NotAfter:              now.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		SubjectKeyId:          keyID,
	}, &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"Sekimori"}}}, key.Public(), key)
	if err != nil {
		return fmt.Errorf("sign authority: %w", err)
	}
	// The key first: without it the certificate is of no use to anyone.
	if err := writeKey(keyFile, key, passphrase); err != nil {
		return err
	}
	return writeNew(certFile, "CERTIFICATE", der, 0o644)
}

// writeKey writes a key, encrypted if there is a passphrase.
func writeKey(name string, key *ecdsa.PrivateKey, passphrase string) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode authority key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if passphrase != "" {
		if text, err = seal(text, passphrase); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return writeFile(name, text, 0o600)
}

func writeNew(name, kind string, der []byte, mode os.FileMode) error {
	return writeFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

// writeFile never overwrites.
func writeFile(name string, text []byte, mode os.FileMode) (err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if _, err := f.Write(text); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return f.Sync()
}

// Load reads an authority from PEM files. certFile may hold further
// certificates up to, but better without, the root; they are sent to clients.
func Load(certFile, keyFile string) (*CA, error) { return LoadSealed(certFile, keyFile, "") }

// LoadSealed is Load for a key that may be encrypted under a passphrase.
func LoadSealed(certFile, keyFile, passphrase string) (*CA, error) {
	ca, err := readChain(certFile)
	if err != nil {
		return nil, err
	}
	if err := private(keyFile); err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("read authority key: %w", err)
	}
	if keyPEM, err = unseal(keyPEM, passphrase); err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	if ca.key, err = parseKey(keyPEM); err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	if err := ca.check(time.Now()); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	return ca, nil
}

// readChain reads the certificates of an authority.
func readChain(certFile string) (*CA, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	ca := new(CA)
	for rest := certPEM; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		if b.Type == "CERTIFICATE" {
			ca.chain = append(ca.chain, b.Bytes)
		}
	}
	if len(ca.chain) == 0 {
		return nil, fmt.Errorf("%s: no certificate in it; it has to be a PEM file", certFile)
	}
	if ca.cert, err = x509.ParseCertificate(ca.chain[0]); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	return ca, nil
}

// private refuses a key file that others can read.
func private(name string) error {
	fi, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("read authority key: %w", err)
	}
	if m := fi.Mode().Perm(); runtime.GOOS != "windows" && m&0o077 != 0 {
		return fmt.Errorf("%s: others may read it (mode %04o); do: chmod 600 %s", name, m, name)
	}
	return nil
}

func parseKey(keyPEM []byte) (crypto.Signer, error) {
	for rest := keyPEM; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return nil, errors.New("no private key in it; it has to be a PEM file, not encrypted")
		}
		var key any
		var err error
		switch b.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(b.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(b.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
		default: // such as EC PARAMETERS
			continue
		}
		if err != nil {
			return nil, err
		}
		if s, ok := key.(crypto.Signer); ok {
			return s, nil
		}
		return nil, errors.New("the key cannot sign")
	}
}

func (ca *CA) check(now time.Time) error {
	type comparable interface{ Equal(crypto.PublicKey) bool }
	pub, ok := ca.cert.PublicKey.(comparable)
	switch {
	case !ok || !pub.Equal(ca.key.Public()):
		return errors.New("the key is not this certificate's")
	case !ca.cert.BasicConstraintsValid || !ca.cert.IsCA:
		return errors.New("the first certificate is no authority (CA:TRUE is missing)")
	case ca.cert.KeyUsage != 0 && ca.cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("the first certificate must not sign others (keyCertSign is missing)")
	case now.After(ca.cert.NotAfter):
		return fmt.Errorf("expired on %s", ca.cert.NotAfter.Format(time.DateOnly))
	case now.Before(ca.cert.NotBefore):
		return fmt.Errorf("valid only from %s", ca.cert.NotBefore.Format(time.DateOnly))
	}
	return nil
}

// Healthy returns why the authority cannot sign now, or nil.
func (ca *CA) Healthy() error { return ca.check(time.Now()) }

// PEM is the certificate that clients have to trust (for an intermediate: the
// last of the chain that was given).
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.chain[len(ca.chain)-1]})
}

// Certificate is the signing certificate. Do not change it.
func (ca *CA) Certificate() *x509.Certificate { return ca.cert }

// Fingerprint is the SHA-256 of the certificate that clients have to trust, in
// the form browsers show: upper case pairs joined by colons.
func (ca *CA) Fingerprint() string {
	sum := sha256.Sum256(ca.chain[len(ca.chain)-1])
	var b bytes.Buffer
	for i, x := range sum {
		if i > 0 {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%02X", x)
	}
	return b.String()
}

func keyIdentifier(pub crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return sum[:20], nil
}

// newSerial is positive and of 127 random bits (CA/Browser Forum Baseline
// Requirements, 7.1: at least 64).
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	return n.Add(n, big.NewInt(1)), nil
}

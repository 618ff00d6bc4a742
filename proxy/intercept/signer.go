package intercept

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// signTime is how long a signature may take.
const signTime = 15 * time.Second

// signs is how many signatures are asked for at once; tokens serve few sessions.
const signs = 4

// external is a key that never is in this process: a command signs with it, such
// as a tool for PKCS #11 tokens or for a cloud's key service. The command gets
// the digest on its standard input, as bytes, and SEKIMORI_HASH in its
// environment, such as "SHA-256"; its standard output is the signature, in ASN.1
// for ECDSA, by PKCS #1 v1.5 for RSA. Safe for concurrent use.
type external struct {
	command []string
	public  crypto.PublicKey
	turns   chan struct{}
}

// LoadExternal reads an authority whose key a command signs with. It signs once,
// so that a token which cannot be reached is known at the start.
func LoadExternal(certFile string, command []string) (*CA, error) {
	if len(command) == 0 {
		return nil, errors.New("no command to sign with")
	}
	ca, err := readChain(certFile)
	if err != nil {
		return nil, err
	}
	ca.key = &external{command, ca.cert.PublicKey, make(chan struct{}, signs)}
	if err := ca.check(time.Now()); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	issuer, err := NewIssuer(ca, 1)
	if err == nil {
		_, err = issuer.Certificate("signing-test.invalid") // it is verified
	}
	if err != nil {
		return nil, fmt.Errorf("%s does not sign for %s: %w", command[0], certFile, err)
	}
	return ca, nil
}

// Public implements crypto.Signer.
func (e *external) Public() crypto.PublicKey { return e.public }

// Sign implements crypto.Signer.
func (e *external) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), signTime)
	defer cancel()
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("sign: no turn within %v", signTime)
	}
	cmd := exec.CommandContext(ctx, e.command[0], e.command[1:]...)
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "SEKIMORI_HASH="+opts.HashFunc().String())
	cmd.Stdin = bytes.NewReader(digest)
	var out, said limited
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("sign: %s: %w: %s", e.command[0], err, bytes.TrimSpace(said.Bytes()))
	}
	if out.Len() == 0 {
		return nil, fmt.Errorf("sign: %s gave no signature", e.command[0])
	}
	return out.Bytes(), nil
}

// limited keeps the start of what is written.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := 16<<10 - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

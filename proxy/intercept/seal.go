package intercept

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// sealWork is the cost of a passphrase, as a power of two: about a second.
// Files that ask for more than maxWork are refused.
var sealWork = 17 // tests make it cheap

const maxWork = 20

// ErrSealed is returned where a key is encrypted and no passphrase was given.
var ErrSealed = errors.New("the key is encrypted; give its passphrase")

// sealed tells whether a file is encrypted in age's armoured form.
func sealed(b []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(b), []byte(armor.Header)) }

// seal encrypts a key under a passphrase (age, scrypt).
func seal(key []byte, passphrase string) ([]byte, error) {
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("encrypt the key: %w", err)
	}
	to.SetWorkFactor(sealWork)
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to)
	if err == nil {
		_, err = w.Write(key)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = a.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt the key: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// unseal gives back what seal was given; what is not encrypted comes back as it
// is.
func unseal(b []byte, passphrase string) ([]byte, error) {
	if !sealed(b) {
		return b, nil
	}
	if passphrase == "" {
		return nil, ErrSealed
	}
	by, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, err
	}
	by.SetMaxWorkFactor(maxWork)
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(b)), by)
	if err != nil {
		return nil, errors.New("the passphrase is not this key's, or the file is damaged")
	}
	return io.ReadAll(io.LimitReader(r, 1<<20))
}

// Seal encrypts a key file in place. It does nothing to one that is encrypted
// already.
func Seal(keyFile, passphrase string) error {
	if passphrase == "" {
		return errors.New("encrypt the key: no passphrase")
	}
	if err := private(keyFile); err != nil {
		return err
	}
	b, err := os.ReadFile(keyFile)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	if sealed(b) {
		return nil
	}
	if _, err := parseKey(b); err != nil {
		return fmt.Errorf("%s: %w", keyFile, err)
	}
	if b, err = seal(b, passphrase); err != nil {
		return err
	}
	return replace(keyFile, b, 0o600)
}

// replace writes a file whole or not at all.
func replace(name string, b []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// syncFolder makes renames in a folder durable, where that can be done.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // not on every system
	return nil
}

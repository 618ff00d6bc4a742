package checkpoint

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// algCosignature marks keys of timestamped Ed25519 cosignatures.
const algCosignature = 4

// Key signs the checkpoints of one log, or cosigns as one witness.
type Key struct {
	note.Signer
	Verifier note.Verifier
	Public   string // as verifiers are given it: name+hash+base64
	private  ed25519.PrivateKey
}

// OpenLogKey reads the signing key of a log from file; if there is none it is
// made, with a random name that begins with "sekimori/".
func OpenLogKey(file string) (*Key, error) {
	return openKey(file, "sekimori", logKey)
}

// ReadLogKey reads the signing key of a log; without one the error is
// fs.ErrNotExist.
func ReadLogKey(file string) (*Key, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	return logKey(strings.TrimSpace(string(b)))
}

func logKey(skey string) (*Key, error) {
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	// PRIVATE+KEY+name+hash+key, and base64 has a "+" too
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(skey, "+", 5)[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, errors.New("malformed signing key")
	}
	private := ed25519.NewKeyFromSeed(seed[1:])
	public, err := note.NewEd25519VerifierKey(s.Name(), private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		return nil, err
	}
	return &Key{s, v, public, private}, nil
}

// OpenWitnessKey reads the key of a witness from file; if there is none it is
// made. Its signatures carry the time (C2SP tlog-cosignature).
func OpenWitnessKey(file string) (*Key, error) {
	return openKey(file, "witness", func(skey string) (*Key, error) {
		k, err := logKey(skey)
		if err != nil {
			return nil, err
		}
		public := k.private.Public().(ed25519.PublicKey)
		v := newCosigner(k.Name(), public)
		k.Verifier, k.Public = v, v.encode()
		k.Signer = cosigner{v, k.private}
		return k, nil
	})
}

// openKey reads or makes a key file: one line, the private key as package note
// writes it. It is whole under its name or not there.
func openKey(file, kind string, parse func(skey string) (*Key, error)) (*Key, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		var id [6]byte
		rand.Read(id[:])
		var skey string
		if skey, _, err = note.GenerateKey(rand.Reader, kind+"/"+hex.EncodeToString(id[:])); err == nil {
			b = []byte(skey + "\n")
			err = writeOnce(file, b)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open signing key: %w", err)
	}
	k, err := parse(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", file, err)
	}
	return k, nil
}

func writeOnce(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	temp := file + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// ParseKey reads a public key: of a log, or of a witness (timestamped
// cosignatures).
func ParseKey(s string) (note.Verifier, error) {
	s = strings.TrimSpace(s)
	name, rest, _ := strings.Cut(s, "+")
	_, data, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(data)
	if err == nil && len(key) == 1+ed25519.PublicKeySize && key[0] == algCosignature {
		v := newCosigner(name, key[1:])
		if v.encode() != s || name == "" || strings.ContainsAny(name, " \t\n") {
			return nil, fmt.Errorf("public key %q: malformed", s)
		}
		return v, nil
	}
	v, err := note.NewVerifier(s)
	if err != nil {
		return nil, fmt.Errorf("public key %q: %w", s, err)
	}
	return v, nil
}

// cosignVerifier checks timestamped cosignatures.
type cosignVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(name string, key ed25519.PublicKey) *cosignVerifier {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n\x04", name)
	h.Write(key)
	return &cosignVerifier{name, binary.BigEndian.Uint32(h.Sum(nil)), key}
}

func (v *cosignVerifier) Name() string    { return v.name }
func (v *cosignVerifier) KeyHash() uint32 { return v.hash }

func (v *cosignVerifier) encode() string {
	return fmt.Sprintf("%s+%08x+%s", v.name, v.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, v.key...)))
}

// Verify reports whether sig is a cosignature of v over msg at the time that
// sig names.
func (v *cosignVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	return t < 1<<63 && ed25519.Verify(v.key, cosigned(msg, t), sig[8:])
}

func cosigned(msg []byte, t uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", t, msg)
}

type cosigner struct {
	*cosignVerifier
	private ed25519.PrivateKey
}

func (c cosigner) Sign(msg []byte) ([]byte, error) {
	t := uint64(time.Now().Unix())
	return append(binary.BigEndian.AppendUint64(nil, t), ed25519.Sign(c.private, cosigned(msg, t))...), nil
}

// CosignedAt tells when the cosignature sig, as package note gives it, was
// made. It does not check it.
func CosignedAt(sig note.Signature) (time.Time, bool) {
	b, err := base64.StdEncoding.DecodeString(sig.Base64)
	if err != nil || len(b) != 4+8+ed25519.SignatureSize {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0).UTC(), true
}

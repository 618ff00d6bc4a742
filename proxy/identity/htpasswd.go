package identity

import (
	"bufio"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// credential is what a password file holds of a user.
type credential interface {
	verify(password string) bool
}

type bcryptHash string

func (h bcryptHash) verify(password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(h), []byte(password)) == nil
}

type argon2Hash struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

func (h *argon2Hash) verify(password string) bool {
	sum := argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// Bounds of what one log-in may cost.
const (
	maxBcryptCost   = 16
	maxArgon2KiB    = 256 << 10
	maxArgon2Passes = 16
)

// parseHtpasswd reads user:hash lines and reports every line that is wrong.
func parseHtpasswd(name string, r io.Reader) (map[string]credential, error) {
	users := map[string]credential{}
	line := map[string]int{}
	var errs []error
	s := bufio.NewScanner(r)
	n := 0
	for s.Scan() {
		n++
		fault := func(format string, a ...any) {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, fmt.Errorf(format, a...)))
		}
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		user, hash, ok := strings.Cut(text, ":")
		switch {
		case !ok:
			fault("this is no user:hash line; write one with htpasswd -B")
			continue
		case user == "" || len(user) > maxUser || strings.ContainsFunc(user, unicode.IsControl):
			fault("the user name is empty, too long or holds control characters")
			continue
		case line[user] > 0:
			fault("user %q is already in line %d; remove one of them", user, line[user])
			continue
		}
		line[user] = n
		c, err := parseHash(hash)
		if err != nil {
			fault("user %q: %w", user, err)
			continue
		}
		users[user] = c
	}
	if err := s.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s:%d: %w", name, n+1, err))
	}
	return users, errors.Join(errs...)
}

func parseHash(hash string) (credential, error) {
	has := func(p string) bool { return strings.HasPrefix(hash, p) }
	weak := func(kind string) error {
		return fmt.Errorf("its hash is %s, which is quickly guessed; write it anew with htpasswd -B (bcrypt), or as argon2id", kind)
	}
	switch {
	case has("$2a$"), has("$2b$"), has("$2y$"):
		cost, err := bcrypt.Cost([]byte(hash))
		if err != nil || len(hash) != 60 {
			return nil, errors.New("its bcrypt hash is damaged; write it anew with htpasswd -B")
		}
		if cost > maxBcryptCost {
			return nil, fmt.Errorf("its bcrypt cost is %d, over %d; a log-in would take seconds", cost, maxBcryptCost)
		}
		return bcryptHash(hash), nil
	case has("$argon2id$"):
		return parseArgon2(hash)
	case has("$argon2"):
		return nil, errors.New("its hash is not of the argon2id kind; use argon2id")
	case has("$apr1$"), has("$1$"):
		return nil, weak("MD5")
	case has("{SHA}"):
		return nil, weak("plain SHA-1")
	case has("$5$"), has("$6$"):
		return nil, errors.New("its hash is SHA-crypt, which is not supported; write it anew with htpasswd -B (bcrypt), or as argon2id")
	}
	return nil, weak("crypt, or a password in clear")
}

// parseArgon2 reads the PHC form $argon2id$v=19$m=65536,t=3,p=4$salt$sum.
func parseArgon2(hash string) (credential, error) {
	damaged := errors.New("its argon2id hash is damaged; it looks like $argon2id$v=19$m=65536,t=3,p=4$salt$hash")
	f := strings.Split(hash, "$")
	if len(f) != 6 || f[2] != "v=19" {
		return nil, damaged
	}
	var h argon2Hash
	var err error
	if n, _ := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); n != 3 ||
		f[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.time, h.threads) {
		return nil, damaged
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(f[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return nil, damaged
	}
	if h.sum, err = base64.RawStdEncoding.DecodeString(f[5]); err != nil || len(h.sum) < 16 || len(h.sum) > 64 {
		return nil, damaged
	}
	switch {
	case h.time == 0 || h.threads == 0 || h.memory < 8*uint32(h.threads):
		return nil, damaged
	case h.memory > maxArgon2KiB || h.time > maxArgon2Passes || h.threads > 16:
		return nil, fmt.Errorf("its argon2id parameters %s are over m=%d,t=%d,p=16; a log-in would cost too much", f[3], maxArgon2KiB, maxArgon2Passes)
	case h.memory < 7<<10:
		return nil, fmt.Errorf("its argon2id memory of %d KiB is too little; use at least m=7168", h.memory)
	}
	return &h, nil
}

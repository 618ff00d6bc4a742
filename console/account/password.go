package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost of argon2id (RFC 9106): memory in KiB, passes, lanes. A guess costs an
// attacker who has the file as much as it costs us.
const (
	argonMemory = 46 << 10
	argonTime   = 1
	argonLanes  = 1
)

// Bounds of a password, in characters and bytes. NIST SP 800-63B asks for
// length, not for kinds of characters.
const (
	MinPassword = 12
	maxPassword = 256
)

// checking bounds how many hashes are computed at once: each takes 46 MiB.
var checking = make(chan struct{}, 2)

// checkPassword says what is wrong with a password that somebody chose.
func checkPassword(name, password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("%w: it needs at least %d characters", ErrPassword, MinPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("%w: it has more than %d bytes", ErrPassword, maxPassword)
	case strings.Contains(strings.ToLower(password), strings.ToLower(name)):
		return fmt.Errorf("%w: it contains the account's name", ErrPassword)
	case same(password):
		return fmt.Errorf("%w: it repeats one character", ErrPassword)
	}
	return nil
}

func same(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}

func argon(password string, salt []byte) []byte {
	checking <- struct{}{}
	defer func() { <-checking }()
	return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, 32)
}

// hashPassword returns the PHC form of a fresh hash.
func hashPassword(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		e.EncodeToString(salt), e.EncodeToString(argon(password, salt)))
}

// prefix is what every hash of ours begins with; hashes of another cost are
// not taken, so that the file cannot ask for gigabytes.
var prefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonLanes)

// verifyPassword takes as long for an account without a password as for one
// with it.
func verifyPassword(hash, password string) bool {
	salt, sum, err := split(hash)
	if err != nil {
		salt, sum = make([]byte, 16), nil
	}
	if len(password) > maxPassword {
		password = ""
	}
	got := argon(password, salt)
	return err == nil && subtle.ConstantTimeCompare(got, sum) == 1
}

func split(hash string) (salt, sum []byte, err error) {
	rest, ok := strings.CutPrefix(hash, prefix)
	if !ok {
		return nil, nil, errors.New("no hash of ours")
	}
	a, b, _ := strings.Cut(rest, "$")
	if salt, err = base64.RawStdEncoding.DecodeString(a); err != nil {
		return nil, nil, fmt.Errorf("salt: %w", err)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(b); err != nil || len(sum) != 32 {
		return nil, nil, errors.New("the hash is damaged")
	}
	return salt, sum, nil
}

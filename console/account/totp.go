package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// One-time codes by RFC 6238 over RFC 4226: SHA-1, 30 seconds, six digits,
// which is what every authenticator app does.
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSkew   = 1 // steps before and after that are taken too
)

var base32NoPad = base32.StdEncoding.WithPadding(base32.NoPadding)

// newSecret is a fresh key of 160 bits, in base32 as apps want it.
func newSecret() string {
	b := make([]byte, 20)
	rand.Read(b)
	return base32NoPad.EncodeToString(b)
}

// hotp is the code of RFC 4226 for a counter.
func hotp(key []byte, counter uint64, digits int) string {
	mac := hmac.New(sha1.New, key)
	var c [8]byte
	binary.BigEndian.PutUint64(c[:], counter)
	mac.Write(c[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// checkCode returns the step that code is of. Steps up to last were used: a
// code is good once.
func checkCode(secret, code string, now time.Time, last uint64) (step uint64, ok bool) {
	key, err := base32NoPad.DecodeString(secret)
	code = strings.Join(strings.Fields(code), "")
	if err != nil || len(key) == 0 || len(code) != totpDigits {
		return 0, false
	}
	current := uint64(now.Unix()) / uint64(totpStep/time.Second)
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if s > last && subtle.ConstantTimeCompare([]byte(hotp(key, s, totpDigits)), []byte(code)) == 1 {
			return s, true
		}
	}
	return 0, false
}

// KeyURI is what authenticator apps read from a QR code.
func KeyURI(issuer, name, secret string) string {
	return "otpauth://totp/" + url.PathEscape(issuer+":"+name) + "?" +
		url.Values{"secret": {secret}, "issuer": {issuer}}.Encode()
}

package icap

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/proxy/door"
)

// maxName bounds a user or group name, in bytes; longer ones are not taken.
const maxName = 256

func (s *Server) trusts(a netip.Addr) bool { return door.Contains(s.c.Trusted, a) }

func clientAddress(v string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.TrimSpace(v))
	return a.Unmap().WithZone(""), err == nil
}

// decodeName reads a header that neighbours write in base64 or as it stands. An
// unreadable one is "".
func decodeName(v, coding string) string {
	v = strings.TrimSpace(v)
	if coding != Plain && v != "" {
		b, err := base64.StdEncoding.DecodeString(v)
		if err == nil && readable(string(b)) {
			return string(b)
		}
		if coding == Base64 {
			return ""
		}
	}
	if !readable(v) {
		return ""
	}
	return v
}

func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

// userName takes the name out of "Local://sato", "WinNT://CORP/sato" or
// "LDAP://dc.example.jp/cn=sato,ou=people,dc=example,dc=jp".
func userName(v string) string {
	if _, rest, ok := strings.Cut(v, "://"); ok {
		v = rest[strings.LastIndexByte(rest, '/')+1:]
		if _, value, ok := strings.Cut(v, "="); ok {
			v, _, _ = strings.Cut(value, ",")
		}
	}
	if v = strings.TrimSpace(v); len(v) > maxName {
		return ""
	}
	return v
}

// nextGroup is where another group begins among such with commas in them.
var nextGroup = regexp.MustCompile(`,\s*([A-Za-z]+://)`)

// maxGroups bounds the groups of one request.
const maxGroups = 1000

// groupNames takes the names out of a list of groups.
func groupNames(v string) (all []string) {
	if strings.Contains(v, "://") {
		v = nextGroup.ReplaceAllString(v, "\n$1")
	} else {
		v = strings.ReplaceAll(v, ",", "\n")
	}
	for g := range strings.SplitSeq(v, "\n") {
		if g = userName(strings.TrimSpace(g)); g != "" && len(all) < maxGroups {
			all = append(all, g)
		}
	}
	return all
}

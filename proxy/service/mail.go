package service

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
)

// addressShape finds mail addresses in what a field of recipients holds. An
// address in a quoted display name counts too: rather one too many.
var addressShape = regexp.MustCompile(`[^\s<>,;:"'()\[\]\\]+@[^\s<>,;:"'()\[\]\\]+`)

// message takes the recipients and the files' names from a message as of RFC
// 5322, or its start. A header that does not end there leaves the recipients
// unclear.
func (u *Use) message(b []byte) {
	head, _, whole := bytes.Cut(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	found, taken := false, false
	for line := range strings.SplitSeq(string(head), "\n") {
		if line == "" || line[0] != ' ' && line[0] != '\t' {
			name, rest, _ := strings.Cut(line, ":")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc":
				taken, found, line = true, true, rest
			default:
				taken = false
			}
		}
		if taken {
			u.recipient(line)
		}
	}
	if !whole || !found || len(u.Recipients) == 0 {
		u.Unclear = true
	}
}

// encoded takes the same from a message in base64 or base64url, maybe cut.
func (u *Use) encoded(raw []byte) {
	raw = bytes.TrimRight(raw, "=")
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("-"), []byte("+")), []byte("_"), []byte("/"))
	raw = bytes.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, raw)
	b, _ := base64.RawStdEncoding.DecodeString(string(raw[:len(raw)/4*4]))
	if rest := raw[len(raw)/4*4:]; len(rest) > 1 && len(raw) < maxValue/2 {
		more, _ := base64.RawStdEncoding.DecodeString(string(rest))
		b = append(b, more...)
	}
	u.message(b)
}

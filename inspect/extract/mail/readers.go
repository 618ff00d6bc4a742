// Package mail reads what messages are kept and sealed in: mailboxes (mbox),
// Apple Mail's files, S/MIME, and recognises PGP. Messages themselves are read
// by package decode, to which they are handed on.
package mail

import (
	"bufio"
	"bytes"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers in order of trial.
func Readers() []part.Reader { return []part.Reader{mbox{}, emlx{}, pkcs7{}, pgp{}} }

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 32<<10) }}

// message is the media type of what is handed on.
const message = "message/rfc822"

// beginsWithField reports whether b begins with a header field (RFC 5322,
// section 2.2), of which a space behind the colon, or a line end, is expected.
func beginsWithField(b []byte) bool {
	k := bytes.IndexByte(b[:min(len(b), 76)], ':')
	if k <= 0 || k+1 < len(b) && b[k+1] != ' ' && b[k+1] != '\t' && b[k+1] != '\r' && b[k+1] != '\n' {
		return false
	}
	for _, c := range b[:k] {
		if c != '-' && c != '_' && c-'0' >= 10 && (c|0x20)-'a' >= 26 {
			return false
		}
	}
	return true
}

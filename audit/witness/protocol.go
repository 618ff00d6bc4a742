// Package witness is both ends of the C2SP tlog-witness protocol: a small
// server under other administrators that cosigns a log's checkpoints only as
// long as the log grows, and the node's side that asks for it. A log that was
// rewritten, even with its own key, no longer gets cosignatures.
package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

const (
	addPath  = "/add-checkpoint"
	sizeType = "text/x.tlog.size"
	maxProof = 63
	maxBody  = checkpoint.MaxNote + (maxProof+2)*64
)

// request is the body of add-checkpoint.
type request struct {
	old   uint64
	proof []tlog.Hash
	note  []byte
}

func (r request) encode() []byte {
	b := fmt.Appendf(nil, "old %d\n", r.old)
	for _, h := range r.proof {
		b = append(base64.StdEncoding.AppendEncode(b, h[:]), '\n')
	}
	return append(append(b, '\n'), r.note...)
}

var errRequest = errors.New("malformed request")

func parseRequest(b []byte) (r request, err error) {
	head, note, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return r, errRequest
	}
	r.note = note
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	if r.old, err = checkpoint.ParseSize(size); err != nil || !ok || len(lines)-1 > maxProof {
		return r, errRequest
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return r, errRequest
		}
		r.proof = append(r.proof, h)
	}
	return r, nil
}

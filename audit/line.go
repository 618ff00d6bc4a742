package audit

import (
	"bytes"
	"errors"
	"fmt"
)

// LineHash reads a record as it stands in the log, checks it against its own
// hash and returns its number and hash.
func LineHash(line string) (seq uint64, hash string, err error) {
	var r raw
	if err := parseLine([]byte(line), &r); err != nil {
		return 0, "", fmt.Errorf("record: %w", err)
	}
	if newHasher().record(&r) != r.hash {
		return 0, "", errors.New("record: its content does not match its hash")
	}
	return r.seq, r.hash.String(), nil
}

// Line returns record seq of the log in dir as it stands there, with its
// newline, and its hash.
func Line(dir string, seq uint64) (line []byte, hash Hash, err error) {
	enough := errors.New("enough")
	err = eachLine(dir, seq, func(_ segment, _ int, r *raw, text []byte) error {
		if r.seq == seq {
			line, hash = bytes.Clone(text), r.hash
		}
		return enough
	})
	if err != nil && !errors.Is(err, enough) {
		return nil, hash, err
	}
	if line == nil {
		return nil, hash, fmt.Errorf("there is no record %d: it was never written, or has expired", seq)
	}
	return line, hash, nil
}

// Package checkpoint holds what outsiders get to see of an audit log: signed
// tree heads (C2SP tlog-checkpoint, golang.org/x/mod/sumdb/note), the keys
// that sign them, cosignatures of witnesses (C2SP tlog-cosignature) and proofs
// that can be checked with nothing but these. It reads no log.
package checkpoint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says what a log was at one time: its first Size records have the
// Merkle root Root.
type Checkpoint struct {
	Origin string    // the log's name, that of its key
	Size   uint64    // records
	Root   tlog.Hash // RFC 6962 tree hash of the first Size records
	// Number counts the checkpoints of a log from 1, so that a removed one is
	// missed; 0 where a log of another make does not say.
	Number uint64
	// Time is when it was made, in whole seconds; zero where not said.
	Time time.Time
}

// The extension lines of Text.
const (
	numberLine = "number "
	timeLine   = "time "
)

// MaxNote bounds a checkpoint with all its signatures.
const MaxNote = 64 << 10

// Text is what gets signed: origin, size and root, then a line each for
// Number and Time.
func (c Checkpoint) Text() string {
	s := c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
	if c.Number != 0 {
		s += numberLine + strconv.FormatUint(c.Number, 10) + "\n"
	}
	if !c.Time.IsZero() {
		s += timeLine + c.Time.UTC().Format(time.RFC3339) + "\n"
	}
	return s
}

var errForm = errors.New("not a checkpoint")

// Parse reads the text of a checkpoint. Extension lines it does not know are
// passed over.
func Parse(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || lines[0] == "" {
		return c, errForm
	}
	c.Origin = lines[0]
	if c.Size, err = ParseSize(lines[1]); err != nil {
		return c, errForm
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil || c.Root.String() != lines[2] {
		return c, errForm
	}
	for _, line := range lines[3 : len(lines)-1] {
		if v, ok := strings.CutPrefix(line, numberLine); ok {
			c.Number, err = ParseSize(v)
		} else if v, ok := strings.CutPrefix(line, timeLine); ok {
			c.Time, err = time.Parse(time.RFC3339, v)
		}
		if line == "" || err != nil {
			return c, errForm
		}
	}
	return c, nil
}

// ParseSize reads a number as the formats write it: decimal, no sign, no
// leading zero, at most 2^62 so that tree arithmetic cannot overflow.
func ParseSize(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%q is no size", s)
	}
	return n, nil
}

// Sign returns c as a signed note.
func (c Checkpoint) Sign(s note.Signer) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: c.Text()}, s)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// Open checks that one of the known keys signed the note and reads it.
// Signatures of other keys are passed over.
func Open(msg []byte, known ...note.Verifier) (Checkpoint, *note.Note, error) {
	if len(msg) > MaxNote {
		return Checkpoint{}, nil, fmt.Errorf("open checkpoint: over %d bytes", MaxNote)
	}
	n, err := note.Open(msg, note.VerifierList(known...))
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := Parse(n.Text)
	if err != nil {
		return c, nil, fmt.Errorf("open checkpoint: %w", err)
	}
	return c, n, nil
}

package checkpoint

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows, to somebody who has no log but trusts the log's key, that a
// record stands in the log (Record is set) or that a log only grew (From is
// set). It is JSON on the outside.
type Proof struct {
	Record *Leaf       `json:"record,omitempty"`
	From   string      `json:"from,omitempty"` // the earlier checkpoint, a signed note
	Hashes []tlog.Hash `json:"hashes"`         // RFC 6962 audit path, or consistency proof
	To     string      `json:"to"`             // the checkpoint it is proved against
}

// Leaf is one record: its hash, and the record itself if the proof shows it.
type Leaf struct {
	Seq  uint64 `json:"seq"` // from 1
	Hash string `json:"hash"`
	Line string `json:"line,omitempty"` // the record as it stands in the log
}

// Check checks p with the known keys and tells in one line what it shows.
// lineHash computes the hash and number of a record's line; nil where lines
// are not to be looked at.
func (p *Proof) Check(lineHash func(line string) (seq uint64, hash string, err error), known ...note.Verifier) (string, error) {
	to, _, err := Open([]byte(p.To), known...)
	if err != nil {
		return "", err
	}
	switch {
	case p.Record != nil && p.From == "":
		if err := p.checkRecord(to, lineHash); err != nil {
			return "", err
		}
		return fmt.Sprintf("record %d is in the log of %d records that %s signed", p.Record.Seq, to.Size, to.Origin), nil
	case p.Record == nil && p.From != "":
		from, _, err := Open([]byte(p.From), known...)
		if err != nil {
			return "", err
		}
		if err := CheckGrowth(p.Hashes, from, to); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s only grew: its first %d of %d records are unchanged", to.Origin, from.Size, to.Size), nil
	}
	return "", errors.New("proof is of nothing: it has neither \"record\" nor \"from\", or both")
}

func (p *Proof) checkRecord(to Checkpoint, lineHash func(string) (uint64, string, error)) error {
	var h tlog.Hash
	if b, err := hex.DecodeString(p.Record.Hash); err != nil || len(b) != len(h) {
		return errors.New("proof: the record's hash is malformed")
	} else {
		copy(h[:], b)
	}
	if p.Record.Line != "" && lineHash != nil {
		seq, hash, err := lineHash(p.Record.Line)
		if err != nil {
			return fmt.Errorf("proof: %w", err)
		}
		if seq != p.Record.Seq || hash != p.Record.Hash {
			return errors.New("proof: the record is not the one that is proved")
		}
	}
	if p.Record.Seq == 0 || p.Record.Seq > to.Size {
		return fmt.Errorf("proof: record %d is not among the %d of the checkpoint", p.Record.Seq, to.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, int64(to.Size), to.Root, int64(p.Record.Seq-1), h); err != nil {
		return fmt.Errorf("proof of record %d: %w", p.Record.Seq, err)
	}
	return nil
}

// Errors of CheckGrowth.
var (
	ErrShrunk       = errors.New("the log has become shorter")
	ErrInconsistent = errors.New("the log was changed: the later checkpoint is not a continuation of the earlier")
)

// CheckGrowth checks that the log of checkpoint to begins with that of from.
func CheckGrowth(proof []tlog.Hash, from, to Checkpoint) error {
	switch {
	case from.Origin != to.Origin:
		return fmt.Errorf("checkpoints of two logs, %q and %q", from.Origin, to.Origin)
	case to.Size < from.Size:
		return ErrShrunk
	case from.Size == 0 && len(proof) == 0:
		return nil
	case from.Size == 0:
		return ErrInconsistent
	case from.Size == to.Size && (len(proof) != 0 || from.Root != to.Root):
		return ErrInconsistent
	}
	if tlog.CheckTree(proof, int64(to.Size), to.Root, int64(from.Size), from.Root) != nil {
		return ErrInconsistent
	}
	return nil
}

// ParseProof reads a proof.
func ParseProof(b []byte) (*Proof, error) {
	p := new(Proof)
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("read proof: %w", err)
	}
	if len(p.Hashes) > 128 {
		return nil, errors.New("read proof: too many hashes")
	}
	return p, nil
}

package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Base is what a check of records has to know of those before the first it is
// given. It proves nothing by itself: a checkpoint over later records does.
type Base struct {
	Size uint64      `json:"size"`           // records before
	Hash Hash        `json:"hash"`           // of the last of them; zero if there is none
	Tree []tlog.Hash `json:"tree,omitempty"` // roots of the perfect subtrees over them, largest first
}

// BaseAt is the base of the records after the first size of the log in dir. The
// last of these need not be kept any more; hash is its hash.
func BaseAt(dir string, size uint64, hash Hash) (Base, error) {
	if size == 0 {
		return Base{}, nil
	}
	f, err := os.Open(filepath.Join(dir, treeFile))
	if err != nil {
		return Base{}, fmt.Errorf("read audit tree: %w", err)
	}
	defer f.Close()
	at, err := readFrontier(hashes{f}, size)
	if err != nil {
		return Base{}, err
	}
	return Base{size, hash, at.nodes}, nil
}

// PrevHash returns the hash of the record before that of line.
func PrevHash(line []byte) (Hash, error) {
	var r raw
	if err := parseLine(line, &r); err != nil {
		return Hash{}, fmt.Errorf("record: %w", err)
	}
	return r.prev, nil
}

// Replay checks the records of a log that came from elsewhere, one after the
// other. Not safe for concurrent use.
type Replay struct {
	chain chain
	tree  frontier
	buf   []byte
}

// NewReplay begins after base.
func NewReplay(base Base) (*Replay, error) {
	if len(base.Tree) != len(frontierPlaces(base.Size)) {
		return nil, errors.New("replay: the tree before the first record is not of its size")
	}
	return &Replay{chain{base.Size, base.Hash, newHasher()}, frontier{base.Size, slices.Clone(base.Tree)}, nil}, nil
}

// Add takes the next record, as it stands in the log with its newline. The
// error says what is wrong with it; then nothing has changed.
func (r *Replay) Add(line []byte) (Record, error) {
	var at raw
	if wrong := r.chain.follow(line, &at); wrong != "" {
		return Record{}, fmt.Errorf("record %d: %s", r.chain.seq+1, wrong)
	}
	r.buf = r.tree.push(tlog.Hash(at.hash), r.buf[:0])
	return Record{Seq: at.seq, Hash: at.hash, Raw: at.event}, nil
}

// Last is the last record that was taken.
func (r *Replay) Last() Receipt { return Receipt{r.chain.seq, r.chain.last} }

// Root is the RFC 6962 tree hash over all records up to the last.
func (r *Replay) Root() tlog.Hash { return r.tree.root() }

// Base is the base of what comes next.
func (r *Replay) Base() Base {
	return Base{r.chain.seq, r.chain.last, slices.Clone(r.tree.nodes)}
}

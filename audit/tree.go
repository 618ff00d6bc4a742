package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// treeFile holds the hashes of the Merkle tree over all records, in the order
// and at the places of tlog.StoredHashIndex. It can be made anew from the
// segments, so it is synced only when a checkpoint is made.
const treeFile = "tree"

// frontier is a Merkle tree reduced to what its growth needs: the roots of its
// perfect subtrees, largest first, one for each bit that is set in size.
type frontier struct {
	size  uint64
	nodes []tlog.Hash
}

// push adds a leaf and appends to out the hashes that are to be stored.
func (f *frontier) push(leaf tlog.Hash, out []byte) []byte {
	out = append(out, leaf[:]...)
	f.nodes = append(f.nodes, leaf)
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.nodes) - 1
		h := tlog.NodeHash(f.nodes[last-1], f.nodes[last])
		f.nodes = f.nodes[:last]
		f.nodes[last-1] = h
		out = append(out, h[:]...)
	}
	f.size++
	return out
}

// root is the tree hash of RFC 6962.
func (f *frontier) root() tlog.Hash {
	if len(f.nodes) == 0 {
		return sha256.Sum256(nil)
	}
	h := f.nodes[len(f.nodes)-1]
	for i := len(f.nodes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.nodes[i], h)
	}
	return h
}

// frontierPlaces says where the nodes of a frontier of n records are stored.
func frontierPlaces(n uint64) (at []int64) {
	var lo uint64
	for n > lo {
		level := bits.Len64(n-lo) - 1
		at = append(at, tlog.StoredHashIndex(level, int64(lo>>level)))
		lo += 1 << level
	}
	return at
}

// readFrontier takes the frontier of the first n records from stored hashes.
func readFrontier(r tlog.HashReader, n uint64) (frontier, error) {
	nodes, err := r.ReadHashes(frontierPlaces(n))
	return frontier{n, nodes}, err
}

// hashes reads stored hashes.
type hashes struct{ r io.ReaderAt }

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if _, err := h.r.ReadAt(out[i][:], at*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("read audit tree: %w", err)
		}
	}
	return out, nil
}

// tree is the writer's end of the stored hashes.
type tree struct {
	f   file
	buf []byte
	frontier
}

// grow adds the hashes of records that are on disk.
func (t *tree) grow(leaves []Hash) error {
	t.buf = t.buf[:0]
	for _, h := range leaves {
		t.buf = t.push(tlog.Hash(h), t.buf)
	}
	if _, err := t.f.Write(t.buf); err != nil {
		return explain("write audit tree", err)
	}
	return nil
}

// recoverTree makes the stored hashes agree with the records. What the last
// checkpoint covers was synced and is trusted if it gives the checkpoint's
// root; the rest is made anew.
func (l *Log) recoverTree() error {
	name := filepath.Join(l.dir, treeFile)
	gone, err := readExpired(l.dir)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return explain("open audit tree", err)
	}
	defer f.Close()
	mark := l.note.last
	if mark.Size > l.chain.seq {
		return fmt.Errorf("checkpoint %d names record %d, which is missing: the log ends at %d", mark.Number, mark.Size, l.chain.seq)
	}
	base, err := readFrontier(hashes{f}, mark.Size)
	if err != nil || base.root() != mark.Root || mark.Size < gone.size {
		base = gone.frontier
		if err := restore(f, base); err != nil {
			return err
		}
	}
	at := tlog.StoredHashCount(int64(base.size)) * tlog.HashSize
	if err := f.Truncate(at); err != nil {
		return explain("cut audit tree", err)
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return explain("cut audit tree", err)
	}
	fresh := tree{f: dataFile{f}, frontier: base}
	var some []Hash
	agrees := base.size >= mark.Size
	err = eachLine(l.dir, base.size+1, func(s segment, line int, r *raw, _ []byte) error {
		if r.seq != fresh.size+uint64(len(some))+1 || r.seq > l.chain.seq {
			return fmt.Errorf("%s line %d: record %d where %d belongs", s.name, line, r.seq, fresh.size+uint64(len(some))+1)
		}
		some = append(some, r.hash)
		if len(some) < 4096 && r.seq != mark.Size {
			return nil
		}
		err := fresh.grow(some)
		some = some[:0]
		if r.seq == mark.Size {
			agrees = fresh.root() == mark.Root
		}
		return err
	})
	if err == nil {
		err = fresh.grow(some)
	}
	if err == nil && !agrees {
		err = fmt.Errorf("the records are not those of checkpoint %d over %d records", mark.Number, mark.Size)
	}
	if err == nil && fresh.size != l.chain.seq {
		err = fmt.Errorf("the tree has %d records, the log %d", fresh.size, l.chain.seq)
	}
	if err != nil {
		return fmt.Errorf("recover audit tree: %w", err)
	}
	l.tree = tree{frontier: fresh.frontier}
	l.tree.f, err = l.opt.open(name, os.O_WRONLY|os.O_APPEND)
	return err
}

// restore puts the nodes of an expired log's frontier at their places, unless
// they are there. What they stand for cannot be made anew.
func restore(f *os.File, base frontier) error {
	if have, err := readFrontier(hashes{f}, base.size); err == nil && have.root() == base.root() {
		return nil
	}
	if err := f.Truncate(0); err != nil {
		return explain("make audit tree", err)
	}
	for i, at := range frontierPlaces(base.size) {
		if _, err := f.WriteAt(base.nodes[i][:], at*tlog.HashSize); err != nil {
			return explain("make audit tree", err)
		}
	}
	return nil
}

// ProveGrowth returns the consistency proof (RFC 6962, 2.1.2) between the
// first from and the first to records of the log in dir; empty if from is 0.
// It may run beside an open Log, for sizes that a checkpoint covers.
func ProveGrowth(dir string, from, to uint64) ([]tlog.Hash, error) {
	if from > to {
		return nil, fmt.Errorf("prove growth: %d records are not before %d", from, to)
	}
	if from == 0 || from == to {
		return nil, nil
	}
	return prove(dir, func(r tlog.HashReader) ([]tlog.Hash, error) {
		return tlog.ProveTree(int64(to), int64(from), r)
	})
}

// ProveRecord returns the audit path (RFC 6962, 2.1.1) of record seq, from 1,
// in the tree of the first size records.
func ProveRecord(dir string, seq, size uint64) ([]tlog.Hash, error) {
	if seq == 0 || seq > size {
		return nil, fmt.Errorf("prove record: there is no record %d among %d", seq, size)
	}
	return prove(dir, func(r tlog.HashReader) ([]tlog.Hash, error) {
		return tlog.ProveRecord(int64(size), int64(seq-1), r)
	})
}

func prove(dir string, by func(tlog.HashReader) ([]tlog.Hash, error)) ([]tlog.Hash, error) {
	f, err := os.Open(filepath.Join(dir, treeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("prove: the log has no tree yet; it is made when the log is opened for writing")
	}
	if err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	defer f.Close()
	p, err := by(hashes{f})
	if err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	return p, nil
}

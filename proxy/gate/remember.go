package gate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// ledger keeps on disk what Confirmations are to know after a restart: an entry
// each, with a byte for its kind, the sum and its end in seconds since 1970. It
// holds no names and no content, and nobody without the key can make an entry.
//
// It is written, not synced: after a power cut somebody may be warned once more.
type ledger struct {
	path    string
	f       *os.File
	entries int // in the file
}

const (
	entrySize = 1 + 32 + 8
	// slackEntries is how many entries the file may have beyond twice those that
	// still count.
	slackEntries = 4096
)

// Kinds of entries.
const (
	entryConfirmed = 'c'
	entryHalf      = 'h'
)

func appendEntry(b []byte, kind byte, sum [32]byte, end time.Time) []byte {
	b = append(append(b, kind), sum[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(end.Unix()))
}

// remember reads what is kept at path and keeps there what comes from now on. Call
// it before anything is confirmed, with the key set.
func (c *Confirmations) remember(path string) error {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read what was confirmed: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; len(b) >= entrySize; b = b[entrySize:] { // half an entry at the end was cut off
		sum, end := [32]byte(b[1:33]), time.Unix(int64(binary.BigEndian.Uint64(b[33:entrySize])), 0)
		switch now := c.now(); {
		case b[0] == entryConfirmed && !c.over(end):
			c.given[sum] = end
		case b[0] == entryHalf && now.Before(end) && end.Sub(now) <= pairFor+maxAhead:
			c.keepHalf(sum, end)
		}
	}
	c.kept = &ledger{path: path}
	return c.compact()
}

// compact writes the file anew with what still counts. The caller has mu.
func (c *Confirmations) compact() error {
	m := c.kept
	if m.f != nil {
		_ = m.f.Close()
		m.f = nil
	}
	m.entries = len(c.given) + len(c.halves)
	b := make([]byte, 0, entrySize*m.entries)
	for sum, end := range c.given {
		b = appendEntry(b, entryConfirmed, sum, end)
	}
	for sum, end := range c.halves {
		b = appendEntry(b, entryHalf, sum, end)
	}
	fresh := m.path + ".new"
	if err := os.WriteFile(fresh, b, 0o600); err != nil {
		return fmt.Errorf("write what was confirmed: %w", err)
	}
	if err := os.Rename(fresh, m.path); err != nil {
		return fmt.Errorf("write what was confirmed: %w", err)
	}
	var err error
	if m.f, err = os.OpenFile(m.path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return fmt.Errorf("keep what is confirmed: %w", err)
	}
	return nil
}

// write keeps an entry, where a file is kept. What cannot be written is forgotten
// by a restart, and the sender is warned again. The caller has mu.
func (c *Confirmations) write(kind byte, sum [32]byte, end time.Time) {
	m := c.kept
	if m == nil {
		return
	}
	if m.f == nil || m.entries > 2*(len(c.given)+len(c.halves))+slackEntries {
		if c.compact() != nil {
			return
		}
	}
	if _, err := m.f.Write(appendEntry(nil, kind, sum, end)); err != nil {
		_ = m.f.Close()
		m.f = nil // what is half an entry is written anew with the next one
		return
	}
	m.entries++
}

// forget ends what remember began; what is kept stays.
func (c *Confirmations) forget() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || c.kept.f == nil {
		return nil
	}
	f := c.kept.f
	c.kept = nil
	return f.Close()
}

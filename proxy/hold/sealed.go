package hold

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
)

const (
	tempPattern = "body-*.sealed"
	tag         = 16 // bytes that sealing adds to a chunk
	diskStep    = 1 << 20
)

// sealed is a temporary file of chunks, each encrypted with AES-256-GCM under
// a key that is made for this file, kept in memory only and used for nothing
// else. The nonce is the chunk's number, so a chunk cannot stand in another's
// place, and each is sealed once. A last chunk that is cut short or missing is
// noticed because the body's size is in memory.
type sealed struct {
	s        *Spool
	f        *os.File
	name     string // to be removed on close; "" if it has no name any more
	aead     cipher.AEAD
	nonce    nonce
	buf      []byte // chunk and room for its tag
	fill     int    // plain bytes in buf
	chunks   int64  // written
	reserved int64  // of the spool's disk
	share    *share // of the sender's, too; nil if it counts towards nobody's
	size     int64  // of the plain text, once finished
}

// newSealed makes the file. Its name is removed at once where the system lets
// it, so that nothing is left of it however the process ends.
func newSealed(s *Spool, sender string) (*sealed, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("seal body: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal body: %w", err)
	}
	clear(key)
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal body: %w", err)
	}
	f, err := os.CreateTemp(s.c.Dir, tempPattern)
	if err != nil {
		return nil, explain("make temporary file", err)
	}
	s.memory.Add(chunk) // counted, but beyond the limit: without it nothing moves
	d := &sealed{s: s, f: f, aead: aead, buf: getSealBuffer()}
	if os.Remove(f.Name()) != nil {
		d.name = f.Name()
	}
	if sender != "" {
		d.share = s.parts.join(sender)
	}
	return d, nil
}

// nonce is the number of a chunk, as AES-GCM takes it. It is kept in the
// structs that use it so that it is not allocated for each chunk.
type nonce [12]byte

func (n *nonce) of(i int64) []byte {
	binary.BigEndian.PutUint64(n[4:], uint64(i))
	return n[:]
}

// space returns the rest of the current chunk, beginning a new one if need be.
func (d *sealed) space(ctx context.Context) ([]byte, error) {
	if d.fill == chunk {
		if err := d.flush(); err != nil {
			return nil, err
		}
	}
	// The room must be there before the bytes are: a sender is not read
	// from while the disk is full.
	for need := (d.chunks + 1) * (chunk + tag); d.reserved < need; {
		step := min(diskStep, max(d.s.c.TotalDisk/16, chunk+tag))
		if err := d.s.takeDisk(ctx, d.share, step); err != nil {
			return nil, err
		}
		d.reserved += step
	}
	return d.buf[d.fill:chunk], nil
}

// flush seals what is in buf and writes it.
func (d *sealed) flush() error {
	out := d.aead.Seal(d.buf[:0], d.nonce.of(d.chunks), d.buf[:d.fill], nil)
	if _, err := d.f.Write(out); err != nil {
		return explain("write temporary file", err)
	}
	d.chunks++
	d.fill = 0
	return nil
}

func (d *sealed) finish() error {
	d.size = d.chunks*chunk + int64(d.fill)
	if d.fill > 0 {
		if err := d.flush(); err != nil {
			return err
		}
	}
	d.drop()
	return nil
}

// drop gives the buffer of writing back.
func (d *sealed) drop() {
	if d.buf != nil {
		putSealBuffer(d.buf)
		d.buf = nil
		d.s.memory.Add(-chunk)
	}
}

func (d *sealed) close() {
	d.drop()
	d.f.Close() // the file goes with it; there is nothing to do about an error
	if d.name != "" {
		os.Remove(d.name) // else Open does
	}
	d.s.giveDisk(d.reserved)
	if d.share != nil {
		d.s.parts.leave(d.share, d.reserved)
	}
}

// window is a chunk of a sealed file in the clear.
type window struct {
	buf   []byte
	plain []byte
	index int64
	nonce nonce
}

// load makes w hold chunk i.
func (d *sealed) load(w *window, i int64) error {
	if w.plain != nil && w.index == i {
		return nil
	}
	if w.buf == nil {
		w.buf = getSealBuffer()
	}
	w.plain = nil
	n := int64(chunk)
	if d.size > 0 { // else it is still being written, and what is read was full
		n = min(chunk, d.size-i*chunk)
	}
	if _, err := d.f.ReadAt(w.buf[:n+tag], i*(chunk+tag)); err != nil {
		return fmt.Errorf("read temporary file: %w", err)
	}
	plain, err := d.aead.Open(w.buf[:0], w.nonce.of(i), w.buf[:n+tag], nil)
	if err != nil {
		return fmt.Errorf("read temporary file: chunk %d was changed: %w", i, err)
	}
	w.plain, w.index = plain, i
	return nil
}

func (w *window) free() {
	if w.buf != nil {
		putSealBuffer(w.buf)
		*w = window{}
	}
}

// explain turns a full disk into ErrFull.
func explain(step string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %s: %w", ErrFull, step, err)
	}
	return fmt.Errorf("%s: %w", step, err)
}

package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
)

// Hash is the SHA-256 of a record, as FORMAT.md defines it.
type Hash [sha256.Size]byte

// String returns lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText makes a Hash appear in JSON as it does in the log.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) || !lowerHex(h[:], b) {
		return errors.New("not a hash in lower-case hexadecimal")
	}
	return nil
}

type salt [16]byte

// salts makes 64 at a time. Not safe for concurrent use.
type salts struct {
	made [64 * len(salt{})]byte
	left int
}

func (s *salts) next() salt {
	if s.left == 0 {
		rand.Read(s.made[:]) // never fails: it ends the process instead
		s.left = len(s.made)
	}
	s.left -= len(salt{})
	return salt(s.made[s.left:][:len(salt{})])
}

// The literal pieces of a line, in order. A line is exactly these and the
// values between them: there is one way only to write a record, so that no
// byte of the log can change without being noticed.
const (
	litSeq   = `{"v":1,"seq":`
	litSalt  = `,"salt":"`
	litPrev  = `","prev":"`
	litHash  = `","hash":"`
	litEvent = `","event":`
	litEnd   = "}\n"
)

// hashTag separates these hashes from any other use of SHA-256. The leading
// zero byte makes the hash equal to the RFC 6962 leaf hash of the rest, so a
// Merkle tree can be put over existing records without touching them.
const hashTag = "\x00sekimori audit v1\n"

// maxEvent bounds one encoded event, and so what a reader must hold.
const maxEvent = 4 << 20

// maxLine is the longest line a reader accepts.
const maxLine = maxEvent + 512

// raw is a parsed line. event points into it.
type raw struct {
	seq   uint64
	salt  salt
	prev  Hash
	hash  Hash
	event []byte
}

// hasher computes record hashes without allocating. Not safe for concurrent
// use.
type hasher struct {
	h   hash.Hash
	buf [len(hashTag) + 8 + 16 + sha256.Size]byte
}

func newHasher() *hasher { return &hasher{h: sha256.New()} }

func (h *hasher) record(r *raw) (sum Hash) {
	b := append(h.buf[:0], hashTag...)
	b = binary.BigEndian.AppendUint64(b, r.seq)
	b = append(b, r.salt[:]...)
	b = append(b, r.prev[:]...)
	h.h.Reset()
	h.h.Write(b)
	h.h.Write(r.event)
	copy(sum[:], h.h.Sum(b[:0]))
	return sum
}

// appendLine appends r as one line.
func appendLine(dst []byte, r *raw) []byte {
	dst = append(dst, litSeq...)
	dst = strconv.AppendUint(dst, r.seq, 10)
	dst = append(dst, litSalt...)
	dst = hex.AppendEncode(dst, r.salt[:])
	dst = append(dst, litPrev...)
	dst = hex.AppendEncode(dst, r.prev[:])
	dst = append(dst, litHash...)
	dst = hex.AppendEncode(dst, r.hash[:])
	dst = append(dst, litEvent...)
	dst = append(dst, r.event...)
	return append(dst, litEnd...)
}

var errForm = errors.New("line is not of the record form")

// parseLine reads a whole line with its newline. It accepts only what
// appendLine writes and does not check the hash.
func parseLine(line []byte, r *raw) error {
	ok := true
	lit := func(s string) {
		if ok = ok && len(line) >= len(s) && string(line[:len(s)]) == s; ok {
			line = line[len(s):]
		}
	}
	hexa := func(dst []byte) {
		if ok = ok && len(line) >= 2*len(dst) && lowerHex(dst, line); ok {
			line = line[2*len(dst):]
		}
	}
	lit(litSeq)
	n := 0
	for ok && n < len(line) && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if !ok || n == 0 || line[0] == '0' {
		return errForm
	}
	seq, err := strconv.ParseUint(string(line[:n]), 10, 64)
	if err != nil {
		return fmt.Errorf("sequence number: %w", err)
	}
	r.seq, line = seq, line[n:]
	lit(litSalt)
	hexa(r.salt[:])
	lit(litPrev)
	hexa(r.prev[:])
	lit(litHash)
	hexa(r.hash[:])
	lit(litEvent)
	if n := len(line) - len(litEnd); ok && n > 0 && string(line[n:]) == litEnd {
		r.event = line[:n]
		return nil
	}
	return errForm
}

// lowerHex decodes 2*len(dst) lower-case digits, if they are there. encoding/hex takes upper case
// as well, which would leave room for a change that no hash sees.
func lowerHex(dst, src []byte) bool {
	nibble := func(c byte) byte {
		switch {
		case c >= '0' && c <= '9':
			return c - '0'
		case c >= 'a' && c <= 'f':
			return c - 'a' + 10
		}
		return 0xff
	}
	if len(src) < 2*len(dst) {
		return false
	}
	for i := range dst {
		hi, lo := nibble(src[2*i]), nibble(src[2*i+1])
		if hi|lo > 15 {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
}

// chain is the state that links one record to the next.
type chain struct {
	seq  uint64 // of the last record, 0 before the first
	last Hash
	h    *hasher
}

// follow checks that line is the record after the last one and steps to it. It
// says what is wrong otherwise and stays.
func (c *chain) follow(line []byte, r *raw) (wrong string) {
	if err := parseLine(line, r); err != nil {
		return err.Error()
	}
	switch {
	case r.seq != c.seq+1:
		return fmt.Sprintf("sequence number is %d where %d belongs", r.seq, c.seq+1)
	case r.prev != c.last:
		return "it does not continue the record before it"
	case c.h.record(r) != r.hash:
		return "its content does not match its hash"
	}
	c.seq, c.last = r.seq, r.hash
	return ""
}

package detect

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// canonMemory remembers the canonical forms of names and mail addresses of one session:
// authors, senders and their addresses come again and again, and one that is remembered
// needs no storage of its own and is told to be the same by where it lies.
type canonMemory struct {
	forms [128]struct {
		size  uint8 // 0: free
		kind  canonKind
		text  [46]byte // as it stands
		canon string
	}
	domains mailDomains
	used    bool
}

// forget begins another session.
func (m *canonMemory) forget() {
	if m != nil && m.used {
		*m = canonMemory{}
	}
}

// canonKind is what has a canonical form.
type canonKind uint8

const (
	canonName canonKind = iota
	canonMail
)

// of is the canonical form of t.
func (k canonKind) of(t []byte) string {
	if k == canonMail {
		return strings.ToLower(string(t))
	}
	return nameCanon(t)
}

// remembered returns the session's memory, to be changed.
func (b *Block) remembered() *canonMemory {
	if b.canons == nil {
		b.canons = new(canonMemory)
	}
	b.canons.used = true
	return b.canons
}

// canon is the canonical form of t, by the session's memory.
func (b *Block) canon(k canonKind, t []byte) string {
	m := b.remembered()
	if len(t) < 8 || len(t) > len(m.forms[0].text) {
		return k.of(t)
	}
	head, tail := binary.LittleEndian.Uint64(t), binary.LittleEndian.Uint64(t[len(t)-8:])
	e := &m.forms[((head^bits.RotateLeft64(tail, 29))*golden)>>57]
	if e.kind == k && string(e.text[:e.size]) == string(t) {
		return e.canon
	}
	e.size, e.kind, e.canon = uint8(copy(e.text[:], t)), k, k.of(t)
	return e.canon
}

// mailDomains remembers how sure addresses are by their domains.
type mailDomains [64]domain

// of returns where name stands if it is known.
func (d *mailDomains) of(name []byte) *domain {
	if len(name) < 8 {
		return &d[0]
	}
	head, tail := binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[len(name)-8:])
	return &d[((head^bits.RotateLeft64(tail, 29))*golden)>>58]
}

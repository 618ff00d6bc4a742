package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// The head says which record was acknowledged last and how many checkpoints
// there are, so that a shortened log is noticed. It is two slots written in turn: one is whole at any moment.

const (
	headFile = "head"
	keyFile  = "head.key"
	slotSize = 512
	headTag  = "sekimori audit head v2\n"
)

type headMark struct {
	turn uint64 // counts the writes; odd ones go to the second slot
	Receipt
	notes uint64 // number of the last checkpoint
}

type head struct {
	f    file
	mac  hash.Hash
	mark headMark // last written
	buf  [slotSize]byte
	dirt bool // written since the last sync
}

// encode fills b with the slot of m: one JSON line, padded with blanks.
func (m headMark) encode(b *[slotSize]byte, mac hash.Hash) {
	s := append(b[:0], `{"v":2,"turn":`...)
	s = strconv.AppendUint(s, m.turn, 10)
	s = append(s, `,"seq":`...)
	s = strconv.AppendUint(s, m.Seq, 10)
	s = append(s, `,"hash":"`...)
	s = hex.AppendEncode(s, m.Hash[:])
	s = append(s, `","checkpoint":`...)
	s = strconv.AppendUint(s, m.notes, 10)
	mac.Reset()
	mac.Write([]byte(headTag))
	mac.Write(s)
	s = append(s, `,"mac":"`...)
	s = hex.AppendEncode(s, mac.Sum(nil))
	s = append(s, `"}`...)
	for len(s) < slotSize-1 {
		s = append(s, ' ')
	}
	b[slotSize-1] = '\n'
}

// write records the last record and checkpoint without waiting for the disk:
// the page cache outlives a killed process, and both are already on disk.
func (h *head) write(r Receipt, notes uint64) error {
	h.mark = headMark{h.mark.turn + 1, r, notes}
	h.mark.encode(&h.buf, h.mac)
	if _, err := h.f.WriteAt(h.buf[:], int64(h.mark.turn%2)*slotSize); err != nil {
		return fmt.Errorf("write audit head: %w", err)
	}
	h.dirt = true
	return nil
}

func (h *head) sync() error {
	if !h.dirt {
		return nil
	}
	if err := h.f.Sync(); err != nil {
		return fmt.Errorf("sync audit head: %w", err)
	}
	h.dirt = false
	return nil
}

// readHead returns the newest mark. wrong says which slot is damaged, if one
// is; without a good slot it is an error, errNoHead if there is no head at all.
func readHead(dir string, key []byte) (m headMark, wrong string, err error) {
	b, err := os.ReadFile(filepath.Join(dir, headFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, "", errNoHead
	}
	if err != nil {
		return m, "", fmt.Errorf("read audit head: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	good := false
	if len(b) != 2*slotSize {
		wrong = "it has the wrong size"
	}
	for i := range 2 {
		slot, ok := parseSlot(b, i, mac)
		if !ok {
			wrong = fmt.Sprintf("slot %d is damaged", i+1)
			continue
		}
		if !good || slot.turn > m.turn {
			m = slot
		}
		good = true
	}
	if !good {
		return m, wrong, errors.New("audit head is damaged, or not of this key")
	}
	return m, wrong, nil
}

var errNoHead = errors.New("audit head is missing")

// parseSlot accepts exactly what encode writes.
func parseSlot(b []byte, i int, mac hash.Hash) (m headMark, ok bool) {
	if len(b) < (i+1)*slotSize {
		return m, false
	}
	var got, want [slotSize]byte
	copy(got[:], b[i*slotSize:])
	var text, sum string
	if n, _ := fmt.Sscanf(string(got[:]), `{"v":2,"turn":%d,"seq":%d,"hash":"%64s","checkpoint":%d,"mac":"%64s"}`,
		&m.turn, &m.Seq, &text, &m.notes, &sum); n != 5 || !lowerHex(m.Hash[:], []byte(text)) {
		return m, false
	}
	m.encode(&want, mac)
	return m, m.turn%2 == uint64(i) && hmac.Equal(got[:], want[:])
}

// readKey returns the node's head key.
func readKey(dir string) ([]byte, error) {
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("read audit head key: %w", err)
	}
	if len(key) != sha256.Size {
		return nil, fmt.Errorf("audit head key has %d bytes, not %d", len(key), sha256.Size)
	}
	return key, nil
}

// newKey makes the key of a new log. It is whole under its name or not there.
func newKey(dir string) ([]byte, error) {
	key := make([]byte, sha256.Size)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	temp := filepath.Join(dir, keyFile+".new")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make audit head key: %w", err)
	}
	_, err = f.Write(key)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temp, filepath.Join(dir, keyFile))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("make audit head key: %w", err)
	}
	return key, nil
}

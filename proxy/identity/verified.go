package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
	"time"
)

type digest [sha256.Size]byte

// verified remembers credentials that were right, as digests under a key that
// lives as long as it, so that not every request costs a bcrypt. Looking one
// up is no secret-dependent comparison: who can steer the digest has the key.
type verified struct {
	macs sync.Pool

	mu    sync.Mutex
	until map[digest]time.Time
}

const (
	verifiedFor = 10 * time.Minute
	maxVerified = 16 << 10
)

func newVerified() *verified {
	var key [sha256.Size]byte
	rand.Read(key[:]) // never fails: it ends the process instead
	v := &verified{until: map[digest]time.Time{}}
	v.macs.New = func() any { return hmac.New(sha256.New, key[:]) }
	return v
}

func (v *verified) key(user, password string) (d digest) {
	h := v.macs.Get().(hash.Hash)
	defer v.macs.Put(h)
	h.Reset()
	text := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(user)+len(password)), uint64(len(user)))
	text = append(append(text, user...), password...)
	h.Write(text)
	h.Sum(d[:0])
	return d
}

func (v *verified) has(d digest, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return now.Before(v.until[d])
}

func (v *verified) add(d digest, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.until) >= maxVerified {
		for k, t := range v.until {
			if now.After(t) {
				delete(v.until, k)
			}
		}
		for k := range v.until { // all are in use: any will do
			if len(v.until) < maxVerified*7/8 {
				break
			}
			delete(v.until, k)
		}
	}
	v.until[d] = now.Add(verifiedFor)
}

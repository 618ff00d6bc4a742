package inspect

import "testing"

// The vectors of the SipHash paper's reference implementation: key 00..0f,
// inputs 00, 00 01, ….
func TestDigest(t *testing.T) {
	var key [16]byte
	for i := range key {
		key[i] = byte(i)
	}
	d := newDigester(key)
	in := make([]byte, 16)
	for i := range in {
		in[i] = byte(i)
	}
	for n, want := range map[int]uint64{
		0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 7: 0xab0200f58b01d137, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5,
	} {
		if got := d.sum(in[:n]); got != want {
			t.Errorf("digest of %d bytes is %x, want %x", n, got, want)
		}
	}
	if newDigester([16]byte{1}).sum([]byte("a")) == d.sum([]byte("a")) {
		t.Error("the key makes no difference")
	}
}

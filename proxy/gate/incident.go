package gate

import (
	"crypto/rand"
	"encoding/binary"
)

// incidentDigits are those that nobody takes for another one on paper or on
// the telephone: no 0, 1, I, L, O, U.
const incidentDigits = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// newIncident returns a number such as SK-7F3K-9Q2M. There are 30^8 = 6.6e11;
// of a thousand incidents a day for ten years some ten pairs are equal, and
// the audit log tells those apart by their time.
func newIncident() string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24: it ends the program instead
	n := binary.LittleEndian.Uint64(b[:])
	out := []byte("SK-....-....")
	for i := range out {
		if out[i] == '.' {
			out[i] = incidentDigits[n%uint64(len(incidentDigits))]
			n /= uint64(len(incidentDigits))
		}
	}
	return string(out)
}

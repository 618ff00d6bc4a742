package intercept

import (
	"testing"
	"time"
)

// TestCertificatesOverClockJumps: whatever the clock says, clients that go by it
// get a certificate that holds by it.
func TestCertificatesOverClockJumps(t *testing.T) {
	ca, _ := open(t)
	i := issuer(t, ca, 3)
	at := time.Now()
	i.now = func() time.Time { return at }
	for _, by := range []time.Duration{0, 400 * 24 * time.Hour, -400 * 24 * time.Hour, 30 * 24 * time.Hour, -30 * 24 * time.Hour} {
		at = at.Add(by)
		c, err := i.Certificate("a.example")
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(c.Leaf.NotBefore) || at.After(c.Leaf.NotAfter) {
			t.Errorf("set by %v: at %v the certificate holds from %v until %v", by, at, c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		again, err := i.Certificate("a.example")
		if err != nil || again != c {
			t.Errorf("set by %v: made anew for each client, %v", by, err)
		}
	}
	// Before the authority itself holds nothing helps, but it costs no signature a client.
	at = ca.cert.NotBefore.Add(-24 * time.Hour)
	first, _ := i.Certificate("b.example")
	if again, err := i.Certificate("b.example"); err != nil || again != first {
		t.Errorf("before the authority holds: made anew for each client, %v", err)
	}
}

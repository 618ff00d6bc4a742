package gate

import (
	"errors"
	"testing"
	"time"
)

// TestConfirmationsOverClockJumps: a confirmation never holds for longer than it
// was given for, whatever happens to the clock.
func TestConfirmationsOverClockJumps(t *testing.T) {
	const ttl = time.Minute
	c := newConfirmations(ttl)
	at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	c.now = func() time.Time { return at }
	cl := claim{sender: "user sato", host: "a.example", rule: "r", incident: "SK-0000-0001"}
	token := c.issue(cl)
	if err := c.give(cl); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[time.Duration]bool{
		0: true, 30 * time.Second: true, -30 * time.Second: true, -maxAhead: true,
		2 * time.Minute: false, 24 * time.Hour: false, -24 * time.Hour: false, -maxAhead - 2*time.Second: false,
	} {
		d := &Confirmations{key: c.key, ttl: ttl, now: func() time.Time { return at.Add(by) }, given: map[[32]byte]time.Time{}}
		d.TakeConfirmed(c.sum(cl), c.given[c.sum(cl)])
		if got := d.holds(cl); got != want {
			t.Errorf("the clock set by %v: it holds: %v", by, got)
		}
		if _, err := d.read(token, cl.sender, cl.host); (err == nil) != want || err != nil && !errors.Is(err, ErrToken) {
			t.Errorf("the clock set by %v: the token: %v", by, err)
		}
	}
}

package release

import (
	"errors"
	"testing"
	"time"
)

func TestLinks(t *testing.T) {
	d := newDesk(t)
	c := d.ask(1, Terms{People: 2})
	token, err := d.Sign(Link{Case: c.ID, By: "sato", Approve: true})
	if err != nil {
		t.Fatal(err)
	}
	d.Store.Close()
	d.open() // a link outlives a restart
	l, err := d.ReadLink(token)
	if err != nil || l.Case != c.ID || l.By != "sato" || !l.Approve || !l.Until.Equal(c.Ends) {
		t.Fatalf("%+v %v", l, err)
	}
	for i := range token { // any change at all
		b := []byte(token)
		if b[i]++; b[i] == '.' {
			b[i]++
		}
		if l, err := d.ReadLink(string(b)); err == nil && l.Case != "" {
			// The last character of base64 has bits that stand for nothing.
			if i != len(token)-1 {
				t.Fatalf("changed at %d it is read as %+v", i, l)
			}
		}
	}
	d.now = l.Until
	if _, err := d.ReadLink(token); !errors.Is(err, ErrLink) {
		t.Error("after its time:", err)
	}
	if _, err := d.Sign(Link{Case: c.ID, By: "sato"}); !errors.Is(err, ErrClosed) {
		t.Error("of what is over:", err)
	}
	if _, err := d.Sign(Link{Case: "RL-0000-0000", By: "sato"}); !errors.Is(err, ErrUnknown) {
		t.Error("of nothing:", err)
	}
	d.now = epoch.Add(80 * time.Hour)
	k := d.ask(2, Terms{})
	if err := d.May(k.ID, approver("ASKER")); !errors.Is(err, ErrOwn) {
		t.Error("one's own under another spelling:", err)
	}
	if err := d.May(k.ID, approver("sato")); err != nil {
		t.Error(err)
	}
}

package gate

import (
	"context"
	"testing"
	"time"
)

// A warning that one node gave is confirmed on another, and holds on both.
func TestConfirmationsOfSeveralNodes(t *testing.T) {
	key := [32]byte{1}
	node := func(told func([32]byte, time.Time)) *fixture {
		f := newFixture(t, func(c *Config) { c.ConfirmKey, c.Confirmed = &key, told })
		f.policy.Rules = decideFunc(warned)
		return f
	}
	var a, b *fixture
	a = node(func(sum [32]byte, end time.Time) { b.TakeConfirmed(sum, end) })
	b = node(func(sum [32]byte, end time.Time) { a.TakeConfirmed(sum, end) })
	b.Hold = a.Hold // with the same key of digests
	ctx := context.Background()
	o := a.Check(ctx, upload("content"))
	if o.Passes() || o.Confirm == "" {
		t.Fatalf("%+v", o.Verdict)
	}
	if _, err := b.Confirm(upload("").Principal, "a.example", o.Confirm, "the customer asked"); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*fixture{"where it was given": a, "where it was confirmed": b} {
		if o := f.Check(ctx, upload("content")); !o.Passes() {
			t.Errorf("%s it does not hold", name)
		}
		if o := f.Check(ctx, upload("contenu")); o.Passes() {
			t.Errorf("%s other content passes", name)
		}
	}
}

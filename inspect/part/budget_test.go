package part

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// TestTries counts the passwords that may be tried: on one lock, on many, and in
// another process that goes on with the budget.
func TestTries(t *testing.T) {
	var all []string
	for i := range 2 * maxTries {
		all = append(all, fmt.Sprint("password ", i))
	}
	ctx := context.Background()
	count := func(b *Budget, rounds int) (n int) {
		for p := range b.Tries(ctx, all, rounds) {
			if p != all[n] {
				t.Fatalf("%q comes as number %d", p, n)
			}
			n++
		}
		return n
	}
	b := NewBudget(Limits{}, 1)
	if n := count(b, 1); n != maxTries {
		t.Errorf("%d are tried on one lock", n)
	}
	if n := count(b, maxRounds/4); n != 3 {
		t.Errorf("%d are tried of a quarter each, when something is spent", n)
	}
	other := b.Share().Budget()
	if n := count(other, maxRounds/4); n != 0 {
		t.Errorf("%d are tried in another process", n)
	}
	count(other, maxRounds/8)
	if b.Join(other.Share()); count(b, maxRounds/8) != 0 {
		t.Error("what was spent in another process is forgotten")
	}
	if n := count(b, -1); n != 0 {
		t.Errorf("%d are tried for less than nothing", n)
	}
	if n := count(NewBudget(Limits{Time: -time.Second}, 1), 1); n != 0 {
		t.Errorf("%d are tried when there is no time left", n)
	}
}

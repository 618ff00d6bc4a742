package drip

import (
	"context"
	"testing"

	"github.com/sekimori-dlp/sekimori/rules"
)

// TestADripIsFound lives through a short time in a small company.
func TestADripIsFound(t *testing.T) {
	set, err := rules.Load(nil, rules.Options{Untested: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, perDay := range []int{50, 300} {
		r, err := Run(context.Background(), set, Options{People: 100, Days: 60, From: perDay, To: perDay, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if r.FoundAfter < 0 || r.FoundAfter > 14 {
			t.Errorf("%d a day: %+v", perDay, r)
		}
		if r.PerWeek > 2 {
			t.Errorf("%d a day: %.1f false alarms a week: %v", perDay, r.PerWeek, r.False)
		}
	}
	// Where nobody carries anything out, nothing is found.
	r, err := Run(context.Background(), set, Options{People: 100, Days: 40, From: 1, To: 1, Seed: 4})
	if err != nil || r.FoundAfter >= 0 {
		t.Errorf("%+v %v", r, err)
	}
}

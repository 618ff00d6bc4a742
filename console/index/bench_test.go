package index

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkMillion builds an index of a million events, then times what pages
// ask of it. Use -benchtime 1x for the building.
func BenchmarkMillion(b *testing.B) {
	m := invent(1_000_000)
	began := time.Now()
	x := open(b, m, filepath.Join(b.TempDir(), "index"))
	b.Logf("built in %v", time.Since(began).Round(time.Millisecond))
	ctx := context.Background()
	month := to.AddDate(0, 0, -40)
	find := func(f Filter, after Cursor) func() error {
		return func() error { _, _, err := x.Find(ctx, f, after, 50); return err }
	}
	top := func(d Dim, by Order) func() error {
		return func() error { _, err := x.Top(ctx, d, "", month, to, by, 50, 0); return err }
	}
	for _, c := range []struct {
		name string
		ask  func() error
	}{
		{"find/noted", find(Filter{}, Cursor{})},
		{"find/noted-deep", find(Filter{}, Cursor{to.AddDate(0, 0, -25).UnixMilli(), 1 << 40})},
		{"find/all", find(Filter{Quiet: true}, Cursor{})},
		{"find/anonymous", find(Filter{User: "anonymous", Quiet: true}, Cursor{})},
		{"find/part-of-user", find(Filter{User: "user0"}, Cursor{})},
		{"find/part-of-user-all", find(Filter{User: "user0", Quiet: true}, Cursor{})},
		{"find/type", find(Filter{Type: "PHONE", Action: "block"}, Cursor{})},
		{"find/rule-user", find(Filter{Rule: "rule-3", User: "user001", Action: "block"}, Cursor{})},
		{"find/nothing", find(Filter{Host: "host001.example", Rule: "rule-3", Action: "hold", User: "user002"}, Cursor{})},
		{"find/gaps", find(Filter{Reason: true, Quiet: true}, Cursor{})},
		{"find/closed", find(Filter{State: "closed"}, Cursor{})},
		{"count/noted", func() error { _, err := x.Count(ctx, Filter{}, 10_000); return err }},
		{"count/user0", func() error { _, err := x.Count(ctx, Filter{User: "user0"}, 10_000); return err }},
		{"days", func() error { _, err := x.Days(ctx, Total, "", month, to); return err }},
		{"top/hosts", top(Host, ByKept)},
		{"top/users", top(User, ByBytes)},
		{"top/types", top(Type, ByPeople)},
		{"flows/anonymous", func() error { _, err := x.Flows(ctx, User, "anonymous", month, 20); return err }},
		{"flows/host", func() error { _, err := x.Flows(ctx, Host, "host001.example", month, 20); return err }},
		{"unfollowed", func() error { _, err := x.Unfollowed(ctx, month, 1000); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

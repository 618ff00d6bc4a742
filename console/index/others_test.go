package index

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// beside is records of other nodes in memory.
type beside struct {
	names []string
	of    map[string]*memory
	away  error
}

func (b *beside) Nodes() []string       { return b.names }
func (b *beside) Of(node string) Source { return away{b.of[node], b} }

// away is a record that cannot always be reached.
type away struct {
	*memory
	b *beside
}

func (a away) Read(from uint64, fn func(audit.Record) error) error {
	if a.b.away != nil {
		return a.b.away
	}
	return a.memory.Read(from, fn)
}

func openBeside(t *testing.T, path string, own *memory, others Others) *Index {
	t.Helper()
	x, err := Open(path, own, jst)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if err := x.Beside("tokyo-1", others); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestOtherNodesAreShownBesideTheOwn(t *testing.T) {
	ctx := context.Background()
	blocked := func(user string, minute int) audit.Event {
		return audit.Event{Kind: "decision", Action: "block", Rule: "plans", User: user, Host: "www.dropbox.com", Incident: "SK-" + user,
			Time: time.Date(2026, 11, 20, 9, minute, 0, 0, jst)}
	}
	own := &memory{}
	others := &beside{names: []string{"osaka-1", "tokyo-2"}, of: map[string]*memory{"osaka-1": {}, "tokyo-2": {}}}
	own.add(blocked("sato", 1))
	own.add(blocked("ito", 4))
	others.of["osaka-1"].add(audit.Event{Kind: "start", Time: to})
	others.of["osaka-1"].add(blocked("kato", 3))
	others.of["tokyo-2"].add(blocked("sato", 2))
	path := filepath.Join(t.TempDir(), "index")
	x := openBeside(t, path, own, others)
	feed := func() {
		t.Helper()
		for range 2 { // after what made all anew it goes on
			if err := errors.Join(x.Feed(ctx), x.FeedOthers(ctx)); err != nil {
				t.Fatal(err)
			}
		}
	}
	list := func(f Filter) (all string) {
		t.Helper()
		for after, more := (Cursor{}), true; more; {
			rows, next, err := x.Find(ctx, f, after, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				node, seq, mine := x.Resolve(r.Seq)
				if node != r.Node || mine != (node == "tokyo-1") {
					t.Errorf("row %d is of %q, %q", r.Seq, r.Node, node)
				}
				all += fmt.Sprintf("%s/%d %s %s;", node, seq, r.User, r.State)
				after = r.Cursor()
			}
			more = next
		}
		return all
	}
	want := func(f Filter, want string) {
		t.Helper()
		if got := list(f); got != want {
			t.Errorf("%+v: %s\nwant %s", f, got, want)
		}
	}
	feed()
	if x.Taken("osaka-1") != 2 || x.Taken("tokyo-1") != 2 || x.Taken("nowhere") != 0 {
		t.Errorf("taken in: %d %d %d", x.Taken("osaka-1"), x.Taken("tokyo-1"), x.Taken("nowhere"))
	}
	const all = "tokyo-1/2 ito ;osaka-1/2 kato ;tokyo-2/1 sato ;tokyo-1/1 sato ;"
	want(Filter{}, all)
	want(Filter{User: "sato"}, "tokyo-2/1 sato ;tokyo-1/1 sato ;")
	want(Filter{Node: "osaka-1"}, "osaka-1/2 kato ;")
	want(Filter{Node: "tokyo-1"}, "tokyo-1/2 ito ;tokyo-1/1 sato ;")
	want(Filter{Node: "nowhere"}, "")
	if sums, err := x.Top(ctx, User, "", from, to, ByKept, 10, 0); err != nil || len(sums) != 3 || sums[0].Key != "sato" || sums[0].N != 2 {
		t.Errorf("sums: %+v %v", sums, err)
	}
	if n := fmt.Sprint(x.Nodes()); n != "[tokyo-1 osaka-1 tokyo-2]" {
		t.Errorf("nodes %s", n)
	}
	if n, err := x.Begins(ctx, 10); err != nil || n != 1 {
		t.Errorf("the own record begins at %d %v", n, err)
	}
	if acts, _, err := x.Acts(ctx, ActFilter{}, 10); err != nil || len(acts) != 0 {
		t.Errorf("acts of others: %+v %v", acts, err)
	}

	// A follow-up counts wherever it is written; a later one counts more, in
	// whatever order they come in.
	note := func(m *memory, node, record, state string, minute int) {
		m.add(audit.Event{Kind: "console", Action: "note", Time: to.Add(time.Duration(minute) * time.Minute), User: "mori",
			Details: map[string]string{"record": record, "node": node, "state": state}})
	}
	note(own, "osaka-1", "2", "closed", 5)
	note(others.of["osaka-1"], "", "2", "open", 1)
	note(others.of["tokyo-2"], "tokyo-1", "1", "waiting", 1)
	feed()
	const followed = "tokyo-1/2 ito ;osaka-1/2 kato closed;tokyo-2/1 sato ;tokyo-1/1 sato waiting;"
	want(Filter{}, followed)
	rows, _, err := x.Find(ctx, Filter{Node: "osaka-1"}, Cursor{}, 1)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	acts, _, err := x.Acts(ctx, ActFilter{Kind: "console", Record: rows[0].Seq}, 10)
	if err != nil || len(acts) != 2 || acts[0].Node != "tokyo-1" || acts[1].Node != "osaka-1" || acts[1].Seq != 3 {
		t.Errorf("acts %+v %v", acts, err)
	}

	// One that cannot be reached keeps nobody else out, and nothing is lost.
	others.away = errors.New("away")
	own.add(blocked("abe", 6))
	others.of["tokyo-2"].add(blocked("endo", 7))
	if err := x.Feed(ctx); err != nil {
		t.Fatal(err)
	}
	if err := x.FeedOthers(ctx); !errors.Is(err, others.away) {
		t.Errorf("others are away: %v", err)
	}
	want(Filter{}, "tokyo-1/4 abe ;"+followed)
	others.away = nil
	feed()
	want(Filter{}, "tokyo-2/3 endo ;tokyo-1/4 abe ;"+followed)

	// It goes on where it was after a restart, is made anew at any time, and if
	// another record has taken one's place.
	x.Close()
	x = openBeside(t, path, own, others)
	feed()
	want(Filter{}, "tokyo-2/3 endo ;tokyo-1/4 abe ;"+followed)
	if err := x.Rebuild(); err != nil {
		t.Fatal(err)
	}
	want(Filter{}, "")
	feed()
	want(Filter{}, "tokyo-2/3 endo ;tokyo-1/4 abe ;"+followed)
	x.Close()
	other := &memory{}
	for range 4 {
		other.all = append(other.all, audit.Record{Seq: uint64(len(other.all) + 1), Hash: audit.Hash{7}, Event: blocked("ono", 8)})
	}
	others.of["tokyo-2"] = other
	x = openBeside(t, path, own, others)
	feed()
	want(Filter{Node: "tokyo-2"}, "tokyo-2/4 ono ;tokyo-2/3 ono ;tokyo-2/2 ono ;tokyo-2/1 ono ;")
	if n, err := x.Count(ctx, Filter{}, 100); err != nil || n != 8 {
		t.Errorf("%d in all %v", n, err)
	}
}

// While nothing of others has expired from the stream, what expires on their
// disks is shown still; what has, is not.
func TestOthersExpire(t *testing.T) {
	ctx := context.Background()
	others := &beside{names: []string{"osaka-1"}, of: map[string]*memory{"osaka-1": {}}}
	m := others.of["osaka-1"]
	m.add(audit.Event{Kind: audit.KindExpire, Time: from}) // of old
	m.add(audit.Event{Kind: "decision", Action: "block", Time: to})
	x := openBeside(t, filepath.Join(t.TempDir(), "index"), &memory{}, others)
	count := func() int {
		t.Helper()
		for range 2 {
			if err := errors.Join(x.Feed(ctx), x.FeedOthers(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		n, err := x.Count(ctx, Filter{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 1 {
		t.Errorf("%d at first", n)
	}
	m.all[1].Event.Kind = "gone" // the stream has it no more
	m.add(audit.Event{Kind: audit.KindExpire, Time: to})
	if n := count(); n != 0 {
		t.Errorf("%d after it expired", n)
	}
}

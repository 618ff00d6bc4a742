package fleet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/audit"
)

// A node reads the records of another, checked, from any number on, goes on
// where it was, and takes nothing that was not signed for.
func TestRecordsOfAnotherNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	keys := NewKeys(nil)
	a := join(t, t.TempDir(), Config{Node: "tokyo-1", Keys: keys, Servers: c.urls(), Replicas: 1})
	b := join(t, t.TempDir(), Config{Node: "osaka-1", Keys: keys, Servers: c.urls(), Replicas: 1})
	r := b.Records("tokyo-1")
	total := 0
	record := func(n int) {
		t.Helper()
		a.record(n)
		b.record(1) // so that the stream holds what is not of the node, too
		total += n
		eventually(t, "it is heard how much is shipped", func() bool { return r.Acknowledged() == uint64(total) })
	}
	read := func(r *Records, from uint64) (got []uint64) {
		t.Helper()
		check(t, r.Read(from, func(rec audit.Record) error {
			if rec.Event.Kind != "decision" || rec.Event.Path != "/upload" || rec.Hash == (audit.Hash{}) {
				t.Errorf("record %d: %+v", rec.Seq, rec.Event)
			}
			got = append(got, rec.Seq)
			return nil
		}))
		return got
	}
	want := func(got []uint64, first, last int) {
		t.Helper()
		if len(got) != max(0, last-first+1) || len(got) > 0 && (got[0] != uint64(first) || got[len(got)-1] != uint64(last)) {
			t.Errorf("read %d records %v, want %d to %d", len(got), got, first, last)
		}
	}
	for range 5 {
		record(20)
	}
	want(read(r, 1), 1, 100)
	want(read(r, 101), 101, 100)
	record(7)
	want(read(r, 101), 101, 107)
	fresh := b.Records("tokyo-1")
	want(read(fresh, 63), 63, 107)
	want(read(fresh, 1), 1, 107)
	for _, n := range []uint64{1, 20, 63, 107} {
		rec, ok, err := fresh.Get(n)
		if !ok || err != nil || rec.Seq != n || !strings.Contains(string(rec.Raw), fmt.Sprintf(`"tokyo-1-%d"`, map[bool]uint64{true: n - 101, false: (n - 1) % 20}[n > 100])) {
			t.Errorf("record %d: %v %v %s", n, ok, err, rec.Raw)
		}
	}
	if _, ok, err := fresh.Get(108); ok || err != nil {
		t.Errorf("record 108: %v %v", ok, err)
	}
	if _, ok, err := b.Records("nagoya-1").Get(1); ok || err != nil {
		t.Errorf("of a node that is not there: %v %v", ok, err)
	}
	if names := fmt.Sprint(b.Others()); names != "[tokyo-1]" {
		t.Errorf("others: %s", names)
	}

	// What somebody else with the fleet's key says in its name.
	forged := &batch{First: 108, Last: 108, Base: &audit.Base{Size: 107}, Key: "x", lines: []byte("{}\n")}
	plain, err := forged.encode()
	check(t, err)
	_, err = b.engine.publish(t.Context(), b.Fleet.cfg.auditStream(), b.Fleet.cfg.auditSubject("tokyo-1"), plain, nil)
	check(t, err)
	if err := r.Read(108, func(audit.Record) error { t.Error("it is given"); return nil }); err == nil {
		t.Error("a forged batch passes")
	}
	if _, ok, err := r.Get(108); ok || err == nil {
		t.Error("a forged record passes")
	}
}

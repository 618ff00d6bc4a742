package pieces

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fleet is the Stores of several nodes that reach each other, or do not.
type fleet struct {
	mu     sync.Mutex
	stores map[string]*Store
	away   map[string]bool
}

// end is how one node sees the fleet.
type end struct {
	*fleet
	name string
}

func (e end) reach(node string) *Store {
	e.mu.Lock()
	defer e.mu.Unlock()
	if node == e.name || e.away[node] {
		return nil
	}
	return e.stores[node]
}

func (e end) Ask(upload string) (all []Holding, sure bool) {
	sure = true
	for node := range e.stores {
		if s := e.reach(node); s != nil {
			h := s.Holding(upload)
			h.Node = node
			all = append(all, h)
		} else if node != e.name {
			sure = false
		}
	}
	return all, sure
}

func (e end) Fetch(node, upload, file string, w io.Writer) error {
	s := e.reach(node)
	if s == nil {
		return errors.New("away")
	}
	b := make([]byte, 3000)
	for at := int64(0); ; {
		n, err := s.ReadFile(upload, file, at, b)
		if _, e := w.Write(b[:n]); e != nil {
			return e
		}
		at += int64(n)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (e end) Drop(upload string) {
	for node := range e.stores {
		if s := e.reach(node); s != nil {
			s.Forget(upload)
		}
	}
}

func join(t *testing.T, c Config) (f *fleet, a, b *Store) {
	f = &fleet{stores: map[string]*Store{}, away: map[string]bool{}}
	for _, node := range []string{"a", "b"} {
		k := c
		k.Others = end{f, node}
		f.stores[node] = open(t, k)
	}
	return f, f.stores["a"], f.stores["b"]
}

func TestPiecesOfOtherNodesAreJoined(t *testing.T) {
	_, a, b := join(t, Config{})
	long := strings.Repeat("0123456789", 20_000)
	add(t, a, "x", Place{Offset: 0, Total: 200_006}, long)
	add(t, a, "x", Place{Offset: 200_003, Total: -1}, "end")
	h := add(t, b, "x", Place{Offset: 200_000, Total: -1}, "mid")
	if !h.Complete() || h.Apart() {
		t.Error("it is not known to be complete")
	}
	if before, after := h.Around(4); string(before) != "6789" || string(after) != "end" {
		t.Errorf("%q and %q", before, after)
	}
	for _, s := range []*Store{b, a} {
		if got := joined(t, s, "x"); got != long+"midend" {
			t.Errorf("%d bytes", len(got))
		}
	}
	if da, db := a.Join("x", nil).Digest(), b.Join("x", nil).Digest(); da != db {
		t.Error("the digest is another one at the other node")
	}
	// What was fetched is not passed on as the node's own, and outlives a
	// restart.
	if n := len(b.Holding(b.folder("x")).Files); n != 1 {
		t.Errorf("%d files are said to be the node's own", n)
	}
	if got := joined(t, open(t, Config{Dir: b.c.Dir}), "x"); got != long+"midend" {
		t.Errorf("after a restart: %d bytes", len(got))
	}
	a.Drop("x")
	if a.Stats() != (Stats{}) || b.Stats() != (Stats{}) {
		t.Errorf("left: %+v %+v", a.Stats(), b.Stats())
	}
}

// At once at two nodes: at least one sees all.
func TestLastPiecesAtOnceAtTwoNodes(t *testing.T) {
	_, a, b := join(t, Config{})
	var complete [2]bool
	var wg sync.WaitGroup
	for i, s := range []*Store{a, b} {
		wg.Go(func() {
			complete[i] = add(t, s, "x", Place{Offset: int64(3 * i), Total: 6}, "abcdef"[3*i:3*i+3]).Complete()
		})
	}
	wg.Wait()
	if !complete[0] && !complete[1] {
		t.Error("neither of them completed the upload")
	}
}

// Of two pieces at the same place the later one counts, wherever each came to;
// one that was taken back is not joined.
func TestWhatCountsOfTwoNodes(t *testing.T) {
	_, a, b := join(t, Config{})
	add(t, a, "x", Place{ID: "1", Total: -1}, "old")
	add(t, b, "x", Place{ID: "1", Total: -1}, "new")
	add(t, b, "x", Place{ID: "2", Total: -1}, "two")
	for _, s := range []*Store{a, b, a} {
		if got := joined(t, s, "x", "1", "2"); got != "newtwo" {
			t.Errorf("%q", got)
		}
	}
	stopped := add(t, a, "y", Place{Offset: 0, Total: 6}, "bad")
	add(t, b, "y", Place{Offset: 3, Total: 6}, "end")
	stopped.Withdraw()
	if got := joined(t, b, "y"); got != "end missing" {
		t.Errorf("with what was taken back: %q", got)
	}
	if b.Stats().Bytes != int64(len("newtwo")+len("end")) {
		t.Errorf("bytes: %+v", b.Stats())
	}
}

// What another node holds, and cannot be asked for, is missing, and never made up
// for.
func TestOtherNodeIsAway(t *testing.T) {
	f, a, b := join(t, Config{})
	add(t, a, "x", Place{Offset: 0, Total: 6}, "abc")
	f.away["a"] = true
	if h := add(t, b, "x", Place{Offset: 3, Total: 6}, "def"); h.Complete() || !h.Apart() {
		t.Error("it is not told that the beginning may be elsewhere")
	}
	if got := joined(t, b, "x"); got != "def missing" {
		t.Errorf("%q", got)
	}
	add(t, a, "counted", Place{ID: "0000000000", Total: -1, Count: 3}, "ab")
	if h := add(t, b, "counted", Place{ID: "0000000002", Total: -1, Count: 3}, "ef"); h.Complete() || !h.Apart() {
		t.Error("it is not told that earlier ones may be elsewhere")
	}
	if h := add(t, b, "counted here", Place{ID: "0000000000", Total: -1, Count: 3}, "ab"); h.Apart() {
		t.Error("the first one of some is in doubt")
	}
	if h := add(t, b, "begun here", Place{Offset: 0, Total: -1}, "abc"); h.Apart() {
		t.Error("an upload that begins here is in doubt")
	}
	if got := joined(t, b, "begun here"); got != "abc missing" {
		t.Errorf("of unknown size, while others may have more: %q", got)
	}
	f.away["a"] = false
	if got := joined(t, b, "x"); got != "abcdef" {
		t.Errorf("back again: %q", got)
	}
}

func TestOtherNodesAreNotTrustedWithRoom(t *testing.T) {
	f, a, _ := join(t, Config{})
	small := open(t, Config{Upload: 5, Others: end{f, "small"}})
	f.stores["small"] = small
	add(t, a, "x", Place{ID: "1", Total: -1}, "abc")
	add(t, small, "x", Place{ID: "2", Total: -1}, "def")
	if got := joined(t, small, "x", "1", "2"); got != "def missing lost" {
		t.Errorf("%q", got)
	}
	// That it did not fit there is known here.
	if got := joined(t, a, "x", "1", "2"); got != "abcdef lost" {
		t.Errorf("%q", got)
	}
	for _, file := range []string{"../../etc/passwd", "lost", "0000000000000000-000000000000.piece"} {
		if _, err := a.ReadFile(a.folder("x"), file, 0, make([]byte, 10)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", file, err)
		}
		if err := a.fetch(a.folder("x"), "../b", File{file, 1}); err == nil {
			t.Errorf("%s of ../b was fetched", file)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(small.c.Dir, "*", "new-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

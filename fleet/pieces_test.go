package fleet

import (
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/pieces"
)

// keep gives a node a store of uploads in pieces.
func (m *member) keep() *pieces.Store {
	m.t.Helper()
	s, err := pieces.Open(pieces.Config{Dir: m.t.TempDir(), Key: m.Fleet.cfg.Keys.Pieces(), Others: m.Fleet.Pieces()})
	check(m.t, err)
	m.Fleet.Pieces().Serve(s)
	return s
}

// Pieces that came to one node are joined on another, and one that cannot be
// reached is not passed over in silence.
func TestPiecesAreFetchedFromAnotherNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	keys := NewKeys(nil)
	stores := map[string]*pieces.Store{}
	nodes := map[string]*member{}
	for _, name := range []string{"tokyo-1", "osaka-1"} {
		nodes[name] = join(t, t.TempDir(), Config{Node: name, Keys: keys, Servers: c.urls(), Replicas: 1}, func(m *member) { stores[name] = m.keep() })
	}
	sure := func(name string) func() bool {
		return func() bool {
			all, sure := nodes[name].Pieces().Ask("nothing")
			return sure && len(all) == 1
		}
	}
	for name := range nodes {
		eventually(t, "the nodes answer each other", sure(name))
	}
	add := func(node, session string, at pieces.Place, text string) *pieces.Held {
		t.Helper()
		h, err := stores[node].Add(session, at, strings.NewReader(text), int64(len(text)))
		check(t, err)
		return h
	}
	joined := func(node, session string) (string, bool) {
		t.Helper()
		w := stores[node].Join(session, nil)
		defer w.Close()
		b, err := io.ReadAll(w.Reader())
		check(t, err)
		return string(b), w.Missing
	}
	long := strings.Repeat("0123456789abcdef", 150_000) // of several blocks
	total := int64(len(long) + 3)
	add("tokyo-1", "x", pieces.Place{Total: total}, long)
	if h := add("osaka-1", "x", pieces.Place{Offset: total - 3, Total: total}, "end"); !h.Complete() || h.Apart() {
		t.Error("it is not known to be complete")
	}
	if got, missing := joined("osaka-1", "x"); got != long+"end" || missing {
		t.Errorf("%d bytes, missing: %v", len(got), missing)
	}
	stores["osaka-1"].Drop("x")
	eventually(t, "it is forgotten everywhere", func() bool { return stores["tokyo-1"].Stats() == pieces.Stats{} })

	add("tokyo-1", "y", pieces.Place{Total: 6}, "abc")
	nodes["tokyo-1"].leave()
	if h := add("osaka-1", "y", pieces.Place{Offset: 3, Total: 6}, "def"); h.Complete() || !h.Apart() {
		t.Error("the beginning, at a node that is not there, is not missed")
	}
	if got, missing := joined("osaka-1", "y"); got != "def" || !missing {
		t.Errorf("%q, missing: %v", got, missing)
	}
}

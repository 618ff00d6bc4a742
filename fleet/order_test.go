package fleet

import (
	"os"
	"path/filepath"
	"testing"
)

// The engine takes a message of a node only after the one that the node knows as its
// last, whoever sends in its name and however often.
func TestOnceAndInOrder(t *testing.T) {
	t.Parallel()
	m := join(t, t.TempDir(), Config{Node: "tokyo-1", Keys: NewKeys(nil)})
	m.record(5)
	eventually(t, "all is shipped", func() bool { return m.Own().Shipped == 5 })
	c, err := Connect(m.Fleet.cfg)
	check(t, err)
	defer c.Close()
	stream := m.Fleet.cfg.auditStream()
	end := func() uint64 {
		n, err := c.engine.end(t.Context(), stream)
		check(t, err)
		return n
	}
	last := end()
	say := func(after uint64) error {
		_, err := c.engine.publish(t.Context(), stream, m.Fleet.cfg.auditSubject("tokyo-1"), []byte("x"), &after)
		return err
	}
	for _, after := range []uint64{0, last - 1, last + 1} {
		if say(after) == nil {
			t.Errorf("it is taken after message %d, and the last is %d", after, last)
		}
	}
	if n := end(); n != last {
		t.Fatalf("the stream ends at %d, not %d", n, last)
	}
	check(t, say(last))
	if say(last) == nil {
		t.Error("it is taken twice")
	}
	// Other nodes' messages do not get in its way.
	none := uint64(0)
	_, err = c.engine.publish(t.Context(), stream, m.Fleet.cfg.auditSubject("osaka-1"), []byte("x"), &none)
	check(t, err)
	check(t, say(last+1))
}

// The engine in this process syncs each message. That it listens nowhere is looked
// at from outside, in cmd/sekimori.
func TestEmbeddedEngineSyncs(t *testing.T) {
	t.Parallel()
	m := join(t, t.TempDir(), Config{Node: "tokyo-1", Keys: NewKeys(nil)})
	eventually(t, "the engine is there", func() bool { away, _ := m.Away(); return away.IsZero() })
	m.engine.mu.Lock()
	defer m.engine.mu.Unlock()
	if c := m.engine.own.JetStreamConfig(); c == nil || !c.SyncAlways {
		t.Errorf("%+v", c)
	}
}

// The rules that were signed hold without the engine, over a restart; not if
// somebody has changed them meanwhile, or one who signed is no signer any more.
func TestLastGoodRulesOutliveTheEngine(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	sato, satoKey := newSigner(t, "sato")
	ito, itoKey := newSigner(t, "ito")
	_, otherKey := newSigner(t, "other")
	m := join(t, t.TempDir(), Config{Node: "tokyo-1", Keys: NewKeys(nil), Servers: c.urls(), Replicas: 1, Signers: []string{satoKey, itoKey}})
	rules := t.TempDir()
	write(t, filepath.Join(rules, "a.toml"), "# signed\n")
	b, err := NewBundle("sekimori", 7, []string{rules})
	check(t, err)
	check(t, b.Sign(sato))
	check(t, b.Sign(ito))
	cl, err := Connect(m.Fleet.cfg)
	check(t, err)
	_, err = cl.Publish(t.Context(), b)
	check(t, err)
	check(t, cl.Close())
	eventually(t, "the rules arrive", func() bool { return m.Own().Rules == 7 })
	c.stopAll()
	m.leave()
	m.start()
	if n := m.Own(); n.Rules != 7 {
		t.Errorf("without the engine set %d is in force", n.Rules)
	}
	file := filepath.Join(RulesDir(m.Fleet.cfg.Dir), "a.toml")
	if got, err := os.ReadFile(file); err != nil || string(got) != "# signed\n" {
		t.Errorf("%q %v", got, err)
	}
	cfg := m.Fleet.cfg
	m.leave()
	opens := func(signers ...string) error {
		cfg.Signers = signers
		_, err := openRules(&Fleet{cfg: cfg})
		return err
	}
	check(t, opens(satoKey, itoKey))
	if opens(satoKey, otherKey) == nil {
		t.Error("a set is taken that only one of the signers has signed")
	}
	write(t, file, "# changed\n")
	if opens(satoKey, itoKey) == nil {
		t.Error("a changed set is taken")
	}
}

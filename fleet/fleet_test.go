package fleet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/release"
)

// One machine: the engine in this process ships, survives restarts, and is
// reached by commands beside the node and after it.
func TestOneNodeWithItsOwnEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := join(t, dir, Config{Node: "tokyo-1", Keys: NewKeys(nil)})
	m.record(300)
	eventually(t, "all is shipped", func() bool { n := m.Own(); return n.Lag() == 0 && n.Shipped == 300 })
	verified := func(last uint64) Verified {
		t.Helper()
		c, err := Connect(m.Fleet.cfg)
		check(t, err)
		defer c.Close()
		v, err := c.Verify(context.Background(), "tokyo-1", nil)
		check(t, err)
		if v.Bad != "" || v.First != 1 || v.Last != last || v.Signed != last || v.Records != last || v.Pinned || len(v.Gaps) > 0 {
			t.Errorf("%+v", v)
		}
		return v
	}
	verified(300)
	m.leave()
	m.start()
	m.record(50)
	eventually(t, "the rest is shipped", func() bool { n := m.Own(); return n.Lag() == 0 && n.Shipped == 350 })
	v := verified(350)
	m.cfg.Pinned = map[string]string{"tokyo-1": v.Key}
	m.Fleet.cfg.Pinned = m.cfg.Pinned
	c, err := Connect(m.Fleet.cfg)
	check(t, err)
	if v, err = c.Verify(context.Background(), "tokyo-1", nil); err != nil || !v.Pinned || v.Bad != "" {
		t.Errorf("%+v %v", v, err)
	}
	// What others write under its name, with the fleet's key, is noticed: they
	// cannot sign for it.
	b := &batch{First: 351, Last: 351, Base: &audit.Base{Size: 350}, Key: v.Key, lines: []byte("{}\n")}
	plain, err := b.encode()
	check(t, err)
	_, err = c.engine.publish(context.Background(), m.Fleet.cfg.auditStream(), m.Fleet.cfg.auditSubject("tokyo-1"), plain, nil)
	check(t, err)
	if v, err = c.Verify(context.Background(), "tokyo-1", nil); err != nil || v.Bad == "" || v.Records != 350 {
		t.Errorf("a forged batch passes: %+v %v", v, err)
	}
	check(t, c.Close())
	m.record(1)
	eventually(t, "the node sees the forgery", func() bool { return m.told("fleet-records-disagree") })
}

// A log that was put back, or another node with the same name, does not mix
// with what was shipped.
func TestAnotherLogUnderTheSameName(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	keys := NewKeys(nil)
	a := join(t, t.TempDir(), Config{Node: "tokyo-1", Keys: keys, Servers: c.urls(), Replicas: 1})
	a.record(20)
	eventually(t, "all is shipped", func() bool { return a.Own().Shipped == 20 })
	a.leave()
	b := join(t, t.TempDir(), Config{Node: "tokyo-1", Keys: keys, Servers: c.urls(), Replicas: 1})
	b.record(30)
	eventually(t, "it is noticed", func() bool { return b.told("fleet-records-disagree") })
	if n := b.Own(); n.Trouble == "" || n.Shipped != 0 {
		t.Errorf("%+v", n)
	}
}

// Three nodes on a cluster of three: a person who drips through all of them is
// one person; releases, confirmations and rules hold everywhere.
func TestThreeNodesActAsOne(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	keys := NewKeys(nil)
	sato, satoKey := newSigner(t, "sato")
	ito, itoKey := newSigner(t, "ito")
	stranger, _ := newSigner(t, "stranger")
	var nodes []*member
	for i := range 3 {
		nodes = append(nodes, join(t, t.TempDir(), Config{Node: fmt.Sprint("node-", i), Keys: keys, Servers: c.urls(), Signers: []string{satoKey, itoKey}}))
	}
	for i := range 60 {
		nodes[i%3].sent("mori", uint64(i/2)) // each person twice, through two nodes
	}
	nodes[0].record(40)
	for _, m := range nodes {
		eventually(t, m.cfg.Node+" counts what left through all", func() bool { s := m.counts("mori"); return s.People == 30 && s.Uploads == 60 && s.Bytes == 600 })
	}

	// A release that is asked for on one node, agreed to on two, passes on the
	// third.
	sub := release.Subject{Sender: "user mori", User: "mori", Host: "www.dropbox.com", Rule: "r", Content: "c"}
	k, err := nodes[0].releases.Ask(sub, "SK-0000-0000", "they asked for it", release.Terms{People: 2, For: time.Hour})
	check(t, err)
	for i, by := range []string{"abe", "ueno"} {
		at := nodes[i+1].releases
		eventually(t, "the request is known", func() bool { c, err := at.Get(k.ID); return err == nil && c.Agreed() == i })
		_, err := at.Decide(k.ID, release.Approver{User: by, Approves: true}, true, "checked")
		check(t, err)
	}
	for _, m := range nodes {
		eventually(t, "it passes on "+m.cfg.Node, func() bool { _, ok := m.releases.Allowed(sub); return ok })
		check(t, m.releases.Passed(k.ID))
	}
	for _, m := range nodes {
		eventually(t, "each use counts", func() bool { c, _ := m.releases.Get(k.ID); return c.Passed == 3 })
	}

	sum := [32]byte{1, 2, 3}
	nodes[1].Confirmed(sum, time.Now().Add(time.Minute))
	for _, m := range []*member{nodes[0], nodes[2]} {
		eventually(t, "the confirmation holds", func() bool { m.mu.Lock(); defer m.mu.Unlock(); return !m.confirmed[sum].IsZero() })
	}

	// Rules: only with two valid signatures, only newer ones, only good ones.
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.toml"), "# first\n")
	publish := func(number uint64, check func(error) bool, by ...interface{ sign(*Bundle) error }) {
		t.Helper()
		b, err := NewBundle("sekimori", number, []string{dir})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range by {
			if err := s.sign(b); err != nil {
				t.Fatal(err)
			}
		}
		cl, err := Connect(nodes[0].Fleet.cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		if _, err = cl.Publish(context.Background(), b); !check(err) {
			t.Fatalf("publishing set %d: %v", number, err)
		}
	}
	fine := func(err error) bool { return err == nil }
	wrong := func(err error) bool { return err != nil }
	publish(1, wrong, by{sato})
	publish(1, wrong, by{sato}, by{sato})
	publish(1, wrong, by{sato}, by{stranger})
	publish(1, fine, by{sato}, by{ito})
	for _, m := range nodes {
		eventually(t, "the rules arrive", func() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.taken == 1 })
		if b, err := os.ReadFile(filepath.Join(RulesDir(m.Fleet.cfg.Dir), "a.toml")); err != nil || string(b) != "# first\n" {
			t.Errorf("%q %v", b, err)
		}
	}
	publish(1, wrong, by{sato}, by{ito})
	nodes[2].mu.Lock()
	nodes[2].faulty = func(dir string) error { return os.ErrInvalid }
	nodes[2].mu.Unlock()
	write(t, filepath.Join(dir, "a.toml"), "# second\n")
	publish(2, fine, by{ito}, by{sato})
	eventually(t, "set 2 is in force", func() bool { return nodes[0].Own().Rules == 2 && nodes[1].Own().Rules == 2 })
	eventually(t, "a node that cannot work with them says so", func() bool { return nodes[2].told("rules-refused") && nodes[2].Own().Refused != "" })
	if b, _ := os.ReadFile(filepath.Join(RulesDir(nodes[2].Fleet.cfg.Dir), "a.toml")); string(b) != "# first\n" {
		t.Errorf("the last good set is gone: %q", b)
	}
	eventually(t, "each node knows of all", func() bool {
		for _, m := range nodes {
			if len(m.Nodes()) != 3 {
				return false
			}
		}
		return true
	})

	// Anybody in the fleet checks anybody's records.
	eventually(t, "all is shipped", func() bool { return nodes[0].Own().Shipped == 40 })
	cl, err := Connect(nodes[1].Fleet.cfg)
	check(t, err)
	defer cl.Close()
	if v, err := cl.Verify(context.Background(), "node-0", nil); err != nil || v.Bad != "" || v.Records != 40 || v.Signed != 40 {
		t.Errorf("%+v %v", v, err)
	}
}

// by signs.
type by struct {
	s interface {
		Name() string
		KeyHash() uint32
		Sign([]byte) ([]byte, error)
	}
}

func (b by) sign(to *Bundle) error { return to.Sign(b.s) }

// Without its engine a node goes on, says so, and catches up: nothing is lost
// and nothing counts twice, over restarts of nodes and engine.
func TestAloneAndBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	keys := NewKeys(nil)
	var nodes []*member
	for i := range 2 {
		nodes = append(nodes, join(t, t.TempDir(), Config{Node: fmt.Sprint("node-", i), Keys: keys, Servers: c.urls(), Replicas: 1, Late: time.Second, Unready: true}))
	}
	n := 0
	send := func() {
		for _, m := range nodes {
			m.sent("mori", uint64(n))
			m.record(5)
			n++
		}
	}
	all := func() bool {
		for _, m := range nodes {
			if s := m.counts("mori"); s.People != n || s.Uploads != n {
				return false
			}
		}
		return true
	}
	send()
	eventually(t, "all count the same", all)
	c.stopAll()
	send()
	for _, m := range nodes {
		eventually(t, m.cfg.Node+" says that it is alone", func() bool { return m.told("fleet-engine-away") && m.Ready() != nil })
		if since, why := m.Away(); since.IsZero() || why == nil {
			t.Error("it does not know that it is alone")
		}
	}
	// A node that starts while the engine is away.
	nodes[1].leave()
	nodes[1].start()
	send()
	if s := nodes[1].counts("mori"); s.Uploads != n-2 {
		t.Errorf("after a restart %d uploads count, not %d", s.Uploads, n-2)
	}
	c.startAll()
	eventually(t, "all have caught up", all)
	eventually(t, "it says that the engine is back", func() bool { return nodes[0].told("fleet-engine-away-ended") })
	send()
	eventually(t, "all count the same again", all)
	for _, m := range nodes {
		eventually(t, "all is shipped", func() bool { return m.Own().Shipped == m.log.Acknowledged() })
		cl, err := Connect(m.Fleet.cfg)
		check(t, err)
		v, err := cl.Verify(context.Background(), m.cfg.Node, nil)
		check(t, err)
		check(t, cl.Close())
		if v.Bad != "" || v.Records != m.log.Acknowledged() {
			t.Errorf("%+v", v)
		}
	}
	// Nothing counts twice after all this.
	for _, m := range nodes {
		m.leave()
		m.start()
	}
	send()
	eventually(t, "all count the same after a restart", all)
}

func TestConfigTellsEveryFault(t *testing.T) {
	_, key := newSigner(t, "sato")
	c := Config{Node: "no.dots", Name: "x y", Servers: []string{"localhost"}, Credentials: "a", NKey: "b", Cert: "c", Replicas: 9, Signers: []string{key}, Pinned: map[string]string{"a": "b"}}
	err := c.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{"node: ", "name: ", "servers: ", "nkey: ", "cert and key", "replicas: 9", "two people", "nodes: a"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in\n%v", want, err)
		}
	}
}

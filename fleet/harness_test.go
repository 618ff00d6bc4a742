package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/release"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until ok; other machines are slow.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("it does not come about that %s", what)
}

// member is a node of a fleet without its proxy: its record, history and
// releases are real.
type member struct {
	*Fleet
	t        testing.TB
	cfg      Config
	dir      string
	log      *audit.Log
	past     *history.History
	releases *release.Store

	mu        sync.Mutex
	confirmed map[[32]byte]time.Time
	events    []audit.Event
	faulty    func(folder string) error
	before    []func(*member) // called before it runs
	taken     int
}

// join makes a node, or starts one anew in the same folder.
func join(t testing.TB, dir string, cfg Config, before ...func(*member)) *member {
	t.Helper()
	m := &member{t: t, cfg: cfg, dir: dir, before: before, confirmed: map[[32]byte]time.Time{}}
	m.start()
	t.Cleanup(m.leave)
	return m
}

func (m *member) start() {
	t := m.t
	t.Helper()
	key, err := checkpoint.OpenLogKey(filepath.Join(m.dir, "key"))
	check(t, err)
	m.log, err = audit.Open(filepath.Join(m.dir, "audit"), audit.Options{Key: key, Checkpoint: 20 * time.Millisecond, SegmentBytes: 20 << 10})
	check(t, err)
	m.past, err = history.Open(filepath.Join(m.dir, "history"))
	check(t, err)
	m.releases, err = release.Open(filepath.Join(m.dir, "releases"), release.Config{Key: make([]byte, 32), Node: m.cfg.Node, Share: func(b []byte) { m.Fleet.Released(b) }})
	check(t, err)
	m.cfg.Dir = filepath.Join(m.dir, "fleet")
	m.cfg.heartbeat, m.cfg.every, m.cfg.rest = 200*time.Millisecond, 50*time.Millisecond, time.Millisecond
	m.Fleet, err = Open(m.cfg, Deps{
		Audit: m.log, AuditDir: filepath.Join(m.dir, "audit"), AuditKey: key, Past: m.past, Releases: m.releases,
		Confirmed:  func(sum [32]byte, until time.Time) { m.mu.Lock(); defer m.mu.Unlock(); m.confirmed[sum] = until },
		CheckRules: func(dir string) error { m.mu.Lock(); defer m.mu.Unlock(); return m.check(dir) },
		TakeRules:  func() { m.mu.Lock(); defer m.mu.Unlock(); m.taken++ },
		Record:     func(ev audit.Event) { m.mu.Lock(); defer m.mu.Unlock(); m.events = append(m.events, ev) },
		Log:        slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	check(t, err)
	for _, fn := range m.before {
		fn(m)
	}
	m.Run()
}

func (m *member) check(dir string) error {
	if m.faulty != nil {
		return m.faulty(dir)
	}
	return nil
}

func (m *member) leave() {
	if m.Fleet == nil {
		return
	}
	err := errors.Join(m.Fleet.Close(), m.releases.Close(), m.past.Close(), m.log.Close())
	m.Fleet = nil
	check(m.t, err)
}

// record appends n events.
func (m *member) record(n int) {
	m.t.Helper()
	for i := range n {
		_, err := m.log.Append(context.Background(), audit.Event{Kind: "decision", Incident: fmt.Sprintf("%s-%d", m.cfg.Node, i), Path: "/upload"})
		check(m.t, err)
	}
}

// told reports whether an alarm was recorded.
func (m *member) told(about string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ev := range m.events {
		if ev.Details["about"] == about || ev.Action == about {
			return true
		}
	}
	return false
}

// sent enters an upload of somebody with one person in it.
func (m *member) sent(user string, person uint64) {
	m.Past().Add(history.Entry{Time: time.Now(), User: user, Host: "www.dropbox.com", Classes: []string{"storage"}, Bytes: 10, Persons: []uint64{person}})
}

// counts is what this node knows of somebody.
func (m *member) counts(user string) history.Sums {
	return m.past.Count(history.Query{Scope: history.ByUser, Names: []string{user}, Window: 30 * 24 * time.Hour, Now: time.Now()})
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	defer func() { _ = recover() }() // the test may be over
	l.t.Logf("%s", b)
	return len(b), nil
}

// cluster is servers in this process that replicate to each other.
type cluster struct {
	t       testing.TB
	options []*server.Options
	servers []*server.Server
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func newCluster(t testing.TB, n int) *cluster {
	c := &cluster{t: t, servers: make([]*server.Server, n)}
	var routes []*url.URL
	var ports []int
	for range n {
		p := freePort(t)
		ports = append(ports, p)
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", p)})
	}
	for i, p := range ports {
		o := &server.Options{ServerName: fmt.Sprint("nats-", i), Host: "127.0.0.1", Port: freePort(t), NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: maxPayload, DisableJetStreamBanner: true}
		if n > 1 {
			o.Cluster, o.Routes = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: p}, routes
		}
		c.options = append(c.options, o)
	}
	c.startAll()
	t.Cleanup(c.stopAll)
	return c
}

func (c *cluster) startAll() {
	for i := range c.servers {
		c.start(i)
	}
}

func (c *cluster) stopAll() {
	for i := range c.servers {
		c.stop(i)
	}
}

func (c *cluster) start(i int) {
	c.t.Helper()
	s, err := server.NewServer(c.options[i].Clone())
	check(c.t, err)
	go s.Start()
	c.servers[i] = s
}

func (c *cluster) stop(i int) {
	if s := c.servers[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
		c.servers[i] = nil
	}
}

func (c *cluster) urls() (all []string) {
	for _, o := range c.options {
		all = append(all, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
	}
	return all
}

// newSigner makes a person's key.
func newSigner(t testing.TB, name string) (note.Signer, string) {
	private, public, err := note.GenerateKey(rand.Reader, name)
	check(t, err)
	s, err := note.NewSigner(private)
	check(t, err)
	return s, public
}

func write(t testing.TB, file, text string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(file), 0o700))
	check(t, os.WriteFile(file, []byte(text), 0o600))
}

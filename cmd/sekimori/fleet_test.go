package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/history"
)

// For how long TestFleetSurvivesKills kills, and then cuts a node off: seconds in
// the usual run, as long as is wanted with "go test ./cmd/sekimori -run
// FleetSurvivesKills -fleet 30m -fleet.cut 5m -timeout 2h".
var (
	fleetFor = flag.Duration("fleet", 5*time.Second, "how long the fleet's processes are killed")
	fleetCut = flag.Duration("fleet.cut", 2*time.Second, "how long a node is then cut off from the engine")
)

// engineServer is a server of the engine, run by this program.
type engineServer struct {
	t    *testing.T
	file string
	url  string
	cmd  *exec.Cmd
	log  *syncBuffer
}

// engines writes the configuration of n servers, which replicate to each other.
func engines(t *testing.T, n int) (all []*engineServer) {
	t.Helper()
	var routes []string
	for range n {
		routes = append(routes, freeAddress(t))
	}
	for i := range n {
		e := &engineServer{t: t, file: filepath.Join(t.TempDir(), "nats.conf"), log: &syncBuffer{}}
		client := freeAddress(t)
		e.url = "nats://" + client
		check(t, os.WriteFile(e.file, fmt.Appendf(nil, `
server_name: nats-%d
listen: %q
max_payload: 8MB
jetstream { store_dir: %q, sync_interval: always }
cluster { name: fleet, listen: %q, routes: ["nats://%s"] }
`, i, client, filepath.Dir(e.file), routes[i], strings.Join(routes, `", "nats://`)), 0o600))
		all = append(all, e)
	}
	return all
}

func (e *engineServer) start() {
	e.t.Helper()
	bin, err := binary()
	check(e.t, err)
	e.cmd = exec.Command(bin, "fleet", "engine", e.file)
	e.cmd.Stderr = e.log
	check(e.t, e.cmd.Start())
	cmd := e.cmd
	e.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func (e *engineServer) kill() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// cutter passes connections on until it is cut: they then break, or nothing comes
// through any more and nobody is told, as when a cable is pulled.
type cutter struct {
	l  net.Listener
	to string

	mu    sync.Mutex
	isCut bool
	mute  chan struct{} // while nothing comes through: closed when it does again
	conns map[net.Conn]bool
}

func newCutter(t *testing.T, to string) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	c := &cutter{l: l, to: strings.TrimPrefix(to, "nats://"), conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); c.silence(false); c.cut(true) })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(in)
		}
	}()
	return c
}

func (c *cutter) pass(in net.Conn) {
	out, err := net.Dial("tcp", c.to)
	if err != nil {
		in.Close()
		return
	}
	c.mu.Lock()
	if c.isCut {
		in.Close()
		out.Close()
	}
	c.conns[in], c.conns[out] = true, true
	c.mu.Unlock()
	go func() { _, _ = io.Copy(out, muted{c, in}); out.Close() }()
	_, _ = io.Copy(in, muted{c, out})
	in.Close()
	c.mu.Lock()
	delete(c.conns, in)
	delete(c.conns, out)
	c.mu.Unlock()
}

// muted is a connection of a cutter's, to be read.
type muted struct {
	c  *cutter
	in io.Reader
}

func (m muted) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.c.mu.Lock()
	wait := m.c.mute
	m.c.mu.Unlock()
	if wait != nil {
		<-wait
	}
	return n, err
}

// silence lets nothing through, or all again that has come meanwhile.
func (c *cutter) silence(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if yes && c.mute == nil {
		c.mute = make(chan struct{})
	} else if !yes && c.mute != nil {
		close(c.mute)
		c.mute = nil
	}
}

func (c *cutter) cut(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = yes
	for conn := range c.conns {
		conn.Close()
	}
}

// sent is what the client saw of one upload.
type sent struct {
	blocked bool // what it was to be
	status  int  // 0: no answer, so it is in doubt
}

// senders send uploads to the nodes until they are told to end.
type senders struct {
	t     *testing.T
	nodes []atomic.Pointer[string]

	mu   sync.Mutex
	all  map[string]sent
	next int
}

// secret stands in uploads that a rule blocks.
const secret = "zaphod-plan"

func (l *senders) run(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		l.one()
	}
}

func (l *senders) one() {
	l.mu.Lock()
	n := l.next
	l.next++
	l.mu.Unlock()
	s := sent{blocked: n%4 == 0}
	memo := "nothing"
	if s.blocked {
		memo = "the " + secret + " of next year"
	}
	body := fmt.Sprintf("name,mail,memo\nTaro Yamada,u%d@example.jp,%s\n", n, memo)
	id := fmt.Sprintf("/upload/%d", n)
	proxy := &url.URL{Scheme: "http", Host: *l.nodes[n%len(l.nodes)].Load()}
	c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), DisableKeepAlives: true}, Timeout: 20 * time.Second}
	resp, err := c.Post("http://upload.example.com"+id, "text/csv", strings.NewReader(body))
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err == nil {
			s.status = resp.StatusCode
		}
	}
	if s.status == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[id] = s
}

var engineAway = regexp.MustCompile(`(?m)^sekimori_fleet_engine_away_seconds (\S+)$`)

// whileCut cuts a node off from the engine, silently: it has to find out, to say so
// and to go on. It is the one of a number.
func (l *senders) whileCut(in *site, number int, cut func(bool)) {
	l.t.Helper()
	away := func() float64 {
		_, text := in.get("/metrics")
		n, err := strconv.ParseFloat(engineAway.FindStringSubmatch(text)[1], 64)
		check(l.t, err)
		return n
	}
	waitFor(l.t, "the node has its engine", func() bool { return away() == 0 })
	cut(true)
	end := time.Now().Add(*fleetCut)
	waitFor(l.t, "the node says that its engine is away", func() bool { return away() > 0 })
	if s, body := in.get("/readyz"); s != http.StatusOK || strings.Contains(body, `"fleet-engine": "ok"`) {
		l.t.Errorf("readyz of a node that is cut off: %d %s", s, body)
	}
	l.mu.Lock()
	from := l.next
	l.mu.Unlock()
	answered := func() (n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for id := from; id < l.next; id++ {
			if id%len(l.nodes) == number && l.all[fmt.Sprintf("/upload/%d", id)].status == http.StatusOK {
				n++
			}
		}
		return n
	}
	time.Sleep(time.Until(end))
	waitFor(l.t, "the node goes on alone", func() bool { return answered() >= 10 })
	cut(false)
	l.t.Logf("cut off for %v; %d uploads passed meanwhile", *fleetCut, answered())
}

// nodeStatus is a line of "fleet status --json".
type nodeStatus struct {
	Name             string
	At               time.Time
	Records, Shipped uint64
	Untold           int64
	Behind           uint64
	Trouble          string
}

// fleetFolder makes a folder with a fleet's keys and rules: one that blocks the
// secret, and the others given.
func fleetFolder(t *testing.T, others string) string {
	t.Helper()
	dir := t.TempDir()
	keys, code := (&site{t: t, dir: dir}).sekimori("fleet", "keys")
	if code != 0 {
		t.Fatal(keys)
	}
	check(t, os.WriteFile(filepath.Join(dir, "fleet.keys"), []byte(keys), 0o600))
	check(t, os.WriteFile(filepath.Join(dir, "rules.toml"), fmt.Appendf(nil, `[[rule]]
id = "plans"
action = "block"
say = { en = "No.", ja = "不可" }
what = { keywords = "plan" }
[[keywords]]
id = "plan"
words = [%q]
%s`, secret, others), 0o600))
	return dir
}

// fleetNode makes a node in a folder of its own within the fleet's; more is the
// rest of its configuration.
func fleetNode(t *testing.T, o *origin, dir, name string, servers []string, more string) *site {
	in := &site{t: t, origin: o, dir: filepath.Join(dir, name)}
	in.config = filepath.Join(in.dir, "sekimori.toml")
	in.write("sekimori.toml", fmt.Sprintf(`data = "data"
[rules]
paths = ["../rules.toml"]
defaults = false
[listen]
proxy = "127.0.0.1:0"
admin = "127.0.0.1:0"
[upstream]
allow_private = ["127.0.0.0/8"]
resolve = { "upload.example.com:80" = %q }
[audit]
record = "all"
checkpoint = "500ms"
[fleet]
enabled = true
node = %q
keys_file = "../fleet.keys"
servers = ["%s"]
replicas = %d
%s`, o.plain, name, strings.Join(servers, `", "`), len(servers), more))
	return in
}

// TestFleetSurvivesKills runs three nodes, three servers of the engine and the
// next hop of mail, kills any of them again and again under load of uploads and
// mail, and cuts one node off from the engine, for moments and at last for longer.
// Then nothing that was answered may be lost or doubled, nothing blocked may have
// left, all verdicts are those of one node alone, and all nodes count the same.
func TestFleetSurvivesKills(t *testing.T) {
	if testing.Short() {
		t.Skip("runs seven programs")
	}
	servers := engines(t, 3)
	o := newOrigin(t)
	dir := fleetFolder(t, `[[rule]]
id = "people"
action = "log"
what = { people = { at_least = 1, with = ["NAME", "EMAIL"] } }
`)
	hop := newNextHop(t)
	m := &mailers{t: t, all: map[string]posted{}}
	var cutters []*cutter
	var nodes []*site
	for i := range 3 {
		var urls []string
		for _, e := range servers {
			u := e.url
			if i == 2 { // this one is cut off
				c := newCutter(t, u)
				cutters = append(cutters, c)
				u = "nats://" + c.l.Addr().String()
			}
			urls = append(urls, u)
		}
		m.nodes = append(m.nodes, freeAddress(t))
		nodes = append(nodes, fleetNode(t, o, dir, fmt.Sprint("node-", i), urls, fmt.Sprintf(`[console]
enabled = false
[company]
domains = ["corp.example"]
[smtp]
listen = [%q]
name = "gate.corp.example"
next = { address = %q, tls = "never" }
`, m.nodes[i], hop.addr)))
	}
	for _, e := range servers {
		e.start()
	}
	l := &senders{t: t, nodes: make([]atomic.Pointer[string], 3), all: map[string]sent{}}
	for i, in := range nodes {
		in.start()
		l.nodes[i].Store(&in.proxy)
	}
	done := make(chan struct{})
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() { l.run(done) })
	}
	clients.Go(func() { m.run(done) })
	cut := func(yes bool) {
		for _, c := range cutters {
			c.cut(yes)
		}
	}
	victims := len(servers) + len(nodes) + 1
	var order []int // of those to be killed next: each once, at random
	kills, end := 0, time.Now().Add(*fleetFor)
	for kills < victims || time.Now().Before(end) {
		time.Sleep(time.Duration(200+rand.IntN(600)) * time.Millisecond)
		if len(order) == 0 {
			order = rand.Perm(victims)
		}
		k := order[0]
		order = order[1:]
		away := time.Duration(rand.IntN(500)) * time.Millisecond
		switch {
		case k < len(servers):
			servers[k].kill()
			time.Sleep(away)
			servers[k].start()
		case k < len(servers)+len(nodes):
			k -= len(servers)
			in := nodes[k]
			in.kill()
			in.start()
			l.nodes[k].Store(&in.proxy)
		default:
			hop.kill()
			time.Sleep(away)
			hop.start()
		}
		kills++
		cut(kills/2%2 == 1) // off for a while, on for a while
	}
	cut(false)
	l.whileCut(nodes[2], 2, func(yes bool) {
		for _, c := range cutters {
			c.silence(yes)
		}
	})
	close(done)
	clients.Wait()
	t.Logf("%d kills, %d uploads", kills, len(l.all))

	in := nodes[0]
	var trouble string
	status := func() (all []nodeStatus) {
		cmd := exec.Command(in.cmd.Path, "fleet", "status", "--json", "--config", in.config)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, _ := cmd.Output()
		trouble = said.String()
		for d := json.NewDecoder(bytes.NewReader(out)); ; {
			var n nodeStatus
			if d.Decode(&n) != nil {
				return all
			}
			all = append(all, n)
		}
	}
	settled := time.Now()
	for limit := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		all, well := status(), 0
		for _, n := range all {
			if n.At.After(settled) && n.Shipped == n.Records && n.Untold == 0 && n.Behind == 0 {
				well++
			}
		}
		if well == 3 {
			break
		}
		if time.Now().After(limit) {
			for _, log := range []*syncBuffer{nodes[2].log, servers[0].log, servers[1].log, servers[2].log} {
				text := log.String()
				t.Logf("…%s", text[max(0, len(text)-2000):])
			}
			t.Fatalf("the nodes have not caught up: %+v %s", all, trouble)
		}
	}
	if out, code := in.sekimori("fleet", "verify", "--config", in.config); code != 0 || strings.Count(out, ": ok: ") != 3 {
		t.Errorf("verify: %d %s", code, out)
	}
	recorded := recordedIn(t, in)
	passed := 0
	for id, s := range l.all {
		actions := recorded.uploads[id]
		stopped := len(actions) == 1 && actions[0] == "block"
		switch {
		case len(actions) > 1:
			t.Errorf("%s is recorded %d times: %v", id, len(actions), actions)
		case s.status != 0 && len(actions) == 0:
			t.Errorf("%s was answered with %d and is not recorded", id, s.status)
		case s.status == 200 && (s.blocked || stopped), s.status == http.StatusForbidden && (!s.blocked || !stopped), len(actions) == 1 && stopped != s.blocked:
			t.Errorf("%s: answered %d, recorded %v, meant to be blocked: %v", id, s.status, actions, s.blocked)
		case s.status != 0 && s.status != 200 && s.status != http.StatusForbidden && s.status != http.StatusBadGateway:
			t.Errorf("%s: answered %d", id, s.status)
		}
		if s.status == 200 {
			passed++
		}
	}
	if passed == 0 {
		t.Error("nothing passed")
	}
	m.check(hop, recorded)
	o.mu.Lock()
	for _, r := range o.requests {
		if bytes.Contains(r.body, []byte(secret)) {
			t.Errorf("%s left", r.path)
		}
	}
	o.mu.Unlock()

	// All count the same: no fewer than what was answered, no more than what
	// was recorded.
	may := 0
	for _, actions := range recorded.uploads {
		if len(actions) == 1 && actions[0] != "block" {
			may++
		}
	}
	for _, n := range nodes {
		if code := n.stop(); code != 0 {
			t.Errorf("stop: %d", code)
		}
		h, err := history.Open(filepath.Join(n.dir, "data", "history"))
		check(t, err)
		s := h.Count(history.Query{Scope: history.ByHost, Names: []string{"upload.example.com"}, Window: 30 * 24 * time.Hour, Now: time.Now()})
		check(t, h.Close())
		t.Logf("counted %+v; %d were answered, %d recorded", s, passed, may)
		// Beyond 4,096 persons are counted by sketches: 5 % is three times their
		// standard error.
		near := s.People == s.Uploads || s.Uploads > 4096 && math.Abs(float64(s.People-s.Uploads)) < 0.05*float64(s.Uploads)
		if s.Uploads < passed || s.Uploads > may || !near {
			t.Errorf("%s counts %+v; %d were answered, %d recorded", n.dir, s, passed, may)
		}
	}
}

// fleetRecords is what the records of all nodes tell of the load.
type fleetRecords struct {
	uploads   map[string][]string // actions by path
	incidents map[string][]string // actions by incident number
	accepted  map[string]bool     // tries to pass mail on, by our id
	doubt     map[string]bool     // of these, those that may not be the only one
}

func recordedIn(t *testing.T, in *site) *fleetRecords {
	t.Helper()
	out, err := exec.Command(in.cmd.Path, "fleet", "records", "--config", in.config).Output()
	check(t, err)
	all := &fleetRecords{map[string][]string{}, map[string][]string{}, map[string]bool{}, map[string]bool{}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var r struct {
			Node  string
			Event audit.Event
		}
		if err := d.Decode(&r); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		ev, id := &r.Event, r.Event.Details["id"]
		switch {
		case ev.Kind == "decision" && strings.HasPrefix(ev.Path, "/upload/"):
			all.uploads[ev.Path] = append(all.uploads[ev.Path], ev.Action)
		case ev.Kind == "decision" && ev.Incident != "":
			all.incidents[ev.Incident] = append(all.incidents[ev.Incident], ev.Action)
		case ev.Kind == "mail":
			all.accepted[id] = all.accepted[id] || ev.Details["what"] == "accepted"
			all.doubt[id] = all.doubt[id] || ev.Details["what"] == "doubtful" || ev.Reason != ""
		}
	}
}

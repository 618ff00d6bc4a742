package fleet

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// Config is how a node takes part. Dir, Node and Keys are needed; of the rest,
// zero fields take the defaults.
type Config struct {
	Dir  string // state of its own
	Node string // this node's name, of its own in the fleet
	Name string // the fleet's; names streams and subjects; default "sekimori"
	Keys Keys

	// Servers of the engine, such as "tls://nats-1.example:4222"; none: it runs
	// in this process and opens no port.
	Servers     []string
	Credentials string // a file with a JWT and its seed
	NKey        string // a file with the seed of an NKey
	CA          string // PEM, the roots of the servers; default the system's
	Cert, Key   string // PEM, our certificate for them

	Replicas int           // of each stream; default 1 in this process, else 3
	Keep     time.Duration // of what left over time and releases, in the stream; default 31 days
	Records  time.Duration // how long the stream keeps records; 0: for ever
	Store    int64         // bytes of the engine in this process; default 10 GiB
	Outbox   int64         // bytes that may wait for the engine on disk; default 4 GiB

	Signers []string          // public keys of who may sign rules
	Pinned  map[string]string // public keys of nodes' records by the nodes' names
	Late    time.Duration     // an engine that is away for longer is an alarm; default 30 s
	Unready bool              // such a node says that it is not ready

	// Shorter in tests.
	heartbeat time.Duration // default 5 s, 30 s where nobody else hears it
	every     time.Duration // how often it is looked for what is to be shipped
	rest      time.Duration // between two messages, where the disk is the proxy's
}

var (
	goodNode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	schemes  = map[string]bool{"nats": true, "tls": true, "ws": true, "wss": true}
)

// GoodName reports whether a node or fleet may have this name.
func GoodName(s string) bool { return goodNode.MatchString(s) }

// Validate fills in defaults and tells every fault.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if c.Name == "" {
		c.Name = "sekimori"
	}
	for what, s := range map[string]string{"name": c.Name, "node": c.Node} {
		if !GoodName(s) {
			fault("%s: %q; write 1 to 63 letters, digits, \"-\" or \"_\"", what, s)
		}
	}
	for _, s := range c.Servers {
		if u, err := url.Parse(s); err != nil || !schemes[u.Scheme] || u.Host == "" || u.User != nil {
			fault("servers: %q; write such as \"tls://nats-1.example:4222\"; accounts go into credentials or nkey", s)
		}
	}
	if len(c.Servers) == 0 && (c.Credentials != "" || c.NKey != "" || c.CA != "" || c.Cert != "") {
		fault("servers: without any the engine runs in this process and asks for no account; leave out credentials, nkey, ca_file, cert and key, or write servers")
	}
	if c.Credentials != "" && c.NKey != "" {
		fault("nkey: write either it or credentials")
	}
	if (c.Cert == "") != (c.Key == "") {
		fault("cert and key belong together; write both or neither")
	}
	if c.Replicas == 0 {
		c.Replicas = 3
		if len(c.Servers) == 0 {
			c.Replicas = 1
		}
	}
	if c.Replicas < 1 || c.Replicas > 5 || len(c.Servers) == 0 && c.Replicas != 1 {
		fault("replicas: %d; write 1, 3 or 5, and 1 where the engine runs in this process", c.Replicas)
	}
	if len(c.Signers) == 1 {
		fault("signers: two people have to sign; write the public keys of at least two")
	}
	if _, err := signers(c.Signers); err != nil {
		fault("signers: %w", err)
	}
	for node, key := range c.Pinned {
		if _, err := checkpoint.ParseKey(key); err != nil {
			fault("nodes: %s: %w", node, err)
		}
	}
	set := func(p *time.Duration, d time.Duration) {
		if *p == 0 {
			*p = d
		}
	}
	set(&c.Keep, 31*24*time.Hour)
	set(&c.Late, 30*time.Second)
	if c.single() { // the engine writes to the proxy's own disk, so it does so seldom
		set(&c.heartbeat, 30*time.Second)
		set(&c.every, 10*time.Second)
		set(&c.rest, 100*time.Millisecond)
	}
	set(&c.heartbeat, 5*time.Second)
	set(&c.every, 500*time.Millisecond)
	for p, d := range map[*int64]int64{&c.Store: 10 << 30, &c.Outbox: 4 << 30} {
		if *p == 0 {
			*p = d
		}
	}
	return errors.Join(faults...)
}

// single reports whether no other node can be there to be told anything: the
// engine is in this process, and nobody else reaches it.
func (c *Config) single() bool { return len(c.Servers) == 0 }

// The streams and subjects. deploy/fleet gives each node leave for its own.

func (c *Config) auditStream() string { return c.Name + "-audit" }
func (c *Config) shareStream() string { return c.Name + "-share" }
func (c *Config) nodesStream() string { return c.Name + "-nodes" }
func (c *Config) rulesStream() string { return c.Name + "-rules" }

func (c *Config) auditSubject(node string) string { return c.Name + ".audit." + node }
func (c *Config) shareSubject(node string) string { return c.Name + ".share." + node }
func (c *Config) nodesSubject(node string) string { return c.Name + ".nodes." + node }
func (c *Config) rulesSubject() string            { return c.Name + ".rules.set" }

// piecesSubject is on which a node is asked for pieces of uploads; no stream
// keeps what is said there.
func (c *Config) piecesSubject(node string) string { return c.Name + ".pieces." + node }

// Keys are the secrets that all nodes of a fleet have in common: of the digests
// by which they know persons and contents, of releases, of the tokens of
// warnings, and the one under which they speak to each other.
type Keys struct {
	Persons, Content, Releases, Confirm, Seal [32]byte
}

// keysHead is the first line of a file of keys.
const keysHead = "sekimori fleet keys v1"

func (k *Keys) each(fn func(name string, key *[32]byte)) {
	fn("persons", &k.Persons)
	fn("content", &k.Content)
	fn("releases", &k.Releases)
	fn("confirm", &k.Confirm)
	fn("seal", &k.Seal)
}

// NewKeys makes keys; have, where not nil, gives those that an installation has
// already, so that what it has counted goes on to count.
func NewKeys(have func(name string) ([]byte, bool)) (k Keys) {
	k.each(func(name string, key *[32]byte) {
		if have != nil {
			if b, ok := have(name); ok && len(b) == len(key) {
				copy(key[:], b)
				return
			}
		}
		rand.Read(key[:])
	})
	return k
}

// Pieces is the key under which uploads in pieces are kept, which is made of the
// one by which nodes speak to each other.
func (k *Keys) Pieces() []byte {
	h := hmac.New(sha256.New, k.Seal[:])
	io.WriteString(h, "pieces of uploads")
	return h.Sum(nil)
}

// String is the file that nodes are given.
func (k Keys) String() string {
	s := keysHead + "\n"
	k.each(func(name string, key *[32]byte) { s += name + " " + hex.EncodeToString(key[:]) + "\n" })
	return s
}

// ReadKeys reads a file of keys.
func ReadKeys(file string) (k Keys, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return k, fmt.Errorf("read the fleet's keys: %w", err)
	}
	head, rest, _ := strings.Cut(string(b), "\n")
	if strings.TrimSpace(head) != keysHead {
		return k, fmt.Errorf("read the fleet's keys: %s is no such file; make one with \"sekimori fleet keys\"", file)
	}
	have := map[string][]byte{}
	for line := range strings.Lines(rest) {
		if f := strings.Fields(line); len(f) == 2 {
			if v, err := hex.DecodeString(f[1]); err == nil && len(v) == 32 {
				have[f[0]] = v
			}
		}
	}
	k.each(func(name string, key *[32]byte) {
		if v := have[name]; v != nil {
			copy(key[:], v)
		} else if err == nil {
			err = fmt.Errorf("read the fleet's keys: %s has no key %q of 64 hexadecimal digits", file, name)
		}
	})
	return k, err
}

// signers reads the public keys of who may sign rules. They have to be of
// different people: no name and no key stands twice.
func signers(keys []string) ([]note.Verifier, error) {
	var all []note.Verifier
	seen := map[string]bool{}
	for _, s := range keys {
		v, err := note.NewVerifier(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("%q: %w; write what \"sekimori fleet key\" prints", s, err)
		}
		material := s[strings.LastIndexByte(s, '+')+1:]
		if seen[v.Name()] || seen[material] {
			return nil, fmt.Errorf("%q stands twice; a signer is one person with one key", v.Name())
		}
		seen[v.Name()], seen[material] = true, true
		all = append(all, v)
	}
	return all, nil
}

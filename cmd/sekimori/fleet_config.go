package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/fleet"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/rules"
)

// rawFleet is [fleet] as it stands.
type rawFleet struct {
	Enabled     bool              `toml:"enabled"`
	Node        string            `toml:"node"`
	Name        string            `toml:"name"`
	KeysFile    string            `toml:"keys_file"`
	Servers     []string          `toml:"servers"`
	Credentials string            `toml:"credentials_file"`
	NKey        string            `toml:"nkey_file"`
	CA          string            `toml:"ca_file"`
	Cert        string            `toml:"cert"`
	Key         string            `toml:"key"`
	Replicas    int               `toml:"replicas"`
	Keep        age               `toml:"keep"`
	Records     age               `toml:"records"`
	Store       tomlfile.Size     `toml:"store"`
	Outbox      tomlfile.Size     `toml:"outbox"`
	Signers     []string          `toml:"signers"`
	Nodes       map[string]string `toml:"nodes"`
	Late        duration          `toml:"late"`
	Alone       string            `toml:"alone"`
}

// fleetConfig is how the installation takes part in a fleet.
type fleetConfig struct {
	fleet.Config
	keysFile string // "" for the installation's own keys
}

// check returns nil where there is no fleet.
func (r *rawFleet) check(n tomlfile.Node, path func(string) string, report tomlfile.Report) *fleetConfig {
	if !r.Enabled {
		return nil
	}
	c := &fleetConfig{keysFile: path(r.KeysFile), Config: fleet.Config{
		Node: r.Node, Name: r.Name, Servers: r.Servers, Credentials: path(r.Credentials), NKey: path(r.NKey),
		CA: path(r.CA), Cert: path(r.Cert), Key: path(r.Key), Replicas: r.Replicas, Keep: time.Duration(r.Keep), Records: time.Duration(r.Records),
		Store: int64(r.Store), Outbox: int64(r.Outbox), Signers: r.Signers, Pinned: r.Nodes, Late: time.Duration(r.Late),
	}}
	if c.Node == "" {
		host, _ := os.Hostname()
		c.Node, _, _ = strings.Cut(host, ".")
	}
	switch r.Alone {
	case "", "serve":
	case "unready":
		c.Unready = true
	default:
		report(n.Key("alone").Pos(), "fleet.alone: %q is unknown; write \"serve\" or \"unready\"", r.Alone)
	}
	if len(r.Servers) > 0 && r.KeysFile == "" {
		report(n.Pos(), "fleet.keys_file: the nodes need the same keys; make the file once with \"sekimori fleet keys\" and give it to each")
	}
	if err := c.Validate(); err != nil {
		for _, fault := range unjoin(err) {
			key, _, _ := strings.Cut(fault.Error(), ":")
			report(n.Key(key).Pos(), "fleet.%v", fault)
		}
	}
	return c
}

// fleetRules is the folder of the rules that the fleet was given.
func (c *config) fleetRules() string { return fleet.RulesDir(c.folder("fleet")) }

// withFleetRules adds that folder to the rules, if there is one.
func (c *config) withFleetRules() {
	if c.Fleet == nil || slices.Contains(c.Rules, c.fleetRules()) {
		return
	}
	if _, err := os.Stat(c.fleetRules()); err == nil {
		c.Rules = append(c.Rules, c.fleetRules())
	}
}

// loadFleetKeys fills in what the configuration only names: the folder, and the
// keys of the file or, without one, the installation's own.
func (c *config) loadFleetKeys() (err error) {
	f := c.Fleet
	f.Dir = c.folder("fleet")
	if f.keysFile != "" {
		f.Keys, err = fleet.ReadKeys(f.keysFile)
		return err
	}
	for name, to := range map[string]*[32]byte{"persons": &f.Keys.Persons, "content": &f.Keys.Content, "confirm": &f.Keys.Confirm, "fleet": &f.Keys.Seal} {
		k, err := c.key(name)
		if err != nil {
			return err
		}
		copy(to[:], k)
	}
	return nil
}

// sharedKey is the key of a name that all nodes of a fleet have, if they do.
func (c *config) sharedKey(name string) []byte {
	if c.Fleet == nil || c.Fleet.keysFile == "" {
		return nil
	}
	switch name {
	case "persons":
		return c.Fleet.Keys.Persons[:]
	case "content":
		return c.Fleet.Keys.Content[:]
	case "releases":
		return c.Fleet.Keys.Releases[:]
	case "pieces":
		return c.Fleet.Keys.Pieces()
	}
	return nil
}

// ownKeys gives the keys that an installation has, for a fleet that begins with
// it.
func (c *config) ownKeys(name string) ([]byte, bool) {
	file := filepath.Join(c.folder("keys"), name)
	if name == "releases" {
		file = filepath.Join(c.folder("releases"), "key")
	}
	b, err := os.ReadFile(file)
	return b, err == nil
}

// fleetOf loads a configuration for a command that needs its fleet.
func fleetOf(command, file, data string) (*config, error) {
	if file == "" {
		return nil, fmt.Errorf("%s: --config is missing: the configuration of a node, with its [fleet]", command)
	}
	c, err := loadConfig(file)
	if err != nil {
		return nil, err
	}
	if data != "" {
		c.Data = data
	}
	if c.Fleet == nil {
		return nil, fmt.Errorf("%s: %s has no fleet; write [fleet] with enabled = true", command, file)
	}
	if c.Fleet.keysFile == "" {
		if _, have := c.ownKeys("fleet"); !have {
			return nil, fmt.Errorf("%s: this node has not run with its fleet yet; there is nothing to look at", command)
		}
	}
	return c, c.loadFleetKeys()
}

// tryRules loads a folder of rules with the configured ones and runs their
// tests.
func (c *config) tryRules(folder string) error {
	catalogue, err := c.catalogue()
	if err != nil {
		return err
	}
	_, err = rules.Load(append(slices.Clone(c.Rules), folder), c.ruleOptions(catalogue))
	return err
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/fleet"
)

func fleetCommand() *command {
	return &command{
		name: "fleet", short: "several nodes that act as one: their keys, rules, records and engine",
		subs: []*command{fleetStatusCommand(), fleetVerifyCommand(), fleetRecordsCommand(), fleetKeysCommand(), fleetKeyCommand(), fleetAccountCommand(),
			fleetSignCommand(), fleetPublishCommand(), fleetPrepareCommand(), fleetEngineCommand()},
	}
}

// fleetTime bounds what a command waits for the engine, but for reading records.
const fleetTime = 30 * time.Second

// fleetClient reads a command's flags, to which more may add, and reaches the
// engine.
func (p *program) fleetClient(c *command, args []string, more func(*flag.FlagSet)) (*fleet.Client, *config, []string, error) {
	f := p.flags(c)
	file := f.String("config", "", "a node's configuration `FILE`")
	data := f.String("data", "", "the state `FOLDER` (default the configuration's)")
	if more != nil {
		more(f)
	}
	rest, err := p.parse(c, f, args)
	if err != nil {
		return nil, nil, nil, err
	}
	cfg, err := fleetOf(c.name, *file, *data)
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := fleet.Connect(cfg.Fleet.Config)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return client, cfg, rest, nil
}

func fleetStatusCommand() *command {
	return &command{
		name: "status", short: "which nodes there are and how each stands", run: runFleetStatus, long: `
Tells of each node when it was last heard of, how many of its records are not in
the stream yet, what waits to be told to the others, and which rules it has in
force. Exit code 1 if a node is silent or says that something is wrong.`,
	}
}

func runFleetStatus(ctx context.Context, p *program, c *command, args []string) error {
	var asJSON bool
	client, _, rest, err := p.fleetClient(c, args, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "as JSON, a node a line")
	})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := noArguments(c, rest); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fleetTime)
	defer cancel()
	nodes, err := client.Nodes(ctx)
	if err != nil {
		return fmt.Errorf("fleet status: %w", err)
	}
	slices.SortFunc(nodes, func(a, b fleet.Node) int { return strings.Compare(a.Name, b.Name) })
	now, wrong := time.Now(), false
	tw := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(tw, "NODE\tHEARD OF\tRECORDS\tNOT SHIPPED\tUNTOLD\tRULES\tMODE\tSTATE")
	}
	for _, n := range nodes {
		state := "well"
		switch {
		case n.Silent(now):
			state = "silent"
		case n.Trouble != "":
			state = n.Trouble
		case n.Refused != "":
			state = "rules refused: " + n.Refused
		case n.Lost > 0 || n.Unkept > 0:
			state = fmt.Sprintf("%d records expired before they were shipped, %d things not told", n.Lost, n.Unkept)
		}
		wrong = wrong || state != "well"
		if asJSON {
			b, err := json.Marshal(n)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.stdout, string(b))
			continue
		}
		fmt.Fprintf(tw, "%s\t%s ago\t%d\t%d\t%d\t%.12s\t%s\t%s\n", n.Name, now.Sub(n.At).Round(time.Second), n.Records, n.Lag(), n.Untold, n.RuleSet, n.Mode, state)
	}
	tw.Flush()
	if wrong {
		return errFound
	}
	return nil
}

func fleetVerifyCommand() *command {
	return &command{
		name: "verify", args: "[NODE...]", short: "check the records that nodes have shipped", run: runFleetVerify, long: `
Reads the records of nodes, by default all, from the stream and checks that each
follows the one before and that they are those of the checkpoints that the node
itself has signed. Runs on any node. A node's key is that of fleet.nodes in the
configuration; without one there, the key with which its first record came, which
is told. Exit code 1 if anything is not as it was written.`,
	}
}

func runFleetVerify(ctx context.Context, p *program, c *command, args []string) error {
	var asJSON bool
	client, _, names, err := p.fleetClient(c, args, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "as JSON, a node a line")
	})
	if err != nil {
		return err
	}
	defer client.Close()
	if names, err = nodesOr(ctx, client, names); err != nil {
		return fmt.Errorf("fleet verify: %w", err)
	}
	wrong := false
	for _, name := range names {
		v, err := client.Verify(ctx, name, nil)
		if err != nil {
			return fmt.Errorf("fleet verify: %s: %w", name, err)
		}
		wrong = wrong || v.Bad != ""
		if asJSON {
			b, err := json.Marshal(v)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.stdout, string(b))
			continue
		}
		p.tellVerified(v)
	}
	if wrong {
		return errFound
	}
	return nil
}

func (p *program) tellVerified(v fleet.Verified) {
	switch {
	case v.Bad != "":
		fmt.Fprintf(p.stdout, "%s: BAD: %s\n", v.Node, v.Bad)
	case v.Records == 0:
		fmt.Fprintf(p.stdout, "%s: no records yet\n", v.Node)
	default:
		fmt.Fprintf(p.stdout, "%s: ok: records %d to %d are as they were written; %d checkpoints, the last over %d at %s\n",
			v.Node, v.First, v.Last, v.Checkpoints, v.Signed, v.At.Format(time.RFC3339))
	}
	for _, g := range v.Gaps {
		fmt.Fprintf(p.stdout, "%s: records %d to %d expired on the node before they could be shipped\n", v.Node, g.First, g.Last)
	}
	if v.Key != "" && !v.Pinned {
		fmt.Fprintf(p.stdout, "%s: its key was not known before: %s\n%s: if the node prints the same (sekimori audit key), put it under fleet.nodes\n", v.Node, v.Key, v.Node)
	}
}

// nodesOr returns the names, or all nodes there are.
func nodesOr(ctx context.Context, client *fleet.Client, names []string) ([]string, error) {
	if len(names) > 0 {
		for _, n := range names {
			if !fleet.GoodName(n) {
				return nil, fmt.Errorf("%q is no name of a node", n)
			}
		}
		return names, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fleetTime)
	defer cancel()
	nodes, err := client.Nodes(ctx)
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return names, err
}

func fleetRecordsCommand() *command {
	return &command{
		name: "records", args: "[NODE...]", short: "print the records that nodes have shipped, checked", run: runFleetRecords, long: `
Prints records as JSON, one a line, with the name of their node, node by node. A
record is printed once it was checked as "fleet verify" does; the first that is
not as it was written ends the output, with exit code 1.`,
	}
}

func runFleetRecords(ctx context.Context, p *program, c *command, args []string) error {
	client, _, names, err := p.fleetClient(c, args, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if names, err = nodesOr(ctx, client, names); err != nil {
		return fmt.Errorf("fleet records: %w", err)
	}
	for _, name := range names {
		v, err := client.Verify(ctx, name, func(r audit.Record, _ []byte) error {
			_, err := fmt.Fprintf(p.stdout, "{\"node\":%q,\"seq\":%d,\"hash\":%q,\"event\":%s}\n", name, r.Seq, r.Hash, r.Raw)
			return err
		})
		if err != nil {
			return fmt.Errorf("fleet records: %s: %w", name, err)
		}
		if v.Bad != "" {
			fmt.Fprintf(p.stderr, "%s: BAD: %s\n", name, v.Bad)
			return errFound
		}
	}
	return nil
}

func fleetKeysCommand() *command {
	return &command{
		name: "keys", short: "make the keys that all nodes of a fleet have in common", run: runFleetKeys, long: `
Prints a file for fleet.keys_file: the keys by which nodes know persons, contents,
releases and confirmations as the same, and the key under which they speak to
each other. Make it once, give it to each node as you give it a TLS key, readable
by the proxy's account alone; who has it can speak for all nodes. With --data the
keys of an installation that has run before are taken over, so that what it has
counted goes on to count: begin with the node that has the longest history.`,
	}
}

func runFleetKeys(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` of an installation whose keys are taken over")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	var have func(string) ([]byte, bool)
	if *data != "" {
		if _, err := os.Stat(*data); err != nil {
			return fmt.Errorf("fleet keys: %w", err)
		}
		have = (&config{Data: *data}).ownKeys
	}
	fmt.Fprint(p.stdout, fleet.NewKeys(have))
	return nil
}

func fleetKeyCommand() *command {
	return &command{
		name: "key", args: "NAME", short: "make a person's key for signing rules", run: runFleetKey, long: `
Makes an Ed25519 key for one person, such as "sato", writes it into a file that
only that person should be able to read, and prints the public key for
fleet.signers. Two different people sign every set of rules.`,
	}
}

func runFleetKey(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	out := f.String("out", "", "the private key's `FILE`; it must not be there yet")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || *out == "" {
		return errors.New("fleet key: write sekimori fleet key --out FILE NAME")
	}
	private, public, err := note.GenerateKey(rand.Reader, rest[0])
	if err == nil {
		err = writeSecret(*out, private)
	}
	if err != nil {
		return fmt.Errorf("fleet key: %w", err)
	}
	fmt.Fprintln(p.stdout, public)
	return nil
}

// writeSecret writes a line into a new file that only its owner may read.
func writeSecret(name, line string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line + "\n")
	return errors.Join(err, file.Sync(), file.Close())
}

func fleetAccountCommand() *command {
	return &command{
		name: "account", short: "make an account (NKey) for a node at the engine's servers", run: runFleetAccount, long: `
Writes the seed of an NKey into a file for fleet.nkey_file and prints the public
key, which goes into the servers' configuration, as in deploy/fleet.`,
	}
}

func runFleetAccount(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	out := f.String("out", "", "the seed's `FILE`; it must not be there yet")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("fleet account: write sekimori fleet account --out FILE")
	}
	seed, public, err := fleet.NewAccount()
	if err == nil {
		err = writeSecret(*out, seed)
	}
	if err != nil {
		return fmt.Errorf("fleet account: %w", err)
	}
	fmt.Fprintln(p.stdout, public)
	return nil
}

func fleetSignCommand() *command {
	return &command{
		name: "sign", args: "BUNDLE [RULES...]", short: "sign a set of rules for the fleet", run: runFleetSign, long: `
With rules (files and folders), checks them with their own tests, gathers them
into the file BUNDLE and signs it. Without, adds a second person's signature to
the BUNDLE that another has made, after telling what it holds: look at it before
(--show writes the rules into a folder). Then "sekimori fleet publish".`,
	}
}

func runFleetSign(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	keyFile := f.String("key", "", "the signer's private key, a `FILE` of \"sekimori fleet key\"")
	name := f.String("name", "sekimori", "the fleet's name, as fleet.name")
	number := f.Uint64("number", 0, "larger than that of any set before (default the time, in seconds)")
	show := f.String("show", "", "write the bundle's rules into this new `FOLDER` and do not sign")
	file := f.String("config", "", "check the rules against this configuration `FILE` of a node")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 || *keyFile == "" && *show == "" {
		return errors.New("fleet sign: write sekimori fleet sign --key FILE BUNDLE [RULES...]")
	}
	b, err := p.bundle(rest[0], rest[1:], *name, *number)
	if err != nil {
		return fmt.Errorf("fleet sign: %w", err)
	}
	if *show != "" {
		return b.Show(*show)
	}
	if err := p.checkBundle(b, *file); err != nil {
		return fmt.Errorf("fleet sign: %w", err)
	}
	text, err := os.ReadFile(*keyFile)
	if err != nil {
		return fmt.Errorf("fleet sign: %w", err)
	}
	key, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("fleet sign: %s is no private key: %w", *keyFile, err)
	}
	if err := b.Sign(key); err != nil {
		return fmt.Errorf("fleet sign: %w", err)
	}
	data, err := b.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(rest[0], data, 0o644); err != nil {
		return fmt.Errorf("fleet sign: %w", err)
	}
	fmt.Fprintln(p.stdout, strings.TrimSpace(b.Note))
	return nil
}

// bundle reads the bundle in a file, or makes it of rules.
func (p *program) bundle(file string, paths []string, name string, number uint64) (*fleet.Bundle, error) {
	if len(paths) > 0 {
		if number == 0 {
			number = uint64(time.Now().Unix())
		}
		return fleet.NewBundle(name, number, paths)
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there; name the rules that it is to be made of", file)
	}
	if err != nil {
		return nil, err
	}
	b, err := fleet.ReadBundle(data)
	if err != nil {
		return nil, err
	}
	s, err := b.Statement()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(p.stderr, "set %d of the fleet %q, %d files\n", s.Number, s.Fleet, len(b.Files))
	return b, nil
}

// checkBundle loads the rules and runs their tests.
func (p *program) checkBundle(b *fleet.Bundle, file string) error {
	dir, err := os.MkdirTemp("", "sekimori-rules-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := b.Show(dir + "/set"); err != nil {
		return err
	}
	cfg, err := loadConfig(file)
	if err != nil {
		return err
	}
	return cfg.tryRules(dir + "/set")
}

func fleetPublishCommand() *command {
	return &command{
		name: "publish", args: "BUNDLE", short: "give a signed set of rules to all nodes", run: runFleetPublish, long: `
Hands a set that two of fleet.signers have signed to the engine. Each node checks
the signatures, the number and the rules' own tests by itself, puts the set in
force, and keeps it as the last good one; "fleet status" tells which has.`,
	}
}

func runFleetPublish(ctx context.Context, p *program, c *command, args []string) error {
	client, _, rest, err := p.fleetClient(c, args, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if len(rest) != 1 {
		return errors.New("fleet publish: write sekimori fleet publish --config FILE BUNDLE")
	}
	b, err := p.bundle(rest[0], nil, "", 0)
	if err != nil {
		return fmt.Errorf("fleet publish: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, fleetTime)
	defer cancel()
	s, err := client.Publish(ctx, b)
	if err != nil {
		return fmt.Errorf("fleet publish: %w", err)
	}
	fmt.Fprintf(p.stdout, "set %d is with the fleet; \"sekimori fleet status\" tells which nodes have it in force\n", s.Number)
	return nil
}

func fleetPrepareCommand() *command {
	return &command{
		name: "prepare", short: "make the fleet's streams, where nodes may not", run: runFleetPrepare, long: `
Makes what the fleet keeps in the engine. Only needed where the nodes' accounts
have no leave to make streams, as in deploy/fleet; run it with an account that
has.`,
	}
}

func runFleetPrepare(ctx context.Context, p *program, c *command, args []string) error {
	client, cfg, rest, err := p.fleetClient(c, args, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := noArguments(c, rest); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fleetTime)
	defer cancel()
	if err := client.Prepare(ctx); err != nil {
		return fmt.Errorf("fleet prepare: %w", err)
	}
	fmt.Fprintf(p.stdout, "the fleet %q is prepared, with %d replicas\n", cfg.Fleet.Name, cfg.Fleet.Replicas)
	return nil
}

func fleetEngineCommand() *command {
	return &command{
		name: "engine", args: "FILE", short: "run a server of the engine (NATS) from its configuration file", run: runFleetEngine, long: `
Runs the NATS server that this program brings, from a configuration file of
nats-server, until it is told to end; for machines of the engine on which nothing
else is to be installed. deploy/fleet has such files. A nats-server of your own,
2.12 or later, serves as well.`,
	}
}

func runFleetEngine(ctx context.Context, p *program, c *command, args []string) error {
	rest, err := p.parse(c, p.flags(c), args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("fleet engine: write sekimori fleet engine FILE")
	}
	if err := fleet.RunServer(ctx, rest[0], slog.New(slog.NewJSONHandler(p.stderr, nil))); err != nil {
		return fmt.Errorf("fleet engine: %w", err)
	}
	return nil
}

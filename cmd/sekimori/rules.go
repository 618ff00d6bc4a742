package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/rules"
)

func rulesCommand() *command {
	return &command{
		name: "rules", short: "check, test and explain rules",
		subs: []*command{
			{name: "check", args: "[FILE|FOLDER...]", short: "tell every fault, as file:line:col", run: runRulesCheck, long: `
Checks the files together with the built-in rules, and runs their own tests.
Without arguments: the rules of --config. Exit code 1 if there is a fault.`},
			{name: "test", args: "[FILE|FOLDER...]", short: "run the rules' own tests and show each", run: runRulesTest},
			{name: "explain", args: "FILE|-", short: "say which clause decides on a file, and what would change that", run: runRulesExplain},
			{name: "backtest", args: "[FILE|FOLDER...]", short: "say what rules would have made of the recorded past", run: runRulesBacktest, long: backtestHelp},
			{name: "list", args: "[FILE|FOLDER...]", short: "list the rules in force", run: runRulesList},
			{name: "schema", short: "print the JSON Schema of rule files, for editors", run: runRulesSchema},
		},
	}
}

// ruleFlags loads rules named by arguments or by --config.
type ruleFlags struct {
	config     string
	noDefaults bool
	json       bool
}

func (r *ruleFlags) register(f *flag.FlagSet) {
	f.StringVar(&r.config, "config", "", "the installation's configuration `FILE`")
	f.BoolVar(&r.noDefaults, "no-defaults", false, "leave the built-in rules out")
	f.BoolVar(&r.json, "json", false, "one JSON object a line")
}

func (r *ruleFlags) load(paths []string, untested bool) (*rules.Set, error) {
	cfg, err := loadConfig(r.config)
	if err != nil {
		return nil, err
	}
	if r.noDefaults {
		cfg.Defaults = false
	}
	catalogue, err := cfg.catalogue()
	if err != nil {
		return nil, err
	}
	opt := cfg.ruleOptions(catalogue)
	opt.Untested = untested
	return rules.Load(append(cfg.Rules, paths...), opt)
}

func runRulesCheck(_ context.Context, p *program, c *command, args []string) error {
	var r ruleFlags
	f := p.flags(c)
	r.register(f)
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	set, err := r.load(rest, false)
	var faults tomlfile.Errors
	if err != nil && !errors.As(err, &faults) {
		return fmt.Errorf("rules check: %w", err)
	}
	tell := func(kind string, f tomlfile.Fault) {
		if r.json {
			_ = json.NewEncoder(p.stdout).Encode(map[string]any{"kind": kind, "file": f.File, "line": f.Line, "col": f.Col, "message": f.Message})
			return
		}
		if kind == "note" {
			fmt.Fprintf(p.stdout, "note: %v\n", f)
			return
		}
		fmt.Fprintln(p.stdout, f)
	}
	for _, f := range faults {
		tell("fault", f)
	}
	if len(faults) > 0 {
		if !r.json {
			fmt.Fprintf(p.stdout, "%d %s\n", len(faults), plural(len(faults), "fault", "faults"))
		}
		return errFound
	}
	for _, n := range set.Notes() {
		tell("note", n)
	}
	if !r.json {
		tests := 0
		for _, i := range set.List() {
			tests += i.Tests
		}
		fmt.Fprintf(p.stdout, "ok: %d rules, %d tests, digest %s\n", len(set.List()), tests, set.Digest())
	}
	return nil
}

func runRulesTest(ctx context.Context, p *program, c *command, args []string) error {
	var r ruleFlags
	f := p.flags(c)
	r.register(f)
	only := f.String("rule", "", "only the tests of this rule `ID`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	set, err := r.load(rest, true)
	if err != nil {
		return fmt.Errorf("the rules have faults:\n%w", err)
	}
	failed, total := 0, 0
	for _, t := range set.RunTests(ctx) {
		if *only != "" && t.Rule != *only {
			continue
		}
		total++
		if !t.OK {
			failed++
		}
		if r.json {
			_ = json.NewEncoder(p.stdout).Encode(t)
			continue
		}
		mark := "ok  "
		if !t.OK {
			mark = "FAIL"
		}
		fmt.Fprintf(p.stdout, "%s %s: %s: expected %s, got %s (%s)\n", mark, t.Rule, t.Name, t.Expect, t.Got, t.Why)
	}
	if !r.json {
		fmt.Fprintf(p.stdout, "%d passed, %d failed\n", total-failed, failed)
	}
	if failed > 0 {
		return errFound
	}
	if total == 0 {
		return errors.New("rules test: there is no such test")
	}
	return nil
}

func runRulesExplain(ctx context.Context, p *program, c *command, args []string) error {
	var s scanFlags
	f := p.flags(c)
	s.register(f)
	asJSON := f.Bool("json", false, "print a JSON object")
	only := f.String("rule", "", "tell of this rule `ID` only")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("rules explain: name one file, or - for standard input")
	}
	j, err := s.judge()
	if err != nil {
		return err
	}
	in := inputs(rest)[0]
	root, closer, err := p.open(in)
	if err != nil {
		return fmt.Errorf("rules explain: %w", err)
	}
	defer closer.Close()
	report := j.set.Scanner().Scan(ctx, []part.Part{root}, inspect.ScanOptions{Key: scanKey})
	t := j.transaction(report, root.Name, max(in.size, 0))
	e := j.set.Explain(t)
	if *only != "" {
		var ids []string
		for _, r := range e.Rules {
			ids = append(ids, r.Rule)
		}
		if !slices.Contains(ids, *only) {
			return fmt.Errorf("rules explain: there is no rule %q%s", *only, tomlfile.Instead(*only, ids))
		}
		e.Rules = slices.DeleteFunc(e.Rules, func(r rules.Explained) bool { return r.Rule != *only })
	}
	if *asJSON {
		return json.NewEncoder(p.stdout).Encode(e)
	}
	fmt.Fprintf(p.stdout, "%s to %s (%v)\n%s\n", in.name, j.destination.Host, j.destination.Classes, e)
	if s, ok := j.set.Stream(t); ok {
		fmt.Fprintf(p.stdout, "uploads of more than %d bytes are sent on while they are inspected, by stream %q; this one has %d\n", s.Above, s.ID, t.Bytes)
	}
	return nil
}

func runRulesList(_ context.Context, p *program, c *command, args []string) error {
	var r ruleFlags
	f := p.flags(c)
	r.register(f)
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	set, err := r.load(rest, true)
	if err != nil {
		return fmt.Errorf("the rules have faults:\n%w", err)
	}
	tw := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	if !r.json {
		fmt.Fprintln(tw, "ID\tACTION\tSEVERITY\tTESTS\tTITLE\tAT")
	}
	for _, i := range set.List() {
		if r.json {
			if err := json.NewEncoder(p.stdout).Encode(i); err != nil {
				return err
			}
			continue
		}
		action := i.Action.String()
		if i.Shadow {
			action += " (shadow)"
		}
		title := i.Title["en"]
		if title == "" {
			for _, lang := range slices.Sorted(maps.Keys(i.Title)) {
				title = i.Title[lang]
			}
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%s\t%s\n", i.ID, action, i.Severity, i.Tests, title, i.At)
	}
	for _, s := range set.Streams() {
		if r.json {
			if err := json.NewEncoder(p.stdout).Encode(struct {
				rules.StreamInfo
				Action string `json:"action"`
			}{s, "stream"}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(tw, "%s\tstream\t\t\tover %d bytes, less %d: %s\t%s\n", s.ID, s.Above, s.Keep, strings.Join(s.Needs, "; "), s.At)
	}
	return tw.Flush()
}

func runRulesSchema(_ context.Context, p *program, c *command, args []string) error {
	rest, err := p.parse(c, p.flags(c), args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, string(rules.Schema()))
	return err
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sekimori-dlp/sekimori/bench/accuracy"
	"github.com/sekimori-dlp/sekimori/bench/accuracy/corpus"
	speed "github.com/sekimori-dlp/sekimori/bench/inspect"
	"github.com/sekimori-dlp/sekimori/inspect"
)

func benchCommand() *command {
	return &command{
		name: "bench", short: "measure speed and accuracy on this machine",
		subs: []*command{
			{name: "accuracy", args: "[SET.jsonl|FOLDER...]", short: "precision, recall and F1 against gold spans", run: runBenchAccuracy, long: `
Without sets it runs over the project's own corpus, which is made on the spot.
A set is a file of JSON lines {"id","lang","text","spans":[{"start","end","type"}]},
offsets in code points. A finding is right if it overlaps a gold span of its
type. Sets named clean_* hold nothing: there the false findings per MB count.
Each row of --json has "what": score, kind, clean, people or reliability;
docs/accuracy.md tells the other keys and how all is counted.`},
			{name: "corpus", args: "FOLDER", short: "write the project's own corpus as files of JSON lines", run: runBenchCorpus, long: `
The texts are invented and CC0. The same seed gives the same texts.`},
			{name: "inspect", short: "how fast texts are searched and inspected, beside other engines", run: runBenchInspect, long: `
Matching alone and whole inspection with the default rules, on one core and six
corpora made on the spot, beside cloudflare/ahocorasick, Go regexp, go-re2, and
Hyperscan and Vectorscan where a C compiler and their headers are there
(libhyperscan-dev, libvectorscan-dev; the two exclude each other: install one,
unpack the other and name its folder with --hyperscan). Every engine's count of
matches is checked; a miscount ends the run with an error. A full run takes half
an hour or so and 2 GB of memory, --quick about two minutes.
--only takes names of corpora (C1 to C6), sets of patterns (P1, P2, P3, ALL) and
kinds: limit, matching, whole, length, literals, cores, start-up.
bench/README.md tells how it is measured, and the keys of --json.`},
			benchProxyCommand(),
			{name: "drip", short: "whether a slow leak is found, and how many false alarms that costs", run: runBenchDrip, long: `
A simulated company of a thousand people works for a year; one of its people
carries customers out, a few at a time, every working day. Every upload with
customers is inspected, decided on by the built-in rules and remembered; only
the clock, the network and the disk are left out. Printed is after how many days
the insider was found, and on how many days a week others raised an alarm. Keys
with --json: seed, records_a_day, started_on_day, found_after_days (-1: never),
found_by, records_out_when_found, uploads, uploads_inspected, false_alarms by
rule, false_alarms_a_week.`},
			{name: "peer", args: "ORIGIN", short: "the bare goproxy that \"bench proxy\" measures beside", run: runBenchPeer},
		},
	}
}

func runBenchAccuracy(ctx context.Context, p *program, c *command, args []string) error {
	var s scanFlags
	f := p.flags(c)
	s.register(f)
	asJSON := f.Bool("json", false, "one JSON object a row")
	least := f.Float64("confidence", 0.5, "count findings from this confidence on, 0 to 1")
	misses := f.Int("misses", 0, "list the `N` worst differences a set, kind of document and type, with their text")
	kinds := f.Bool("kinds", false, "a table by kind of document too")
	types := f.String("types", "", "count only these types, `A,B`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	var sets []accuracy.Set
	if len(rest) == 0 {
		sets = corpus.Sets(corpus.Options{})
	} else if sets, err = accuracy.Read(rest...); err != nil {
		return fmt.Errorf("bench accuracy: %w", err)
	}
	o := accuracy.Options{Confidence: float32(*least), Misses: *misses}
	for t := range strings.FieldsFuncSeq(*types, func(r rune) bool { return r == ',' }) {
		o.Only = append(o.Only, inspect.Type(strings.TrimSpace(t)))
	}
	j, err := s.judge()
	if err != nil {
		return err
	}
	res, err := accuracy.Run(ctx, j.set.Scanner(), sets, o)
	if err != nil {
		return fmt.Errorf("bench accuracy: %w", err)
	}
	if *asJSON {
		return res.JSON(p.stdout)
	}
	res.Markdown(p.stdout, *kinds)
	return nil
}

func runBenchCorpus(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	var o corpus.Options
	f.Uint64Var(&o.Seed, "seed", 0, "another corpus than the benchmark's, by this number")
	f.IntVar(&o.Factor, "factor", 1, "`N` times as many documents")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("bench corpus: name one folder to write to")
	}
	sets := corpus.Sets(o)
	if err := accuracy.Write(rest[0], sets); err != nil {
		return fmt.Errorf("bench corpus: %w", err)
	}
	for _, s := range sets {
		fmt.Fprintf(p.stdout, "%s.jsonl\t%d documents\n", s.Name, len(s.Documents))
	}
	return nil
}

func runBenchInspect(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	o := speed.Options{Version: version(), Progress: func(step string) { fmt.Fprintln(p.stderr, step) }}
	asJSON := f.Bool("json", false, "one JSON object a measurement")
	out := f.String("out", "", "write inspect.md, inspect.json and inspect.svg to `FOLDER` too")
	f.BoolVar(&o.Quick, "quick", false, "4 MiB and 3 rounds, for a first look")
	f.Func("only", "measure only what these `NAMES` say, with commas in between", func(s string) error {
		o.Only = append(o.Only, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })...)
		return nil
	})
	f.Func("size", "`BYTES` of each corpus, such as 64MiB", func(s string) (err error) {
		o.Size, err = speed.ParseSize(s)
		return err
	})
	f.IntVar(&o.Rounds, "rounds", 0, "measure everything `N` times, in turn; 7, with --quick 3")
	f.Func("corpus", "measure on `FILE` in place of the corpora; more than once for more", appendTo(&o.Files))
	f.StringVar(&o.Patterns, "patterns", "", "take P1.txt, P2.txt (literals) and P3.txt (expressions) from `FOLDER`, one a line")
	f.Func("hyperscan", "a `PREFIX` with include/hs and lib of a further Hyperscan or Vectorscan; more than once for more", appendTo(&o.Prefixes))
	startUp := f.Bool("start-up", false, "only compile the default rules and print the seconds that took")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if *startUp {
		return speed.StartUp(p.stdout)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench inspect: find this program: %w", err)
	}
	o.Self = []string{self, "bench", "inspect", "--start-up"}
	res, err := speed.Run(ctx, o)
	if err != nil {
		return fmt.Errorf("bench inspect: %w", err)
	}
	if *out != "" {
		if err := res.Write(*out); err != nil {
			return fmt.Errorf("bench inspect: %w", err)
		}
	}
	if *asJSON {
		return res.JSON(p.stdout)
	}
	res.Markdown(p.stdout)
	return nil
}

// appendTo makes a flag that may be given more than once.
func appendTo(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, s)
		return nil
	}
}

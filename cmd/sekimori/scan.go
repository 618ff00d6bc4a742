package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/rules"
)

func scanCommand() *command {
	return &command{
		name: "scan", args: "FILE|DIR|-...", short: "inspect files as the proxy would",
		long: `
Prints each finding with its place, then a line a file with the verdict that the
rules would give if it were sent to --to. "-" reads standard input.

With --json, one object a line for each finding:
  {"file","part","type","detector","start","end","line","at","confidence","value"}
(value masked unless --reveal; start and end are byte offsets in the part's own
bytes; at is a cell, a path in JSON, or line:column), then one object a file:
  {"file","bytes","coverage","verdict","rule","records","findings"}

Exit code 0: no findings; 1: findings; 2: something could not be read.`,
		run: runScan,
	}
}

// scanFlags are what scan and extract, rules explain and rules test share.
type scanFlags struct {
	rules  string
	config string
	to     string
	user   string
	groups string
}

func (s *scanFlags) register(f *flag.FlagSet) {
	f.StringVar(&s.rules, "rules", "", "rules `PATH` (file or folder) beside the built-in ones")
	f.StringVar(&s.config, "config", "", "take rules, limits and the catalogue from this configuration `FILE`")
	f.StringVar(&s.to, "to", "https://unknown.example/", "the `URL` or host that the upload would go to")
	f.StringVar(&s.user, "user", "", "the `NAME` of who would send it")
	f.StringVar(&s.groups, "groups", "", "the sender's groups, `A,B`")
}

// judge is a rule set with a sender and a destination to ask it about.
type judge struct {
	set         *rules.Set
	destination rules.Destination
	principal   rules.Principal
}

func (s *scanFlags) judge() (*judge, error) {
	cfg, err := loadConfig(s.config)
	if err != nil {
		return nil, err
	}
	if s.rules != "" {
		cfg.Rules = append(cfg.Rules, s.rules)
	}
	catalogue, err := cfg.catalogue()
	if err != nil {
		return nil, err
	}
	set, err := rules.Load(cfg.Rules, cfg.ruleOptions(catalogue))
	if err != nil {
		return nil, fmt.Errorf("the rules have faults:\n%w", err)
	}
	d, err := s.destination(catalogue)
	if err != nil {
		return nil, err
	}
	j := &judge{set: set, destination: d, principal: rules.Principal{User: s.user, How: "command line"}}
	if s.groups != "" {
		j.principal.Groups = strings.Split(s.groups, ",")
	}
	return j, nil
}

// destination looks up --to: a URL, or a host with or without a path.
func (s *scanFlags) destination(catalogue *destination.Catalogue) (rules.Destination, error) {
	to := s.to
	if !strings.Contains(to, "://") {
		to = "https://" + to
	}
	u, err := url.Parse(to)
	if err != nil || u.Hostname() == "" {
		return rules.Destination{}, fmt.Errorf("--to: %q is no URL or host; write such as https://www.dropbox.com/", s.to)
	}
	port := 443
	if u.Scheme == "http" {
		port = 80
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		port = p
	}
	return catalogue.Lookup(u.Scheme, u.Hostname(), port, "POST", cmp.Or(u.Path, "/")), nil
}

// decide asks for the verdict on a scanned file.
func (j *judge) decide(r *inspect.Report, name string, size int64) rules.Verdict {
	return j.set.Decide(j.transaction(r, name, size))
}

func (j *judge) transaction(r *inspect.Report, name string, size int64) rules.Transaction {
	return rules.Transaction{Report: r, Principal: j.principal, Destination: j.destination,
		FileNames: []string{name}, Bytes: size, Time: time.Now()}
}

// findingLine and summaryLine are the objects of --json; DESIGN and --help
// promise their keys.
type findingLine struct {
	File       string       `json:"file"`
	Part       string       `json:"part"`
	Type       inspect.Type `json:"type"`
	Detector   string       `json:"detector"`
	Start      int64        `json:"start"`
	End        int64        `json:"end"`
	Line       int          `json:"line"`
	At         string       `json:"at,omitempty"`
	Confidence float32      `json:"confidence"`
	Value      string       `json:"value"`
	Record     int          `json:"record"`
}

type summaryLine struct {
	File     string               `json:"file"`
	Bytes    int64                `json:"bytes"`
	Coverage inspect.Coverage     `json:"coverage"`
	Verdict  string               `json:"verdict"`
	Rule     string               `json:"rule"`
	Clause   string               `json:"clause,omitempty"`
	Records  int                  `json:"records"`
	Findings map[inspect.Type]int `json:"findings"`
}

// scanned is the outcome for one file: its lines, ready to print.
type scanned struct {
	out   []byte
	found bool
	err   error
}

func runScan(ctx context.Context, p *program, c *command, args []string) error {
	var s scanFlags
	f := p.flags(c)
	s.register(f)
	asJSON := f.Bool("json", false, "one JSON object a line")
	summary := f.Bool("summary", false, "only the line of each file")
	reveal := f.Bool("reveal", false, "show values in clear")
	least := f.Float64("confidence", 0.5, "leave out findings below this confidence, 0 to 1")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return fmt.Errorf("scan: name a file, a folder, or - for standard input")
	}
	j, err := s.judge()
	if err != nil {
		return err
	}
	scanner := j.set.Scanner()
	work := func(ctx context.Context, in input) (res scanned) {
		root, closer, err := p.open(in)
		if err != nil {
			return scanned{err: err}
		}
		defer closer.Close()
		counted := &counter{r: root.Body}
		if ra, ok := root.Body.(io.ReaderAt); ok {
			counted.ReaderAt = ra
			root.Body = counted
		} else {
			root.Body = onlyReader{counted}
		}
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		total := map[inspect.Type]int{}
		report := scanner.Scan(ctx, []part.Part{root}, inspect.ScanOptions{
			Reveal: *reveal, Key: scanKey,
			OnFinding: func(pr *inspect.PartReport, fd *inspect.Finding) {
				if float64(fd.Confidence) < *least {
					return
				}
				res.found = true
				total[fd.Type]++
				if *summary {
					return
				}
				value := fd.Masked
				if *reveal {
					value = fd.Value
				}
				if *asJSON {
					_ = enc.Encode(findingLine{in.name, pr.Path, fd.Type, fd.Detector, fd.Start, fd.End, fd.Line, fd.At, fd.Confidence, value, fd.Record})
					return
				}
				fmt.Fprintf(&buf, "%s: %s %s (%s, %.2f)\n", inspect.Where(place(in.name, pr.Path), fd), fd.Type, value, fd.Detector, fd.Confidence)
			},
		})
		size := max(in.size, counted.n)
		v := j.decide(report, root.Name, size)
		if *asJSON {
			_ = enc.Encode(summaryLine{in.name, size, report.Coverage, v.Action.String(), v.Rule, v.Clause, report.Records, total})
		} else {
			fmt.Fprintf(&buf, "%s: %s%s; %d bytes, %d records%s%s\n", in.name, v.Action, because(v), size, report.Records, counts(total), uncovered(report.Coverage))
		}
		res.out = buf.Bytes()
		return res
	}
	out := bufio.NewWriterSize(p.stdout, 64<<10)
	found := false
	var failed []error
	err = each(ctx, p, inputs(rest), work, func(_ input, r scanned) error {
		if r.err != nil {
			failed = append(failed, r.err)
			return nil
		}
		found = found || r.found
		_, err := out.Write(r.out)
		return err
	})
	if err := errors.Join(err, out.Flush(), unreadable(failed)); err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if found {
		return errFound
	}
	return nil
}

// scanKey keys the digests of one-off scans. Nothing of them is kept, so it
// need not be secret.
var scanKey = [16]byte{'o', 'n', 'e', '-', 'o', 'f', 'f'}

// counter counts what was read, for inputs of unknown size.
type counter struct {
	io.ReaderAt
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

type onlyReader struct{ io.Reader }

// place joins a file with the part in it, leaving out what only repeats the
// file's name.
func place(file, path string) string {
	if _, inner, ok := strings.Cut(path, part.Separator); ok {
		return file + part.Separator + inner
	}
	return file
}

func because(v rules.Verdict) string {
	if v.Rule == "" {
		return ""
	}
	return fmt.Sprintf(" by rule %q (%s)", v.Rule, v.Clause)
}

func counts(total map[inspect.Type]int) string {
	types := make([]string, 0, len(total))
	for t := range total {
		types = append(types, string(t))
	}
	slices.Sort(types)
	var b strings.Builder
	for _, t := range types {
		fmt.Fprintf(&b, ", %s %d", t, total[inspect.Type(t)])
	}
	return b.String()
}

func uncovered(c inspect.Coverage) string {
	if c.Partly+c.Not == 0 {
		return ""
	}
	reasons := make([]string, 0, len(c.Reasons))
	for r, n := range c.Reasons {
		reasons = append(reasons, fmt.Sprintf("%s %d", r, n))
	}
	slices.Sort(reasons)
	return fmt.Sprintf("; not fully inspected: %s", strings.Join(reasons, ", "))
}

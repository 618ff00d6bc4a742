package speed

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/sekimori-dlp/sekimori/bench/inspect/corpus"
)

//go:embed definitions.toml counts.toml patterns/*.txt peers/hyperscan.c
var files embed.FS

// definitions is definitions.toml.
type definitions struct {
	Sizes   map[string]string
	Set     []setTOML
	Engine  []engineTOML
	Whole   []wholeTOML
	Persons []personsTOML
	Limit   []namedTOML
	Curve   []curveTOML
}

type setTOML struct {
	Name, Title, Why      string
	Literals, Expressions []string
}

type engineTOML struct {
	Name, Why, Size string
	Sets            []string
	Counts          Counting
	Alone           bool
}

type wholeTOML struct {
	Name, Why    string
	UntilDecided bool `toml:"until_decided"`
}

type personsTOML struct {
	Corpus  string
	AtLeast float64 `toml:"at_least"`
	UpTo    int     `toml:"up_to"`
}

type namedTOML struct{ Name, Why string }

type curveTOML struct {
	Name, Why string
	Corpora   []string
}

// Counting says what an engine tells of what it finds.
type Counting string

// The ways to count.
const (
	Occurrences Counting = "occurrences" // of literals all; of expressions the leftmost, not overlapping
	Ends        Counting = "ends"        // of literals all; of expressions every end of a match
	Patterns    Counting = "patterns"    // which patterns occur at all
	Persons     Counting = "persons"     // told apart, by whole inspection
)

// countTOML is an entry of counts.toml.
type countTOML struct {
	Corpus string `toml:"corpus"`
	Bytes  int    `toml:"bytes"` // asked for; the text may be a line shorter
	Set    string `toml:"set"`
	found
}

// found is what there is of a set in a text, by the ways to count.
type found struct {
	Occurrences int `toml:"occurrences"`
	Ends        int `toml:"ends"`
	Patterns    int `toml:"patterns"`
}

func (c found) plus(d found) found {
	return found{c.Occurrences + d.Occurrences, c.Ends + d.Ends, c.Patterns + d.Patterns}
}

func (c found) of(k Counting) int {
	switch k {
	case Ends:
		return c.Ends
	case Patterns:
		return c.Patterns
	}
	return c.Occurrences
}

// readDefinitions reads the embedded definitions. They are part of the
// program: a fault in them is found by its tests.
func readDefinitions() (*definitions, error) {
	var d definitions
	meta, err := toml.DecodeFS(files, "definitions.toml", &d)
	if err != nil {
		return nil, fmt.Errorf("read definitions.toml: %w", err)
	}
	if odd := meta.Undecoded(); len(odd) > 0 {
		return nil, fmt.Errorf("read definitions.toml: unknown key %s", odd[0])
	}
	return &d, nil
}

func readCounts() ([]countTOML, error) {
	var c struct{ Count []countTOML }
	if _, err := toml.DecodeFS(files, "counts.toml", &c); err != nil {
		return nil, fmt.Errorf("read counts.toml: %w", err)
	}
	return c.Count, nil
}

// set is a set of patterns to look for.
type set struct {
	name, title string
	literals    []string
	expressions []string
	crosses     bool // an expression may match across a line end
	builtin     bool // the counts of counts.toml hold
}

// sets reads the pattern sets. A file of the same name in folder, if that is
// not empty, takes the place of a built-in list: P2.txt that of the names.
func (d *definitions) sets(folder string) ([]set, error) {
	var all []set
	for _, t := range d.Set {
		s := set{name: t.Name, title: t.Title, builtin: folder == ""}
		for _, l := range t.Literals {
			list, err := patterns(l, folder)
			if err != nil {
				return nil, err
			}
			s.literals = append(s.literals, list...)
		}
		slices.Sort(s.literals)
		s.literals = slices.Compact(s.literals)
		for _, l := range t.Expressions {
			list, err := patterns(l, folder)
			if err != nil {
				return nil, err
			}
			for _, e := range list {
				re, err := regexp.Compile(e)
				if err != nil {
					return nil, fmt.Errorf("set %s: %w", t.Name, err)
				}
				s.crosses = s.crosses || crossesLines(re)
			}
			s.expressions = append(s.expressions, list...)
		}
		if folder != "" {
			s.title = fmt.Sprintf("%d literals, %d expressions", len(s.literals), len(s.expressions))
		}
		all = append(all, s)
	}
	return all, nil
}

// patterns reads one list.
func patterns(list, folder string) ([]string, error) {
	name := filepath.Base(list)
	if list == "names" {
		name = "P2.txt"
	}
	var b []byte
	var err error
	switch {
	case folder != "":
		b, err = os.ReadFile(filepath.Join(folder, name))
	case list == "names":
		return corpus.Names(), nil
	default:
		b, err = files.ReadFile(list)
	}
	if err != nil {
		return nil, fmt.Errorf("read patterns: %w", err)
	}
	var out []string
	for l := range strings.Lines(string(b)) {
		if l = strings.TrimRight(l, "\r\n"); l != "" {
			out = append(out, l)
		}
	}
	return out, nil
}

// ParseSize reads "64 MiB", "4K", "1GiB" or a number of bytes.
func ParseSize(s string) (int, error) {
	t := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	t = strings.TrimSuffix(strings.TrimSuffix(t, "B"), "I")
	shift := 0
	for k, unit := range []string{"K", "M", "G"} {
		if rest, ok := strings.CutSuffix(t, unit); ok {
			t, shift = rest, 10*(k+1)
		}
	}
	n, err := strconv.Atoi(t)
	if err != nil || n <= 0 || n > maxText>>shift {
		return 0, fmt.Errorf("size %q: write 1 B to 1 GiB, such as 64MiB", s)
	}
	return n << shift, nil
}

// maxText is the largest text to measure on.
const maxText = 1 << 30

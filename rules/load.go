package rules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// Options say how a set is loaded. The zero value takes the built-in rules and
// checks everything that can be checked without knowing the installation.
type Options struct {
	NoDefaults bool        // leave the built-in rules out
	Classes    []string    // destination classes that exist beside [Classes]
	Services   []string    // services of the catalogue; nil: not checked
	Groups     []string    // groups of the directory; nil: not checked
	Limits     part.Limits // of one scan
	// Destination looks a tested host up in the catalogue; nil: its class is
	// unknown unless the test says it.
	Destination func(host, path string) (service string, classes []string)
	Inspect     inspect.Options // what the scanner is made of
	Untested    bool            // do not run the rules' own tests
	Now         time.Time       // for dates that have passed; zero: the clock
}

// testTime bounds the running of a set's own tests.
const testTime = 2 * time.Minute

// Load reads rule files and folders (every *.toml directly in them) on top of
// the built-in rules, in the order given, each once. The error is a [tomlfile.Errors] with
// every fault, failed tests included; then there is no set.
func Load(paths []string, opt Options) (*Set, error) {
	var sources []source
	var faults, empty tomlfile.Errors
	if !opt.NoDefaults {
		sources = builtin()
	}
	seen := map[string]bool{}
	for _, path := range paths {
		names, err := ruleFiles(path)
		faults.Merge(err)
		if len(names) == 0 && err == nil {
			empty.Report(tomlfile.Pos{File: path}, "there is no rule file here; rules are read from files whose names end in .toml")
		}
		for _, name := range names {
			abs, err := filepath.Abs(name)
			if err == nil && seen[abs] {
				continue // named twice
			}
			seen[abs] = true
			f, err := tomlfile.Read(name)
			if err != nil {
				faults.Merge(err)
				continue
			}
			sources = append(sources, source{file: f, dir: filepath.Dir(name)})
		}
	}
	s, err := build(sources, opt, faults)
	if err == nil {
		s.notes = append(s.notes, empty...)
	}
	return s, err
}

// Default returns the built-in rules alone.
func Default() (*Set, error) { return Load(nil, Options{}) }

// source is a rule file that has been read.
type source struct {
	file    *tomlfile.File
	dir     string // from which it names files; "" for built-in ones
	builtin bool
}

// ruleFiles lists the file at path, or a folder's files in the order of their
// names. Names that begin with a dot are left out: editors and Kubernetes
// config maps keep their own things there.
func ruleFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".toml") && !strings.HasPrefix(n, ".") {
			names = append(names, filepath.Join(path, n))
		}
	}
	return names, nil
}

// build makes a set of the sources, or reports all their faults.
func build(sources []source, opt Options, faults tomlfile.Errors) (*Set, error) {
	b := newBuilder(opt, &faults)
	for _, s := range sources {
		b.add(s)
	}
	s := b.set()
	if err := faults.Err(); err != nil {
		return nil, err
	}
	scanner, err := inspect.New(b.spec, opt.Inspect)
	if err != nil {
		faults.Merge(fmt.Errorf("compiling the rules: %w", err))
		return nil, faults.Err()
	}
	s.scanner = scanner
	if opt.Untested {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), testTime)
	defer cancel()
	for _, r := range s.RunTests(ctx) {
		if !r.OK {
			r.fault(faults.Report)
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// maxBeside is the size in bytes up to which a file that a rule file names is
// read.
const maxBeside = 32 << 20

// beside reads a file that a rule file names, and notes that the set depends
// on it.
func (b *builder) beside(s source, at tomlfile.Node, name string, report tomlfile.Report) []byte {
	if s.builtin {
		report(at.Pos(), "built-in rules name no files")
		return nil
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, name)
	}
	b.files = append(b.files, path)
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxBeside {
		err = fmt.Errorf("it has more than %d MiB", maxBeside>>20)
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no ordinary file")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		report(at.Pos(), "cannot read %s: %v; name a file from the rule file's folder", path, err)
	}
	return data
}

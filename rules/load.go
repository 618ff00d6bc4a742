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
// the built-in rules, in the order given. The error is a [tomlfile.Errors] with
// every fault, failed tests included; then there is no set.
func Load(paths []string, opt Options) (*Set, error) {
	var sources []source
	var faults tomlfile.Errors
	if !opt.NoDefaults {
		sources = builtin()
	}
	for _, p := range paths {
		s, err := read(p)
		faults.Merge(err)
		sources = append(sources, s...)
	}
	return build(sources, opt, faults)
}

// Default returns the built-in rules alone.
func Default() (*Set, error) { return Load(nil, Options{}) }

// source is a rule file that has been read.
type source struct {
	file    *tomlfile.File
	dir     string // from which it names files; "" for built-in ones
	builtin bool
}

// read reads a file, or a folder's files in the order of their names. Names
// that begin with a dot are left out: editors and Kubernetes config maps keep
// their own things there.
func read(path string) ([]source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	files := []string{path}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("reading rules: %w", err)
		}
		files = nil
		for _, e := range entries {
			if n := e.Name(); strings.HasSuffix(n, ".toml") && !strings.HasPrefix(n, ".") {
				files = append(files, filepath.Join(path, n))
			}
		}
	}
	var sources []source
	var faults tomlfile.Errors
	for _, name := range files {
		f, err := tomlfile.Read(name)
		if err != nil {
			faults.Merge(err)
			continue
		}
		sources = append(sources, source{file: f, dir: filepath.Dir(name)})
	}
	return sources, faults.Err()
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
			faults.Report(r.Pos, "%s", r.Why)
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

package fleet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit"
)

// ruleKeeper takes in the sets of rules that the fleet is given and keeps the
// last good one on disk: a folder for each set, and a link to the one in force,
// which is changed in one step.
type ruleKeeper struct {
	f       *Fleet
	dir     string
	signers []note.Verifier

	mu      sync.Mutex
	number  uint64 // of the set in force, 0 if there is none
	signed  []string
	refused string // why the last one was not taken in
}

// RulesDir is the folder of the rules that a fleet with this folder has in
// force; empty before the first set. It is there once Open has returned.
func RulesDir(dir string) string { return filepath.Join(dir, "rules", "current") }

// bundleFile lies beside the rules of a set and proves them. Rules are *.toml.
const bundleFile = ".bundle"

func openRules(f *Fleet) (*ruleKeeper, error) {
	k := &ruleKeeper{f: f, dir: filepath.Join(f.cfg.Dir, "rules")}
	var err error
	if k.signers, err = signers(f.cfg.Signers); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(k.dir, "none"), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of rules: %w", err)
	}
	if _, err := os.Lstat(RulesDir(f.cfg.Dir)); errors.Is(err, fs.ErrNotExist) {
		if err := k.point("none"); err != nil {
			return nil, fmt.Errorf("make the folder of rules: %w", err)
		}
	}
	// The last good set, if it is still signed by who may.
	data, err := os.ReadFile(filepath.Join(RulesDir(f.cfg.Dir), bundleFile))
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last good rules: %w", err)
	}
	b, err := ReadBundle(data)
	if err == nil {
		var s Statement
		if s, k.signed, err = b.Check(f.cfg.Name, k.signers); err == nil {
			k.number = s.Number
			err = k.same(b)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the last good rules in %s: %w; put back the signers or the files, or remove the folder to begin without rules of the fleet", k.dir, err)
	}
	return k, nil
}

// same looks whether the files in force are those of the bundle.
func (k *ruleKeeper) same(b *Bundle) error {
	for name, want := range b.Files {
		have, err := os.ReadFile(filepath.Join(RulesDir(k.f.cfg.Dir), filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if string(have) != string(want) {
			return fmt.Errorf("%s is not as it was signed", name)
		}
	}
	return nil
}

// point makes a set the one in force, in one step.
func (k *ruleKeeper) point(to string) error {
	temp := filepath.Join(k.dir, ".current")
	_ = os.Remove(temp)
	if err := os.Symlink(to, temp); err != nil {
		return err
	}
	return os.Rename(temp, RulesDir(k.f.cfg.Dir))
}

// follow takes in the sets as they are published.
func (k *ruleKeeper) follow(ctx context.Context) {
	k.f.engine.following(ctx, k.f.cfg.rulesStream(), k.f.cfg.rulesSubject(), func() (uint64, error) {
		return 1, nil // sets that are not newer are passed over
	}, func(m message, err error) error {
		if err == nil {
			err = k.take(m.plain)
		}
		if err != nil {
			k.refuse(err)
		}
		return nil
	})
}

// take puts a set in force if it is newer, signed, and good.
func (k *ruleKeeper) take(data []byte) error {
	b, err := ReadBundle(data)
	if err != nil {
		return err
	}
	s, who, err := b.Check(k.f.cfg.Name, k.signers)
	if err != nil {
		return err
	}
	k.mu.Lock()
	have := k.number
	k.mu.Unlock()
	if s.Number <= have {
		return nil
	}
	name := fmt.Sprintf("%d-%s", s.Number, s.Digest[:16])
	if err := k.keep(name, b, data); err != nil {
		return fmt.Errorf("set %d: %w", s.Number, err)
	}
	k.mu.Lock()
	k.number, k.signed, k.refused = s.Number, who, ""
	k.mu.Unlock()
	k.f.log.Info("fleet: rules taken in", "number", s.Number, "digest", s.Digest, "signed", strings.Join(who, ", "))
	k.f.deps.Record(audit.Event{Kind: "fleet", Action: "rules-taken", Reason: "signed by " + strings.Join(who, " and "),
		Details: map[string]string{"number": fmt.Sprint(s.Number), "sha256": s.Digest, "signed_by": strings.Join(who, ", ")}})
	if k.f.deps.TakeRules != nil {
		k.f.deps.TakeRules()
	}
	k.sweep(name)
	return nil
}

// keep writes a set, looks whether the node can work with it, and points at it.
func (k *ruleKeeper) keep(name string, b *Bundle, data []byte) error {
	dir := filepath.Join(k.dir, name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := b.writeTo(dir); err != nil {
		return err
	}
	if k.f.deps.CheckRules != nil {
		if err := k.f.deps.CheckRules(dir); err != nil {
			_ = os.RemoveAll(dir)
			return fmt.Errorf("they have faults: %w", err)
		}
	}
	if err := writeDurably(filepath.Join(dir, bundleFile), data); err != nil {
		return err
	}
	return k.point(name)
}

// sweep removes older sets.
func (k *ruleKeeper) sweep(but string) {
	entries, _ := os.ReadDir(k.dir)
	for _, e := range entries {
		if e.IsDir() && e.Name() != but && e.Name() != "none" {
			_ = os.RemoveAll(filepath.Join(k.dir, e.Name()))
		}
	}
}

// refuse tells of a set that was not taken in, once.
func (k *ruleKeeper) refuse(err error) {
	k.mu.Lock()
	again := k.refused == err.Error()
	k.refused = err.Error()
	k.mu.Unlock()
	if again {
		return
	}
	k.f.log.Error("fleet: rules not taken in; the last good ones stay in force", "error", err)
	k.f.deps.Record(audit.Event{Kind: "fleet", Action: "rules-refused", Severity: "high", Reason: err.Error()})
}

func (k *ruleKeeper) stands() (number uint64, signed []string, refused string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.number, slices.Clone(k.signed), k.refused
}

// RulesRefused returns why the last set of rules was not taken in, if it was
// not.
func (f *Fleet) RulesRefused() error {
	if _, _, refused := f.rules.stands(); refused != "" {
		return errors.New(refused)
	}
	return nil
}
